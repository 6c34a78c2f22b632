"""A store that was written by TypeScript, read from Python."""

from collections import namedtuple

import numpy as np

from ._abi import FieldCells, FieldKind, GatherLayout, RowKey, Status
from ._columns import Column, read_column, read_rows
from ._connection import Connection
from ._errors import describe, error_of
from ._extra import Extra
from ._fields import Field, bits_of, field_of, pack_cells
from ._library import address_of, call, library, status_of

#: Copies of windows, each of shape `[B, T]`; None for what was left out.
Gathered = namedtuple("Gathered", "values types steps")


class Window:
    """`length` consecutive tokens from `start` on. `values`, `bits` and `types`, of shape `[length]`, are arrays over the
    store's own memory, for reading only: they keep their content when the store grows or is closed, and read zeros once a
    store that drops its oldest rows has dropped them and is refreshed. `steps` is a copy."""

    def __init__(self, connection, start: int, length: int):
        self._connection, self.start, self.length = connection, start, length

    def _held(self):
        self._connection.ready("read a window")
        if self.start < self._connection.first_token:
            least = f"start must be >= {self._connection.first_token}, where the stream now starts"
            raise ValueError(f"Cannot read window: {least}, got {self.start}")
        return self._connection

    @property
    def values(self):
        """The cells, of the one dtype that all cells of the store have."""
        connection = self._held()
        return connection.cells(self.start, self.length, connection.kind)

    @property
    def bits(self):
        """The same as unsigned integers: of a field that stands in the cells as its own bits only these say something."""
        connection = self._held()
        return connection.cells(self.start, self.length, f"uint{bits_of(connection.kind)}")

    @property
    def types(self):
        """The type ID of each token: uint8 where all of the store's are from 0 to 255, else int32."""
        return self._held().types(self.start, self.length)

    @property
    def steps(self):
        """The step of each token, int64."""
        steps = np.zeros(self.length, np.int64)
        handle = self._held().handle
        call("Cannot read window", library.ss_steps_read, handle, self.start, self.length, address_of(steps))
        return steps


