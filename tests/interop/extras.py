"""Text and bytes, by libraries that know nothing of StreamStore: extras.py INPUT OUTPUT.

INPUT has a "folder", and "texts" and "bytes", of a row each: hexadecimal or null. With "files" it is what StreamStore
wrote, which is read: [{"form", "path", "kinds": by column "text", "bytes", "media" or "paths"}], and
"sorted" is what it has sorted: [{"given", "by", "path"}]; OUTPUT gets every difference.
Without, OUTPUT gets what was written here: [{"writer", "path", "columns": {name: kind}}].
"""

import json
import os
import sys

import datasets
import duckdb
import polars
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq

TEXT = {"string": pa.string(), "large_string": pa.large_string()}
BYTES = {"binary": pa.binary(), "large_binary": pa.large_binary()}
CODECS = ["none", "snappy", "gzip", "brotli", "zstd", "lz4"]


def table_of(texts, blobs):
    words = [None if text is None else text.decode() for text in texts]
    columns = {"action": pa.array(range(len(words)), pa.int32())}
    columns |= {name: pa.array(words, kind) for name, kind in TEXT.items()}
    columns |= {name: pa.array(blobs, kind) for name, kind in BYTES.items()}
    columns["fixed"] = pa.array([None if blob is None else (blob + b"\0" * 4)[:4] for blob in blobs], pa.binary(4))
    return pa.table(columns)


def kinds_of(names):
    return {name: kind for name, kind in {
        "string": "text", "large_string": "text", "binary": "bytes", "large_binary": "bytes", "fixed": "fixed",
        "string_view": "text", "binary_view": "bytes", "words": "text", "media": "bytes", "elsewhere": "text",
    }.items() if name in names}


