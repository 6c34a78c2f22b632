"""Windows in batches, drawn as TypeScript's samplers draw them."""

import threading

import numpy as np

from ._abi import WindowGroup
from ._batch import Batch, Filler, Layout, extras_of, head
from ._columns import widest_row
from ._errors import describe, error_of
from ._library import Forks, address_of, call, library, status_of
from ._mixture import MixedWindows
from ._moments import moments_of
from ._options import Checks, parse_sampler, parse_window, scales_of
from ._orders import Cursor, draw_of
from ._state import episodes_text, order_text, read_state
from ._windows import Places, Windows
from .store import Store, whole_numbers

_VALUES_MAX, _EXTRA_VALUES_MAX = 2**28, 2**22


def _plan_batch(plan, connections: list, action: str) -> tuple:
    """Places a window has in the output, and by what each field is scaled."""
    width = plan.width or plan.length * max(widest_row(one, action) for one in connections)
    widths = [one.width * (width if one.offsets is None else len(one.offsets)) for one in plan.dense or []] or [width]
    if plan.batch_size * max(widths) > _VALUES_MAX:
        got = f"{plan.batch_size} x {max(widths)}"
        raise ValueError(f"{action}: a batch must have <= {_VALUES_MAX} values a column, got {got}")
    if plan.extra is not None and plan.batch_size * plan.length > _EXTRA_VALUES_MAX:
        got = f"{plan.batch_size} x {plan.length}"
        raise ValueError(f"{action}: a batch must have <= {_EXTRA_VALUES_MAX} rows with extra, got {got}")
    return width, plan.scales if plan.scales is not None else scales_of(moments_of(connections))


