"""Batches: their arrays, and the windows that are copied into them."""

import numpy as np

from ._abi import DENSE_FIELDS_MAX, BatchOutput, FieldKind, FillLayout, ScaledField, Status, WindowGroup
from ._errors import error_of
from ._extra import Extra
from ._library import address_of, library, pack, status_of
from ._options import ARRAYS, Plan, is_integer_output


class FieldValues:
    """One field of a batch. `values` and `mask` have shape `[B, S, W]`, or `[B, O, W]` where it has offsets, and then
    `offset_mask` `[B, O]`, where its rows lie within the episode; the mask is 1 where there is a value. `width` is W."""

    width = values = mask = offsets = offset_mask = None


class Batch:
    """B windows; `size` says how many. By row `starts` and `lengths` `[B]`, `mask` and `steps` `[B, T]` or `[B, S]`, in
    mixtures `sources` `[B]`. As tokens it has `values` and `types` `[B, T]`, else `fields` by name; `extra` by name
    has B lists of S values."""

    size = 0
    starts = lengths = mask = steps = sources = values = types = fields = extra = None

    def __getstate__(self):
        # A copy in another process has its arrays elsewhere, and is nothing to fill.
        return {name: value for name, value in vars(self).items() if not name.startswith("_")}


class Layout:
    """Which arrays the batches of a plan have."""

    def __init__(self, plan: Plan, width: int, is_mixture: bool):
        size = plan.batch_size
        columns = [("starts", "float64", (size,)), ("lengths", "int32", (size,)), ("mask", "uint8", (size, width))]
        columns += [("steps", plan.steps, (size, width))] if plan.steps else []
        columns += [("sources", "int32", (size,))] if is_mixture else []
        if plan.dense is None:
            columns += [("values", ARRAYS[plan.values], (size, width))] if plan.values else []
            columns += [("types", "int32", (size, width))] if plan.has_types else []
        self._columns, self._plan, self._width = columns, plan, width

    def allocate(self) -> Batch:
        batch, plan = Batch(), self._plan
        batch.size, batch._layout = plan.batch_size, self
        for name, dtype, shape in self._columns:
            setattr(batch, name, np.zeros(shape, dtype))
        if plan.dense is not None:
            batch.fields = {}
            for dense in plan.dense:
                values, rows = FieldValues(), self._width if dense.offsets is None else len(dense.offsets)
                shape = (plan.batch_size, rows, dense.width)
                values.width, values.values, values.mask = dense.width, np.zeros(shape, ARRAYS[dense.dtype]), np.zeros(shape, np.uint8)
                if dense.offsets is not None:
                    values.offsets, values.offset_mask = dense.offsets.tolist(), np.zeros(shape[:2], np.uint8)
                batch.fields[dense.field.name] = values
        # What is filled, whatever is put in the place of the arrays that are shown.
        batch._own = _copy(batch, slice(None))
        batch._calls = None
        batch._addresses = {name: address_of(getattr(batch, name)) for name, _, _ in self._columns}
        batch._field_addresses = {
            name: tuple(address_of(array) if array is not None else 0 for array in (one.values, one.mask, one.offset_mask))
            for name, one in (batch.fields or {}).items()
        }
        return batch


def head(batch: Batch, size: int) -> Batch:
    """The first windows of a batch that is filled."""
    shown = _copy(batch._own, slice(0, size))
    shown.size = size
    return shown


def _copy(batch: Batch, windows: slice) -> Batch:
    shown = Batch()
    for name, value in vars(batch).items():
        if isinstance(value, np.ndarray):
            setattr(shown, name, value[windows])
    if batch.fields is not None:
        shown.fields = {}
        for name, field in batch.fields.items():
            part = shown.fields[name] = FieldValues()
            for key, value in vars(field).items():
                setattr(part, key, value[windows] if isinstance(value, np.ndarray) else value)
    return shown


