"""TorchRL's buffers on a LazyMemmapStorage: slices of steps within episodes, transitions, priorities."""

import time

import numpy as np
import torch
from tensordict import TensorDict
from torchrl.data import LazyMemmapStorage, PrioritizedSampler, RandomSampler, SliceSampler, TensorDictReplayBuffer

import data
from measure import in_turn, round_of, round_of_steps

COUNT = 256

# Without the marks that a sampler could add to a batch: they take time.
SLICES = {"end_key": "done", "truncated_key": None, "init_key": None}


def add(sizes, folder):
    """As many steps into a new buffer of that capacity, each a TensorDict."""
    rounds = iter(range(2**62))
    steps = [tuple(map(torch.as_tensor, step)) for step in data.steps_one_by_one()]
    flags = [torch.tensor([False]), torch.tensor([True])]

    def fill(step_count):
        storage = LazyMemmapStorage(step_count, scratch_dir=f"{folder}/{next(rounds)}")
        buffer = TensorDictReplayBuffer(storage=storage, sampler=RandomSampler(), batch_size=1)
        start = time.perf_counter_ns()
        for step in range(step_count):
            action, observation, reward = steps[step & 255]
            fields = {"action": action, "observation": observation, "reward": reward, "done": flags[step % 200 == 199]}
            buffer.add(TensorDict(fields, batch_size=[]))
        data.prove("TorchRL: its length", len(buffer) == step_count)
        return start

    return round_of_steps(sizes["steps_appended"] // 400, fill)


def filled_storage(row_count, folder, is_with_next=False):
    storage = LazyMemmapStorage(row_count, scratch_dir=folder)
    for start, columns in data.column_chunks(row_count):
        count = len(columns["action"])
        if is_with_next:
            columns["next_observation"] = data.observations(np.arange(start + 1, start + count + 1))
        fields = {name: torch.from_numpy(column.reshape(count, -1)) for name, column in columns.items()}
        storage.set(torch.arange(start, start + count), TensorDict(fields, batch_size=[count]))
    return storage


def transitions(sizes, folder):
    storage = filled_storage(sizes["rows"], folder, is_with_next=True)
    buffer = TensorDictReplayBuffer(storage=storage, sampler=RandomSampler(), batch_size=COUNT)
    batch = buffer.sample()
    data.prove_transitions("TorchRL", batch["observation"].numpy(), batch["next_observation"].numpy(), columns_of(batch))
    return round_of(sizes, buffer.sample)


def slices(count, length, is_cached):
    """Boundaries are searched in each batch, or kept until the next write."""

    def prepare(sizes, folder):
        sampler = SliceSampler(slice_len=length, cache_values=is_cached, **SLICES)
        storage = filled_storage(sizes["rows"], folder)
        buffer = TensorDictReplayBuffer(storage=storage, sampler=sampler, batch_size=count * length)
        prove_slices(buffer, length)
        return round_of(sizes, buffer.sample)

    return prepare


def prioritized(sizes, folder):
    row_count = sizes["rows"]
    storage = LazyMemmapStorage(row_count, scratch_dir=folder)
    sampler = PrioritizedSampler(max_capacity=row_count, alpha=0.6, beta=0.4)
    buffer = TensorDictReplayBuffer(storage=storage, sampler=sampler, batch_size=COUNT)
    for _, columns in data.column_chunks(row_count):
        count = len(columns["action"])
        fields = {name: torch.from_numpy(column.reshape(count, -1)) for name, column in columns.items()}
        buffer.extend(TensorDict(fields, batch_size=[count]))
    random = np.random.default_rng(2)
    for start in range(0, row_count, data.STEPS_PER_CHUNK):
        index = torch.arange(start, min(row_count, start + data.STEPS_PER_CHUNK))
        buffer.update_priority(index, torch.from_numpy(random.random(len(index), dtype=np.float32)))
    prove_slices(buffer, 1)
    return buffer


def draw(sizes, folder):
    return round_of(sizes, prioritized(sizes, folder).sample)


def update(sizes, folder):
    """New steps and priorities for each call, made beforehand."""
    buffer = prioritized(sizes, folder)
    random = np.random.default_rng(3)
    index = torch.from_numpy(random.integers(0, sizes["rows"], (64, COUNT)))
    priorities = torch.from_numpy(random.random((64, COUNT), dtype=np.float32))
    following = in_turn(list(zip(index, priorities)))
    return round_of(sizes, lambda: buffer.update_priority(*following()))


def prove_slices(buffer, length):
    batch = buffer.sample()
    data.prove_windows("TorchRL", batch["observation"].numpy(), length, columns_of(batch))


def columns_of(batch):
    return {name: batch[name].numpy() for name in ["action", "reward", "done"]}


CASES = {
    "add": add,
    "transitions": transitions,
    "windows": slices(256, 4, is_cached=False),
    "windows_cached": slices(256, 4, is_cached=True),
    "sequences": slices(64, 32, is_cached=False),
    "sequences_cached": slices(64, 32, is_cached=True),
    "draw": draw,
    "update": update,
}
CASES = {name: (prepare, "torchrl") for name, prepare in CASES.items()}