class Sampler:
    """Draws batches of windows from a store, or from a list of stores as from one.

    `tokens`: T, tokens a window; or `steps`: S, rows a window. With both, windows of rows come as T tokens.
    `fields`: by name W, values a row, or a dictionary of `width`, `dtype` and `offsets`: arrays of shape `[B, S, W]`.
    `episodes`: `{"end": field}` (or a list of fields; with `"sessions": "join"`), `{"id": field}`, `{"starts": rows}` or
    `"rows"`. `boundary`: within, pad-left, pad-right or cross; with offsets edge or zero. `stride`: from one anchor to the
    next. `between`: `{"steps": [first, end]}`. `order`: uniform, shuffle, sequential, `{"kind": "recent", "steps": n}`
    or `{"kind": "recent", "decay": d}`. `output`: dtypes of `values`, `types` and `steps`, None to leave one out.
    `normalize`: True, or by field `mean` and `standard_deviation`. `shard`: `{"index": i, "count": n}`. `weights`: of
    several stores how often each is drawn from, in the order uniform. `extra`: names of text and bytes.

    The same seed gives the same windows as in TypeScript, on every runtime. A batch is the sampler's own and filled anew
    by the next call, unless one that `allocate` has made is passed. Raises ValueError or TypeError for options, and for
    a store without a valid window.
    """

    def __init__(self, store, *, tokens=None, steps=None, fields=None, truncate=False, episodes=None, output=None,
                 normalize=False, batch_size=256, boundary=None, stride=1, between=None, order="uniform", seed=None,
                 shard=None, epochs=None, extra=None, weights=None):
        self._is_mixture = isinstance(store, (list, tuple))
        check = Checks("Cannot make a mixture" if self._is_mixture else "Cannot make a sampler")
        self._connections = connections = _connections(store if self._is_mixture else [store], check)
        for one in connections:
            one.refresh(check.action[len("Cannot ") :])
        self._plan = plan = parse_sampler(
            check, connections[0].fields, connections[0].extras, tokens=tokens, steps=steps, dense=fields,
            truncate=truncate, episodes=episodes, output=output, normalize=normalize, batch_size=batch_size,
            boundary=boundary, stride=stride, between=between, order=order, seed=seed, shard=shard, epochs=epochs, extra=extra,
        )
        weights = _weights(check, weights, len(connections), plan, self._is_mixture)
        _check_alike(connections, plan, check)
        width, scales = _plan_batch(plan, connections, check.action)
        action = (lambda group: f"Cannot sample from sources[{self._group_sources[group]}]") if self._is_mixture else "Cannot sample"
        self._filler, self._layout = Filler(connections[0], plan, scales, width, action), Layout(plan, width, self._is_mixture)
        self._places, self._grouped = Places(plan.batch_size), Places(plan.batch_size)
        self._slots = np.arange(plan.batch_size, dtype=np.int32)
        self._groups, self._group_sources = np.zeros((plan.batch_size, WindowGroup.length)), np.zeros(plan.batch_size, np.int32)
        self._sequences, self._counts, self._out = np.zeros(len(connections), np.int64), np.zeros(len(connections), np.uint32), np.zeros(1)
        into = self._slots, self._group_sources, self._groups, self._out
        anchors, starts, lengths, sources = self._grouped.addresses
        self._group_addresses = address_of(self._counts), *self._places.addresses[:3], sources, anchors, starts, lengths, *map(address_of, into)
        windows = [Windows(one, plan) for one in connections]
        self._windows = MixedWindows(windows, plan, weights, self._sequences) if self._is_mixture else windows[0]
        self._cursor = Cursor(plan.shard, plan.batch_size)
        self._draw = draw_of(self._windows, self._cursor, plan)
        self._own, self._lock, self._fork = None, threading.RLock(), -1
        self._adopt()

    @property
    def seed(self) -> int:
        """The seed, given or random."""
        return self._draw.seed

    def allocate(self) -> Batch:
        """A batch of one's own, to be filled by `next`."""
        return self._layout.allocate()

    def next(self, out: Batch | None = None) -> Batch | None:
        """The next batch, or None after the last epoch; of fewer windows where that ends."""
        if self._fork != Forks.count:
            self._adopt()
        with self._lock:
            batch = out if out is not None else self._own
            if batch is None:
                batch = self._own = self._layout.allocate()
            if getattr(batch, "_layout", None) is not self._layout:
                raise TypeError(f"Cannot sample: out must be a batch that allocate has made, got {describe(batch)}")
            self._prepare("sample")
            position, epoch = self._cursor.position, self._draw.epoch
            try:
                size = self._draw.draw(self._plan.batch_size, self._places)
                if size == 0:
                    return None
                return self._filled(batch, size)
            except BaseException:
                # Draws that nobody got are made again.
                self._go_to(position, epoch)
                raise

    def __iter__(self):
        while (batch := self.next()) is not None:
            yield batch

    def state(self) -> dict:
        """Where the sampler stands: plain JSON, which TypeScript's `restore` takes as well."""
        state = {"version": 1, "seed": str(self.seed), "position": self._cursor.position}
        state.update(order=order_text(self._plan), episodes=episodes_text(self._plan))
        if self._draw.epoch is not None:
            state["epoch"] = {key: list(value) if key == "sources" else value for key, value in self._draw.epoch.items()}
        if self._is_mixture:
            state["sources"] = self._windows.text(len(self._connections))
        return state

    def restore(self, state: dict) -> None:
        """Goes on where a sampler of the same windows and order stood, in whatever language, with its seed; also with
        another batch size, and with another number of shards if all of them stood at the same place."""
        text_of = self._windows.text if self._is_mixture else None
        seed, position, epoch = read_state(state, self._plan, text_of, len(self._connections))
        if self._fork != Forks.count:
            self._adopt()
        with self._lock:
            self._prepare("restore a sampler")
            ends = (epoch or {}).get("sources", [(epoch or {}).get("end", 0)])[:: 2 if self._is_mixture else 1]
            for place, (one, end) in enumerate(zip(self._connections, ends)):
                held = one.row_count if self._plan.unit == "steps" else one.token_count
                if (epoch or {}).get("windows") and end > held:
                    store = f"sources[{place}].store" if self._is_mixture else "the store"
                    what = f"{store} must have the {end} {self._plan.unit} of the state's epoch"
                    raise ValueError(f"Cannot restore a sampler: {what}, got {held}")
            self._draw.seed = seed
            self._go_to(position, epoch)

    def _go_to(self, position: int, epoch) -> None:
        self._cursor.position = position
        if epoch is not None:
            self._draw.epoch = epoch

    def _adopt(self) -> None:
        """In a process that was forked off the stores are gone on with, and no other thread has the lock."""
        self._fork, self._lock = Forks.count, threading.RLock()
        for one in self._connections:
            one.ready("sample")
        self._handles = np.array([one.handle for one in self._connections], np.uint32)
        self._found = np.array([one.sequence for one in self._connections], np.uint64)
        self._sequences[:] = self._found.astype(np.int64)
        self._handles_addresses = address_of(self._handles), len(self._handles), address_of(self._found), address_of(self._out)

    def _prepare(self, action: str) -> None:
        """Goes to what was committed meanwhile: one call for all stores."""
        status = status_of(library.ss_stores_refresh, *self._handles_addresses)
        if status:
            one = self._connections[int(self._out[0])]
            one.ready(f"sample from sources[{int(self._out[0])}]" if self._is_mixture and action == "sample" else action)
            raise error_of(status, f"Cannot {action}")
        if len(self._found) == 1:
            one = self._connections[0]
            if one.sequence != self._found[0]:
                one.refresh(action)
            return
        for place in np.nonzero(self._found != self._sequences)[0].tolist():
            self._connections[place].refresh(action)
            self._sequences[place] = self._connections[place].sequence

    def _filled(self, batch: Batch, size: int) -> Batch:
        plan, places = self._plan, self._places
        if self._is_mixture:
            group_count, grouped = self._group(size), self._grouped
            batch._own.sources[:size] = places.sources[:size]
        else:
            self._groups[0] = (self._connections[0].handle, size)
            group_count, grouped = 1, places
        self._filler.fill(batch, self._groups, group_count, size, grouped, self._slots, not self._is_mixture)
        batch._own.starts[:size] = (places.starts if plan.reach is None else places.anchors)[:size]
        shown = batch if size == plan.batch_size else head(batch, size)
        if plan.extra is not None:
            shown.extra = extras_of(self._connections, plan, places, size)
        return shown

    def _group(self, size: int) -> int:
        """Puts the windows of each source together, and returns how many sources they are of."""
        drawn, stores = (self._places.addresses[3], size, 0), self._handles_addresses[:2]
        call("Cannot sample", library.ss_windows_group, *drawn, *stores, *self._group_addresses)
        return int(self._out[0])


