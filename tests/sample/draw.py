"""Reproduces the batches of a sampler from the files of closed stores and the seed: docs/sampling.md, with numpy alone.

    python3 draw.py < requests.json

Reads a list of requests and prints, for each, the windows of its batches: where each begins, how long it is, and the
values that the batch holds. Nothing here is shared with the library.
"""

import glob
import json
import math
import sys

import numpy as np
from draw_numbers import Priorities, below, geometric, permuted, power, unit

# --- The store, by docs/storage-format.md -----------------------------------------------------------------------------

SESSION = -3  # of the marks


class Store:
    def __init__(self, path):
        with open(f"{path}/store.json", encoding="utf-8") as file:
            self.fields = {field["name"]: field for field in json.load(file)["fields"]}
        (cells,) = glob.glob(f"{path}/data.[fiu]64")
        self.data = np.memmap(cells, "<u8", mode="r")
        if len(self.fields) == 1:
            self.types = np.full(len(self.data), next(iter(self.fields.values()))["type"])
        elif all(0 <= field["type"] <= 255 for field in self.fields.values()):
            self.types = np.memmap(f"{path}/type.u8", "u1", mode="r")
        else:
            self.types = np.memmap(f"{path}/type.i32", "<i4", mode="r")
        rows = np.memmap(f"{path}/row.u64", "<u8", mode="r")
        # One more, so that row r is the tokens from rows[r] to rows[r + 1].
        self.rows = [*map(int, rows), len(self.data)]
        self.row_count = len(rows)
        self.steps = np.memmap(f"{path}/step.i64", "<i8", mode="r")
        self.path = path

    def sessions(self):
        """The rows with which writers began."""
        marks = np.fromfile(f"{self.path}/marks", np.dtype([("row", "<u8"), ("type", "<i4"), ("kind", "<i4")]))
        return [int(row) for row in marks["row"][marks["kind"] == SESSION]]

    def cells(self, row, name):
        """The bits of a field's values in a row."""
        tokens = slice(self.rows[row], self.rows[row + 1])
        return self.data[tokens][self.types[tokens] == self.fields[name]["type"]]

    def values(self, row, name):
        dtype = self.fields[name]["dtype"]
        return self.cells(row, name).view({"float64": "<f8", "int64": "<i8", "uint64": "<u8"}[dtype])

    def numbers(self, start, end):
        """The values of tokens as float64, whatever their fields hold."""
        numbers = self.data[start:end].view("<f8").copy()
        for field in self.fields.values():
            if field["dtype"] == "float64":
                continue
            mask = self.types[start:end] == field["type"]
            numbers[mask] = self.data[start:end][mask].view("<i8" if field["dtype"] == "int64" else "<u8")
        return numbers


def episode_rows(store, rule):
    """The rows with which episodes begin."""
    starts = [0]
    if rule is None:
        return starts
    if rule == "rows":
        return list(range(store.row_count))
    if "starts" in rule:
        return sorted({0, *rule["starts"]})
    if "end" in rule:
        for row in range(store.row_count - 1):
            values = store.values(row, rule["end"]).astype(float)
            if np.any((values != 0) & ~np.isnan(values)):
                starts.append(row + 1)
        return starts if rule.get("sessions") == "join" else sorted({*starts, *store.sessions()})
    last = None
    for row in range(store.row_count):
        cells = store.cells(row, rule["id"])
        if len(cells) == 0:
            continue
        if last is not None and cells[0] != last:
            starts.append(row)
        last = cells[0]
    return starts


# --- Windows ----------------------------------------------------------------------------------------------------------