class Store:
    """A store, open for reading; any number of processes may read one that another is writing. It shows what was
    committed when it was opened, or at the last `refresh`.

    A `with` closes it at the end. Threads may share a store, and take turns in it; a process that is forked off goes on
    with those that were open. Raises StreamStoreError with the codes of the TypeScript library: `not-found`, `damaged`,
    `newer-version`, …, and `closed` for what is asked of a closed one.
    """

    def __init__(self, path):
        self._connection = Connection(path)

    @property
    def path(self) -> str:
        """The directory."""
        return self._connection.directory

    @property
    def id(self) -> str:
        """16 random bytes in hexadecimal, drawn when the store was made."""
        return self._connection.id

    @property
    def fields(self) -> list[Field]:
        """Name, type ID and dtype of each field, in field order."""
        return list(self._connection.fields)

    @property
    def extras(self) -> dict[str, str]:
        """Text and bytes beside the rows: by name `string` or `bytes`."""
        return dict(self._connection.extras)

    @property
    def token_count(self) -> int:
        """Tokens of the whole stream, those that were dropped counted too."""
        return self._connection.token_count

    @property
    def row_count(self) -> int:
        """Rows of the whole stream, those that were dropped counted too."""
        return self._connection.row_count

    @property
    def first_token(self) -> int:
        """The first token that is held."""
        return self._connection.first_token

    @property
    def first_row(self) -> int:
        """The first row that is held."""
        return self._connection.first_row

    def __len__(self) -> int:
        """As `token_count`: the `length` of TypeScript's store."""
        return self.token_count

    def column(self, name: str, first: int | None = None, end: int | None = None) -> Column:
        """The values of a field in rows `[first, end)`, of its own dtype: `values` of shape `[rows, width]`, or where
        rows differ `[values]` with `offsets` of shape `[rows + 1]`. A copy."""
        first, end = self._rows("read a column", first, end)
        field = field_of(self._connection.fields, name, "Cannot read a column", "the field")
        return read_column(self._connection, field, first, end)

    def rows(self, first: int | None = None, end: int | None = None) -> list[dict]:
        """Rows `[first, end)`, each a dictionary of `step` and the fields that it has: a number, or an array of shape
        `[values]`."""
        return read_rows(self._connection, *self._rows("read rows", first, end))

    def window(self, start: int, length: int) -> Window:
        """`length` consecutive tokens from `start` on, without a copy."""
        self._connection.ready("read a window")
        for name, number in (("start", start), ("length", length)):
            if not isinstance(number, (int, np.integer)) or number < 0:
                raise ValueError(f"Cannot read window: {name} must be a whole number, got {describe(number)}")
        if start + length > self.token_count:
            most = f"start + length must be <= {self.token_count}"
            raise ValueError(f"Cannot read window: {most}, got {start} + {length}")
        window = Window(self._connection, int(start), int(length))
        window._held()
        return window

    def gather(self, starts, length: int, values="cells", types: bool = True, steps="int64") -> Gathered:
        """Copies of the windows of `length` tokens at `starts`, of shape `[B]`: each of shape `[B, T]`.

        `values` is a dtype, that of the store's cells (`cells`), float64 or float32, or None; `steps` is int64, float64
        or None. Floats are the nearest; with integers a field that stands as its own bits has those.
        """
        connection, action = self._connection, "Cannot gather"
        connection.ready("gather")
        starts = whole_numbers(starts, f"{action}: starts")
        if not isinstance(length, (int, np.integer)) or not 0 <= length < 2**32:
            raise ValueError(f"{action}: length must be a whole number of tokens, got {describe(length)}")
        kind = connection.kind
        if values not in ("cells", kind, "float64", "float32", None):
            raise ValueError(f"{action}: values must be cells, {kind}, float64, float32 or None, got {describe(values)}")
        if steps not in ("int64", "float64", None):
            raise ValueError(f"{action}: steps must be int64, float64 or None, got {describe(steps)}")
        dtype = kind if values == "cells" else values
        layout = GatherLayout.values["none" if dtype is None else dtype if dtype in GatherLayout.values else "cells"]
        layout += (GatherLayout.types if types else 0) + GatherLayout.steps[steps or "none"]
        shape = (len(starts), length)
        out = [None if kind is None else np.zeros(shape, kind) for kind in (dtype, "int32" if types else None, steps)]
        if starts.size * length > 0 and layout > 0:
            others = [field for field in connection.fields if field.element != connection.kind]
            packed, at = pack_cells(others), np.ascontiguousarray(starts, np.float64)
            addresses = [address_of(array) if array is not None else address_of(packed) for array in out]
            arguments = address_of(at), len(at), length, layout, address_of(packed), len(others), *addresses
            status = status_of(library.ss_window_gather, connection.handle, *arguments)
            if status == Status.out_of_range:
                place = connection.detail("index")
                allowed = f"a whole number from {self.first_token} to {self.token_count - length}"
                raise ValueError(f"{action}: starts[{place}] must be {allowed}, got {starts[place]}")
            if status:
                raise error_of(status, action)
        return Gathered(*out)

    def gather_rows(self, rows, **options):
        """A batch of windows at `rows`, of shape `[B]`: those that a `Sampler` with these options would draw there. Takes
        its `steps`, `fields`, `truncate`, `episodes`, `output`, `normalize`, `boundary` and `extra`."""
        from .sampler import gather_rows

        return gather_rows(self, rows, **options)

    def extra(self, name: str) -> Extra:
        """Text or bytes beside the rows, by name."""
        self._connection.ready("read an extra")
        names = [known for known, _ in self._connection.extras]
        if name in names:
            return Extra(self._connection, names.index(name), self._rows)
        allowed = f"among {', '.join(names)}" if names else "that of one, of which the store has none"
        raise TypeError(f"Cannot read an extra: its name must be {allowed}, got {describe(name)}")

    def row_of_step(self, step: int) -> int | None:
        """The row that has a step, or None."""
        self._connection.ready("find a row")
        row = self._connection.find_row(RowKey.step, step)
        return None if row < 0 else row

    def refresh(self) -> bool:
        """Goes to the newest commit. Returns whether there was a newer one."""
        return self._connection.refresh()

    def close(self) -> None:
        """Closes the store; a second time does nothing. Arrays that were taken from it keep their content."""
        self._connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _rows(self, action: str, first, end) -> tuple:
        connection = self._connection
        connection.ready(action)
        low, high = connection.first_row, connection.row_count
        given, first, end = (first, end), low if first is None else first, high if end is None else end
        are_whole = all(isinstance(row, (int, np.integer)) for row in (first, end))
        if are_whole and low <= first <= end <= high:
            return int(first), int(end)
        raise ValueError(f"Cannot {action}: rows must lie within {low} to {high}, got {given[0]} to {given[1]}")


def whole_numbers(given, what: str):
    """Numbers that were handed over, as an int64 copy of shape `[B]`."""
    array = np.asarray(given)
    if array.ndim != 1 or (array.size > 0 and array.dtype.kind not in "iuf"):
        raise TypeError(f"{what} must be a list or an array of numbers, of one dimension, got {describe(given)}")
    whole = array.astype(np.int64)
    wrong = np.nonzero(whole != array)[0]
    if len(wrong) > 0:
        raise ValueError(f"{what}[{wrong[0]}] must be a whole number, got {array[wrong[0]]}")
    return whole
