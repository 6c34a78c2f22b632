"""Reads StreamStore's stores from Python, and samples windows from them: numpy arrays over the same native library."""

from ._batch import Batch, FieldValues
from ._columns import Column
from ._errors import StreamStoreError
from ._extra import Extra
from ._fields import Field
from .sampler import Sampler
from .store import Gathered, Store, Window

__all__ = ["Batch", "Column", "Extra", "Field", "FieldValues", "Gathered", "Sampler", "Store", "StreamStoreError", "Window"]
