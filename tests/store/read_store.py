"""Reads a store's directory without the library: docs/storage-format.md, with numpy alone.

    python3 read_store.py DIRECTORY...

Prints what the newest commit and the tail hold, as JSON: rows with the bits of every value in decimal, and the chunks
whose checksum is not theirs.
"""

import json
import struct
import sys

import numpy as np
from checksums import MAGIC, fletcher, xxh64
from read_extras import EXTRA, read_extras, read_tail

# Name, bytes an element, which count of the commit, which first element of it is kept.
COLUMNS = [
    ("step.i64", 8, "rows", "first_row"),
    ("type", None, "tokens", "first_token"),
    ("data", None, "tokens", "first_token"),
    ("row.u64", 8, "rows", "first_row"),
    ("marks", 16, "marks", "first_mark"),
]
MARK = np.dtype([("row", "<u8"), ("type", "<i4"), ("kind", "<i4")])
BLOCK_ROWS = 4096
EMPTY_LIST, BARE_ROW, LIST_FIELD, SESSION = 0, -1, -2, -3


# What the cells of a store can be, by their numbers in the header.
KINDS = "float64 float32 float16 int64 uint64 int32 uint32 int16 uint16 int8 uint8".split()


def cells_of(dtypes):
    """What the cells of a store with fields of these dtypes are, and what those of each field are."""
    kinds = ["uint8" if dtype == "bool" else dtype for dtype in dtypes]
    if len(set(kinds)) == 1:
        return kinds[0], kinds
    bits = 8 * max(np.dtype(kind).itemsize for kind in kinds)
    kind = f"float{bits}" if any(each.startswith("float") for each in kinds) else f"int{bits}"
    return kind, [kind if dtype == "bool" or is_held(dtype, kind) else dtype for dtype in dtypes]


def is_held(dtype, kind):
    """Whether a kind has every value of a dtype."""
    # numpy rounds integers of 64 bits.
    return np.can_cast(dtype, kind) and not (kind == "float64" and dtype in ("int64", "uint64"))


def data_file(kind):
    return f"data.{kind[0]}{8 * np.dtype(kind).itemsize}"


def read_header(head):
    magic, version, tail_records, tail_values, _process, capacity = struct.unpack_from("<QIIIIQ", head, 0)
    boot, identity = head[32:48], head[48:64]
    type_bytes, only_type, cell_kind, segment_chunks, checksum = struct.unpack_from("<IiIIQ", head, 64)
    assert magic == MAGIC and version == 2, (magic, version)
    extra_count, extra_words = struct.unpack_from("<II", head, 96)
    sizes = (version, tail_records, tail_values, capacity, type_bytes, only_type & 0xFFFFFFFF, cell_kind, segment_chunks, extra_count, extra_words)
    assert checksum == xxh64(struct.pack("<10Q", *sizes) + identity, MAGIC)
    return {
        "tail_records": tail_records,
        "tail_values": tail_values,
        "capacity": capacity,
        "type_bytes": type_bytes,
        "only_type": only_type,
        "kind": KINDS[cell_kind],
        "is_segmented": segment_chunks > 0,
        "segment_chunks": segment_chunks,
        "boot": boot.hex(),
        "session_row": struct.unpack_from("<Q", head, 88)[0],
        "extra_count": extra_count,
        "extra_words": extra_words,
        "id": identity.hex(),
    }


def read_commit(head, offset):
    """The commit in a slot, or None where there is no whole one."""
    words = struct.unpack_from("<4Qq10Q4QQ", head, offset)
    if words[0] == 0 or words[-1] != xxh64(head[offset : offset + 152], MAGIC):
        return None
    names = ("sequence", "tokens", "rows", "marks", "last_step")
    commit = dict(zip(names, words))
    commit["sums"] = list(zip(words[5:15:2], words[6:15:2]))
    commit["first_token"], commit["first_row"], commit["first_mark"] = words[15:18]
    commit["extras"] = words[18]
    return commit


def read_column(directory, header, name, dtype, first, count):
    """Elements up to `count`. In a store of segments those before the one that `first` stands in are zeros."""
    if not header["is_segmented"]:
        return np.fromfile(f"{directory}/{name}", dtype, count)
    length = chunk_elements(header, name)
    start = first // length * length
    parts = [np.fromfile(f"{directory}/{name}.{at // length:05}", dtype, min(length, count - at)) for at in range(start, count, length)]
    return np.concatenate([np.zeros(start, dtype), *parts])


def chunk_elements(header, name):
    if name == "marks":
        return header["capacity"] // 16 if header["is_segmented"] else 1024
    return header["capacity"]


