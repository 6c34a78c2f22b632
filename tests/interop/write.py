"""Writes cases with libraries that know nothing of StreamStore: write.py INPUT OUTPUT.

INPUT has "cases", as cases.ts draws them, "text", a case for formats of text, and a "folder". OUTPUT gets the files:
[{"case", "writer", "path", "columns": those that the writer has types for, "features": whether it wrote them, "nan":
whether it kept the "bits" of "any" NaN, or took one for the other}].
"""

import gzip
import json
import os
import re
import sys

import duckdb
import polars
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
from columns import table_of
from datasets import Dataset, DatasetDict

files = []


def note(case, writer, path, table, features, nan="bits"):
    names = table.column_names
    files.append({"case": case, "writer": writer, "path": path, "columns": names, "features": features, "nan": nan})


def place(folder, name):
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    return path


def by_datasets(case, table, folder):
    dataset, rows = Dataset(table), table.num_rows
    shards = min(3, rows)
    dataset.save_to_disk(place(folder, "ds/disk"), num_shards=shards)
    note(case, f"save_to_disk in {shards}", place(folder, "ds/disk"), table, True)
    DatasetDict({"train": dataset, "test": dataset.select([0])}).save_to_disk(place(folder, "ds/dict"))
    note(case, "save_to_disk of a DatasetDict", place(folder, "ds/dict"), table, True)
    for size in [None, 7]:
        path = place(folder, f"ds/batch-{size}.parquet")
        dataset.to_parquet(path, batch_size=size)
        note(case, f"to_parquet, batches of {size}", path, table, True)
    for shard in range(shards):
        part = dataset.shard(shards, shard, contiguous=True)
        part.to_parquet(place(folder, f"ds/hub/data/train-{shard:05}-of-{shards:05}.parquet"))
    note(case, "to_parquet, in shards", place(folder, "ds/hub"), table, True)


# A third of the files have 7 rows a group, a third pages of a few values each.
PARQUET = [
    {"compression": "none", "version": "1.0"},
    {"compression": "snappy", "version": "2.4", "row_group_size": 7},
    {"compression": "gzip", "version": "2.6", "data_page_size": 16, "write_batch_size": 3},
    {"compression": "brotli", "data_page_version": "2.0", "use_dictionary": False},
    {"compression": "zstd", "data_page_version": "2.0", "row_group_size": 7},
    {"compression": "lz4", "data_page_version": "2.0", "data_page_size": 16, "write_batch_size": 3},
    {"compression": "zstd", "use_dictionary": False, "write_page_checksum": True, "write_page_index": True},
    {"compression": "snappy", "use_compliant_nested_type": False, "dictionary_pagesize_limit": 40},
]


