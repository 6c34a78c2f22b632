"""The data that all peers hold: reference steps whose values follow from the step, so that any batch can be checked.

The values are those of bench/harness/stream.ts; the episodes have 100 to 400 steps, by a fixed seed, and the last one ends
with the data.
"""

import numpy as np

OBSERVATION_WIDTH = 8
TOKENS_PER_STEP = 11
EPISODE_MIN, EPISODE_MAX = 100, 400

STEPS_PER_CHUNK = 500_000


def episode_ends(row_count):
    """The last row of each episode, ascending."""
    lengths = np.random.default_rng(1).integers(EPISODE_MIN, EPISODE_MAX + 1, row_count // EPISODE_MIN + 1)
    ends = np.cumsum(lengths) - 1
    return np.append(ends[ends < row_count - 1], row_count - 1)


def column_chunks(row_count):
    """Yields the first row of a chunk and the chunk's columns: action, observation, reward, done."""
    ends = episode_ends(row_count)
    for start in range(0, row_count, STEPS_PER_CHUNK):
        rows = np.arange(start, min(row_count, start + STEPS_PER_CHUNK))
        done = np.zeros(len(rows), dtype=bool)
        first, last = np.searchsorted(ends, [start, start + len(rows)])
        done[ends[first:last] - start] = True
        yield start, {
            "action": (rows & 3).astype(np.float32),
            "observation": observations(rows),
            "reward": (rows & 7).astype(np.float32) / 8,
            "done": done,
        }


def observations(rows):
    """The observation of each row: float32 [rows, 8]."""
    return (((rows[:, None] + np.arange(OBSERVATION_WIDTH)) & 255) / 256).astype(np.float32)


def token_chunks(row_count):
    """Yields the first token of a chunk and the chunk's tokens: step int64, type int32, data float64."""
    types = np.array([0] + [1] * OBSERVATION_WIDTH + [2, 3], dtype=np.int32)
    for start, columns in column_chunks(row_count):
        count = len(columns["action"])
        values = np.empty((count, TOKENS_PER_STEP))
        values[:, 0] = columns["action"]
        values[:, 1 : 1 + OBSERVATION_WIDTH] = columns["observation"]
        values[:, 1 + OBSERVATION_WIDTH] = columns["reward"]
        values[:, 2 + OBSERVATION_WIDTH] = columns["done"]
        steps = np.repeat(np.arange(start, start + count), TOKENS_PER_STEP)
        yield start * TOKENS_PER_STEP, {"step": steps, "type": np.tile(types, count), "data": values.ravel()}


def prove_rows(peer, rows, found):
    """Stops where a batch's observations are not those of its rows: a wrong answer has no speed."""
    if not np.array_equal(found, observations(rows)):
        raise AssertionError(f"Cannot trust {peer}: its observations are not those of the rows it names")


def prove_tokens(peer, starts, steps, types, values):
    """Stops where a batch of token windows is not what lies at its starts. `types` and `values` may be None."""
    tokens = starts[:, None] + np.arange(steps.shape[1])
    rows, places = np.divmod(tokens, TOKENS_PER_STEP)
    observed = (places > 0) & (places <= OBSERVATION_WIDTH)
    right = np.array_equal(steps, rows)
    if types is not None:
        right = right and np.array_equal(types == 1, observed)
    if values is not None:
        right = right and np.array_equal(values[observed], (((rows + places - 1) & 255) / 256)[observed])
    if not right:
        raise AssertionError(f"Cannot trust {peer}: its batch is not what lies at its starts")


def crossings(done, length):
    """How many of the slices in a flat batch of `length` rows each go on after an episode's end."""
    return int(done.reshape(-1, length)[:, :-1].any(axis=1).sum())
