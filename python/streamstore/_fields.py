"""What store.json says of a store, and how fields stand in the cells: as docs/storage-format.md has it."""

import hashlib
import json
import os
import re
from dataclasses import dataclass

import numpy as np

from ._abi import Dtype, FieldCells, FieldKind, StoreOptions
from ._errors import StreamStoreError, describe, system_error
from ._library import pack

_VERSION = 2
_DTYPES = [name for name in vars(Dtype) if not name.startswith("_")]
#: Bits of an integer that a float or a signed integer holds exactly, without the sign.
_EXACT_BITS = {"float64": 53, "float32": 24, "float16": 11}


@dataclass
class Field:
    """A column of the stream. `element` is what its cells are read as, `wide` what its values are appended as."""

    name: str
    type: int
    dtype: str
    element: str
    wide: str
    is_list: bool


@dataclass
class Manifest:
    id: str
    fields: list
    extras: list  # of (name, kind)
    kind: str  # what cells are
    type_bytes: int


class _Number(str):
    """A number as it stands in the text, so that the text can be made again."""


def bits_of(dtype: str) -> int:
    return 8 if dtype == "bool" else int(re.sub(r"\D", "", dtype))


def _holds(kind: str, dtype: str) -> bool:
    """Whether cells of a kind hold all values of a dtype exactly."""
    if dtype in (kind, "bool"):
        return True
    value_bits = bits_of(dtype) - dtype.startswith("int")
    if kind.startswith("float"):
        return bits_of(dtype) <= bits_of(kind) if dtype.startswith("float") else value_bits <= _EXACT_BITS[kind]
    # Integers of several dtypes stand in signed ones.
    return not dtype.startswith("float") and value_bits < bits_of(kind)


def _elements(dtypes: list) -> tuple:
    kinds = ["uint8" if dtype == "bool" else dtype for dtype in dtypes]
    if len(set(kinds)) == 1:
        return kinds[0], kinds
    bits = max(map(bits_of, dtypes))
    kind = ("float" if any(dtype.startswith("float") for dtype in dtypes) else "int") + str(bits)
    own = lambda dtype: f"{'int' if dtype.startswith('int') else 'uint'}{bits}"
    return kind, [kind if _holds(kind, dtype) else own(dtype) for dtype in dtypes]


