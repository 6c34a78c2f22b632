"""What all are asked for: windows of rows that lie within an episode, in batches, of three columns of float32.

The same rows stand in the folder of a run as a store, as flat files (one a column) and, for Ray, as shards of Parquet.
An action is the number of its row, so that a window says which it is.
"""

import numpy as np

BATCH_SIZE, STEPS, EPISODE_ROWS = 64, 32, 200
WIDTHS = {"observation": 8, "action": 1, "reward": 1}
#: As a sampler takes them.
OPTIONS = {"steps": STEPS, "fields": WIDTHS, "episodes": {"end": "done"}, "batch_size": BATCH_SIZE, "seed": 7}


def columns_of(row_count):
    """The rows that `peer.ts` writes, by their formulas: arrays of shape `[rows, width]`."""
    rows = np.arange(row_count)
    observation = (np.arange(8 * row_count) % 97).reshape(-1, 8)
    columns = {"observation": observation, "action": rows[:, None], "reward": (rows % EPISODE_ROWS)[:, None]}
    return {**{name: column.astype(np.float32) for name, column in columns.items()}, "done": rows % EPISODE_ROWS == EPISODE_ROWS - 1}


def write_columns(folder, columns):
    for name, column in columns.items():
        column.tofile(f"{folder}/{name}.flat")


def map_columns(folder):
    """The flat files as arrays over mapped memory, and which rows end an episode."""
    done = np.fromfile(f"{folder}/done.flat", bool)
    return {name: np.memmap(f"{folder}/{name}.flat", np.float32, "r", shape=(len(done), width)) for name, width in WIDTHS.items()}, done


def starts_within(done):
    """The first rows of the windows in which no row but the last ends an episode."""
    ends = np.concatenate([[0], np.cumsum(done)])
    return np.flatnonzero(ends[STEPS - 1 : -1] == ends[: -STEPS])
