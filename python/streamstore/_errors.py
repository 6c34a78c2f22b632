"""What goes wrong, as users are told of it: classes by meaning, messages as `Cannot do X: what must be …, got …`."""

import json
import os

from ._abi import Status

_MEANINGS = {
    "stale_handle": ("closed", "the store is closed"),
    "closed_handle": ("closed", "the store is closed"),
    "busy_handle": ("internal", "the store is in use by another thread"),
    "too_many_stores": ("too-many-stores", "4,096 stores are open in this process, the most there can be"),
    "invalid_argument": ("internal", "the native library refused an argument"),
    "out_of_range": ("internal", "an index lies outside the store"),
    "damaged": ("damaged", "the store's files do not fit together"),
    "newer_version": ("newer-version", "it was written by a newer version of this library"),
    "foreign_head": ("damaged", "its head belongs to another store than its store.json"),
    "older_version": ("older-version", "it was written in a format that this version does not read"),
    "input_output": ("input-output", "the disk reports an input or output error"),
    "permission_denied": ("permission-denied", "permission is denied"),
    "not_found": ("not-found", "the file or directory does not exist"),
    "not_a_directory": ("not-a-directory", "the path, or one above it, is not a directory"),
    "not_a_file": ("not-a-file", "there must be a file, got a directory"),
    "too_many_open_files": ("too-many-open-files", "too many files are open"),
    "out_of_memory": ("out-of-memory", "no memory or address space is left"),
    "unsupported": ("unsupported", "the file system does not support it"),
}
_NAMES = {code: name for name, code in vars(Status).items() if not name.startswith("_")}


class StreamStoreError(Exception):
    """An error of the store or of the system below it; `code` says which, for programs. Codes are those of the
    TypeScript library. Wrong arguments are a TypeError or a ValueError instead."""

    def __init__(self, code: str, message: str):
        super().__init__(message)
        self.code = code

    def __reduce__(self):
        return (StreamStoreError, (self.code, str(self)))


def error_of(status: int, action: str) -> StreamStoreError:
    """The error that a status of the library means; `action` says what could not be done: `Cannot open a store`."""
    unknown = ("internal", f"the native library answered {status}")
    code, meaning = _MEANINGS.get(_NAMES.get(status, ""), unknown)
    return StreamStoreError(code, f"{action}: {meaning}")


def system_error(error: OSError, action: str) -> StreamStoreError:
    """The same of an error that Python's own functions report."""
    codes = {
        PermissionError: "permission-denied",
        NotADirectoryError: "not-a-directory",
        IsADirectoryError: "not-a-file",
        FileNotFoundError: "not-found",
    }
    reason = os.strerror(error.errno) if error.errno else str(error)
    return StreamStoreError(codes.get(type(error), "input-output"), f"{action}: {reason}")


def describe(value) -> str:
    """A value as an error message shows it: short, and never failing."""
    if isinstance(value, str):
        return json.dumps(value if len(value) <= 40 else value[:40] + "…", ensure_ascii=False)
    if value is None or type(value) in (bool, int, float):
        return repr(value)
    if isinstance(value, (list, tuple)):
        return f"a {type(value).__name__} of {len(value)}"
    return f"a value of class {type(value).__name__[:40]}"
