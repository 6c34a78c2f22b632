"""The tail of a store, and its extras: docs/storage-format.md, with numpy alone."""

import struct

import numpy as np
from checksums import fletcher, xxh64

EXTRA = -8
TAIL_EXTRA_BYTES = 4096
EXTRA_CHUNKS = {"bytes": 1 << 20, "ends": 16 * 4096}
END = np.dtype([("row", "<u8"), ("end", "<u8")])


def tail_extras_at(header):
    return 4096 + 16 * header["tail_records"] + 8 * header["tail_values"]


def extra_table(head, header, commit):
    """For each extra: values, bytes, the first of both, and the sums of the last chunk of both of its files; or None."""
    table_bytes = 64 * header["extra_count"]
    first = -(-(tail_extras_at(header) + 8 * header["extra_words"]) // 512) * 512
    seed = int.from_bytes(bytes.fromhex(header["id"])[:8], "little")
    for slot in range(4):
        at = first + slot * -(-table_bytes // 512) * 512
        table = head[at : at + table_bytes]
        if max(1, xxh64(table, seed)) == commit["extras"]:
            return list(struct.iter_unpack("<8Q", table))
    return None


def segment_bytes(header, name):
    return 16 * header["capacity"] if name == "ends" else header["segment_chunks"] << 20


def read_part(directory, header, extra, name, first, length):
    """The bytes of a file up to `length`. In a store of segments those before the one that `first` stands in are zeros."""
    path = f"{directory}/extra.{extra}.{name}"
    if not header["is_segmented"]:
        return open(path, "rb").read(length)
    size = segment_bytes(header, name)
    start = first // size * size
    parts = [open(f"{path}.{at // size:05}", "rb").read(min(size, length - at)) for at in range(start, length, size)]
    return bytes(start) + b"".join(parts)


def read_extras(directory, head, header, commit, rows):
    """For each row that is kept the bytes of each extra, in hexadecimal, and chunks that do not have their checksums."""
    values, damaged = [{} for _ in range(commit["first_row"] + rows)], []
    table = extra_table(head, header, commit)
    sums = np.fromfile(f"{directory}/extra.sums", "<u8")
    stride = 4 * len(table)
    for extra, (count, length, first_value, start, *last) in enumerate(table):
        data = read_part(directory, header, extra, "bytes", start, length)
        ends = np.frombuffer(read_part(directory, header, extra, "ends", 16 * first_value, 16 * count), END)
        firsts = start, 16 * first_value
        for row, end in ends[first_value:].tolist():
            values[row][extra] = data[start:end].hex()
            start = end
        for part, (name, content) in enumerate((("bytes", data), ("ends", ends.tobytes()))):
            chunk_bytes = EXTRA_CHUNKS[name]
            for chunk, at in enumerate(range(0, len(content), chunk_bytes)):
                if header["is_segmented"] and at + chunk_bytes <= firsts[part] // segment_bytes(header, name) * segment_bytes(header, name):
                    continue
                piece = content[at : at + chunk_bytes]
                place = chunk * stride + 4 * extra + 2 * part
                expected = sums[place : place + 2] if len(piece) == chunk_bytes else last[2 * part : 2 * part + 2]
                if fletcher(piece) != tuple(map(int, expected)):
                    damaged.append(f"extra.{extra}.{name} {chunk}")
    row, last_step = commit["rows"] - 1, commit["last_step"] if commit["rows"] > commit["first_row"] else None
    at = tail_extras_at(header)
    for step, extra, count in read_tail(head, header, commit)[0]:
        if step != last_step:
            row, last_step = row + 1, step
        if count != EXTRA:
            continue
        length, place = struct.unpack_from("<QQ", head, at)
        if length > TAIL_EXTRA_BYTES:
            values[row][extra] = read_part(directory, header, extra, "bytes", place, place + length)[place:].hex()
            at += 16
        else:
            values[row][extra] = head[at + 8 : at + 8 + length].hex()
            at += 8 + -(-length // 8) * 8
    return values[commit["first_row"] :], damaged


def read_tail(head, header, commit):
    """The published records that the columns of the commit do not hold yet, and their values."""
    count, sequence = struct.unpack_from("<II", head, 2560)
    if sequence != commit["sequence"] & 0xFFFFFFFF:
        return [], []
    records = [struct.unpack_from("<qii", head, 4096 + 16 * i) for i in range(count)]
    values_at = 4096 + 16 * header["tail_records"]
    values = np.frombuffer(head, "<u8", sum(max(0, count) for _, _, count in records), values_at)
    return records, values
