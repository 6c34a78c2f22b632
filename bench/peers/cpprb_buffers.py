"""cpprb: single steps, uniform or by a priority tree in C++. It knows no episodes and returns no windows."""

import time

import numpy as np
from cpprb import PrioritizedReplayBuffer, ReplayBuffer

import data
from measure import in_turn, round_of, round_of_steps

COUNT = 256
FIELDS = {
    "action": {},
    "observation": {"shape": data.OBSERVATION_WIDTH},
    "reward": {},
    "done": {"dtype": bool},
}


def add(sizes, _folder):
    """As many steps into a new buffer of that capacity."""
    steps = data.steps_one_by_one()

    def fill(step_count):
        buffer = ReplayBuffer(step_count, FIELDS)
        start = time.perf_counter_ns()
        for step in range(step_count):
            action, observation, reward = steps[step & 255]
            buffer.add(action=action, observation=observation, reward=reward, done=step % 200 == 199)
        data.prove("cpprb: its length", buffer.get_stored_size() == step_count)
        return start

    return round_of_steps(sizes["steps_appended"] // 50, fill)


def transitions(sizes, _folder):
    """With `next_of` it gives a row's observation together with that of the next, and keeps each once."""
    buffer = ReplayBuffer(sizes["rows"], FIELDS, next_of="observation")
    for _, columns in data.column_chunks(sizes["rows"]):
        rows = np.rint(columns["observation"][:, 0] * 256).astype(np.int64)
        buffer.add(**columns, next_observation=data.observations(rows + 1))
    batch = buffer.sample(COUNT)
    data.prove_transitions("cpprb", batch["observation"], batch["next_observation"], batch)
    return round_of(sizes, lambda: buffer.sample(COUNT))


def prioritized(sizes):
    random = np.random.default_rng(2)
    buffer = PrioritizedReplayBuffer(sizes["rows"], FIELDS, alpha=0.6)
    for _, columns in data.column_chunks(sizes["rows"]):
        buffer.add(**columns, priorities=random.random(len(columns["action"]), dtype=np.float32))
    batch = buffer.sample(COUNT, beta=0.4)
    data.prove_windows("cpprb", batch["observation"], 1, batch)
    return buffer


def draw(sizes, _folder):
    buffer = prioritized(sizes)
    return round_of(sizes, lambda: buffer.sample(COUNT, beta=0.4))


def update(sizes, _folder):
    """New steps and priorities for each call, made beforehand."""
    buffer = prioritized(sizes)
    random = np.random.default_rng(3)
    index = random.integers(0, sizes["rows"], (64, COUNT))
    priorities = random.random((64, COUNT), dtype=np.float32)
    following = in_turn(list(zip(index, priorities)))
    return round_of(sizes, lambda: buffer.update_priorities(*following()))


CASES = {case.__name__: (case, "cpprb") for case in [add, transitions, draw, update]}
