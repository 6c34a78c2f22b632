"""A PyTorch dataset over a store: each worker of each rank draws its own part of the windows, and all goes on from a state.

    DataLoader(Windows("run.stream", rank=0, world=2, steps=32, fields={"observation": 8}, seed=7), batch_size=None, num_workers=4)
"""

import torch
from streamstore import Sampler, Store
from torch.utils.data import IterableDataset, get_worker_info


class Tensors(dict):
    """Goes from a worker to its loader as arrays: as tensors, each would take shared memory of its own, and most of a batch's time."""

    def __reduce__(self):
        return tensors_of, ({name: value if name == "state" else value.numpy() for name, value in self.items()},)


def tensors_of(arrays):
    return Tensors({name: array if name == "state" else torch.from_numpy(array) for name, array in arrays.items()})


class Windows(IterableDataset):
    """Yields a dictionary of tensors, of shape `[B, S, W]` for each field, and the `state` after the batch, which all shards
    go on from once each of them has got as many batches."""

    def __init__(self, path, *, rank=0, world=1, state=None, **options):
        self.path, self.rank, self.world, self.state, self.options = path, rank, world, state, options

    def __iter__(self):
        worker = get_worker_info()
        workers, number = (worker.num_workers, worker.id) if worker else (1, 0)
        shard = {"index": self.rank * workers + number, "count": self.world * workers}
        # Opened by the process that reads it, forked off or spawned; a batch of its own each time, for the last is on its way.
        sampler = Sampler(Store(self.path), shard=shard, **self.options)
        if self.state is not None:
            sampler.restore(self.state)
        while (batch := sampler.next(sampler.allocate())) is not None:
            fields = {name: field.values for name, field in batch.fields.items()}
            yield tensors_of({**fields, "mask": batch.mask, "state": sampler.state()})