def gather_rows(store: Store, rows, *, steps=None, fields=None, truncate=False, episodes=None, output=None, normalize=False,
                boundary=None, extra=None) -> Batch:
    """Windows at rows that the caller chooses, of shape `[B]`: those that a sampler with these options would draw there.
    Raises ValueError for a row that has no such window."""
    check = Checks("Cannot gather rows")
    (one,) = _connections([store], check)
    anchors = whole_numbers(rows, f"{check.action}: rows")
    one.refresh("gather rows")
    if fields is None:
        raise check.refuse("fields", "a dictionary of names and widths", None)
    plan = parse_window(check, one.fields, one.extras, steps=steps, dense=fields, truncate=truncate, episodes=episodes,
                        output=output, normalize=normalize, boundary=boundary, extra=extra)
    plan.batch_size = count = len(anchors)
    width, scales = _plan_batch(plan, [one], check.action)
    places, batch = Places(max(1, count)), Layout(plan, width, False).allocate()
    places.anchors[:count] = anchors
    windows = Windows(one, plan)
    wrong = windows.find_bad(places, count)
    if wrong is not None:
        raise check.refuse(f"rows[{wrong}]", _fitting(one, plan, int(anchors[wrong])), int(anchors[wrong]))
    if count > 0:
        groups, slots = np.array([[one.handle, count]], np.float64), np.arange(count, dtype=np.int32)
        Filler(one, plan, scales, width, check.action).fill(batch, groups, 1, count, places, slots, True)
        batch.starts[:] = (places.starts if plan.reach is None else places.anchors)[:count]
    if extra is not None:
        batch.extra = extras_of([one], plan, places, count)
    return batch


def _fitting(connection, plan, row: int) -> str:
    if not connection.first_row <= row < connection.row_count:
        return f"a whole number from {connection.first_row} to {connection.row_count - 1}"
    of = " of its episode" if plan.boundary == "within" and plan.episodes.kind != "none" else ""
    return f"a row with {plan.length - 1} more{of} after it"


def _connections(stores, check: Checks) -> list:
    if len(stores) == 0:
        raise ValueError(f"{check.action}: there must be at least 1 store, got 0")
    for place, store in enumerate(stores):
        if not isinstance(store, Store):
            raise TypeError(f"{check.action}: sources[{place}] must be a Store, got {describe(store)}")
    return [store._connection for store in stores]


def _weights(check: Checks, weights, count: int, plan, is_mixture: bool):
    if weights is None:
        return None
    if not is_mixture or not isinstance(weights, (list, tuple, np.ndarray)) or len(weights) != count:
        raise check.refuse("weights", "a list of a number for each of several stores", weights)
    if plan.order["kind"] != "uniform":
        raise check.refuse("weights", f"left out where the order is {plan.order['kind']}", weights)
    numbers = [check.number(f"weights[{place}]", weight, 0) for place, weight in enumerate(weights)]
    if 0 in numbers:
        raise check.refuse(f"weights[{numbers.index(0)}]", "a number above 0", weights[numbers.index(0)])
    return numbers


def _check_alike(connections: list, plan, check: Checks) -> None:
    """Of stores with other fields the types of tokens would mean something else."""
    text = lambda one: ", ".join(f"{field.name} {field.type} {field.dtype}" for field in one.fields)
    first = text(connections[0])
    for place, one in enumerate(connections):
        if text(one) != first:
            raise TypeError(f"{check.action}: sources[{place}] must have the fields of the first, {first}, got {text(one)}")
        for name in plan.extra or []:
            if (name, dict(connections[0].extras)[name]) not in one.extras:
                raise TypeError(f"{check.action}: sources[{place}] must have the extra {name} as the first, got {one.extras}")
