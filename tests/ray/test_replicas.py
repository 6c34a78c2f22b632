"""examples/ray/learners.py over replicas that a follower goes on writing: learners draw what arrives, and what they draw is right."""

import glob
import json
import os
import signal
import subprocess
import time
import unittest

import numpy as np
import ray
import support
from learners import Learners, steps
from streamstore import Store

OPTIONS = {"steps": 8, "fields": {"observation": 2, "reward": 1}, "episodes": {"end": "done"}, "order": "uniform", "seed": 7}
ROWS = 1500


class ReplicasTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = support.Nodes(2)
        cls.folder = support.make_folder()
        command = support.deno("replicas.ts", cls.folder)
        cls.collectors = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    @classmethod
    def tearDownClass(cls):
        cls.collectors.communicate(timeout=60)
        cls.cluster.end()

    def collect(self):
        """More rows of each collector; the replicas, once all of them are there."""
        print(ROWS, file=self.collectors.stdin, flush=True)
        wanted, deadline = json.loads(self.collectors.stdout.readline()), time.monotonic() + 60
        while True:
            paths = sorted(map(os.path.dirname, glob.glob(f"{self.folder}/replicas/**/store.json", recursive=True)))
            if rows_of(paths) == wanted:
                return paths
            self.assertLess(time.monotonic(), deadline, f"the replicas have {rows_of(paths)} rows")
            time.sleep(0.05)

    def test_learners_draw_from_replicas_what_arrives_and_go_on_where_one_dies(self):
        paths, weights = self.collect(), np.zeros(2)
        learners = Learners(paths, 2, None, batch_size=64, **OPTIONS)
        seen = [part.windows for parts in steps(learners, weights, 10) for part in parts]
        self.assertEqual({source for windows in seen for source, _ in windows}, {0, 1})
        self.assertTrue(all(row < ROWS for windows in seen for _, row in windows))
        self.assertEqual(self.collect(), paths)
        os.kill(ray.get(learners.actors[0].__ray_call__.remote(lambda _: os.getpid())), signal.SIGKILL)
        for parts in steps(learners, weights, 80):
            for part in parts:
                # Of 64 draws as many are of new rows as of old ones, in each learner and in each replica.
                self.assertEqual({source for source, row in part.windows if row >= ROWS}, {0, 1})
        np.testing.assert_allclose(weights, [2, -1], atol=0.2)
        for actor in learners.actors:
            ray.kill(actor)


def rows_of(paths):
    found = []
    for path in paths:
        with Store(path) as store:
            found.append(store.row_count)
    return found


if __name__ == "__main__":
    unittest.main()
