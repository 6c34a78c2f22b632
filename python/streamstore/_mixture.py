"""The windows of several stores as one: those of the first store come first."""

import hashlib

import numpy as np

from ._abi import DrawOrder, WindowIndex, WindowName, WindowPart
from ._library import address_of, call, library
from ._options import Plan
from ._windows import Numbers, Places, Windows, index_of, no_window


class _Arena:
    """Where the episodes of all stores begin, in arrays that one call takes."""

    def __init__(self, sources: int):
        self.origins, self.cumulative = np.zeros(256, np.uint64), np.zeros(256, np.uint64)
        self._end, self._slices = 0, [(0, 0, 0)] * sources  # at, room, count
        self.addresses = ()

    def take(self, source: int, windows: Windows, count: int) -> int:
        """Copies the episodes that are new, and returns where the first of the source stands."""
        at, room, known = self._slices[source]
        if count > room:
            # What was moved leaves a gap; each time it has twice the room, so that gaps are half of all at the most.
            old, at, room = slice(at, at + known), self._end, 2 * count
            self._end += room
            for name in ("origins", "cumulative"):
                array = getattr(self, name)
                grown = array if self._end <= len(array) else np.resize(array, 2 * self._end)
                grown[at : at + known] = array[old]
                setattr(self, name, grown)
        self.origins[at + known : at + count] = windows.origins[known:count]
        self.cumulative[at + known : at + count] = windows.cumulative[known:count]
        self._slices[source] = (at, room, max(known, count))
        self.addresses = address_of(self.origins), address_of(self.cumulative)
        return at


