"""A PyTorch dataset over a store: each worker of each rank draws its own part of the windows, and all goes on from a state.

    loader = DataLoader(Windows("run.stream", rank=0, world=2, steps=32, fields={"observation": 8}, seed=7), batch_size=None, num_workers=4)
"""

import torch
from streamstore import Sampler, Store
from torch.utils.data import IterableDataset, get_worker_info


class Windows(IterableDataset):
    """Yields a dictionary of tensors, of shape `[B, S, W]` for each field, and the `state` after the batch, which all shards
    go on from once each of them has got as many batches."""

    def __init__(self, path, *, rank=0, world=1, state=None, **options):
        self.path, self.rank, self.world, self.state, self.options = path, rank, world, state, options

    def __iter__(self):
        worker = get_worker_info()
        workers, number = (worker.num_workers, worker.id) if worker else (1, 0)
        # A store is opened in the process that reads it: by every worker, whether it was forked off or spawned.
        shard = {"index": self.rank * workers + number, "count": self.world * workers}
        sampler = Sampler(Store(self.path), shard=shard, **self.options)
        if self.state is not None:
            sampler.restore(self.state)
        # A batch of its own for each: the loader hands it over while the next one is filled.
        while (batch := sampler.next(sampler.allocate())) is not None:
            fields = {name: torch.from_numpy(field.values) for name, field in batch.fields.items()}
            yield {**fields, "mask": torch.from_numpy(batch.mask), "state": sampler.state()}
