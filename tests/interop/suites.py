"""Writes Parquet files of the kinds that apache/parquet-testing holds, each for one thing that readers get wrong:
suites.py INPUT OUTPUT.

INPUT has a "seed" and a "folder". OUTPUT gets of each file what pyarrow reads of it: [{"suite", "path", "rowCount",
"columns": as in cases.ts, "refused": columns that are no numbers, and by what the refusal is known}].
"""

import base64
import datetime
import decimal
import json
import os
import sys

import duckdb
import numpy as np
import polars
import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.parquet.encryption as pe
from columns import bits_of
from datasets import Features

CODECS = ["none", "snappy", "gzip", "brotli", "zstd", "lz4"]


class Suites:
    def __init__(self, seed, folder):
        self.random = np.random.default_rng(seed)
        self.folder = folder
        self.files = []

    def place(self, suite, number):
        os.makedirs(os.path.join(self.folder, "suites"), exist_ok=True)
        return os.path.join(self.folder, "suites", f"{suite} {number}.parquet".replace("/", "-"))

    def write(self, suite, table, refused=None, **options):
        path = self.place(suite, len(self.files))
        pq.write_table(table, path, **options)
        self.note(suite, path, refused)

    def note(self, suite, path, refused=None, read=pq.read_table):
        table = read(path)
        kept = [field.name for field in table.schema if field.name not in (refused or {})]
        features = Features.from_arrow_schema(table.select(kept).schema.remove_metadata()).to_dict()
        columns = [
            {"name": name, "feature": features[name], "isExtra": False, "rows": bits_of(table.column(name))}
            for name in kept
        ]
        self.files.append({
            "suite": suite,
            "path": path,
            "rowCount": table.num_rows,
            "columns": columns,
            "refused": refused or {},
        })

    def integers(self, count, bits, signed=True):
        """Any integers of so many bits."""
        words = self.random.integers(0, 2**64, count, dtype=np.uint64, endpoint=False) >> np.uint64(64 - bits)
        width = 32 if bits <= 32 else 64
        kind = np.dtype(f"{'int' if signed else 'uint'}{width}")
        return words.astype(np.uint64).astype(np.dtype(f"uint{width}")).view(kind)

    def with_nulls(self, values, rate=0.3):
        return pa.array(values, mask=self.random.random(len(values)) < rate)

    def lists(self, kind, count, null_entries=False):
        """null, empty, and of 1 to 9 entries."""
        rows = []
        for _ in range(count):
            length = int(self.random.integers(-2, 10))
            entries = self.random.integers(-100, 100, max(0, length)).tolist()
            if null_entries and entries:
                entries[0] = None
            rows.append(None if length == -2 else entries)
        return pa.array(rows, pa.list_(kind))


def by_duckdb(path):
    """Its differences of 33 bits are an end of the stream to pyarrow."""
    return duckdb.read_parquet(path).to_arrow_table()


