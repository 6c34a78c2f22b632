"""The rows of a Parquet dataset in the files of a peer, whose size bench/cases/size.ts then looks at.

Arguments: the peer (zstd, torchrl or nanogpt), the dataset's folder, and the folder to write to.
"""

import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet


def write_zstd(table, folder):
    folder.mkdir(parents=True)
    parquet.write_table(table, folder / "rows.parquet", compression="zstd")


def write_torchrl(table, folder):
    import torch
    from tensordict import TensorDict
    from torchrl.data import LazyMemmapStorage

    rows = {name: torch.from_numpy(dense(table[name].combine_chunks())) for name in table.column_names}
    storage = LazyMemmapStorage(len(table), scratch_dir=folder)
    storage.set(torch.arange(len(table)), TensorDict(rows, batch_size=[len(table)]))


def write_nanogpt(table, folder):
    """As its prepare.py does: all documents one after another."""
    folder.mkdir(parents=True)
    tokens = table["tokens"].combine_chunks().flatten().to_numpy()
    file = np.memmap(folder / "train.bin", dtype=np.uint16, mode="w+", shape=(len(tokens),))
    file[:] = tokens
    file.flush()


def dense(column):
    """As [rows, width], where lists that are shorter than the longest are padded: the storage has one shape."""
    if not (pa.types.is_list(column.type) or pa.types.is_fixed_size_list(column.type)):
        numbers = column.to_numpy(zero_copy_only=False)
        # As its benchmark has them (torchrl_slices.py).
        return (numbers if numbers.dtype == bool else numbers.astype(np.float32)).reshape(-1, 1)
    lengths = np.asarray(column.value_lengths())
    values = column.flatten().to_numpy()
    out = np.zeros((len(column), lengths.max()), values.dtype)
    out[np.arange(lengths.max()) < lengths[:, None]] = values
    # Its storage cannot be written in uint16, and has the same bits in int16.
    return out.view(np.int16) if out.dtype == np.uint16 else out


if __name__ == "__main__":
    peer, dataset, folder = sys.argv[1:]
    write = {"zstd": write_zstd, "torchrl": write_torchrl, "nanogpt": write_nanogpt}[peer]
    write(parquet.read_table(dataset), Path(folder))
