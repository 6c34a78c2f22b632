"""An open store of the native library, and what its newest commit says."""

import os
import threading

import numpy as np

from ._abi import ErrorDetail, MarkSelection, RowKey, Status, StoreAction, StoreMode, StoreState
from ._errors import StreamStoreError, error_of
from ._fields import bits_of, check_seal, pack_cells, pack_options, read_manifest
from ._library import Forks, Memory, address_of, call, library, status_of

_STATE = {name: place for name, place in vars(StoreState).items() if not name.startswith("_")}
_HELD = ("sequence", "token_count", "row_count", "mark_count", "first_token", "first_row")


class Connection:
    """Shared by all that reads the store. Threads take turns in the library; what changes here is under `lock`."""

    def __init__(self, path):
        self.directory = os.path.abspath(os.fsdecode(path))
        self.action = f"Cannot open the store {self.directory}"
        self.manifest = read_manifest(self.directory)
        self.fields, self.extras, self.kind = self.manifest.fields, self.manifest.extras, self.manifest.kind
        self.id = self.manifest.id
        check_seal(self.directory, self.id, self.action)
        self.lock = threading.RLock()
        self.kept = {}
        self.is_closed = False
        self._state = np.zeros(StoreState.length, np.uint64)
        self.views = 0
        self._open()

    def _open(self) -> None:
        directory, out = os.fsencode(self.directory), np.zeros(1)
        options, fields, id = pack_options(self.manifest), pack_cells(self.fields), bytes.fromhex(self.id)
        addresses = address_of(options), address_of(fields), len(self.fields), id, address_of(out)
        call(self.action, library.ss_store_open, directory, len(directory), StoreMode.read, *addresses)
        self.handle, self.fork = int(out[0]), Forks.count
        call(self.action, library.ss_store_share, self.handle)
        self._update(StoreAction.none, self.action)
        if self.extra_count != len(self.extras):
            self.close()
            what = f"its files must be of {len(self.extras)} extras, got {self.extra_count}"
            raise StreamStoreError("damaged", f"{self.action}: {what}")

    def _update(self, action: int, what: str) -> None:
        with self.lock:
            call(what, library.ss_store_update, self.handle, action, 0, address_of(self._state))
            for name in _HELD:
                setattr(self, name, int(self._state[_STATE[name]]))

    def __getattr__(self, name):
        # Only for what is no attribute: the rest of the state, which few ask for.
        if name in _STATE and "_state" in self.__dict__:
            return int(self._state[_STATE[name]])
        raise AttributeError(name)

    def ready(self, action: str) -> None:
        """Throws if the store is closed. In a process that was forked off it is gone on with, or opened anew."""
        if self.is_closed:
            raise StreamStoreError("closed", f"Cannot {action}: the store is closed")
        if self.fork != Forks.count:
            self._adopt()

    def _adopt(self) -> None:
        # Only the thread that forked lives on here. One that was in the library meanwhile left the store busy for good.
        self.lock = threading.RLock()
        self.fork = Forks.count
        status = library.ss_store_update(self.handle, StoreAction.none, 0, address_of(self._state))
        if status == Status.busy_handle:
            self.views, self.kept = 0, {}
            self._open()
        elif status:
            raise error_of(status, self.action)

    def refresh(self, action: str = "refresh the store") -> bool:
        """Goes to the newest commit. Returns whether there was a newer one."""
        self.ready(action)
        before = self.sequence
        self._update(StoreAction.refresh, "Cannot refresh the store")
        return self.sequence != before

    def close(self) -> None:
        if self.is_closed:
            return
        self.is_closed = True
        # Maps stay until the last array over them is gone.
        status_of(library.ss_store_close, self.handle, self.views, 0)

    def __del__(self):
        if self.__dict__.get("handle") is not None:
            self.close()

    def view(self, address: int, length: int, dtype: str):
        """An array over `length` elements of the store's memory; for reading only."""
        typestr = np.dtype(dtype).str
        if length == 0:
            return np.empty(0, typestr)
        with self.lock:
            self.views += 1
            return np.asarray(Memory(address, (length,), typestr, self.handle, self))

    def cells(self, start: int, length: int, dtype: str):
        first, address, width = self.data_first, self.data_address, bits_of(self.kind) // 8
        return self.view(address + (start - first) * width, length, dtype)

    def types(self, start: int, length: int):
        width = self.manifest.type_bytes
        if width == 0:
            only = self.fields[0].type
            return np.full(length, only, np.uint8 if 0 <= only <= 255 else np.int32)
        return self.view(self.types_address + (start - self.types_first) * width, length, "u1" if width == 1 else "i4")

    def find_row(self, key: int, number: int) -> int:
        """The row of a token or a step, -1 where no row has the step."""
        wanted, found = np.array([number], np.int64), np.zeros(1)
        call("Cannot find a row", library.ss_row_find, self.handle, key, address_of(wanted), address_of(found))
        return int(found[0])

    def row_at_or_after(self, step: int) -> int:
        return self.find_row(RowKey.step_or_later, step)

    def marks(self, selection: str, first: int, end: int):
        """Row and type ID of the marks of rows `[first, end)`, of shape `[marks, 2]`."""
        if self.mark_count == 0:
            return np.zeros((0, 2), np.int64)
        count, wanted = np.zeros(1), getattr(MarkSelection, selection)
        arguments = self.handle, wanted, first, end
        call("Cannot read marks", library.ss_marks_read, *arguments, address_of(count), 0, address_of(count))
        words = np.zeros(max(1, int(count[0])), [("row", "<u8"), ("type", "<i4"), ("kind", "<i4")])
        call("Cannot read marks", library.ss_marks_read, *arguments, address_of(words), len(words), address_of(count))
        words = words[: int(count[0])]
        return np.stack([words["row"].astype(np.int64), words["type"].astype(np.int64)], axis=1)

    def detail(self, name: str, handle: int | None = None) -> int:
        """What the last error of the library was about, on this store or another."""
        out = np.zeros(ErrorDetail.length)
        call("Cannot read the store's last error", library.ss_store_detail, handle or self.handle, address_of(out))
        return int(out[getattr(ErrorDetail, name)])