def by_pyarrow(case, table, folder):
    for index, options in enumerate(PARQUET):
        # The older formats have no nanoseconds, and the first makes wider numbers of uint32.
        lacking = {"1.0": r"timestamp\[ns|uint32", "2.4": r"timestamp\[ns"}.get(options.get("version"), "^$")
        kept = select(table, lambda kind: not re.search(lacking, str(kind)))
        path = place(folder, f"pa/{index}.parquet")
        pq.write_table(kept, path, **options)
        note(case, f"pyarrow {options}", path, kept, True)
    path = place(folder, "pa/streams.parquet")
    floats = select(table, pa.types.is_floating)
    pq.write_table(floats, path, use_dictionary=False, use_byte_stream_split=floats.column_names, row_group_size=7)
    note(case, "pyarrow, split streams of bytes", path, floats, True)
    path = place(folder, "pa/delta.parquet")
    integers = select(table, lambda kind: pa.types.is_integer(kind) or pa.types.is_timestamp(kind))
    pq.write_table(integers, path, use_dictionary=False, column_encoding="DELTA_BINARY_PACKED", data_page_size=64)
    note(case, "pyarrow, deltas", path, integers, True)
    path = place(folder, "pa/schemaless.parquet")
    known = r"(list<.*?: )?(u?int\d+|bool|float|double|timestamp\[[un]s\])>?|string"
    plain = select(table, lambda kind: re.fullmatch(known, str(kind)))
    pq.write_table(plain.replace_schema_metadata(None), path, store_schema=False)
    note(case, "pyarrow, Parquet's own schema", path, plain, False)
    for rows in [None, 7]:
        for ending, opening in [("arrow", pa.ipc.new_file), ("arrows", pa.ipc.new_stream)]:
            path = place(folder, f"pa/{rows}.{ending}")
            with opening(path, table.schema) as writer:
                writer.write_table(table, max_chunksize=rows)
            note(case, f"pyarrow IPC {ending}, batches of {rows}", path, table, True)
    # A slice begins within the bytes of its bitmaps.
    path = place(folder, "pa/sliced.arrow")
    with pa.ipc.new_file(path, table.schema) as writer:
        for row in range(0, table.num_rows, 5):
            writer.write_table(table.slice(row, 5))
    note(case, "pyarrow IPC, slices", path, table, True)
    path = place(folder, "pa/feather.feather")
    words = select(table, lambda kind: pa.types.is_integer(kind) or pa.types.is_string(kind))
    coded = pa.table({name: words.column(name).dictionary_encode() for name in words.column_names})
    pa.feather.write_feather(coded, path, compression="uncompressed")
    note(case, "pyarrow feather, dictionaries", path, words, False)
    path = place(folder, "pa/zstd.feather")
    pa.feather.write_feather(table, path, compression="zstd", chunksize=7)
    note(case, "pyarrow feather, zstd", path, table, True)
    path = place(folder, "pa/lz4.feather")
    pa.feather.write_feather(table, path)
    note(case, "pyarrow feather, its default of lz4", path, table, True)
    path = place(folder, "pa/lz4.arrows")
    with pa.ipc.new_stream(path, table.schema, options=pa.ipc.IpcWriteOptions(compression="lz4")) as writer:
        writer.write_table(table, max_chunksize=7)
    note(case, "pyarrow IPC stream, lz4", path, table, True)
    # Pandas makes floats of integers with nulls, and nulls of NaN: only columns without either go as they are.
    path = place(folder, "pandas/plain.feather")
    whole = select(table, lambda kind: pa.types.is_integer(kind) or pa.types.is_boolean(kind))
    whole = whole.select([name for name in whole.column_names if whole.column(name).null_count == 0])
    whole.replace_schema_metadata(None).to_pandas().to_feather(path)
    note(case, "pandas to_feather", path, whole, False)


def by_duckdb(case, table, folder):
    lists = r"(list<.*?: |large_list<.*?: |fixed_size_list<.*?: )?"
    known = lists + r"(u?int\d+|bool|float|double|timestamp\[us\]|date32.*)(>(\[\d+\])?)?|string"
    kept = select(table, lambda kind: re.fullmatch(known, str(kind)))
    connection = duckdb.connect()
    connection.register("given", kept)
    newer = ["ZSTD, PARQUET_VERSION V2", "SNAPPY, PARQUET_VERSION V2, ROW_GROUP_SIZE 2048"]
    for options in ["SNAPPY", "ZSTD", "GZIP", "BROTLI", "LZ4_RAW", "UNCOMPRESSED", *newer]:
        path = place(folder, f"duckdb/{options}.parquet")
        connection.execute(f"COPY given TO '{path}' (FORMAT PARQUET, COMPRESSION {options})")
        # All NaN are equal to it: in a dictionary they become the first one.
        note(case, f"duckdb {options}", path, kept, False, nan="any")


