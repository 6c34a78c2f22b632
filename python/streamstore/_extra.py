"""Text and bytes beside the rows."""

import numpy as np

from ._abi import ExtraPlace, ExtraState
from ._errors import StreamStoreError
from ._library import address_of, call, library


class Extra:
    """A column of text or bytes beside the rows: one value a row, or None. Made by `Store.extra`."""

    def __init__(self, connection, place: int, check_rows):
        self._connection, self._place, self._check_rows = connection, place, check_rows
        self.name, self.kind = connection.extras[place]
        self.action = f'read extra "{self.name}"'

    def __len__(self) -> int:
        return self._connection.row_count

    def get(self, row: int):
        """The value of a row: a str, or bytes; None where the row has none. An empty text is not None."""
        self._check_rows(self.action, row, row + 1)
        return self.read(row)

    def slice(self, first: int | None = None, end: int | None = None) -> list:
        """The values of rows `[first, end)`, a list of shape `[end - first]`."""
        return [self.read(row) for row in range(*self._check_rows(self.action, first, end))]

    def bytes(self, row: int):
        """A row's bytes without a copy, a text's as UTF-8: an array of shape `[bytes]`, or None."""
        self._check_rows(self.action, row, row + 1)
        start, length = self._find(row, None)
        if start < 0:
            return None
        state = np.zeros(ExtraState.length)
        handle = self._connection.handle
        call(f"Cannot {self.action}", library.ss_extra_state, handle, self._place, row, address_of(state))
        address = int(state[ExtraState.address]) + start - int(state[ExtraState.address_first])
        return self._connection.view(address, length, "u1")

    def read(self, row: int):
        """As `get`, of a row that is known to be there."""
        out = np.zeros(16 * 1024, np.uint8)
        start, length = self._find(row, out)
        if start < 0:
            return None
        if length > len(out):
            out = np.zeros(length, np.uint8)
            self._find(row, out)
        value = out[:length].tobytes()
        if self.kind == "bytes":
            return value
        try:
            return value.decode()
        except UnicodeDecodeError:
            raise StreamStoreError("damaged", f"Cannot {self.action}: row {row} must be UTF-8") from None

    def _find(self, row: int, out) -> tuple:
        found = np.zeros(ExtraPlace.length)
        room = (address_of(found), 0) if out is None else (address_of(out), len(out))
        handle = self._connection.handle
        call(f"Cannot {self.action}", library.ss_extra_read, handle, self._place, row, address_of(found), *room)
        return int(found[ExtraPlace.start]), int(found[ExtraPlace.length_bytes])
