"""The design that StreamStore began with, for reading: one memory-mapped numpy array of (step, type, data) records.

bench/peers/seed.py has its append. Here the records are written in bulk, and windows of them are drawn.
"""

import tempfile

import numpy as np

import data
from measure import Peer
from numpy_memmap import COUNT, LENGTH, check

TOKEN = np.dtype([("step", "<i8"), ("type", "<i4"), ("data", "<f8")])


class TokenStream:
    """Tokens of all fields in one file, in the order in which they came."""

    def __init__(self, token_count):
        self.file = tempfile.TemporaryFile()
        self.file.truncate(token_count * TOKEN.itemsize)
        self.tokens = np.memmap(self.file, dtype=TOKEN, mode="r+", shape=(token_count,))
        # As plain arrays: indexing a memmap makes an object for every part.
        self.columns = {name: np.asarray(self.tokens)[name] for name in TOKEN.names}

    def write(self, start, columns):
        for name in TOKEN.names:
            self.columns[name][start : start + len(columns[name])] = columns[name]

    def batch(self, starts, length):
        """Windows as three arrays [starts, length].

        Of the ways that numpy offers, the fastest: one indexing of each column. Stacking the records of each window,
        and then taking their columns apart, takes three times as long.
        """
        places = starts[:, None] + np.arange(length)
        return [self.columns[name][places] for name in TOKEN.names]


def measure(sizes):
    """A round draws 256 random starts and makes three arrays of the 128 tokens at each."""
    row_count = sizes["token_rows"]
    peer = Peer("the seed's design, in numpy", "numpy", sizes)
    stream = TokenStream(row_count * data.TOKENS_PER_STEP)
    for start, columns in data.token_chunks(row_count):
        stream.write(start, columns)
    random = np.random.default_rng(2)

    def draw():
        starts = random.integers(0, len(stream.tokens) - LENGTH, COUNT)
        return starts, stream.batch(starts, LENGTH)

    what = f"batch of {COUNT} × {LENGTH} tokens, three columns"
    peer.measure(what, row_count, draw, check(*draw()))
    return peer.measurements
