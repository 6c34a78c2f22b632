"""examples/ray/episodes.py: Ray Data gets every episode whole, and what it makes of them comes back into a store."""

import logging
import os
import unittest

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
import ray
import support
from episodes import read_episodes
from streamstore import Sampler, Store

STEPS = 8


def shards_of(folder):
    return [parquet.read_table(f"{folder}/data/{name}") for name in sorted(os.listdir(f"{folder}/data"))]


def in_pieces(folder):
    """The same rows in shards of 1,500 rows and row groups of 70 or 7: episodes go on in the next, and over whole groups."""
    whole = pa.concat_tables(shards_of(folder))
    os.makedirs(f"{folder}-pieces/data")
    for number, first in enumerate(range(0, len(whole), 1500)):
        path = f"{folder}-pieces/data/train-{number:05}-of-00006.parquet"
        parquet.write_table(whole.slice(first, 1500), path, row_group_size=[70, 7][number % 2])
    return f"{folder}-pieces"


def windows_of(episode):
    for start in range(len(episode["row"]) - STEPS + 1):
        yield {"row": episode["row"][start : start + STEPS]}


class EpisodesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = support.write_stores()
        cls.cluster = support.Nodes(2)
        ray.data.DataContext.get_current().enable_progress_bars = False
        logging.getLogger("ray.data").setLevel(logging.ERROR)

    @classmethod
    def tearDownClass(cls):
        cls.cluster.end()

    def test_windows_of_episodes_are_those_of_the_sampler(self):
        options = {"steps": STEPS, "fields": {"row": 1}, "episodes": {"end": "done"}, "order": "sequential", "epochs": 1}
        with Store(f"{self.folder}/first.stream") as store:
            starts = np.concatenate([batch.starts.copy() for batch in Sampler(store, **options)])
        self.assertGreater(len(starts), 1000)
        exported = f"{self.folder}/first"
        for folder in (exported, in_pieces(exported)):
            with self.subTest(folder):
                windows = read_episodes(folder, "done").flat_map(windows_of).take_all()
                found = np.array(sorted(window["row"].tolist() for window in windows))
                # Of rows that follow each other, none behind an end.
                self.assertTrue((np.diff(found) == 1).all())
                np.testing.assert_array_equal(found[:, 0], starts)

    def test_every_row_is_in_one_episode_with_the_values_and_shapes_of_its_columns(self):
        folder = f"{self.folder}/second"
        whole = pa.concat_tables(shards_of(folder))
        ends = np.flatnonzero(whole["done"].to_numpy())
        episodes = sorted(read_episodes(folder, "done").take_all(), key=lambda episode: episode["first_row"])
        firsts = [0, *(ends + 1).tolist()]
        self.assertEqual([episode["first_row"] for episode in episodes], [first for first in firsts if first < len(whole)])
        for name in ("reward", "row"):
            np.testing.assert_array_equal(np.concatenate([episode[name] for episode in episodes]), whole[name].to_numpy())
        observation = np.concatenate([episode["observation"] for episode in episodes])
        np.testing.assert_array_equal(observation.ravel(), whole["observation"].combine_chunks().flatten().to_numpy())
        self.assertEqual(observation.shape, (len(whole), 2))


if __name__ == "__main__":
    unittest.main()
