"""Which windows of a store are valid, and where they lie."""

from collections import namedtuple

import numpy as np

from ._abi import DrawKey, DrawOrder, WindowIndex, WindowName, WindowPolicy
from ._episodes import starts_of
from ._errors import error_of
from ._library import address_of, call, library, status_of
from ._options import Plan

POLICIES = {
    "within": WindowPolicy.within,
    "cross": WindowPolicy.within,
    "pad-left": WindowPolicy.pad_left,
    "pad-right": WindowPolicy.pad_right,
    "edge": WindowPolicy.around,
    "zero": WindowPolicy.around,
}
#: What there is to draw from: positions from `first` to `end`, so many episodes, windows by ordinals from `start` to `total`.
Population = namedtuple("Population", "first end episodes start total")


class Numbers:
    """Random numbers: each a function of the seed, of what it is for, and of its index in the order that all shards share."""

    def __init__(self, count: int):
        self.indices, self.out, self._key = np.zeros(count), np.zeros(count), np.zeros(DrawKey.length)
        self._addresses = address_of(self._key), address_of(self.indices), address_of(self.out)
        self._known = None

    def draw(self, order: int, seed: int, stream: int, bound: int, count: int, decay: float = 0.0):
        """Numbers for the first `count` indices, in `out`."""
        wanted = (seed, stream, bound, decay)
        if wanted != self._known:
            self._key[:] = (seed & 0xFFFFFFFF, seed >> 32, stream, bound, decay)
            self._known = wanted
        key, indices, out = self._addresses
        call("Cannot draw windows", library.ss_numbers_draw, order, key, indices, count, out)
        return self.out


class Places:
    """Where drawn windows lie: anchor, first position and length of each, and the source that it is of."""

    def __init__(self, count: int):
        self.anchors, self.starts = np.zeros(count), np.zeros(count)
        self.lengths, self.sources = np.zeros(count, np.int32), np.zeros(count, np.int32)
        self.addresses = tuple(map(address_of, (self.anchors, self.starts, self.lengths, self.sources)))

    def at(self, place: int) -> tuple:
        """Addresses from a place on."""
        anchors, starts, lengths, sources = self.addresses
        return anchors + 8 * place, starts + 8 * place, lengths + 4 * place, sources + 4 * place


