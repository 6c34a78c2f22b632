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
    """For each extra: values, bytes, and the sums of the last chunk of both of its files; or None."""
    table_bytes = 48 * header["extra_count"]
    first = -(-(tail_extras_at(header) + 8 * header["extra_words"]) // 512) * 512
    seed = int.from_bytes(bytes.fromhex(header["id"])[:8], "little")
    for slot in range(4):
        at = first + slot * -(-table_bytes // 512) * 512
        table = head[at : at + table_bytes]
        if max(1, xxh64(table, seed)) == commit["extras"]:
            return list(struct.iter_unpack("<6Q", table))
    return None


def read_extras(directory, head, header, commit, rows):
    """By row the bytes of each extra, in hexadecimal, and chunks that do not have their checksums."""
    values, damaged = [{} for _ in range(rows)], []
    table = extra_table(head, header, commit)
    sums = np.fromfile(f"{directory}/extra.sums", "<u8")
    stride = 4 * len(table)
    for extra, (count, length, *last) in enumerate(table):
        data = open(f"{directory}/extra.{extra}.bytes", "rb").read(length)
        ends = np.fromfile(f"{directory}/extra.{extra}.ends", END, count)
        start = 0
        for row, end in ends.tolist():
            values[row][extra] = data[start:end].hex()
            start = end
        for part, (name, content) in enumerate((("bytes", data), ("ends", ends.tobytes()))):
            chunk_bytes = EXTRA_CHUNKS[name]
            for chunk, at in enumerate(range(0, len(content), chunk_bytes)):
                piece = content[at : at + chunk_bytes]
                place = chunk * stride + 4 * extra + 2 * part
                expected = sums[place : place + 2] if len(piece) == chunk_bytes else last[2 * part : 2 * part + 2]
                if fletcher(piece) != tuple(map(int, expected)):
                    damaged.append(f"extra.{extra}.{name} {chunk}")
    row, last_step = commit["rows"] - 1, commit["last_step"] if commit["rows"] > 0 else None
    at = tail_extras_at(header)
    for step, extra, count in read_tail(head, header, commit)[0]:
        if step != last_step:
            row, last_step = row + 1, step
        if count != EXTRA:
            continue
        length, place = struct.unpack_from("<QQ", head, at)
        if length > TAIL_EXTRA_BYTES:
            values[row][extra] = open(f"{directory}/extra.{extra}.bytes", "rb").read()[place : place + length].hex()
            at += 16
        else:
            values[row][extra] = head[at + 8 : at + 8 + length].hex()
            at += 8 + -(-length // 8) * 8
    return values, damaged


def read_tail(head, header, commit):
    """The published records that the columns of the commit do not hold yet, and their values."""
    count, sequence = struct.unpack_from("<II", head, 2560)
    if sequence != commit["sequence"] & 0xFFFFFFFF:
        return [], []
    records = [struct.unpack_from("<qii", head, 4096 + 16 * i) for i in range(count)]
    values_at = 4096 + 16 * header["tail_records"]
    values = np.frombuffer(head, "<u8", sum(max(0, count) for _, _, count in records), values_at)
    return records, values
