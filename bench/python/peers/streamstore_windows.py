"""StreamStore: a sampler in the process that trains, and `examples/python/torch_dataset.py` in a DataLoader."""

import asked
from streamstore import Sampler, Store
from torch.utils.data import DataLoader
from torch_dataset import Windows


def sampler(folder):
    windows = Sampler(Store(f"{folder}/one.stream"), **asked.OPTIONS)
    return lambda: ({name: field.values for name, field in batch.fields.items()} for batch in windows)


def loader(folder, workers):
    dataset = Windows(f"{folder}/one.stream", **asked.OPTIONS)
    return lambda: iter(DataLoader(dataset, batch_size=None, num_workers=int(workers)))