class Windows:
    """The windows of one store. They have ordinals, and those of an episode that has ended never change: what is kept is
    how many windows stand before each episode, and growth only adds to it."""

    def __init__(self, connection, plan: Plan):
        self.connection, self.plan = connection, plan
        self.is_rows = plan.unit == "steps"
        self._starts = starts_of(connection, type(plan.episodes)() if plan.boundary == "cross" else plan.episodes)
        self.origins, self.cumulative = np.zeros(64, np.uint64), np.zeros(64, np.uint64)
        self._count, self._buckets, self._bounds = 0, np.zeros(64, np.uint32), [None, None]
        self._index, self._last = index_of(plan), None
        self._out, self._population, self._seen, self._drawn_from = np.zeros(1), None, None, 0
        self._given = None, 0
        self._place()

    def _place(self) -> None:
        arrays = (self._index, self.origins, self.cumulative, self._buckets)
        self._addresses = tuple(map(address_of, arrays))

    def count(self, newest_rows=None) -> int:
        """How many windows there are now, those whose anchor lies in the newest rows. Until the next call they are known
        by their numbers from 0."""
        population = self._drawn = self.population()
        first = self._drawn_from = self.first_of(population, newest_rows)
        if population.total <= first:
            raise no_window(self.plan, self.why_none(population, newest_rows))
        return population.total - first

    def locate(self, numbers, count: int, places: Places, at: int = 0) -> int:
        if self._drawn_from:
            numbers[:count] += self._drawn_from
        return self.locate_in(self._drawn, numbers, count, places, at)

    def locate_in(self, population: Population, ordinals, count: int, places: Places, at: int = 0) -> int:
        address = self._given[1] if self._given[0] is ordinals else address_of(ordinals)
        self._given = ordinals, address
        status = self._find(population, WindowName.ordinal, address, count, places.at(at) if at else places.addresses)
        if status:
            raise error_of(status, "Cannot locate windows")
        return count

    def find_bad(self, places: Places, count: int):
        """Where the windows with the anchors of places lie. The place of the first that is none, or None."""
        population = self.population()
        if self._find(population, WindowName.anchor, places.addresses[0], count, places.addresses) == 0:
            return None
        fits = lambda at: self._find(population, WindowName.anchor, places.at(at)[0], 1, places.at(at)) == 0
        return next((at for at in range(count) if not fits(at)), None)

    def _find(self, population: Population, name: int, given: int, count: int, places: tuple) -> int:
        self._set(population.first, population.end, population.episodes)
        index, origins, cumulative, buckets = self._addresses
        return status_of(library.ss_windows_locate, index, name, origins, cumulative, buckets, given, count, *places[:3])

    def _set(self, first: int, end: int, episodes: int) -> None:
        if self._last != (first, end, episodes):
            self._last = first, end, episodes
            self._index[WindowIndex.first : WindowIndex.episode_count + 1] = self._last

    def draw_by_age(self, numbers: Numbers, seed: int, decay: float, count: int):
        """The newest window most often."""
        bound = self._drawn.total - self._drawn_from
        out = numbers.draw(DrawOrder.geometric, seed, 2, bound, count, decay)
        np.subtract(bound - 1, out, out=out)
        return out

    def begin_epoch(self) -> dict:
        windows = self.count()
        return {"end": self._drawn.end, "windows": windows}

    def epoch_windows(self, epoch: dict):
        """Finds windows by their numbers in an epoch: those that were dropped since are left out."""
        first = None

        def locate(numbers, count: int, places: Places, at: int) -> int:
            nonlocal first
            population = self.population(epoch["end"])
            first = population.total - epoch["windows"] if first is None else first
            if first == 0 and population.start == 0 and population.total >= epoch["windows"]:
                return self.locate_in(population, numbers, count, places, at)
            ordinals = numbers[:count] + first
            kept = np.ascontiguousarray(ordinals[(ordinals >= population.start) & (ordinals < population.total)])
            return self.locate_in(population, kept, len(kept), places, at) if len(kept) > 0 else 0

        return locate

    def population(self, end: int | None = None) -> Population:
        """What there is to draw from now, or was when the stream ended at `end`."""
        connection = self.connection
        state = (connection.row_count, connection.token_count, connection.first_row, end)
        if state == self._seen:
            return self._population
        self._extend()
        end, first = self._end_now() if end is None else end, self._first_now()
        episodes = int(np.searchsorted(self.origins[: self._count], np.uint64(end)))
        start = total = 0
        if episodes > 0:
            last = int(self.origins[episodes - 1])
            total = int(self.cumulative[episodes - 1]) + self._windows_of(end - last)
        population = Population(first, end, episodes, 0, total)
        if episodes > 0 and first > int(self.origins[0]):
            start = self._rank(population, first)
        self._seen, self._population = state, population._replace(start=start)
        return self._population

    def first_of(self, population: Population, newest_rows=None) -> int:
        """The ordinal of the first window that is held, or has its anchor in the newest rows."""
        if newest_rows is None or population.episodes == 0:
            return population.start
        end = self.connection.row_count if self.plan.between is None else self._bound(1)
        position = self._position_of(max(self.connection.first_row, end - newest_rows))
        return max(population.start, self._rank(population, max(population.first, position)))

    def _rank(self, population: Population, position: int) -> int:
        """How many windows have an anchor before a position."""
        self._set(population.first, population.end, population.episodes)
        index, origins, cumulative, _ = self._addresses
        call("Cannot count windows", library.ss_windows_rank, index, origins, cumulative, position, address_of(self._out))
        return int(self._out[0])

    def _position_of(self, row: int) -> int:
        if self.is_rows:
            return row
        return int(self._tokens_of(np.array([row], np.uint64))[0])

    def _tokens_of(self, rows):
        tokens = np.zeros(len(rows), np.uint64)
        addresses = address_of(rows), len(rows), address_of(tokens)
        call("Cannot find the episodes", library.ss_rows_start, self.connection.handle, *addresses)
        return tokens

    def _bound(self, which: int) -> int:
        """The first row of the part that is drawn from, or the one after its last. Steps never fall: so a row that was
        found stays that."""
        step, connection = self.plan.between[which], self.connection
        if self._bounds[which] is None and step is not None:
            row = connection.row_at_or_after(step)
            if row < connection.row_count:
                self._bounds[which] = row
        row = self._bounds[which]
        return connection.row_count if row is None else max(connection.first_row, row)

    def _end_now(self) -> int:
        if self.plan.between is not None:
            return self._position_of(self._bound(1))
        return self.connection.row_count if self.is_rows else self.connection.token_count

    def _first_now(self) -> int:
        if self.plan.between is not None:
            return self._position_of(self._bound(0))
        return self.connection.first_row if self.is_rows else self.connection.first_token

    def _windows_of(self, length: int) -> int:
        """Windows of an episode of so many positions."""
        stride, size = self.plan.stride, self.plan.length
        if self.plan.boundary not in ("within", "cross"):
            return -(-length // stride)
        return 0 if length < size else (length - size) // stride + 1

    def _extend(self) -> None:
        """Takes in the episodes that have begun since the last call."""
        rows = self._starts.rows()
        before, count = self._count, len(rows)
        if count <= before:
            return
        if count > len(self.origins):
            self.origins, self.cumulative = (np.resize(array, 2 * count) for array in (self.origins, self.cumulative))
        self.origins[before:count] = self._origins_of(rows[before:])
        self._count = count
        self._place()
        self._count_windows(before)
        total = int(self.cumulative[count - 1])
        # Buckets that would hold too many episodes are made smaller, or too few larger: each time at twice as many.
        shift = max(0, max(1, total // count).bit_length() - 1)
        if abs(shift - self._index[WindowIndex.bucket_shift]) <= 1 and total / 2**shift < len(self._buckets):
            return
        self._buckets = np.zeros(64 + 2 * -(-total // 2**shift), np.uint32)
        self._index[WindowIndex.bucket_shift], self._index[WindowIndex.bucket_count] = shift, 0
        self._place()
        self._count_windows(count)

    def _origins_of(self, rows):
        if self.is_rows:
            return rows
        # Where the tokens of dropped rows were is not known, but for the first row: their episodes begin where the store does.
        origins = self._tokens_of(np.maximum(rows, np.uint64(self.connection.first_row)))
        if rows[0] == 0:
            origins[0] = 0
        return origins

    def _count_windows(self, start: int) -> None:
        self._set(0, int(self.origins[self._count - 1]), self._count)
        index, origins, cumulative, buckets = self._addresses
        call("Cannot count windows", library.ss_windows_count, index, origins, start, cumulative, buckets, len(self._buckets))

    def why_none(self, population: Population, newest_rows=None) -> str:
        """Which rule has left no window."""
        unit, held = self.plan.unit, population.end - population.first
        holder = "the store" if self.plan.between is None else "the part that between says"
        if held <= 0:
            return f"{holder} holds no {unit}"
        valid = population.total - population.start
        if valid > 0:
            return f"of {valid} valid windows none has its anchor in the newest {newest_rows} rows"
        if self.plan.boundary == "cross" or population.episodes <= 1:
            return f"{holder} holds {held} {unit}; boundary pad-left or pad-right would pad"
        each = f"each of {population.episodes} episodes is shorter"
        return f"{each}, and boundary within takes no other; pad-left or pad-right would pad"


def index_of(plan: Plan):
    """What the library is told of windows with every call."""
    index = np.zeros(WindowIndex.length)
    before, after = plan.reach or (0, 0)
    index[WindowIndex.window_length], index[WindowIndex.before] = plan.length + after, before
    index[WindowIndex.stride], index[WindowIndex.policy] = plan.stride, POLICIES[plan.boundary]
    return index


def no_window(plan: Plan, reason: str, among: str = "") -> ValueError:
    return ValueError(f"Cannot sample: there must be a valid window of {plan.length} {plan.unit}{among}, got none: {reason}")
