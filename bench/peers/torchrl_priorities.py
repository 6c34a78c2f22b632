"""TorchRL's PrioritizedSliceSampler on a LazyMemmapStorage: slices whose first step is drawn by priority."""

import tempfile

import numpy as np
import torch
from tensordict import TensorDict
from torchrl.data import LazyMemmapStorage, TensorDictReplayBuffer
from torchrl.data.replay_buffers.samplers import PrioritizedSliceSampler

import data
from measure import Peer

COUNT, LENGTH = 256, 4


def measure(sizes):
    """A round draws one batch of slices with their weights, or gives new priorities to 256 steps."""
    torch.set_num_threads(sizes["threads"])
    row_count = sizes["torchrl_priority_rows"]
    peer = Peer("TorchRL PrioritizedSliceSampler", "torchrl", sizes)
    for is_cached in [False, True]:
        with tempfile.TemporaryDirectory() as folder:
            buffer = filled_buffer(row_count, folder, is_cached)
            note = check(buffer)
            cached = "boundaries cached until the next write" if is_cached else "boundaries searched in each batch"
            peer.measure(f"draw of {COUNT} × {LENGTH} steps, {cached}", row_count, buffer.sample, note)
            if is_cached:
                update = update_of(buffer, row_count)
                peer.measure(f"update of {COUNT} priorities", row_count, update, "random steps, priorities in [0, 1)")
    return peer.measurements


def filled_buffer(row_count, folder, is_cached):
    sampler = PrioritizedSliceSampler(
        max_capacity=row_count,
        alpha=0.6,
        beta=0.4,
        slice_len=LENGTH,
        end_key="done",
        truncated_key=None,
        init_key=None,
        cache_values=is_cached,
    )
    storage = LazyMemmapStorage(row_count, scratch_dir=folder)
    buffer = TensorDictReplayBuffer(storage=storage, sampler=sampler, batch_size=COUNT * LENGTH)
    for _, columns in data.column_chunks(row_count):
        count = len(columns["action"])
        fields = {name: torch.from_numpy(column.reshape(count, -1)) for name, column in columns.items()}
        buffer.extend(TensorDict(fields, batch_size=[count]))
    random = np.random.default_rng(2)
    for start in range(0, row_count, data.STEPS_PER_CHUNK):
        index = torch.arange(start, min(row_count, start + data.STEPS_PER_CHUNK))
        buffer.update_priority(index, torch.from_numpy(random.random(len(index), dtype=np.float32)))
    return buffer


def update_of(buffer, row_count):
    """New steps and priorities for each round, made beforehand."""
    random = np.random.default_rng(3)
    index = torch.from_numpy(random.integers(0, row_count, (64, COUNT)))
    priorities = torch.from_numpy(random.random((64, COUNT), dtype=np.float32))
    calls = iter(range(10**9))

    def update():
        place = next(calls) % 64
        buffer.update_priority(index[place], priorities[place])

    return update


def check(buffer):
    batch = buffer.sample()
    rows = batch["index"].numpy().reshape(-1)
    data.prove_rows("TorchRL", rows, np.asarray(batch["observation"]))
    crossed = data.crossings(np.asarray(batch["done"]), LENGTH)
    return (
        f"returns {len(rows):,} of {COUNT * LENGTH:,} steps, flat, with weights; "
        f"{crossed} slices cross an episode's end"
    )
