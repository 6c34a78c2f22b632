"""pyarrow and HuggingFace datasets, writing and reading the files that saveDataset and loadDataset do.

The rows are the reference steps: action int64, observation list of 8 float32, reward float32, done bool.
"""

import tempfile
from pathlib import Path

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet

import data
from measure import Peer

datasets.disable_progress_bars()


def measure(sizes):
    """A round writes all rows, or reads them; a table in memory is where both begin or end."""
    row_count = sizes["dataset_rows"]
    table = reference_table(row_count)
    with tempfile.TemporaryDirectory() as folder:
        return measure_pyarrow(sizes, table, Path(folder)) + measure_datasets(sizes, table, Path(folder))


def measure_pyarrow(sizes, table, folder):
    peer = Peer("pyarrow", "pyarrow", sizes)
    rows = table.num_rows
    path = folder / "rows.parquet"
    note = "SNAPPY, dictionaries off, as ours"
    peer.measure("write Parquet", rows, lambda: parquet.write_table(table, path, use_dictionary=False), note)
    threads = sizes["threads"] > 1
    prove(parquet.read_table(path), table)
    peer.measure("read Parquet", rows, lambda: parquet.read_table(path, use_threads=threads), "into an Arrow table")
    return peer.measurements


def measure_datasets(sizes, table, folder):
    peer = Peer("datasets", "datasets", sizes)
    rows = table.num_rows
    dataset = datasets.Dataset(table)
    path = folder / "folder"
    peer.measure("save_to_disk", rows, lambda: dataset.save_to_disk(path), "an Arrow stream, uncompressed")

    def load():
        loaded = datasets.load_from_disk(path, keep_in_memory=True)
        return loaded.data.table

    prove(load().combine_chunks(), table)
    peer.measure("load_from_disk", rows, load, "into memory; by default it would only map the file")
    return peer.measurements


def reference_table(row_count):
    rows = np.arange(row_count)
    values = pa.array(data.observations(rows).ravel())
    offsets = pa.array(np.arange(0, 8 * (row_count + 1), 8, dtype=np.int32))
    return pa.table(
        {
            "action": pa.array(rows & 3),
            "observation": pa.ListArray.from_arrays(offsets, values),
            "reward": pa.array((rows & 7).astype(np.float32) / 8),
            "done": pa.array(rows % 200 == 199),
        }
    )


def prove(found, table):
    if not found.equals(table):
        raise AssertionError("Cannot trust a peer: what it read is not what it wrote")