class Writer:
    def __init__(self, folder):
        self.folder, self.files = folder, []

    def place(self, name):
        path = os.path.join(self.folder, "written", name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return path

    def note(self, writer, path, names):
        self.files.append({"writer": writer, "path": path, "columns": kinds_of(names)})


def by_pyarrow(out, table):
    ways = [
        {}, {"data_page_version": "2.0"}, {"use_dictionary": False}, {"row_group_size": 3}, {"store_schema": False},
        {"data_page_size": 16, "write_batch_size": 2, "dictionary_pagesize_limit": 30},
        {"use_dictionary": False, "data_page_version": "2.0", "data_page_size": 16, "write_batch_size": 2},
    ]
    for encoding in ["DELTA_LENGTH_BYTE_ARRAY", "DELTA_BYTE_ARRAY"]:
        of = {name: encoding for name in [*TEXT, *BYTES]}
        ways += [{"use_dictionary": False, "column_encoding": of, "data_page_version": version} for version in ["1.0", "2.0"]]
    ways.append({"use_dictionary": False, "column_encoding": {"fixed": "DELTA_BYTE_ARRAY"}})
    for index, way in enumerate(ways):
        path = out.place(f"pyarrow/{index}.parquet")
        pq.write_table(table, path, compression=CODECS[index % len(CODECS)], **way)
        out.note(f"pyarrow {way}", path, table.column_names)
    for index, codec in enumerate(CODECS):
        path = out.place(f"pyarrow/{codec}.parquet")
        pq.write_table(table, path, compression=codec, use_dictionary=index % 2 == 0, data_page_version="2.0")
        out.note(f"pyarrow {codec}", path, table.column_names)
    required = pa.table({"action": table["action"], "string": pa.array(["a", ""] * (len(table) // 2))})
    views = table.append_column("string_view", table["string"].cast(pa.string_view()))
    views = views.append_column("binary_view", table["binary"].cast(pa.binary_view()))
    words = views.append_column("words", table["string"].dictionary_encode())
    for name, given in {"views": words, "slices": table}.items():
        for ending, opening in [("arrow", pa.ipc.new_file), ("arrows", pa.ipc.new_stream)]:
            path = out.place(f"pyarrow/{name}.{ending}")
            with opening(path, given.schema) as writer:
                for row in range(0, len(given), 3 if name == "slices" else len(given)):
                    writer.write_table(given.slice(row, 3 if name == "slices" else None))
            out.note(f"pyarrow {name}.{ending}", path, given.column_names)
    for codec in ["zstd", "lz4"]:
        path = out.place(f"pyarrow/{codec}.feather")
        pyarrow.feather.write_feather(table, path, compression=codec)
        out.note(f"feather {codec}", path, table.column_names)
    return required


def by_datasets(out, table):
    media = datasets.Image()
    rows = [None if blob is None else {"bytes": blob, "path": None} for blob in table["binary"].to_pylist()]
    storage = pa.array(rows, media.pa_type)
    whole = table.append_column("media", storage)
    features = datasets.Features.from_arrow_schema(table.schema)
    features["media"] = media
    dataset = datasets.Dataset(datasets.table.InMemoryTable(whole), info=datasets.DatasetInfo(features=features))
    path = out.place("datasets/disk")
    dataset.save_to_disk(path)
    out.note("save_to_disk", path, whole.column_names)
    path = out.place("datasets/one.parquet")
    dataset.to_parquet(path)
    out.note("to_parquet", path, whole.column_names)
    # Pictures that are elsewhere: text stands for their paths.
    rows = [None if text is None else {"bytes": None, "path": text} for text in table["string"].to_pylist()]
    whole = table.select(["action"]).append_column("elsewhere", pa.array(rows, media.pa_type))
    features = datasets.Features({"action": datasets.Value("int32"), "elsewhere": media})
    dataset = datasets.Dataset(datasets.table.InMemoryTable(whole), info=datasets.DatasetInfo(features=features))
    # As save_to_disk writes it, which would look for the files.
    path = out.place("datasets/paths.arrows")
    with pa.ipc.new_stream(path, dataset.data.table.schema) as writer:
        writer.write_table(dataset.data.table, max_chunksize=3)
    out.note("stream of paths", path, whole.column_names)
    for name, way in {"pages": {"data_page_size": 16, "write_batch_size": 2}, "bare": {"write_statistics": False}}.items():
        path = out.place(f"datasets/{name}.parquet")
        pq.write_table(dataset.data.table, path, row_group_size=4, **way)
        out.note(f"{name} of paths", path, whole.column_names)
    text = datasets.Dataset(table.select(["action", "string", "large_string"]))
    path = out.place("datasets/one.jsonl")
    text.to_json(path)
    out.note("to_json", path, ["string", "large_string"])


def by_duckdb(out, table):
    connection = duckdb.connect()
    connection.register("given", table)
    for options in ["SNAPPY", "ZSTD", "GZIP", "BROTLI", "LZ4_RAW", "UNCOMPRESSED", "ZSTD, PARQUET_VERSION V2"]:
        path = out.place(f"duckdb/{options}.parquet")
        connection.execute(f"COPY given TO '{path}' (FORMAT PARQUET, COMPRESSION {options})")
        out.note(f"duckdb {options}", path, table.column_names)
    path = out.place("duckdb/one.jsonl")
    connection.execute(f"COPY (SELECT action, string FROM given) TO '{path}' (FORMAT JSON)")
    out.note("duckdb JSON", path, ["string"])


def by_polars(out, table):
    frame = polars.from_arrow(table.drop_columns(["fixed"]))
    for codec in ["zstd", "lz4", "snappy", "gzip", "brotli", "uncompressed"]:
        path = out.place(f"polars/{codec}.parquet")
        frame.write_parquet(path, compression=codec, row_group_size=4)
        out.note(f"polars {codec}", path, frame.columns)
    for codec in ["uncompressed", "zstd", "lz4"]:
        path = out.place(f"polars/{codec}.arrow")
        frame.write_ipc(path, compression=codec)
        out.note(f"polars IPC {codec}", path, frame.columns)
    path = out.place("polars/one.jsonl")
    frame.select(["action", "string"]).write_ndjson(path)
    out.note("polars JSON", path, ["string"])


def from_ipc(path):
    with (pa.ipc.open_stream if path.endswith(".arrows") else pa.ipc.open_file)(pa.OSFile(path)) as reader:
        return reader.read_all()


def by_builder(name):
    return lambda path: datasets.load_dataset(name, data_files={"train": [path]}, split="train")


READERS = {
    "parquet": {
        "datasets": by_builder("parquet"),
        "pyarrow": lambda path: pq.read_table(path, page_checksum_verification=True),
        "duckdb": lambda path: duckdb.read_parquet(path).to_arrow_table(),
        "polars": lambda path: polars.read_parquet(path).to_arrow(),
    },
    "arrow": {"datasets": by_builder("arrow"), "pyarrow": from_ipc, "polars": lambda path: polars.read_ipc(path).to_arrow()},
    "arrows": {"datasets": by_builder("arrow"), "pyarrow": from_ipc},
    "disk": {"datasets": lambda path: datasets.load_from_disk(path)["train"]},
    "jsonl": {
        "datasets": by_builder("json"),
        "duckdb": lambda path: duckdb.read_json(path, sample_size=-1, maximum_object_size=50_000_000).to_arrow_table(),
        "polars": lambda path: polars.read_ndjson(path, infer_schema_length=None).to_arrow(),
    },
    "csv": {"polars": lambda path: polars.read_csv(path, infer_schema_length=None).to_arrow()},
}


def check(work, texts, blobs):
    differences, reads = [], 0
    for file in work["files"]:
        for reader, read in READERS[file["form"]].items():
            place = f"{reader}, {os.path.basename(file['path'])}"
            reads += 1
            found = read(file["path"])
            if isinstance(found, datasets.Dataset):
                for name, feature in file.get("features", {}).items():
                    if str(found.features[name]).split("(")[0] != feature:
                        differences.append(f"{place}: {name} must be {feature}, is {found.features[name]}")
                found = found.data.table
            for name, kind in file["kinds"].items():
                values = found.column(name).to_pylist()
                if kind == "media":
                    values = [None if value is None else value["bytes"] for value in values]
                if kind == "paths":
                    values = [value and (value["path"] if value["bytes"] is None else "bytes") for value in values]
                if kind in ["text", "paths"]:
                    values = [None if value is None else value.encode() for value in values]
                expected = texts if kind in ["text", "paths"] else blobs
                for row, (wanted, got) in enumerate(zip(expected, values, strict=True)):
                    if wanted != got:
                        differences.append(f"{place}: {name} at row {row}: {str(wanted)[:60]}, got {str(got)[:60]}")
    for file in work["sorted"]:
        reads += 1
        wanted = datasets.load_from_disk(file["given"])["train"].sort(file["by"])["action"][:]
        got = datasets.load_from_disk(file["path"])["train"]["action"][:]
        if wanted != got:
            differences.append(f"sorted by {file['by']}: {wanted}, got {got}")
    return {"differences": differences[:40], "reads": reads}


def main(given, answer):
    with open(given, encoding="utf-8") as file:
        work = json.load(file)
    texts, blobs = ([None if value is None else bytes.fromhex(value) for value in work[key]] for key in ["texts", "bytes"])
    if "files" in work:
        result = check(work, texts, blobs)
    else:
        out = Writer(work["folder"])
        for write in [by_pyarrow, by_datasets, by_duckdb, by_polars]:
            write(out, table_of(texts, blobs))
        result = out.files
    with open(answer, "w", encoding="utf-8") as file:
        json.dump(result, file)


main(*sys.argv[1:])