class _Table:
    """Which windows are drawn from, as the library takes it: numbered from 0, those of the first source first."""

    def __init__(self, sources: int):
        self.parts = np.zeros((sources, WindowPart.length))
        self.counts, self.ends = np.zeros(sources, np.int64), np.zeros(sources, np.int64)
        self.seen, self.total, self.version = np.full(sources, -1, np.int64), 0, 0
        self.buckets, self.shift, self.bucket_count = np.zeros(1, np.uint32), 0, 0

    def update(self, mixed, drawn) -> None:
        """Looks at the sources that have changed. `drawn` says of each its population, the first window, and how many."""
        changed = np.nonzero(self.seen != mixed.sequences)[0]
        if len(changed) == 0:
            return
        for source in changed.tolist():
            population, first, count = drawn(mixed.sources[source], source)
            at = mixed.arena.take(source, mixed.sources[source], population.episodes)
            self.parts[source, 1:] = (first, at, population.episodes, population.first, population.end)
            self.counts[source] = count
        self.seen[changed] = mixed.sequences[changed]
        self.ends = np.cumsum(self.counts)
        self.parts[:, WindowPart.base] = self.ends - self.counts
        self.total = int(self.ends[-1])
        self.shift = max(0, max(1, self.total // len(self.counts)).bit_length() - 1)
        self.bucket_count = -(-self.total // 2**self.shift)
        first_of_bucket = np.arange(self.bucket_count, dtype=np.int64) << self.shift
        self.buckets = np.append(np.searchsorted(self.ends, first_of_bucket, side="right"), 0).astype(np.uint32)
        self.addresses = address_of(self.parts), len(self.parts), address_of(self.buckets)
        self.version += 1


class _Shares:
    """How often each source is drawn from."""

    def __init__(self, size: int):
        self._numbers, self._version, self._limits = Numbers(size), -1, None

    def draw(self, table: _Table, share_of, numbers: Numbers, seed: int, count: int):
        """The source of each draw. Sources without a window have no share."""
        if self._version != table.version:
            has_window = table.counts > 0
            shares = [share_of(source) if has_window[source] else 0.0 for source in range(len(has_window))]
            limits = np.cumsum(np.array(shares, np.float64))
            last = np.nonzero(has_window)[0][-1]
            self._limits, self._version = np.concatenate([limits[:last] / limits[-1], np.ones(len(limits) - last)]), table.version
        self._numbers.indices[:count] = numbers.indices[:count]
        units = self._numbers.draw(DrawOrder.unit, seed, 4, 1, count)
        chosen = np.searchsorted(self._limits, units[:count], side="right")
        return np.minimum(chosen, len(self._limits) - 1)


class MixedWindows:
    def __init__(self, sources: list, plan: Plan, weights: list | None, sequences):
        self.sources, self.plan, self.weights, self.sequences = sources, plan, weights, sequences
        self.arena, self.table = _Arena(len(sources)), _Table(len(sources))
        self._index, self._shares = index_of(plan), _Shares(plan.batch_size)
        self._address = address_of(self._index)

    def count(self, newest_rows=None) -> int:
        def drawn(windows: Windows, _):
            population = windows.population()
            first = windows.first_of(population, newest_rows)
            return population, first, max(0, population.total - first)

        self.table.update(self, drawn)
        if self.table.total == 0:
            reason = self.sources[0].why_none(self.sources[0].population(), newest_rows)
            if len(self.sources) == 1:
                raise no_window(self.plan, reason)
            raise no_window(self.plan, f"of sources[0], {reason}", f" in one of {len(self.sources)} stores")
        return self.table.total

    def locate(self, numbers, count: int, places: Places, at: int = 0) -> int:
        return self._locate_in(self.table, numbers, count, places, at)

    def _locate_in(self, table: _Table, numbers, count: int, places: Places, at: int) -> int:
        index, arena = self._index, self.arena
        index[WindowIndex.end], index[WindowIndex.episode_count] = table.total, len(arena.origins)
        index[WindowIndex.bucket_shift], index[WindowIndex.bucket_count] = table.shift, table.bucket_count
        anchors, starts, lengths, sources = places.at(at)
        arrays, where = (*arena.addresses, address_of(numbers)), (count, sources, anchors, starts, lengths)
        call("Cannot locate windows", library.ss_mixed_windows_locate, self._address, *table.addresses, WindowName.ordinal, *arrays, *where)
        return count

    def draw_by_weight(self, numbers: Numbers, seed: int, count: int):
        """Of each store as often as its weight says, and uniformly within it."""
        chosen = self._shares.draw(self.table, lambda source: self.weights[source], numbers, seed, count)
        numbers.out[:count] = self.table.counts[chosen]
        out = numbers.draw(DrawOrder.uniform_each, seed, 5, 1, count)
        out[:count] += self.table.parts[chosen, WindowPart.base]
        return out

    def draw_by_age(self, numbers: Numbers, seed: int, decay: float, count: int):
        """Every window is as likely as those of the same age in other stores."""
        counts = self.table.counts
        share = lambda source: 1 - _power(decay, int(counts[source]))
        chosen = self._shares.draw(self.table, share, numbers, seed, count)
        numbers.out[:count] = counts[chosen]
        out = numbers.draw(DrawOrder.geometric_each, seed, 2, 1, count, decay)
        out[:count] = (self.table.ends[chosen] - 1) - out[:count]
        return out

    def begin_epoch(self) -> dict:
        windows = self.count()
        ends = [source.population().end for source in self.sources]
        spans = [number for pair in zip(ends, self.table.counts.tolist()) for number in pair]
        return {"end": sum(ends), "windows": windows, "sources": spans}

    def epoch_windows(self, epoch: dict):
        """As that of one store: stores that came later have none in it."""
        spans, table = epoch["sources"], _Table(len(self.sources))
        firsts, held, lost = {}, np.zeros((len(self.sources), 2)), np.zeros(len(self.sources), bool)

        def drawn(windows: Windows, source: int):
            end, count = spans[2 * source : 2 * source + 2] if 2 * source < len(spans) else (0, 0)
            population = windows.population(end)
            first = firsts.setdefault(source, population.total - count)
            held[source] = population.start - first, population.total - first
            lost[source] = held[source, 0] > 0 or held[source, 1] < count
            return population, first, count

        def locate(numbers, count: int, places: Places, at: int) -> int:
            table.update(self, drawn)
            if lost.any():
                sources = np.searchsorted(table.ends, numbers[:count], side="right")
                within = numbers[:count] - table.parts[sources, WindowPart.base]
                numbers = np.ascontiguousarray(numbers[:count][(within >= held[sources, 0]) & (within < held[sources, 1])])
                count = len(numbers)
            return self._locate_in(table, numbers, count, places, at) if count > 0 else 0

        return locate

    def text(self, count: int) -> str:
        """What the state says of the first sources: their number and a checksum of their weights."""
        if not self.weights:
            return f"{count}"
        limits = np.cumsum(np.array(self.weights[:count], np.float64))
        return f"{count} {hashlib.sha256((limits / limits[-1]).tobytes()).hexdigest()[:8]}"


def _power(base: float, exponent: int) -> float:
    """A power by multiplications alone, whose result is the same everywhere."""
    result = 1.0
    while exponent > 0:
        if exponent % 2 == 1:
            result *= base
        base *= base
        exponent //= 2
    return result
