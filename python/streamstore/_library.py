"""Finds the native library, and calls it. Arrays are handed over by their addresses."""

import ctypes
import os
import platform
import sys
import time

import numpy as np

from . import _abi
from ._errors import StreamStoreError, error_of

_KINDS = {
    "u32": ctypes.c_uint32,
    "i32": ctypes.c_int32,
    "f64": ctypes.c_double,
    "buffer": ctypes.c_void_p,
    "pointer": ctypes.c_size_t,
    "void": None,
}
_BUSY = _abi.Status.busy_handle


def _paths() -> list:
    """The library that STREAMSTORE_LIBRARY names; else the one in the package; else that of the checkout."""
    named = os.environ.get("STREAMSTORE_LIBRARY")
    if named:
        return [named]
    machine = {"AMD64": "x86_64", "arm64": "aarch64"}.get(platform.machine(), platform.machine())
    system, suffix = ("macos", "dylib") if sys.platform == "darwin" else (sys.platform, "so")
    here = os.path.dirname(os.path.abspath(__file__))
    packaged = os.path.join(here, "lib", f"{system}-{machine}", f"libstreamstore.{suffix}")
    return [packaged, os.path.join(here, "..", "..", "build", "lib", f"libstreamstore.{suffix}")]


def _load():
    path = next((path for path in _paths() if os.path.exists(path)), None)
    if path is None:
        message = f"Cannot load the native library: there must be one for {sys.platform} on {platform.machine()}"
        raise StreamStoreError("library-not-loaded", f"{message}, got none at {_paths()[0]}")
    try:
        library = ctypes.CDLL(path)
    except OSError as error:
        raise StreamStoreError("library-not-loaded", f"Cannot load the native library {path}: {error}") from None
    found = library.ss_abi_version()
    if found != _abi.ABI_VERSION:
        message = f"Cannot load {path}: the library must have ABI version {_abi.ABI_VERSION}, got {found}"
        raise StreamStoreError("abi-mismatch", message)
    for name, (arguments, result) in {**_abi.SYMBOLS, **_abi.CALLBACKS}.items():
        function = getattr(library, name)
        function.argtypes = [_KINDS[kind] for kind in arguments]
        function.restype = _KINDS[result]
    return library


library = _load()


def address_of(array) -> int:
    """Where an array's memory lies. It is valid as long as the array is."""
    return array.__array_interface__["data"][0]


def status_of(function, *arguments) -> int:
    """Calls a function of the library. A store that another thread is using is waited for."""
    status = function(*arguments)
    while status == _BUSY:
        time.sleep(0)
        status = function(*arguments)
    return status


def call(action: str, function, *arguments) -> None:
    """The same; `action` says what could not be done where it fails."""
    status = function(*arguments)
    if status == _BUSY:
        status = status_of(function, *arguments)
    if status:
        raise error_of(status, action)


def pack(layout, **numbers):
    """Numbers as the library takes them: each in its place of a layout."""
    packed = np.zeros(layout.length)
    for name, number in numbers.items():
        packed[getattr(layout, name)] = number
    return packed


class Memory:
    """An array over a store's own memory is made of this, and keeps the store's maps alive, closed or not."""

    def __init__(self, address: int, shape: tuple, dtype: str, handle: int, owner, release=library.ss_view_deallocate):
        # True: for reading only.
        self.__array_interface__ = {"version": 3, "data": (address, True), "shape": shape, "typestr": dtype}
        self._handle, self._release, self._owner = handle, release, owner

    def __del__(self):
        self._release(0, self._handle)


class Forks:
    """How often this process was forked off from one that had loaded the library."""

    count = 0


def _forked() -> None:
    Forks.count += 1


os.register_at_fork(after_in_child=_forked)