def by_polars(case, table, folder):
    lacking = r"\[s|time32|time64\[us\]|extension"
    kept = select(table, lambda kind: not re.search(lacking, str(kind)))
    frame = polars.from_arrow(kept.replace_schema_metadata(None))
    for compression in ["zstd", "lz4", "snappy", "gzip", "brotli", "uncompressed"]:
        path = place(folder, f"polars/{compression}.parquet")
        sizes = {} if compression < "l" else {"row_group_size": 9, "data_page_size": 32}
        frame.write_parquet(path, compression=compression, **sizes)
        note(case, f"polars {compression} {sizes}", path, kept, False)
    path = place(folder, "polars/one.arrow")
    frame.write_ipc(path, compression="uncompressed", compat_level=polars.CompatLevel.oldest())
    note(case, "polars IPC", path, kept, False)
    path = place(folder, "polars/zstd.arrow")
    frame.write_ipc(path, compression="zstd", compat_level=polars.CompatLevel.oldest())
    note(case, "polars IPC, zstd", path, kept, False)
    # As Polars writes it unless it is told otherwise, with views of strings.
    path = place(folder, "polars/lz4.arrow")
    frame.write_ipc(path, compression="lz4")
    note(case, "polars IPC, lz4", path, kept, False)
    path = place(folder, "polars/one.arrows")
    frame.write_ipc_stream(path, compression="uncompressed", compat_level=polars.CompatLevel.oldest())
    note(case, "polars IPC stream", path, kept, False)


def as_text(case, table, folder):
    """Lists in CSV are not: each of these has its own way, or none."""
    # What datasets makes of an ArrayND in JSON is not it: {"m": 1.0}.
    path = place(folder, "text/datasets.jsonl")
    lists = select(table, lambda kind: not isinstance(kind, pa.ExtensionType))
    Dataset(lists).to_json(path)
    note(case, "datasets.to_json", path, lists, False)
    # Halves are rounded to what tells them from other halves, and DuckDB has none.
    flat = select(lists, lambda kind: not pa.types.is_nested(kind) and not pa.types.is_float16(kind))
    path = place(folder, "text/datasets.csv")
    Dataset(flat).to_csv(path)
    note(case, "datasets.to_csv", path, flat, False)
    storage = [column.chunk(0).storage if isinstance(column.type, pa.ExtensionType) else column for column in table]
    plain = pa.table(storage, table.column_names)
    path = place(folder, "text/polars.jsonl")
    polars.from_arrow(plain).write_ndjson(path)
    note(case, "polars JSON", path, table, False)
    path = place(folder, "text/polars.json")
    polars.from_arrow(plain).write_json(path)
    note(case, "polars JSON, one array", path, table, False)
    path = place(folder, "text/polars.csv")
    polars.from_arrow(flat).write_csv(path)
    note(case, "polars CSV", path, flat, False)
    path = place(folder, "text/polars.tsv")
    polars.from_arrow(flat).write_csv(path, separator="\t")
    note(case, "polars TSV", path, flat, False)
    for name in ["polars.jsonl", "polars.json", "polars.csv", "polars.tsv"]:
        path = place(folder, f"text/{name}.gz")
        with open(path[:-3], "rb") as whole, gzip.open(path, "wb") as packed:
            packed.write(whole.read())
        note(case, f"{name} and gzip", path, flat if name.endswith("sv") else table, False)
    connection = duckdb.connect()
    connection.register("given", select(plain, lambda kind: "halffloat" not in str(kind)))
    path = place(folder, "text/duckdb.jsonl")
    connection.execute(f"COPY given TO '{path}' (FORMAT JSON)")
    note(case, "duckdb JSON", path, connection.table("given").to_arrow_table(), False)
    path = place(folder, "text/duckdb.csv")
    connection.register("flat", flat)
    connection.execute(f"COPY flat TO '{path}' (FORMAT CSV)")
    note(case, "duckdb CSV", path, flat, False)


def select(table, is_kept):
    return table.select([field.name for field in table.schema if is_kept(field.type)])


def main(given, answer):
    with open(given, encoding="utf-8") as file:
        work = json.load(file)
    for index, case in enumerate(work["cases"]):
        table = table_of(case["columns"])
        for write in [by_datasets, by_pyarrow, by_duckdb, by_polars]:
            write(index, table, os.path.join(work["folder"], str(index)))
    as_text(len(work["cases"]), table_of(work["text"]["columns"]), work["folder"])
    with open(answer, "w", encoding="utf-8") as file:
        json.dump(files, file)


main(*sys.argv[1:])