class Windows:
    """The valid windows in the order of their anchors. `ordinal` is a window's place in it."""

    def __init__(self, store, unit, length, stride=1, boundary="within", episodes=None, between=None):
        rows = episode_rows(store, None if boundary == "cross" else episodes)
        first_row, self.end_row = 0, store.row_count
        if between is not None:
            # JSON has no infinity: null stands for it.
            first_row, self.end_row = (
                store.row_count if step is None else int(np.searchsorted(store.steps, step)) for step in between
            )
        self.first = first_row if unit == "steps" else store.rows[first_row]
        self.positions = self.end_row if unit == "steps" else store.rows[self.end_row]
        rows = [row for row in rows if row < self.end_row]
        self.length, self.stride, self.boundary = length, stride, boundary
        self.origins = rows if unit == "steps" else [store.rows[row] for row in rows]
        self.row_of_position = None if unit == "steps" else store.rows
        self.ends = [*self.origins[1:], self.positions]
        self.counts = [self.count(end - origin) for origin, end in zip(self.origins, self.ends)]
        # Windows whose anchor stands before the part that is drawn from.
        self.skipped = self.rank(self.first)
        self.total = sum(self.counts) - self.skipped

    def count(self, positions):
        needed = 1 if self.boundary.startswith("pad") else self.length
        return 0 if positions < needed else (positions - needed) // self.stride + 1

    def locate(self, ordinal):
        """Anchor, first position and length."""
        ordinal += self.skipped
        for origin, end, count in zip(self.origins, self.ends, self.counts):
            if ordinal < count:
                return self.at(origin + ordinal * self.stride, origin, end)
            ordinal -= count
        raise IndexError

    def resolve(self, anchor):
        """The same, of a window that is known by its anchor."""
        origin, end = next(pair for pair in zip(self.origins, self.ends) if pair[0] <= anchor < pair[1])
        return self.at(anchor, origin, end)

    def at(self, anchor, origin, end):
        if self.boundary == "pad-left":
            start = max(origin, self.first, anchor + 1 - self.length)
            return anchor, start, anchor + 1 - start
        if self.boundary == "pad-right":
            return anchor, anchor, min(self.length, end - anchor)
        return anchor, anchor, self.length

    def rank(self, position):
        """How many windows have an anchor before a position."""
        return sum(
            min(count, -(-(position - origin) // self.stride))
            for origin, count in zip(self.origins, self.counts)
            if origin < position
        )


# --- Orders: which window is draw number `index` of all ---------------------------------------------------------------

UNIFORM, RECENT, PRIORITIZED, SOURCE, WITHIN_SOURCE = 1, 2, 3, 4, 5


def draw(request, store, windows, seed, index):
    """Anchor, first position and length of draw number `index`; null after the last epoch."""
    order = request.get("order", "uniform")
    if order == "uniform":
        return windows.locate(below(seed, UNIFORM, index, windows.total))
    if order in ("shuffle", "sequential"):
        epoch, place = divmod(index, windows.total)
        if epoch >= request.get("epochs", math.inf if order == "shuffle" else 1):
            return None
        return windows.locate(permuted(seed, epoch, windows.total, place) if order == "shuffle" else place)
    if "decay" in order:
        return windows.locate(windows.total - 1 - geometric(seed, RECENT, index, windows.total, order["decay"]))
    if order["kind"] == "recent":
        row = max(0, windows.end_row - order["steps"])
        first = windows.rank(row if windows.row_of_position is None else windows.row_of_position[row])
        first = max(0, first - windows.skipped)
        return windows.locate(first + below(seed, UNIFORM, index, windows.total - first))
    return windows.resolve(Priorities(request["priorities"]).draw(unit(seed, PRIORITIZED, index)))


def source_of(shares, windows, unit):
    """The first source of those with windows whose sum of shares is above the unit."""
    shares = np.where([each.total > 0 for each in windows], shares, 0)
    limits = np.cumsum(shares) / np.sum(shares)
    limits[np.nonzero(shares)[0][-1] :] = 1
    return int(np.argmax(unit < limits))


def draw_of_many(request, stores, windows, seed, index):
    """Source, and the window there, of draw number `index`; null after the last epoch."""
    order = request.get("order", "uniform")
    firsts = [0] * len(stores)
    if isinstance(order, dict) and "decay" in order:
        shares = [1 - power(order["decay"], each.total) for each in windows]
        source = source_of(shares, windows, unit(seed, SOURCE, index))
        total = windows[source].total
        number = total - 1 - geometric(seed, RECENT, index, total, order["decay"])
        return source, windows[source].locate(number)
    if isinstance(order, dict) and order["kind"] == "recent":
        rows = [max(0, store.row_count - order["steps"]) for store in stores]
        of_rows = [row if each.row_of_position is None else each.row_of_position[row] for row, each in zip(rows, windows)]
        firsts = [each.rank(position) for each, position in zip(windows, of_rows)]
    counts = [each.total - first for each, first in zip(windows, firsts)]
    total = sum(counts)
    if order in ("shuffle", "sequential"):
        epoch, number = divmod(index, total)
        if epoch >= request.get("epochs", math.inf if order == "shuffle" else 1):
            return None
        if order == "shuffle":
            number = permuted(seed, epoch, total, number)
    else:
        number = below(seed, UNIFORM, index, total)
    for source, count in enumerate(counts):
        if number < count:
            return source, windows[source].locate(firsts[source] + number)
        number -= count


# --- Batches ----------------------------------------------------------------------------------------------------------


def token_window(store, width, boundary, first, end):
    """Values of shape [T], as float32, zeros where the window is padded."""
    values = np.zeros(width, np.float32)
    at = width - (end - first) if boundary == "pad-left" else 0
    values[at : at + end - first] = store.numbers(first, end)
    return values


def dense_window(store, name, steps, width, boundary, start, length):
    """Values of shape [S, W], as float32, zeros where the window is padded or a row has no value."""
    values = np.zeros((steps, width), np.float32)
    at = steps - length if boundary == "pad-left" else 0
    for row in range(length):
        found = store.values(start + row, name)
        values[at + row, : len(found)] = found
    return values


def batches(request):
    stores = [Store(path) for path in request["paths"]]
    rule = {"boundary": "within", **request["windows"]}
    windows = [Windows(store, **rule) for store in stores]
    seed, size = int(request["seed"]), request["batchSize"]
    shard, shards = request.get("shard", [0, 1])
    position = request.get("position", 0)
    for _ in range(request["batches"]):
        # Draw number n of all is that of shard n % shards.
        indices = [position + (shard - position) % shards + i * shards for i in range(size)]
        position += size * shards
        drawn = []
        for index in indices:
            source = 0
            if "weights" in request:
                source = source_of(request["weights"], windows, unit(seed, SOURCE, index))
                ordinal = below(seed, WITHIN_SOURCE, index, windows[source].total)
                drawn.append((source, windows[source].locate(ordinal)))
                continue
            if len(stores) > 1:
                window = draw_of_many(request, stores, windows, seed, index)
                if window is not None:
                    drawn.append(window)
                continue
            window = draw(request, stores[0], windows[0], seed, index)
            if window is not None:
                drawn.append((source, window))
        yield describe(request, rule, stores, drawn)


def describe(request, rule, stores, drawn):
    values, lengths = {}, []
    for source, (_, start, length) in drawn:
        store, boundary = stores[source], rule["boundary"]
        if "fields" in request:
            lengths.append(length)
            for name, width in request["fields"].items():
                window = dense_window(store, name, rule["length"], width, boundary, start, length)
                values.setdefault(name, []).extend(window.reshape(-1).tolist())
        else:
            first, end = start, start + length
            if rule["unit"] == "steps":
                first, end = store.rows[first], store.rows[end]
            lengths.append(end - first)
            window = token_window(store, request["width"], boundary, first, end)
            values.setdefault("", []).extend(window.tolist())
    return {
        "sources": [source for source, _ in drawn],
        "starts": [start for _, (_, start, _) in drawn],
        "lengths": lengths,
        "values": values,
    }


if __name__ == "__main__":
    print(json.dumps([list(batches(request)) for request in json.load(sys.stdin)]))
