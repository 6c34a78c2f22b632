"""Reads a dataset of many batches, row groups and shards, whose values follow from their row: large.py INPUT OUTPUT.

INPUT has "rows" and "paths" by form. OUTPUT gets the differences, and how many pieces each form came in.
"""

import json
import sys
from glob import glob

import datasets
import duckdb
import numpy as np
import polars
import pyarrow as pa
import pyarrow.parquet as pq

WIDTH = 64


def expected_table(rows):
    """The same as interop_write.test.ts appends."""
    index = np.arange(rows)
    identity = pa.array(index * 2**40 + 1, pa.int64(), mask=index % 7 == 0)
    wide = ((np.arange(rows * WIDTH, dtype=np.uint64) * 2654435761) & 0xFFFFFF).astype(np.float32) / np.float32(8)
    missing = index % 11 == 0
    lengths = np.where(missing, 0, index % 4)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    places = np.arange(offsets[-1]) - np.repeat(offsets[:-1], lengths)
    varied = pa.array(np.repeat(index, lengths) + places / 16)
    return pa.table({
        "id": identity,
        "wide": pa.FixedSizeListArray.from_arrays(pa.array(wide), WIDTH),
        "varied": pa.ListArray.from_arrays(pa.array(offsets), varied, mask=pa.array(missing)),
        "word": pa.array([f"row {row}" for row in range(rows)]),
    })


def main(given, answer):
    with open(given, encoding="utf-8") as file:
        work = json.load(file)
    paths = work["paths"]
    shards = sorted(glob(f"{paths['folder']}/data/*.parquet"))
    disk = datasets.load_from_disk(paths["disk"])["train"]
    with pa.ipc.open_file(paths["arrow"]) as reader:
        pieces = {"arrow": reader.num_record_batches, "parquet": pq.ParquetFile(paths["parquet"]).num_row_groups}
        arrow = reader.read_all()
    pieces |= {"folder": len(shards), "disk": len(disk.cache_files)}
    found = {
        "datasets, disk": disk.data.table,
        "datasets, folder": datasets.load_dataset(paths["folder"], split="train").data.table,
        "pyarrow, arrow": arrow,
        "pyarrow, parquet": pq.read_table(paths["parquet"]),
        "duckdb, parquet": duckdb.read_parquet(paths["parquet"]).to_arrow_table(),
        "duckdb, shards": duckdb.read_parquet(shards).to_arrow_table(),
        "polars, parquet": polars.read_parquet(paths["parquet"]).to_arrow(),
    }
    expected, differences = expected_table(work["rows"]), []
    for reader, table in found.items():
        for column in expected.schema:
            values = table.column(column.name).cast(column.type).combine_chunks()
            wanted = expected.column(column.name).combine_chunks()
            if not values.equals(wanted):
                same = [a == b for a, b in zip(values[:1000].to_pylist(), wanted[:1000].to_pylist())]
                first = same.index(False) if False in same else "beyond 1000"
                differences.append(f"{reader}: column {column.name} differs, at row {first}")
    with open(answer, "w", encoding="utf-8") as file:
        json.dump({"pieces": pieces, "differences": differences}, file)


main(*sys.argv[1:])
