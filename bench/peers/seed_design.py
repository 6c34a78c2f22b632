"""The design that StreamStore began with, for reading: one memory-mapped numpy array of (step, type, data) records.

bench/peers/seed.py has its append. Here the records are written in bulk, and windows of them are drawn.
"""

import tempfile

import numpy as np

import data
from measure import round_of
from numpy_memmap import indexed

TOKEN = np.dtype([("step", "<i8"), ("type", "<i4"), ("data", "<f8")])
COUNT, LENGTH = 256, 128


def columns(sizes, _folder):
    """Of the ways that numpy offers, the fastest: one indexing of each column, as of a plain array.

    Stacking the records of each window, and then taking their columns apart, takes three times as long.
    """
    token_count = sizes["rows"] * data.TOKENS_PER_STEP
    file = tempfile.TemporaryFile()
    file.truncate(token_count * TOKEN.itemsize)
    tokens = np.asarray(np.memmap(file, dtype=TOKEN, mode="r+", shape=(token_count,)))
    parts = [tokens[name] for name in TOKEN.names]
    for start, chunk in data.token_chunks(sizes["rows"]):
        for name, part in zip(TOKEN.names, parts):
            part[start : start + len(chunk[name])] = chunk[name]
    random = np.random.default_rng(2)

    def starts():
        return random.integers(0, token_count - LENGTH, COUNT)

    proven = starts()
    data.prove_tokens("the seed's design", proven, *indexed(parts, proven, LENGTH))
    return round_of(sizes, lambda: indexed(parts, starts(), LENGTH))


CASES = {"columns": (columns, "numpy")}
