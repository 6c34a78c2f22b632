"""np.memmap as nanoGPT uses it: random starts in flat files of tokens, a slice at each in a loop, np.stack.

And the fastest that numpy has, which is not nanoGPT's way: one indexing without a loop, of arrays that are not of the
class memmap, each part of which would be an object.
"""

from pathlib import Path

import numpy as np

import data
from measure import round_of

COLUMNS = {"step": np.int64, "type": np.int32, "data": np.float64}


def stacked(columns, starts, length):
    return [np.stack([column[start : start + length] for start in starts]) for column in columns]


def indexed(columns, starts, length):
    places = starts[:, None] + np.arange(length)
    return [column[places] for column in columns]


def columns_by(draw, read):
    """Windows of 256 × 128 tokens, of steps, types and values."""
    count, length = 256, 128

    def prepare(sizes, folder):
        with open_files(folder) as files:
            for _, chunk in data.token_chunks(sizes["rows"]):
                for name, dtype in COLUMNS.items():
                    files[name].write(chunk[name].astype(dtype, copy=False).data)
        columns = [read(np.memmap(Path(folder) / name, dtype=dtype, mode="r")) for name, dtype in COLUMNS.items()]
        random = np.random.default_rng(2)

        def starts():
            return random.integers(0, len(columns[0]) - length, count)

        proven = starts()
        data.prove_tokens("the numpy memmap", proven, *draw(columns, proven, length))
        return round_of(sizes, lambda: draw(columns, starts(), length))

    return prepare


class open_files:
    """A file for each column, to write to."""

    def __init__(self, folder):
        self.files = {name: open(Path(folder) / name, "wb") for name in COLUMNS}

    def __enter__(self):
        return self.files

    def __exit__(self, *_):
        for file in self.files.values():
            file.close()


def tokens_by(draw, read):
    """A language model's batch of 64 × 1025 tokens of uint16: inputs, and targets one further."""
    count, length = 64, 1025

    def prepare(sizes, folder):
        token_count = sizes["rows"] * data.TOKENS_PER_STEP
        path = Path(folder) / "tokens"
        with open(path, "wb") as file:
            for start in range(0, token_count, 1 << 20):
                file.write(np.arange(start, min(token_count, start + (1 << 20))).astype(np.uint16).data)
        column = read(np.memmap(path, dtype=np.uint16, mode="r"))
        random = np.random.default_rng(2)

        def starts():
            return random.integers(0, token_count - length, count)

        proven = starts()
        expected = (proven[:, None] + np.arange(length)).astype(np.uint16)
        data.prove("the numpy memmap: tokens", np.array_equal(draw([column], proven, length)[0], expected))
        return round_of(sizes, lambda: draw([column], starts(), length))

    return prepare


CASES = {
    "columns": columns_by(stacked, lambda column: column),
    "columns_indexed": columns_by(indexed, np.asarray),
    "tokens": tokens_by(stacked, lambda column: column),
    "tokens_indexed": tokens_by(indexed, np.asarray),
}
CASES = {name: (prepare, "numpy") for name, prepare in CASES.items()}