def _text(value) -> str:
    """The value as JavaScript's JSON.stringify has it."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{_text(key)}:{_text(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_text, value)) + "]"
    if isinstance(value, _Number):
        return str(value)
    text = json.dumps(value, ensure_ascii=False)
    return re.sub("[\ud800-\udfff]", lambda half: f"\\u{ord(half[0]):04x}", text)


def read_manifest(directory: str) -> Manifest:
    """Reads and checks store.json."""
    action = f"Cannot open the store {directory}"
    try:
        with open(os.path.join(directory, "store.json"), "rb") as file:
            text = file.read()
    except FileNotFoundError:
        state = "the directory must hold a store, got one without store.json" if os.path.exists(directory) else "there is none"
        raise StreamStoreError("not-found", f"{action}: {state}") from None
    except OSError as error:
        raise system_error(error, action) from None

    def refuse(what: str, code: str = "damaged"):
        return StreamStoreError(code, f"{action}: store.json {what}")

    try:
        found = json.loads(text.decode(), parse_int=_Number, parse_float=_Number, parse_constant=_Number)
    except (ValueError, RecursionError):
        raise refuse("must be JSON") from None
    version = found.get("version") if isinstance(found, dict) else None
    if version is None or found.get("format") != "streamstore" or not re.fullmatch("[1-9][0-9]{0,8}", str(version)):
        raise refuse("must describe a store")
    if int(version) > _VERSION:
        raise refuse(f"must have version <= {_VERSION}, got {version}", "newer-version")
    if int(version) < _VERSION:
        raise refuse(f"must have version {_VERSION}, got {version}", "older-version")
    fields, extras, id = found.get("fields"), found.get("extras", []), found.get("id")
    if not isinstance(fields, list) or not all(isinstance(one, dict) and isinstance(one.get("name"), str) for one in fields):
        raise refuse("must list fields by name")
    if not isinstance(id, str) or not re.fullmatch("[0-9a-f]{32}", id):
        raise refuse("must have an ID of 32 hexadecimal digits")
    if not isinstance(extras, list) or not all(isinstance(one, dict) and one.get("kind") in ("string", "bytes") for one in extras):
        raise refuse("must list extras by name")
    content = [id, fields, extras] if extras else [id, fields]
    checksum = hashlib.sha256(_text(content).encode("utf-8", "surrogatepass")).hexdigest()[:16]
    if found.get("checksum") != checksum:
        raise refuse(f"must have the checksum {checksum} for its ID, fields and extras, got {found.get('checksum')}")
    if not fields or not all(one.get("dtype") in _DTYPES and re.fullmatch("-?[0-9]{1,10}", str(one.get("type"))) for one in fields):
        raise refuse("must have a type ID and a dtype for each field")
    return _manifest(id, fields, [(one["name"], one["kind"]) for one in extras])


def check_seal(directory: str, id: str, action: str) -> None:
    """Of a sealed store the files have the sizes that they had; `verify` of TypeScript looks at what is in them."""
    try:
        with open(os.path.join(directory, "seal"), "rb") as file:
            found = json.loads(file.read())
        files = [[one["name"], one["bytes"], one["sha256"]] for one in found["files"]]
        text = json.dumps([found["id"], files], separators=(",", ":"), ensure_ascii=False)
        is_whole = found["version"] == 1 and found["checksum"] == hashlib.sha256(text.encode()).hexdigest()
    except FileNotFoundError:
        return
    except OSError as error:
        raise system_error(error, action) from None
    except (ValueError, TypeError, KeyError, RecursionError):
        is_whole = False
    if not is_whole:
        raise StreamStoreError("damaged", f"{action}: its seal must list files, and have their checksum")
    if found["id"] != id:
        raise StreamStoreError("damaged", f"{action}: its seal must be that of the store {id}, got one of {found['id']}")
    for name, size, _ in files:
        path = os.path.join(directory, name)
        held = os.path.getsize(path) if os.path.exists(path) else "none"
        if held != size:
            raise StreamStoreError("damaged", f"{action}: {name} must have the {size} bytes that were sealed, got {held}")


def _manifest(id: str, entries: list, extras: list) -> Manifest:
    kind, elements = _elements([one["dtype"] for one in entries])
    fields = []
    for one, element in zip(entries, elements):
        wide = one["dtype"] if one["dtype"] in ("int64", "uint64") else "float64"
        fields.append(Field(one["name"], int(one["type"]), one["dtype"], element, wide, one.get("isList") is True))
    are_bytes = all(0 <= field.type <= 255 for field in fields)
    return Manifest(id, fields, extras, kind, 0 if len(fields) == 1 else 1 if are_bytes else 4)


def pack_options(manifest: Manifest):
    """What a store is opened with."""
    return pack(
        StoreOptions,
        capacity_tokens=1,
        tail_records_max=1,
        tail_values_max=1,
        reserved_elements=2**31,
        segment_chunks=16,
        type_bytes=manifest.type_bytes,
        only_type=manifest.fields[0].type if manifest.type_bytes == 0 else 0,
        cell_kind=getattr(FieldKind, manifest.kind),
        extra_count=len(manifest.extras),
    )


def pack_cells(fields: list):
    """Fields as the library takes those whose cells it looks into, of shape `[fields, 3]`."""
    packed = np.zeros((max(1, len(fields)), FieldCells.length), np.int32)
    for row, field in zip(packed, fields):
        row[FieldCells.type] = field.type
        row[FieldCells.kind] = getattr(FieldKind, field.element)
        row[FieldCells.wide] = getattr(FieldKind, field.wide)
    return packed


def field_of(fields: list, name, action: str, what: str) -> Field:
    """The field of a name."""
    for field in fields:
        if field.name == name:
            return field
    names = ", ".join(field.name for field in fields)
    raise TypeError(f"{action}: {what} must be among the fields {names}, got {describe(name)}")
