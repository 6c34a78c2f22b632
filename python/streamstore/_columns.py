"""One field of many rows, and whole rows."""

from collections import namedtuple

import numpy as np

from ._abi import Dtype, ExtractProgress, ExtractRequest, FieldKind, Status
from ._errors import StreamStoreError, error_of
from ._library import address_of, call, library, pack, status_of

#: `values` of shape `[rows, width]`, or where rows differ `[values]`, with `offsets` of shape `[rows + 1]`.
Column = namedtuple("Column", "values width offsets")


class _OtherWidth(Exception):
    pass


def _extract(connection, field, width, first: int, end: int):
    """Values, offsets (None where every row has `width`) and which rows have the field."""
    dtype = np.dtype("u1" if field.dtype == "bool" else field.dtype)
    rows, values = end - first, np.zeros(max(1, (end - first) * (width or 1)), dtype)
    offsets = np.zeros(rows + 1, np.int64) if width is None else None
    validity, progress = np.full(rows // 8 + 1, 0xFF, np.uint8), np.zeros(ExtractProgress.length)
    next_row, count, counts = first, 0, [0, 0] if rows == 0 else [np.inf, 0]
    while True:
        request = pack(
            ExtractRequest,
            type=field.type,
            kind=getattr(FieldKind, field.element),
            dtype=getattr(Dtype, "uint8" if field.dtype == "bool" else field.dtype),
            width=-1 if width is None else width,
            first_row=first,
            next_row=next_row,
            end_row=end,
            value_count=count,
            values_bytes=values.nbytes,
            offset_bytes=8 if width is None else 0,
            offset_count=rows + 1 if width is None else 0,
            validity_bytes=(rows + 7) // 8,
        )
        out = [values, validity if offsets is None else offsets, validity, progress]
        status = status_of(library.ss_column_extract, connection.handle, address_of(request), *map(address_of, out))
        if status == Status.width_mismatch:
            raise _OtherWidth
        if status == Status.inexact:
            row = int(progress[ExtractProgress.culprit_row])
            what = f'"{field.name}" at row {row} must be what {field.dtype} holds'
            raise StreamStoreError("damaged", f"Cannot read a column: {what}")
        if status:
            raise error_of(status, "Cannot read a column")
        next_row, count = int(progress[ExtractProgress.next_row]), int(progress[ExtractProgress.value_count])
        counts[0] = min(counts[0], progress[ExtractProgress.count_min])
        counts[1] = max(counts[1], progress[ExtractProgress.count_max])
        if next_row == end:
            break
        # Room for as many as the rows done so far let expect, and a quarter more.
        expected = int(1.25 * count * rows / max(1, next_row - first))
        values = np.concatenate([values, np.zeros(max(expected, 2 * len(values), 1024) - len(values), dtype)])
    values = values[:count]
    if field.dtype == "bool":
        if np.any(values > 1):
            raise StreamStoreError("damaged", f'Cannot read a column: "{field.name}" must be true or false')
        values = values.view(np.bool_)
    has_field = np.unpackbits(validity, count=rows, bitorder="little").view(np.bool_)
    return values, offsets, has_field, counts


def read_column(connection, field, first: int, end: int) -> Column:
    try:
        values, _, has_field, _ = _extract(connection, field, 1, first, end)
        if has_field.all():
            return Column(values.reshape(-1, 1), 1, None)
    except _OtherWidth:
        pass
    values, offsets, _, (least, most) = _extract(connection, field, None, first, end)
    if least == most:
        return Column(values.reshape(end - first, int(least)), int(least), None)
    return Column(values, None, offsets)


def read_rows(connection, first: int, end: int) -> list:
    """Each row as a dictionary of its step and the fields that it has."""
    starts, steps = np.zeros(end - first + 1), np.zeros(max(1, end - first), np.int64)
    arguments = connection.handle, first, end - first, address_of(starts), address_of(steps)
    status = status_of(library.ss_rows_read, *arguments)
    if status:
        raise error_of(status, "Cannot read rows")
    rows = [{"step": int(step)} for step in steps[: end - first]]
    lists = {type for _, type in connection.marks("list_fields", connection.first_row, connection.row_count).tolist()}
    empty = {tuple(mark) for mark in connection.marks("empty_lists", first, end).tolist()}
    for field in connection.fields:
        values, offsets, _, _ = _extract(connection, field, None, first, end)
        is_list = field.is_list or field.type in lists
        places, values_or_lists = offsets.tolist(), values
        for i, row in enumerate(rows):
            start, stop = places[i], places[i + 1]
            if stop == start and (first + i, field.type) not in empty:
                continue
            is_one = stop - start == 1 and not is_list
            row[field.name] = values_or_lists[start].item() if is_one else values_or_lists[start:stop].copy()
    return rows


def widest_row(connection, action: str) -> int:
    """The number of tokens of the row that has most of them."""
    first, end, widest = connection.first_row, connection.row_count, 1
    if first == end:
        what = "tokens must say how wide windows of steps are where the store holds no step"
        raise ValueError(f"{action}: {what}, got none")
    starts, steps = np.zeros((1 << 16) + 1), np.zeros(1 << 16, np.int64)
    for row in range(first, end, 1 << 16):
        count = min(1 << 16, end - row)
        arguments = connection.handle, row, count, address_of(starts), address_of(steps)
        call("Cannot read rows", library.ss_rows_read, *arguments)
        widest = max(widest, int(np.diff(starts[: count + 1]).max()))
    return widest