TYPE_FILES = {1: ("type.u8", "u1"), 4: ("type.i32", "<i4")}


def read_types(directory, header, commit):
    """The types of tokens as they stand in a file; the one that all have where there is none."""
    if header["type_bytes"] == 0:
        return np.full(commit["tokens"], header["only_type"])
    name, dtype = TYPE_FILES[header["type_bytes"]]
    return read_column(directory, header, name, dtype, commit["first_token"], commit["tokens"])


def damaged_chunks(directory, header, commit):
    sums = np.fromfile(f"{directory}/sums", "<u8")
    sums = sums[: len(sums) // 10 * 10].reshape(-1, 5, 2)
    for column, (name, element, count, first) in enumerate(COLUMNS):
        if name == "type":
            if header["type_bytes"] == 0:
                continue
            name, element = TYPE_FILES[header["type_bytes"]][0], header["type_bytes"]
        elif name == "data":
            name, element = data_file(header["kind"]), np.dtype(header["kind"]).itemsize
        chunk_bytes = element * chunk_elements(header, name)
        length = element * commit[count]
        dropped = element * commit[first] // chunk_bytes * chunk_bytes
        data = read_column(directory, header, name, f"V{element}", commit[first], commit[count]).tobytes()
        for chunk, start in enumerate(range(0, length, chunk_bytes)):
            end = min(start + chunk_bytes, length)
            if end <= dropped:
                continue
            expected = sums[chunk, column] if end == start + chunk_bytes else commit["sums"][column]
            if fletcher(data[start:end]) != tuple(map(int, expected)):
                yield f"{name} {chunk}"


def damaged_blocks(directory, header, commit):
    """Records of blocks that do not say what the columns hold, and how many blocks are known to be of one layout."""
    types = read_types(directory, header, commit)
    starts = read_column(directory, header, "row.u64", "<u8", commit["first_row"], commit["rows"])
    records = open(f"{directory}/blocks", "rb").read()
    seed = int.from_bytes(bytes.fromhex(header["id"])[:8], "little")
    damaged, alike = [], 0
    for block in range(min((commit["rows"] - 1) // BLOCK_ROWS, len(records) // 32)):
        record = records[32 * block : 32 * block + 32]
        if not any(record):
            continue
        first_token, layout, row_tokens, index, checksum = struct.unpack("<QQIIQ", record)
        alike += layout != 0
        if checksum != xxh64(record[:24], seed) or index != block:
            damaged.append(block)
        if BLOCK_ROWS * block < commit["first_row"]:
            continue
        rows = starts[BLOCK_ROWS * block : BLOCK_ROWS * (block + 1) + 1].astype(int)
        lengths = np.diff(rows)
        tokens = types[rows[0] : rows[-1]]
        are_alike = lengths[0] > 0 and (lengths == lengths[0]).all()
        are_alike = bool(are_alike) and bool((tokens.reshape(BLOCK_ROWS, -1) == tokens[: lengths[0]]).all())
        row = tokens[: lengths[0]].tobytes() if header["type_bytes"] > 0 else None
        number = 0 if not are_alike else 1 if row is None else max(1, xxh64(row, MAGIC))
        expected = (int(rows[0]), number, int(lengths[0]) if are_alike else 0)
        if (first_token, layout, row_tokens) != expected:
            damaged.append(block)
    return damaged, alike


def read_data(directory, header, commit, types, fields):
    """The value of each token as 64 bits: those of an integer of 64 bits, and of all other numbers as float64."""
    kind, elements = cells_of([field["dtype"] for field in fields])
    assert kind == header["kind"], (kind, header["kind"])
    dtype = np.dtype(kind).newbyteorder("<")
    cells = read_column(directory, header, data_file(kind), dtype, commit["first_token"], commit["tokens"])
    data = np.zeros(len(types), "<u8")
    for field, element in zip(fields, elements):
        own = types == field["type"]
        values = cells[own].view(np.dtype(element).newbyteorder("<"))
        wide = field["dtype"] if field["dtype"] in ("int64", "uint64") else "float64"
        data[own] = values.astype(wide).view("<u8")
    return data


# The bits of a NaN as float64 that a narrower one has.
NAN_BITS = {"float32": ~0 << 29 & 0xFFFFFFFFFFFFFFFF, "float16": ~0 << 42 & 0xFFFFFFFFFFFFFFFF}


def round_floats(records, values, fields):
    """The tail's values, those of fields rounded whose cells are narrower floats: they become such with the columns."""
    _, elements = cells_of([field["dtype"] for field in fields])
    narrow = {field["type"]: field["dtype"] for field, element in zip(fields, elements) if field["dtype"] in NAN_BITS and element == field["dtype"]}
    rounded, at = values.copy(), 0
    for _, kind_of, count in records:
        end = at + max(0, count)
        if kind_of in narrow and count > 0:
            rounded[at:end] = nearest(values[at:end], narrow[kind_of])
        at = end
    return rounded


def nearest(values, dtype):
    numbers = values.view("<f8")
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        bits = numbers.astype(dtype).astype("<f8").view("<u8")
    nans = values & np.uint64(NAN_BITS[dtype])
    nans[nans & np.uint64(0xFFFFFFFFFFFFF) == 0] |= np.uint64(1 << 51)
    return np.where(np.isnan(numbers), nans, bits)


def read_rows(directory, head, header, commit, fields):
    places = {name: (commit[first], commit[count]) for name, _, count, first in COLUMNS}
    steps, starts, marks = (
        read_column(directory, header, name, dtype, *places[name])
        for name, dtype in (("step.i64", "<i8"), ("row.u64", "<u8"), ("marks", MARK))
    )
    types = read_types(directory, header, commit)
    data = read_data(directory, header, commit, types, fields)
    starts = [*map(int, starts), len(data)]
    rows = []
    for row in range(commit["first_row"], commit["rows"]):
        tokens = range(starts[row], starts[row + 1])
        rows.append([int(steps[row]), [(int(types[t]), [str(data[t])]) for t in tokens]])
    lists = {field["type"] for field in fields if field["isList"]}
    for row, kind_of, kind in marks[commit["first_mark"] :].tolist():
        if kind == LIST_FIELD:
            lists.add(kind_of)
        elif kind == EMPTY_LIST:
            add(rows[row - commit["first_row"]], kind_of, kind, [])
    # The tail goes on with the last row, or begins another.
    records, values = read_tail(head, header, commit)
    values = round_floats(records, values, fields)
    last, at = commit["last_step"] if commit["rows"] > commit["first_row"] else None, 0
    for step, kind_of, count in records:
        if step != last:
            rows.append([step, []])
        last = step
        if count == LIST_FIELD:
            lists.add(kind_of)
        else:
            add(rows[-1], kind_of, count, [str(value) for value in values[at : at + max(0, count)]])
        at += max(0, count)
    return [describe(row, fields, lists) for row in rows]


def read_sessions(directory, head, header, commit):
    """The first row of each writer. That of the last may be in the tail, which has no marks."""
    marks = read_column(directory, header, "marks", MARK, commit["first_mark"], commit["marks"])
    sessions = [row for row, _, kind in marks[commit["first_mark"] :].tolist() if kind == SESSION]
    steps = [step for step, _, _ in read_tail(head, header, commit)[0]]
    goes_on = commit["rows"] > commit["first_row"] and steps[:1] == [commit["last_step"]]
    row_count = commit["rows"] + len(set(steps)) - goes_on
    if commit["rows"] <= header["session_row"] < row_count:
        sessions.append(header["session_row"])
    return sessions


def add(row, kind_of, count, values):
    if count not in (BARE_ROW, EXTRA):
        row[1].append((kind_of, values))


def describe(row, fields, lists):
    step, runs = row
    found = {}
    for kind_of, values in runs:
        found.setdefault(kind_of, []).extend(values)
    named = {}
    for field in fields:
        values = found.get(field["type"])
        if values is not None:
            is_list = field["type"] in lists or len(values) != 1
            named[field["name"]] = values if is_list else values[0]
    return [str(step), named]


def main(directory):
    manifest = json.load(open(f"{directory}/store.json"))
    head = open(f"{directory}/head", "rb").read()
    header = read_header(head)
    assert header["id"] == manifest["id"]
    commits = [read_commit(head, offset) for offset in (512, 1024, 1536, 2048)]
    commit = max((commit for commit in commits if commit is not None), key=lambda commit: commit["sequence"])
    blocks, alike = damaged_blocks(directory, header, commit)
    rows = read_rows(directory, head, header, commit, manifest["fields"])
    extras, damaged = ([], [])
    if header["extra_count"] > 0:
        assert header["extra_count"] == len(manifest["extras"])
        extras, damaged = read_extras(directory, head, header, commit, len(rows))
    print(
        json.dumps({
            "damagedBlocks": blocks,
            "alikeBlocks": alike,
            "boot": header["boot"],
            "capacity": header["capacity"],
            "firstRow": commit["first_row"],
            "damaged": list(damaged_chunks(directory, header, commit)) + damaged,
            "extras": extras,
            "sessions": read_sessions(directory, head, header, commit),
            "rows": rows,
        })
    )


if __name__ == "__main__":
    for path in sys.argv[1:]:
        main(path)
