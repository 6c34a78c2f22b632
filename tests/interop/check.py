"""Reads what StreamStore wrote, with libraries that know nothing of it: check.py INPUT OUTPUT.

INPUT has "cases", as cases.ts draws them, and "files": [{"case": index, "form", "paths", "split"}]. OUTPUT gets how
many reads and values there were, and every difference with reader, case, column and row, and the bits on both sides.
"""

import csv
import json
import re
import struct
import sys

import datasets
import duckdb
import polars
import pyarrow as pa
import pyarrow.parquet as pq
from columns import bits_of, features_of

DIFFERENCES_MAX = 60

def from_disk(paths, split):
    dataset = datasets.load_from_disk(paths[0])
    return dataset if split is None else dataset[split]


def from_hub_like(builder):
    return lambda paths, split: datasets.load_dataset(builder, data_files={"train": paths}, split="train")


def from_folder(paths, split):
    return datasets.load_dataset(paths[0], split=split)


def from_ipc(paths, split):
    tables = []
    for path in paths:
        opening = pa.ipc.open_stream if path.endswith(".arrows") else pa.ipc.open_file
        with opening(pa.OSFile(path)) as reader:
            tables.append(reader.read_all())
    return pa.concat_tables(tables)


def from_polars_ipc(paths, split):
    reading = polars.read_ipc_stream if paths[0].endswith(".arrows") else polars.read_ipc
    return to_arrow(polars.concat([reading(path) for path in paths]))


def to_arrow(frame):
    """Without extension types: Polars hands their lists over as large ones, which pyarrow does not see."""
    extended = [name for name, kind in frame.schema.items() if isinstance(kind, polars.BaseExtension)]
    return frame.with_columns([polars.col(name).ext.storage() for name in extended]).to_arrow()


READERS = {
    "disk": {"datasets": from_disk},
    "folder": {"datasets": from_folder},
    "parquet": {
        "datasets": from_hub_like("parquet"),
        "pyarrow": lambda paths, split: pa.concat_tables([pq.read_table(path, page_checksum_verification=True) for path in paths]),
        "duckdb": lambda paths, split: duckdb.read_parquet(paths).to_arrow_table(),
        "polars": lambda paths, split: to_arrow(polars.read_parquet(paths)),
    },
    "arrow": {"datasets": from_hub_like("arrow"), "pyarrow": from_ipc, "polars": from_polars_ipc},
    "jsonl": {"json": None},
    "csv": {"csv": None},
    "plain jsonl": {
        "datasets": from_hub_like("json"),
        "duckdb": lambda paths, split: duckdb.read_json(paths[0], sample_size=-1).to_arrow_table(),
        "polars": lambda paths, split: to_arrow(polars.read_ndjson(paths[0], infer_schema_length=None)),
    },
}


class Report:
    def __init__(self):
        self.reads, self.values, self.differences = 0, 0, []

    def differ(self, *words):
        if len(self.differences) < DIFFERENCES_MAX:
            self.differences.append(": ".join(map(str, words)))

    def compare(self, place, expected, found):
        self.values += len(expected)
        if len(expected) != len(found):
            return self.differ(place, f"expected {len(expected)} rows, got {len(found)}")
        for row, (wanted, got) in enumerate(zip(expected, found)):
            if wanted != got:
                return self.differ(place, f"row {row}", f"expected {wanted}, got {got}")


def leaf_of(feature):
    if "feature" in feature:
        return leaf_of(feature["feature"])
    return "int64" if feature["_type"] == "ClassLabel" else feature["dtype"]


def as_stored(column):
    """Parquet knows no times in seconds: Python's own writers store milliseconds too, and its readers give those back."""
    feature = json.loads(re.sub(r'"(timestamp|time32)\[s', r'"\1[ms', json.dumps(column["feature"])))
    if feature == column["feature"]:
        return column
    return {**column, "feature": feature, "rows": [in_milliseconds(bits) for bits in column["rows"]]}


def in_milliseconds(bits):
    if bits is None:
        return None
    return [in_milliseconds(entry) for entry in bits] if isinstance(bits, list) else str(1000 * int(bits))


def check_arrow(report, place, columns, read, is_parquet):
    columns = [*map(as_stored, columns)] if is_parquet else columns
    if isinstance(read, datasets.Dataset):
        expected = features_of(columns)
        for name in expected:
            if read.features.get(name) != expected[name]:
                report.differ(place, name, f"expected the feature {expected[name]}, got {read.features.get(name)}")
        read = read.data.table
    for column in columns:
        name, dtype = column["name"], leaf_of(column["feature"])
        report.compare(f"{place}: column {name}", column["rows"], bits_of(read.column(name), dtype))


def value_of(bits, dtype):
    """What text has of a value."""
    if bits is None or dtype == "string":
        return bits
    if isinstance(bits, list):
        return [value_of(entry, dtype) for entry in bits]
    if dtype == "bool":
        return bits == "1"
    code = {"float16": "e", "float32": "f", "float64": "d"}.get(dtype)
    return struct.unpack(f">{code}", bytes.fromhex(bits))[0] if code else int(bits)


def text_of(value):
    """By which values out of text are compared: with their type and sign, and NaN as equal to itself."""
    return [text_of(entry) for entry in value] if isinstance(value, list) else repr(value)


def check_text(report, place, columns, path):
    with open(path, encoding="utf-8", newline="") as file:
        rows = [json.loads(line) for line in file] if path.endswith(".jsonl") else [*csv.DictReader(file)]
    for column in columns:
        name, dtype = column["name"], leaf_of(column["feature"])
        expected = [value_of(bits, dtype) for bits in column["rows"]]
        found = [row[name] for row in rows]
        if path.endswith(".csv"):
            # Python's csv has no null.
            expected = ["" if value is None else value for value in expected]
            found = [cell if cell == "" or dtype == "string" else json.loads(cell) for cell in found]
        report.compare(f"{place}: column {name}", [*map(text_of, expected)], [*map(text_of, found)])


def check_values(report, place, columns, read):
    """Of readers that guess the types: numbers are the same where they are equal."""
    read = read.data.table if isinstance(read, datasets.Dataset) else read
    for column in columns:
        name, dtype = column["name"], leaf_of(column["feature"])
        expected = [value_of(bits, dtype) for bits in column["rows"]]
        report.compare(f"{place}: column {name}", expected, read.column(name).to_pylist())


def main(given, answer):
    with open(given, encoding="utf-8") as file:
        work = json.load(file)
    report = Report()
    for file in work["files"]:
        case, paths = work["cases"][file["case"]], file["paths"]
        for reader, read in READERS[file["form"]].items():
            place = f"{reader}, {file['form']}, case \"{case['name']}\" of seed {case['seed']}"
            report.reads += 1
            try:
                if read is None:
                    check_text(report, place, case["columns"], paths[0])
                elif file["form"] == "plain jsonl":
                    check_values(report, place, case["columns"], read(paths, None))
                else:
                    is_parquet = file["form"] in ("parquet", "folder")
                    check_arrow(report, place, case["columns"], read(paths, file.get("split")), is_parquet)
            except Exception as error:
                report.differ(place, f"{type(error).__name__}: {error}")
    with open(answer, "w", encoding="utf-8") as file:
        json.dump(report.__dict__, file)


main(*sys.argv[1:])
