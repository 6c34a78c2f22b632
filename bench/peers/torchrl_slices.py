"""TorchRL's SliceSampler on a LazyMemmapStorage: slices of steps, uniform, none across an episode's end."""

import tempfile

import numpy as np
import torch
from tensordict import TensorDict
from torchrl.data import LazyMemmapStorage, SliceSampler, TensorDictReplayBuffer

import data
from measure import Peer, memory_peak

# Batches as slices and steps of each.
SHAPES = [(256, 4), (64, 32)]


def measure(sizes):
    """A round draws one batch and copies its rows: four fields, flat."""
    torch.set_num_threads(sizes["threads"])
    row_count = sizes["slice_rows"]
    peer = Peer("TorchRL SliceSampler", "torchrl", sizes)
    imports = f"{memory_peak():,.0f} MB of its memory are its imports"
    with tempfile.TemporaryDirectory() as folder:
        storage = filled_storage(row_count, folder)
        for count, length in SHAPES:
            for is_cached in [False, True]:
                buffer = buffer_of(storage, count * length, slice_len=length, cache_values=is_cached)
                note = "; ".join([check(buffer, count, length), imports])
                cached = "boundaries cached until the next write" if is_cached else "boundaries searched in each batch"
                what = f"batch of {count} × {length} steps, {cached}"
                peer.measure(what, row_count, buffer.sample, note)
        peer.measurements[0]["note"] += "; " + check_short_episodes(storage)
    return peer.measurements


def filled_storage(row_count, folder):
    storage = LazyMemmapStorage(row_count, scratch_dir=folder)
    for start, columns in data.column_chunks(row_count):
        count = len(columns["action"])
        fields = {name: torch.from_numpy(column.reshape(count, -1)) for name, column in columns.items()}
        storage.set(torch.arange(start, start + count), TensorDict(fields, batch_size=[count]))
    return storage


def buffer_of(storage, batch_size, **options):
    """Without the marks that the sampler could add to a batch (truncated_key, init_key): they take time."""
    sampler = SliceSampler(end_key="done", truncated_key=None, init_key=None, **options)
    return TensorDictReplayBuffer(storage=storage, sampler=sampler, batch_size=batch_size)


def check(buffer, count, length):
    """What one batch holds: proved to be the rows that it names."""
    batch = buffer.sample()
    rows = batch["index"].numpy().reshape(-1)
    data.prove_rows("TorchRL", rows, np.asarray(batch["observation"]))
    crossed = data.crossings(np.asarray(batch["done"]), length)
    return f"returns {len(rows):,} of {count * length:,} steps, flat; {crossed} slices cross an episode's end"


def check_short_episodes(storage):
    """Slices longer than some episodes, which `strict_length` leaves out and its absence returns as they are."""
    length, count = 256, 64
    buffer = buffer_of(storage, count * length, slice_len=length, cache_values=True, strict_length=False)
    returned = len(buffer.sample())
    return (
        f"{count} × {length} steps of episodes of {data.EPISODE_MIN} to {data.EPISODE_MAX}: "
        f"{returned:,} of {count * length:,} steps with strict_length=False"
    )
