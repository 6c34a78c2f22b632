"""np.memmap as nanoGPT uses it: random starts in flat files of tokens, a slice at each in a loop, np.stack."""

import tempfile
from pathlib import Path

import numpy as np

import data
from measure import Peer

COUNT, LENGTH = 256, 128
COLUMNS = {"step": np.int64, "type": np.int32, "data": np.float64}


def measure(sizes):
    """A round draws 256 random starts and copies the 128 tokens at each, of one column or of all three."""
    row_count = sizes["token_rows"]
    token_count = row_count * data.TOKENS_PER_STEP
    peer = Peer("numpy memmap", "numpy", sizes)
    random = np.random.default_rng(2)
    with tempfile.TemporaryDirectory() as folder:
        write_columns(Path(folder), row_count)

        def open_columns(names):
            return [np.memmap(Path(folder) / name, dtype=COLUMNS[name], mode="r") for name in names]

        def draw(columns):
            starts = random.integers(0, token_count - LENGTH, COUNT)
            return starts, [np.stack([column[start : start + LENGTH] for start in starts]) for column in columns]

        def draw_at_once(columns):
            starts = random.integers(0, token_count - LENGTH, COUNT)
            places = starts[:, None] + np.arange(LENGTH)
            return starts, [column[places] for column in columns]

        for names, what in [(COLUMNS, "three columns"), (["step"], "one column of int64")]:
            kept = open_columns(names)
            note = check(*draw(kept))
            batch = f"batch of {COUNT} × {LENGTH} tokens, {what}"
            peer.measure(f"{batch}, nanoGPT's loop", row_count, lambda: draw(kept), note)
            # nanoGPT maps its file anew for each batch, because a map that is kept holds on to what it has read.
            fresh = f"{batch}, nanoGPT's loop, mapped anew"
            peer.measure(fresh, row_count, lambda: draw(open_columns(names)), note)
            # Not nanoGPT's way, but the fastest that numpy has: no loop, and arrays that are not of the class memmap.
            plain = [np.asarray(column) for column in kept]
            note = check(*draw_at_once(plain))
            peer.measure(f"{batch}, one indexing without a loop", row_count, lambda: draw_at_once(plain), note)
        measure_language_model(peer, Path(folder), token_count, row_count, random)
    return peer.measurements


def measure_language_model(peer, folder, token_count, row_count, random):
    """A round draws 64 starts in a file of uint16 tokens and copies the 1025 at each: inputs, and targets one further."""
    count, length = 64, 1025
    path = folder / "tokens"
    with open(path, "wb") as file:
        for start in range(0, token_count, 1 << 20):
            file.write(np.arange(start, min(token_count, start + (1 << 20))).astype(np.uint16).data)
    tokens = np.memmap(path, dtype=np.uint16, mode="r")

    def draw():
        starts = random.integers(0, token_count - length, count)
        return starts, np.stack([tokens[start : start + length] for start in starts])

    starts, batch = draw()
    assert (batch == (starts[:, None] + np.arange(length)).astype(np.uint16)).all(), "the tokens of a batch"
    what = f"batch of {count} × {length} tokens of uint16, nanoGPT's loop"
    peer.measure(what, row_count, draw, f"returns [{count}, {length}]")


def write_columns(folder, row_count):
    for name, dtype in COLUMNS.items():
        with open(folder / name, "wb") as file:
            for _, chunk in data.token_chunks(row_count):
                file.write(chunk[name].astype(dtype, copy=False).data)


def check(starts, columns):
    steps, types, values = [*columns, None, None][:3]
    data.prove_tokens("the numpy memmap loop", starts, steps, types, values)
    # A window has 12 or 13 steps, fewer than any episode: it crosses an end if its own two lie in different ones.
    ends = data.episode_ends(int(steps.max()) + 1)
    crossed = int((np.searchsorted(ends, steps[:, 0]) != np.searchsorted(ends, steps[:, -1])).sum())
    return f"returns [{steps.shape[0]}, {steps.shape[1]}]; {crossed} windows cross an episode's end"
