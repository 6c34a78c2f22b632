"""examples/ray/learners.py: whatever dies, the epoch is every window exactly once."""

import os
import signal
import subprocess
import sys
import unittest

import numpy as np
import pyarrow.parquet as parquet
import ray
import support
from learners import Learners, steps

STEPS, BATCH_SIZE = 8, 64
OPTIONS = {"steps": STEPS, "fields": {"observation": 2, "reward": 1}, "episodes": {"end": "done"}, "order": "shuffle", "epochs": 1}


def windows_within_episodes(folder):
    """First rows, by the Parquet shards alone."""
    done = np.concatenate([parquet.read_table(f"{folder}/data/{name}")["done"].to_numpy() for name in sorted(os.listdir(f"{folder}/data"))])
    return [row for row in range(len(done) - STEPS + 1) if not done[row : row + STEPS - 1].any()]


def process_of(actor):
    return ray.get(actor.__ray_call__.remote(lambda _: os.getpid()))


def node_of(actor):
    return ray.get(actor.__ray_call__.remote(lambda _: ray.get_runtime_context().get_node_id()))


class LearnersTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = support.write_stores()
        cls.cluster = support.Nodes(2)
        cls.names = ("first", "second")
        cls.expected = {(source, row) for source, name in enumerate(cls.names) for row in windows_within_episodes(f"{cls.folder}/{name}")}

    @classmethod
    def tearDownClass(cls):
        cls.cluster.end()

    def setUp(self):
        self.paths = [f"{self.folder}/{name}.stream" for name in self.names]
        self.seen, self.weights = [], np.zeros(2)

    def train(self, learners, count=None):
        for parts in steps(learners, self.weights, count):
            for part in parts:
                self.seen += map(tuple, part.windows)

    def assert_whole(self):
        self.assertGreater(len(self.expected), 1000)
        self.assertEqual(len(self.seen), len(set(self.seen)))
        self.assertEqual(set(self.seen), self.expected)
        # The model was trained by all of it.
        np.testing.assert_allclose(self.weights, [2, -1], atol=0.2)

    def test_epoch_goes_on_after_learners_and_nodes_have_died_and_in_a_larger_world(self):
        learners = Learners(self.paths, 2, None, batch_size=BATCH_SIZE, seed=7, **OPTIONS)
        self.train(learners, 5)
        self.assertEqual(len(set(map(node_of, learners.actors))), 2)
        # By Ray's own means, between steps; by a signal; and with the node that it is on.
        ray.kill(learners.actors[1])
        self.train(learners, 5)
        os.kill(process_of(learners.actors[0]), signal.SIGKILL)
        self.train(learners, 5)
        self.cluster.kill(self.cluster.nodes.pop())
        self.cluster.nodes.append(self.cluster.add())
        self.train(learners, 5)
        self.assertLess(len(self.seen), len(self.expected) / 2)
        self.cluster.nodes.append(self.cluster.add())
        learners = learners.resized(3)
        self.train(learners, 5)
        os.kill(process_of(learners.actors[2]), signal.SIGKILL)
        self.train(learners)
        self.assert_whole()
        for actor in learners.actors:
            ray.kill(actor)

    def test_example_runs_as_a_program(self):
        while len(self.cluster.nodes) < 3:
            self.cluster.nodes.append(self.cluster.add())
        command = [sys.executable, f"{support.ROOT}/examples/ray/learners.py", *self.paths]
        environment = {**os.environ, "RAY_ADDRESS": self.cluster.address}
        output = subprocess.run(command, env=environment, check=True, capture_output=True, text=True, timeout=300).stdout
        self.assertIn(f"3 learners, to the end: {len(self.expected)} windows", output)


if __name__ == "__main__":
    unittest.main()
