"""TorchRL: a SliceSampler over LazyMemmapStorage, with the boundaries of episodes kept. A batch is flat, `[B * S, W]`."""

import asked
import torch
from tensordict import TensorDict
from torchrl.data import LazyMemmapStorage, SliceSampler, TensorDictReplayBuffer


def slices(folder):
    columns, done = asked.map_columns(folder)
    storage = LazyMemmapStorage(len(done), scratch_dir=f"{folder}/torchrl")
    fields = {name: torch.from_numpy(column.copy()) for name, column in columns.items()}
    storage.set(torch.arange(len(done)), TensorDict({**fields, "done": torch.from_numpy(done)[:, None]}, batch_size=[len(done)]))
    # Without the marks that the sampler could add, which take time.
    kept = SliceSampler(slice_len=asked.STEPS, end_key="done", cache_values=True, truncated_key=None, init_key=None)
    buffer = TensorDictReplayBuffer(storage=storage, sampler=kept, batch_size=asked.BATCH_SIZE * asked.STEPS)

    def batches():
        while True:
            batch = buffer.sample()
            yield {name: batch[name].view(asked.BATCH_SIZE, asked.STEPS, -1) for name in asked.WIDTHS}

    return batches
