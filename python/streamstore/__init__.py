"""Reads StreamStore's stores from Python: the columns as numpy arrays."""

from ._columns import Column
from ._errors import StreamStoreError
from ._extra import Extra
from ._fields import Field
from .store import Gathered, Store, Window

__all__ = ["Column", "Extra", "Field", "Gathered", "Store", "StreamStoreError", "Window"]
