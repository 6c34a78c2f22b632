"""Arrow arrays from the notation of tests/support/dataset.ts and back: nested lists whose leaves are texts, integers in
decimal and floats as the hexadecimal digits of their own bits."""

import numpy as np
import pyarrow as pa
from datasets import Features

WORDS = {"float16": np.uint16, "float32": np.uint32, "float64": np.uint64}


def features_of(columns):
    return Features.from_dict({column["name"]: column["feature"] for column in columns})


def table_of(columns):
    """A table whose schema has the features, as `datasets` would write it."""
    schema = features_of(columns).arrow_schema
    return pa.table([array_of(column["rows"], schema.field(column["name"]).type) for column in columns], schema=schema)


def array_of(rows, kind):
    if isinstance(kind, pa.ExtensionType):
        return pa.ExtensionArray.from_storage(kind, array_of(rows, kind.storage_type))
    mask = np.array([row is None for row in rows], dtype=bool)
    if pa.types.is_fixed_size_list(kind):
        size = kind.list_size
        values = [value for row in rows for value in (row if row is not None else [None] * size)]
        return pa.FixedSizeListArray.from_arrays(array_of(values, kind.value_type), type=kind, mask=pa.array(mask))
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        offsets = np.cumsum([0] + [len(row or []) for row in rows])
        values = array_of([value for row in rows for value in row or []], kind.value_type)
        make, width = (pa.ListArray, np.int32) if pa.types.is_list(kind) else (pa.LargeListArray, np.int64)
        return make.from_arrays(pa.array(offsets.astype(width)), values, type=kind, mask=pa.array(mask))
    if pa.types.is_floating(kind):
        words = np.array([0 if row is None else int(row, 16) for row in rows], dtype=WORDS[name_of(kind)])
        return pa.array(words.view(name_of(kind)), type=kind, mask=mask)
    if pa.types.is_boolean(kind):
        return pa.array([None if row is None else row == "1" for row in rows], kind)
    if pa.types.is_string(kind):
        return pa.array(rows, kind)
    integers = pa.array([None if row is None else int(row) for row in rows], integer_type(kind))
    return integers if integers.type == kind else integers.view(kind)


def bits_of(array, dtype=None):
    """The rows of an array. `dtype` is what its numbers are meant to be, where a reader has made others of them."""
    if isinstance(array, pa.ChunkedArray):
        return [row for chunk in array.chunks for row in bits_of(chunk, dtype)]
    if isinstance(array, pa.ExtensionArray):
        return bits_of(array.storage, dtype)
    kind = array.type
    valid = array.is_valid().to_pylist()
    if pa.types.is_fixed_size_list(kind):
        values = bits_of(array.values, dtype)
        size = kind.list_size
        starts = [(array.offset + row) * size for row in range(len(array))]
        return [values[start:start + size] if there else None for start, there in zip(starts, valid)]
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        values, offsets = bits_of(array.values, dtype), array.offsets.to_pylist()
        return [values[offsets[row]:offsets[row + 1]] if there else None for row, there in enumerate(valid)]
    if pa.types.is_null(kind):
        return [None] * len(array)
    if dtype is not None:
        array = converted(array, dtype)
        kind = array.type
    if pa.types.is_floating(kind):
        words = np.frombuffer(array.buffers()[1], WORDS[name_of(kind)]) if len(array) > 0 else np.array([], np.uint8)
        words = words[array.offset:array.offset + len(array)].tolist()
        return [f"{word:0{kind.bit_width // 4}x}" if there else None for word, there in zip(words, valid)]
    if pa.types.is_boolean(kind):
        return [None if value is None else str(int(value)) for value in array.to_pylist()]
    if pa.types.is_temporal(kind):
        array = array.view(integer_type(kind))
    values = array.to_pylist()
    return values if pa.types.is_string(array.type) else [None if value is None else str(value) for value in values]


def converted(array, dtype):
    """The array in the type that was written, where a reader has a wider one and the cast can tell what it loses."""
    from datasets.features.features import string_to_arrow

    kind = string_to_arrow(dtype)
    half = pa.types.is_float16(kind) and pa.types.is_float32(array.type)
    if array.type == kind or (pa.types.is_floating(array.type) and not half):
        return array
    try:
        return array.cast(kind)
    except pa.ArrowInvalid:
        return array


def integer_type(kind):
    return pa.int32() if kind.bit_width == 32 and pa.types.is_temporal(kind) else (
        pa.int64() if pa.types.is_temporal(kind) else kind)


def name_of(kind):
    return {16: "float16", 32: "float32", 64: "float64"}[kind.bit_width]
