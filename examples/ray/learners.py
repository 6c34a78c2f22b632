"""Learners on several nodes, each of which draws its shard of sealed stores; one that dies goes on from its state.

    python3 learners.py run.stream ...

trains a linear model on two learners for half an epoch, and on three for the rest: on the cluster that RAY_ADDRESS names,
or on this machine.
"""

import sys
from dataclasses import dataclass

import numpy as np
import ray
from ray.exceptions import RayActorError
from streamstore import Sampler, Store


@dataclass
class Part:
    """What a learner makes of its part of a step; `state` is where its sampler stands behind it."""

    gradient: np.ndarray
    windows: list  # a source and a first row each
    state: dict


# Ray must not begin it anew by itself: that would be with the state that it was made with.
@ray.remote(num_cpus=1, max_restarts=0)
class Learner:
    def __init__(self, paths, shard, state, options):
        # Opened by the process that reads them, by its own path; a sealed store needs no lock.
        self.sampler = Sampler([Store(path) for path in paths], shard=shard, **options)
        if state is not None:
            self.sampler.restore(state)

    def step(self, weights):
        batch = self.sampler.next()
        if batch is None:
            return Part(np.zeros_like(weights), [], self.sampler.state())
        observation, reward = batch.fields["observation"].values, batch.fields["reward"].values[..., 0]
        gradient = np.einsum("bs,bsw->w", observation @ weights - reward, observation) / reward.shape[1]
        return Part(gradient, np.stack([batch.sources, batch.starts], 1).tolist(), self.sampler.state())


class Learners:
    """A world of learners. A step counts once all parts of it are here: whoever dies before draws its part again."""

    def __init__(self, paths, world, state, **options):
        self.paths, self.world, self.options = paths, world, options
        self.states = [state] * world
        self.actors = [self._start(rank) for rank in range(world)]

    def _start(self, rank):
        shard = {"index": rank, "count": self.world}
        return Learner.options(scheduling_strategy="SPREAD").remote(self.paths, shard, self.states[rank], self.options)

    def step(self, weights):
        answers = [actor.step.remote(weights) for actor in self.actors]
        parts = [self._part(rank, answer, weights) for rank, answer in enumerate(answers)]
        self.states = [part.state for part in parts]
        return parts

    def _part(self, rank, answer, weights):
        while True:
            try:
                return ray.get(answer)
            except RayActorError:
                self.actors[rank] = self._start(rank)
                answer = self.actors[rank].step.remote(weights)

    def resized(self, world):
        """As many learners as `world` go on where these stand: all at the same place, for each has made every step."""
        for actor in self.actors:
            ray.kill(actor)
        return Learners(self.paths, world, self.states[0], **self.options)


def steps(learners, weights, count=None):
    """Trains for `count` steps, or to the end of the epoch; yields the parts of each."""
    while count is None or count > 0:
        parts = learners.step(weights)
        size = sum(len(part.windows) for part in parts)
        if size == 0:
            return
        weights -= 0.5 * sum(part.gradient for part in parts) / size
        count = None if count is None else count - 1
        yield parts


def main(paths):
    ray.init()
    options = dict(steps=8, fields={"observation": 2, "reward": 1}, episodes={"end": "done"}, order="shuffle", epochs=1, seed=7)
    weights, seen = np.zeros(2), 0
    learners = Learners(paths, 2, None, batch_size=64, **options)
    for parts in steps(learners, weights, 20):
        seen += sum(len(part.windows) for part in parts)
    print(f"2 learners, 20 steps: {seen} windows, weights {weights.round(2).tolist()}")
    for parts in steps(learners.resized(3), weights):
        seen += sum(len(part.windows) for part in parts)
    print(f"3 learners, to the end: {seen} windows, weights {weights.round(2).tolist()}")


if __name__ == "__main__":
    main(sys.argv[1:])
