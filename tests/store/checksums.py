"""The checksums of docs/storage-format.md, with numpy alone."""

import struct

import numpy as np

MASK64 = 2**64 - 1
MAGIC = int.from_bytes(b"SSTREAM\0", "little")


def rotated(number, bits):
    return (number << bits | number >> 64 - bits) & MASK64


def xxh64(data, seed):
    """XXH64."""
    p1, p2, p3, p4, p5 = (
        0x9E3779B185EBCA87,
        0xC2B2AE3D27D4EB4F,
        0x165667B19E3779F9,
        0x85EBCA77C2B2AE63,
        0x27D4EB2F165667C5,
    )

    def mixed(lane, word):
        return rotated((lane + word * p2) & MASK64, 31) * p1 & MASK64

    words = struct.unpack_from(f"<{len(data) // 8}Q", data)
    whole = len(words) // 4 * 4
    total = (seed + p5) & MASK64
    if whole > 0:
        lanes = [(seed + p1 + p2) & MASK64, (seed + p2) & MASK64, seed, (seed - p1) & MASK64]
        for at in range(whole):
            lanes[at % 4] = mixed(lanes[at % 4], words[at])
        total = sum(rotated(lane, bits) for lane, bits in zip(lanes, (1, 7, 12, 18))) & MASK64
        for lane in lanes:
            total = ((total ^ mixed(0, lane)) * p1 + p4) & MASK64
    total = (total + len(data)) & MASK64
    for word in words[whole:]:
        total = (rotated(total ^ mixed(0, word), 27) * p1 + p4) & MASK64
    rest = data[8 * len(words) :]
    if len(rest) >= 4:
        total = (rotated(total ^ int.from_bytes(rest[:4], "little") * p1 & MASK64, 23) * p2 + p3) & MASK64
        rest = rest[4:]
    for byte in rest:
        total = rotated(total ^ byte * p5 & MASK64, 11) * p1 & MASK64
    total = (total ^ total >> 33) * p2 & MASK64
    total = (total ^ total >> 29) * p3 & MASK64
    return total ^ total >> 32


def fletcher(data):
    """The two sums of a chunk, modulo 2**64, the first from 1 on: a last word that is not whole counts for it only."""
    whole = len(data) // 4
    words = np.frombuffer(data + bytes(-len(data) % 4), "<u4").astype(np.uint64)
    places = np.arange(whole, 0, -1, dtype=np.uint64)
    first = 1 + int(words.sum(dtype=np.uint64))
    second = whole + int((words[:whole] * places).sum(dtype=np.uint64))
    return first & MASK64, second & MASK64
