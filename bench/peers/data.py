"""The data that all hold: the reference steps of bench/harness/stream.ts, whose values follow from the step."""

import numpy as np

OBSERVATION_WIDTH = 8
TOKENS_PER_STEP = 11
EPISODE_STEPS = 200

STEPS_PER_CHUNK = 500_000


def column_chunks(row_count):
    """Yields the first row of a chunk and the chunk's columns: action, observation, reward, done."""
    for start in range(0, row_count, STEPS_PER_CHUNK):
        yield start, columns_of(np.arange(start, min(row_count, start + STEPS_PER_CHUNK)))


def columns_of(rows):
    """The columns of rows, by their numbers."""
    return {
        "action": (rows & 3).astype(np.float32),
        "observation": observations(rows),
        "reward": (rows & 7).astype(np.float32) / 8,
        "done": rows % EPISODE_STEPS == EPISODE_STEPS - 1,
    }


def observations(rows):
    """The observation of each row: float32 [rows, 8]."""
    return (((rows[:, None] + np.arange(OBSERVATION_WIDTH)) & 255) / 256).astype(np.float32)


def steps_one_by_one():
    """What a simulator hands out, by the step modulo 256: action and observation as arrays, and the reward."""
    rows = np.arange(256)
    columns = columns_of(rows)
    return [(columns["action"][i : i + 1], columns["observation"][i], float(columns["reward"][i])) for i in rows]


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


def prove(what, is_right):
    """Stops where a result is not what it must be: a wrong answer has no speed."""
    if not is_right:
        raise AssertionError(f"Cannot trust {what}")


def prove_windows(peer, observed, length, columns):
    """A batch of windows of `length` rows that names no rows: its observations tell them, up to a multiple of 256.

    `observed` is [rows, 8]; the other columns are of as many rows. That windows stay within an episode is proved where
    `done` is among them: no row but a window's last one ends an episode.
    """
    rows = np.rint(observed[:, 0] * 256).astype(np.int64)
    prove(f"{peer}: rows of a window", (rows.reshape(-1, length) - rows[::length, None] & 255 == np.arange(length)).all())
    prove(f"{peer}: observations", np.array_equal(observed, observations(rows)))
    expected = columns_of(rows)
    for name in ["action", "reward"]:
        if name in columns:
            prove(f"{peer}: {name}", np.array_equal(np.ravel(columns[name]), expected[name]))
    if "done" in columns:
        prove(f"{peer}: windows within episodes", not np.reshape(columns["done"], (-1, length))[:, :-1].any())


def prove_transitions(peer, observed, following, columns):
    """Transitions: the next observation is that of the row after."""
    prove_windows(peer, observed, 1, columns)
    rows = np.rint(observed[:, 0] * 256).astype(np.int64)
    prove(f"{peer}: next observations", np.array_equal(following, observations(rows + 1)))


def prove_tokens(peer, starts, steps, types, values):
    """Windows of tokens: what lies at their starts."""
    tokens = starts[:, None] + np.arange(steps.shape[1])
    rows, places = np.divmod(tokens, TOKENS_PER_STEP)
    observed = (places > 0) & (places <= OBSERVATION_WIDTH)
    prove(f"{peer}: steps", np.array_equal(steps, rows))
    prove(f"{peer}: types", np.array_equal(types == 1, observed))
    prove(f"{peer}: values", np.array_equal(values[observed], (((rows + places - 1) & 255) / 256)[observed]))