def deltas(suites):
    """delta_binary_packed, delta_encoding_optional_column and _required_column: every width of differences."""
    count = 200
    columns = {}
    for bits in range(1, 65):
        columns[f"int64 of {bits}"] = pa.array(suites.integers(count, bits).astype(np.int64))
        columns[f"uint64 of {bits}"] = suites.with_nulls(suites.integers(count, bits, False).astype(np.uint64))
    for bits in range(1, 33):
        columns[f"int32 of {bits}"] = suites.with_nulls(suites.integers(count, bits).astype(np.int32))
        columns[f"uint32 of {bits}"] = pa.array(suites.integers(count, bits, False).astype(np.uint32))
    columns["constant"] = pa.array(np.full(count, -7, np.int64))
    columns["rising"] = pa.array(np.arange(count, dtype=np.int32) * 3)
    columns["edges"] = pa.array(np.array([2**63 - 1, -2**63] * (count // 2), np.int64))
    table = pa.table(columns)
    required = pa.schema([field.with_nullable(False) for field in table.schema if "uint64" not in field.name])
    required = pa.schema([field for field in required if not field.name.startswith("int32 of")])
    delta = {"use_dictionary": False, "column_encoding": "DELTA_BINARY_PACKED"}
    for version in ["1.0", "2.0"]:
        suites.write("deltas", table, data_page_version=version, **delta)
        small = {"data_page_size": 64, "write_batch_size": 10}
        suites.write("deltas, many pages", table, data_page_version=version, **small, **delta)
        part = table.select(required.names).cast(required)
        suites.write("deltas, required", part, data_page_version=version, **delta)
    connection = duckdb.connect()
    connection.register("given", table)
    for compression in ["UNCOMPRESSED", "ZSTD"]:
        path = suites.place("duckdb deltas", len(suites.files))
        connection.execute(f"COPY given TO '{path}' (FORMAT PARQUET, PARQUET_VERSION V2, COMPRESSION {compression})")
        suites.note("duckdb deltas", path, read=by_duckdb)
    path = suites.place("duckdb uint32", len(suites.files))
    values = "unnest([3000000000,5,4000000000,7])::uinteger u32, unnest([1,2,3,4])::utinyint u8"
    connection.execute(f"COPY (SELECT {values}) TO '{path}' (FORMAT PARQUET, PARQUET_VERSION V2)")
    suites.note("duckdb uint32", path, read=by_duckdb)
    path = suites.place("polars integers", len(suites.files))
    polars.from_arrow(table).write_parquet(path)
    suites.note("polars integers", path)


def streams(suites):
    """byte_stream_split and byte_stream_split_extended."""
    count = 300
    numbers = suites.random.normal(size=count)
    floats = {f"float{bits}": suites.with_nulls(numbers.astype(f"float{bits}")) for bits in [16, 32, 64]}
    integers = {f"int{bits}": suites.with_nulls(suites.integers(count, bits)) for bits in [32, 64]}
    table = pa.table(floats | integers)
    options = {
        "use_dictionary": False,
        "column_encoding": {name: "BYTE_STREAM_SPLIT" for name in table.column_names},
    }
    for codec in CODECS:
        suites.write("split streams", table, compression=codec, **options)
    suites.write("split streams, many pages", table, data_page_size=64, write_batch_size=7, **options)


def everything(suites, count):
    numbers = suites.random.normal(size=count)
    words = suites.integers(count, 63)
    columns = {f"int{bits}": suites.with_nulls(words.astype(f"int{bits}")) for bits in [8, 16, 32, 64]}
    columns |= {f"uint{bits}": suites.with_nulls(words.astype(f"uint{bits}")) for bits in [8, 16, 32, 64]}
    columns |= {f"float{bits}": suites.with_nulls(numbers.astype(f"float{bits}")) for bits in [16, 32, 64]}
    days = suites.random.integers(-100_000, 100_000, count).astype(np.int32)
    columns |= {
        "bool": suites.with_nulls(numbers > 0),
        "runs of bools": pa.array(np.arange(count) % 100 < 70),
        "few": suites.with_nulls(words % 5),
        "few floats": suites.with_nulls((words % 3).astype(np.float32)),
        "date32": pa.array(days).cast(pa.date32()),
        "time32": pa.array(np.abs(days) % 86_400_000).cast(pa.time32("ms")),
        "time64": pa.array(np.abs(days).astype(np.int64)).cast(pa.time64("us")),
        "timestamp ms": pa.array(days.astype(np.int64) * 1000).cast(pa.timestamp("ms")),
        "timestamp us": suites.with_nulls(words >> 10).cast(pa.timestamp("us")),
        "timestamp ns": suites.with_nulls(words).cast(pa.timestamp("ns", "UTC")),
        "lists": suites.lists(pa.int32(), count),
        "lists of floats": suites.lists(pa.int64(), count).cast(pa.list_(pa.float32())),
        "pairs": pa.FixedSizeListArray.from_arrays(pa.array(np.repeat(numbers, 2)), 2),
    }
    return pa.table(columns)


def codecs(suites):
    """alltypes_plain, _dictionary and _tiny_pages, lz4_raw_compressed, datapage_v1 and _v2, with and without checksums."""
    small, large = everything(suites, 70), everything(suites, 5_000)
    for codec in CODECS:
        for version in ["1.0", "2.0"]:
            options = {"compression": codec, "data_page_version": version}
            suites.write(f"{codec}, pages {version}", small, **options)
            plain = {"use_dictionary": False, "write_page_checksum": True}
            suites.write(f"{codec}, pages {version}, plain", small, **plain, **options)
    suites.write("large", large, compression="snappy", row_group_size=2_000)
    suites.write("large, dictionaries that are given up", large, compression="lz4", dictionary_pagesize_limit=100)
    suites.write("tiny pages", large, data_page_size=16, write_batch_size=3, data_page_version="2.0")
    suites.write("no statistics", small, write_statistics=False, data_page_version="2.0")
    suites.write("Parquet's own schema", small.drop_columns(["pairs"]), store_schema=False)
    suites.write("no rows", small.slice(0, 0))
    one = pa.table({"a": pa.array(np.arange(40_000, dtype=np.int32))})
    suites.write("more pages than 16 bits count", one, data_page_size=1, write_batch_size=1, use_dictionary=False)


def levels(suites):
    """null_list, nulls.snappy, list_columns, repeated values, int32_with_null_pages, page_v2_empty_compressed."""
    count = 400
    rows = suites.lists(pa.int32(), count)
    item = pa.field("item", pa.int32())
    required = {
        "lists": pa.list_(item.with_nullable(False)),
        "large lists": pa.large_list(item),
    }
    present = pa.array([row or [] for row in rows.to_pylist()])
    columns = {
        "lists": rows,
        "large lists": rows.cast(required["large lists"]),
        "lists of required entries": rows.cast(required["lists"]),
        "nothing": pa.nulls(count, pa.int32()),
        "no lists": pa.nulls(count, pa.list_(pa.float64())),
        "empty lists": pa.array([[]] * count, pa.list_(pa.float64())),
        "nulls at the end": pa.array([1.5] * 10 + [None] * (count - 10)),
        "nulls at the begin": pa.array([None] * (count - 10) + [2] * 10, pa.int64()),
        "type null": pa.nulls(count),
        "entries of null": suites.lists(pa.int32(), count, null_entries=True),
        "lists of lists": pa.array([[[1], [2, 3]]] * count),
    }
    fields = {"required lists": present.cast(pa.list_(pa.int64())), "required": pa.array(np.arange(count))}
    table = pa.table(columns)
    for name, values in fields.items():
        table = table.append_column(pa.field(name, values.type, nullable=False), values)
    refused = {
        "entries of null": "must hold numbers only, got a null inside it",
        "lists of lists": "got lists of lists of any length",
    }
    for codec in CODECS:
        for version in ["1.0", "2.0"]:
            options = {"compression": codec, "data_page_version": version}
            small = {"data_page_size": 32, "write_batch_size": 5} if codec in ("none", "zstd") else {}
            suites.write(f"levels, {codec}, pages {version}", table, refused, **options, **small)
    suites.write("levels, row groups", table, refused, row_group_size=37)
    frame = polars.from_arrow(table.select(["lists", "nothing", "no lists", "nulls at the end", "required"]))
    path = suites.place("polars levels", len(suites.files))
    frame.write_parquet(path, data_page_size=64, row_group_size=100)
    suites.note("polars levels", path)


def floats(suites):
    """nan_in_stats, single_nan, float16_nonzeros_and_nans and _zeros_and_nans: what statistics say of NaN and of -0."""
    cases = {
        "NaN": [np.nan],
        "NaN first": [np.nan, 1, 2],
        "NaN last": [1, 2, np.nan],
        "NaN and null": [np.nan, None, np.nan],
        "zeros": [0.0, -0.0],
        "minus zero": [-0.0, -0.0],
        "zero and NaN": [-0.0, np.nan, 0.0],
        "infinite": [np.inf, -np.inf, np.nan],
        "negative": [-1.5, -2.5, np.nan],
    }
    for name, values in cases.items():
        kinds = {"float16": pa.float16(), "float32": pa.float32(), "float64": pa.float64()}
        table = pa.table({kind: pa.array(values, pa.float64()).cast(kinds[kind]) for kind in kinds})
        suites.write(f"floats, {name}", table)
        path = suites.place(f"polars floats, {name}", len(suites.files))
        polars.from_arrow(table.drop_columns(["float16"])).write_parquet(path)
        suites.note(f"polars floats, {name}", path)


def instants(suites):
    """int96_from_spark, as far as nanoseconds in 64 bits reach."""
    words = suites.integers(500, 63) - 2**62
    table = pa.table({
        "any": suites.with_nulls(words).cast(pa.timestamp("ns")),
        "lists": pa.array([[1, -1], None, [], [2**62]] * 125, pa.list_(pa.timestamp("ns"))),
        "few": pa.array(words % 4).cast(pa.timestamp("ns")),
    })
    for options in [{}, {"use_dictionary": False}, {"data_page_version": "2.0", "compression": "zstd"}]:
        suites.write("INT96", table, use_deprecated_int96_timestamps=True, store_schema=False, **options)


def decimals(suites):
    """int32_decimal, int64_decimal, fixed_length_decimal and byte_array_decimal: no numbers that a store holds."""
    values = [decimal.Decimal("1.50"), None, decimal.Decimal("-2.25")]
    kinds = {
        "short": pa.decimal128(5, 2),
        "long": pa.decimal128(15, 2),
        "wide": pa.decimal128(30, 2),
        "wider": pa.decimal256(60, 2),
    }
    table = pa.table({name: pa.array(values, kind) for name, kind in kinds.items()})
    table = table.append_column("a", pa.array([1, 2, 3]))
    for whole in [False, True]:
        stored = {name: "FIXED_LEN_BYTE_ARRAY" for name in kinds}
        if whole:
            stored |= {"short": "INT32", "long": "INT64"}
        refused = {name: f"got DECIMAL stored as {kind}" for name, kind in stored.items()}
        suites.write("decimals", table, refused, store_decimal_as_integer=whole)


class Keys(pe.KmsClient):
    """Keys that hide nothing."""

    def __init__(self, configuration):
        super().__init__()

    def wrap_key(self, key_bytes, master_key_identifier):
        return base64.b64encode(key_bytes)

    def unwrap_key(self, wrapped_key, master_key_identifier):
        return base64.b64decode(wrapped_key)


def encrypted(suites):
    """uniform_encryption, encrypt_columns_and_footer and encrypt_columns_plaintext_footer."""
    table = pa.table({"open": [1.5, 2.5], "secret": [3, 4]})
    factory = pe.CryptoFactory(Keys)
    for plaintext in [False, True]:
        configuration = pe.EncryptionConfiguration(
            footer_key="footer",
            column_keys={"column": ["secret"]},
            plaintext_footer=plaintext,
            cache_lifetime=datetime.timedelta(minutes=5),
        )
        properties = factory.file_encryption_properties(pe.KmsConnectionConfig(), configuration)
        path = suites.place("encrypted", len(suites.files))
        with pq.ParquetWriter(path, table.schema, encryption_properties=properties) as writer:
            writer.write_table(table)
        column = {"name": "open", "feature": {"dtype": "float64", "_type": "Value"}, "isExtra": False}
        refused = {"open": "it must not be encrypted, but its footer is"}
        if plaintext:
            refused = {"secret": 'column "secret": it must not be encrypted, but is'}
        suites.files.append({
            "suite": f"encrypted, plain footer {plaintext}",
            "path": path,
            "rowCount": 2,
            "columns": [column | {"rows": bits_of(table.column("open"))}] if plaintext else [],
            "refused": refused,
        })


def main(given, answer):
    with open(given, encoding="utf-8") as file:
        work = json.load(file)
    suites = Suites(work["seed"], work["folder"])
    for write in [deltas, streams, codecs, levels, floats, instants, decimals, encrypted]:
        write(suites)
    with open(answer, "w", encoding="utf-8") as file:
        json.dump(suites.files, file)


main(*sys.argv[1:])