class Filler:
    """Copies windows into batches: of one store, or of several one after another."""

    def __init__(self, connection, plan: Plan, scales: dict, width: int, action: str = "Cannot sample"):
        self._connection, self._plan, self._width, self._action = connection, plan, width, action
        side = FillLayout.side["right" if plan.boundary == "pad-left" else "left"]
        shared = FillLayout.source["columns"] + side + (FillLayout.truncate if plan.truncate else 0)
        steps = FillLayout.steps[plan.steps or "none"]
        rows = FillLayout.part["rows" if plan.unit == "steps" else "tokens"]
        values, types = FillLayout.values[plan.values or "none"], FillLayout.types if plan.has_types else 0
        self._tokens_layout, self._fields_layout = shared + rows + values + types + steps, shared + FillLayout.part["fields"] + steps
        converted = [field for field in connection.fields if field.element != connection.kind or field.name in scales]
        self._converted_count = len(converted)
        self._converted = np.array([_pack_field(field, scales) for field in converted] or [[0.0]])
        self._groups, self._at_offsets = [], []
        windows = [dense for dense in plan.dense or [] if dense.offsets is None]
        # A group of none, too, has the mask and the steps filled.
        for at in range(0, max(1, len(windows)), DENSE_FIELDS_MAX):
            group = windows[at : at + DENSE_FIELDS_MAX]
            packed = np.array([_pack_dense(dense, scales) for dense in group] or [[0.0]])
            self._groups.append((group, packed, address_of(packed)))
        for dense in plan.dense or []:
            if dense.offsets is not None:
                repeats = FillLayout.repeats if plan.boundary == "edge" else 0
                layout = shared + FillLayout.part["fields"] + FillLayout.values[dense.dtype] + repeats
                self._at_offsets.append((dense, layout, np.array(_pack_dense(dense, scales))))
        # Where there are offsets a window is its anchor's row.
        self.ones = np.ones(max(1, plan.batch_size), np.int32)
        self._ones_address, self._converted_address = address_of(self.ones), address_of(self._converted)

    def fill(self, batch: Batch, groups, group_count: int, count: int, places, slots, own_order: bool) -> None:
        """`places` are those of `count` windows, of which each group has some; `slots` where each goes in the batch."""
        plan, addresses, size = self._plan, batch._addresses, self._plan.batch_size
        # Of one store all that a call takes stays where it is, but the number of windows, which stands in the group.
        known = batch._calls
        if own_order and known is not None and known[:3] == (self, places, id(groups)):
            for function, arguments, dense in known[3]:
                status = status_of(function, *arguments)
                if status:
                    raise self._error(status, groups, plan.values, dense, places)
            if plan.dense is not None:
                batch._own.lengths[:count] = places.lengths[:count]
            return
        calls = []
        anchors, starts, lengths, _ = places.addresses
        around = starts, lengths
        if plan.reach is not None:
            starts, lengths = anchors, self._ones_address
        slots_address, packed = address_of(slots), address_of(groups)
        where = starts, lengths, slots_address, size, self._width
        if plan.dense is None:
            out = [addresses.get(name, packed) for name in ("values", "types", "steps", "mask", "lengths")]
            converted = self._converted_address, self._converted_count
            arguments = (packed, group_count, self._tokens_layout, *where, *converted, *out)
            calls.append((library.ss_windows_fill, arguments, None))
            status = status_of(library.ss_windows_fill, *arguments)
            if status:
                raise self._error(status, groups, plan.values, None, places)
            batch._calls = (self, places, id(groups), calls) if own_order else None
            return
        for group, _, fields in self._groups:
            out = [addresses.get("steps", packed), addresses["mask"]]
            for dense in group:
                out += batch._field_addresses[dense.field.name][:2]
            out += [packed] * (2 + 2 * DENSE_FIELDS_MAX - len(out))
            arguments = (packed, group_count, self._fields_layout, *where, fields, len(group), *out)
            calls.append((library.ss_fields_fill, arguments, group))
            status = status_of(library.ss_fields_fill, *arguments)
            if status:
                raise self._error(status, groups, None, group, places)
        given = self.ones[:count] if plan.reach is not None else places.lengths[:count]
        if own_order:
            batch._own.lengths[:count] = given
        else:
            batch._own.lengths[slots[:count]] = given
        for dense, layout, field in self._at_offsets:
            out = batch._field_addresses[dense.field.name]
            rows = address_of(dense.offsets), len(dense.offsets), address_of(field)
            status = status_of(library.ss_offsets_fill, packed, group_count, layout, anchors, *around, slots_address, size, *rows, *out)
            if status:
                raise self._error(status, groups, None, [dense], places)
        if plan.reach is None and own_order:
            batch._calls = self, places, id(groups), calls

    def _error(self, status: int, groups, values, dense, places):
        """What a call that failed is about: the first store has it noted, whichever it is about."""
        names, handle = ("index", "count", "type", "value_index"), int(groups[0, WindowGroup.store])
        row, count, type, place = (self._connection.detail(name, handle) for name in names)
        action = self._action(place) if callable(self._action) else self._action
        found = next((one for one in dense or [] if one.field.type == type), None)
        if status == Status.width_mismatch and found is not None:
            what = f'"{found.field.name}" must have <= {found.width} values a row, got {count} in row {row}'
            return ValueError(f"{action}: {what}; fields sets the width, truncate cuts")
        if status == Status.width_mismatch:
            what = f"the rows of a window must have <= {self._width} tokens, got {count} from row {int(places.starts[row])} on"
            return ValueError(f"{action}: {what}; tokens sets the width, truncate cuts")
        if status == Status.inexact:
            field = next(field for field in self._connection.fields if field.type == type)
            high, low = (self._connection.detail(name, handle) for name in ("cell_high", "cell_low"))
            cell = np.array([high << 32 | low], np.uint64).view(field.element if field.element.endswith("int64") else np.float64)
            dtype = found.dtype if found is not None else values
            return ValueError(f'{action}: "{field.name}" must be what {dtype} holds to come as {dtype}, got {cell[0]} in row {row}')
        return error_of(status, action)


def _pack_field(field, scales: dict):
    shift, factor = scales.get(field.name, (0.0, 1.0))
    return pack(ScaledField, type=field.type, kind=getattr(FieldKind, field.element), shift=shift, factor=factor, width=1)


def _pack_dense(dense, scales: dict):
    """Integers are not scaled."""
    packed = _pack_field(dense.field, {} if is_integer_output(dense.dtype) else scales)
    packed[ScaledField.width], packed[ScaledField.output] = dense.width, getattr(BatchOutput, dense.dtype)
    return packed


def extras_of(connections: list, plan: Plan, places, size: int) -> dict:
    """By name, for each window the values of its rows: None where there is padding or a row has none."""
    lists = {}
    for name in plan.extra:
        lists[name] = windows = [[None] * plan.length for _ in range(size)]
        columns = [Extra(one, [known for known, _ in one.extras].index(name), None) for one in connections]
        starts, lengths = (places.starts, places.lengths) if plan.reach is None else (places.anchors, np.ones(size, np.int32))
        for values, start, length, source in zip(windows, starts, lengths, places.sources):
            first = plan.length - int(length) if plan.boundary == "pad-left" else 0
            for row in range(int(length)):
                values[first + row] = columns[source].read(int(start) + row)
    return lists
