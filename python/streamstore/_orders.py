"""The orders in which windows are drawn. Each draw is a function of the seed and of its index among those of all shards."""


import numpy as np

from ._abi import DrawOrder
from ._windows import Numbers, Places

_EXACT = 2**53 - 1


class Cursor:
    """Where a sampler stands among the draws of all shards: draw `i` belongs to the shard `i` modulo `count`."""

    def __init__(self, shard: tuple, size: int):
        self.index, self.count = shard
        self.position = 0
        self._steps = np.arange(size) * float(self.count)

    def next(self) -> int:
        """The global index of this shard's next draw."""
        return self.position + (self.index - self.position) % self.count

    def count_before(self, end: int) -> int:
        return max(0, -(-(end - self.next()) // self.count))

    def fill(self, numbers: Numbers, count: int, base: int = 0) -> None:
        """The indices of the next draws, less `base`; goes on behind them."""
        most = _EXACT - count * self.count
        if self.position > most:
            raise ValueError(f"Cannot sample: the position of {count} draws must be <= {most}, got {self.position}")
        np.add(self._steps[:count], self.next() - base, out=numbers.indices[:count])
        self.position += count * self.count


class UniformDraw:
    """Each draw is one of all windows, or of those in the newest rows; or of a store by its weight and uniform in it."""

    epoch = None

    def __init__(self, windows, cursor: Cursor, plan):
        self.windows, self.cursor, self.plan, self.seed = windows, cursor, plan, plan.seed
        self._numbers, self._newest, self._decay = Numbers(plan.batch_size), plan.order.get("steps"), plan.order.get("decay")

    def draw(self, count: int, places: Places) -> int:
        windows, numbers = self.windows, self._numbers
        bound = windows.count(self._newest)
        self.cursor.fill(numbers, count)
        if self._decay is not None:
            out = windows.draw_by_age(numbers, self.seed, self._decay, count)
        elif getattr(windows, "weights", None):
            out = windows.draw_by_weight(numbers, self.seed, count)
        else:
            out = numbers.draw(DrawOrder.uniform, self.seed, 1, bound, count)
        return windows.locate(out, count, places)


class EpochDraw:
    """Every window once an epoch, which is over the windows that there were when it began."""

    def __init__(self, windows, cursor: Cursor, plan):
        self.windows, self.cursor, self.seed = windows, cursor, plan.seed
        self._is_shuffled, self._epochs = plan.order["kind"] == "shuffle", plan.epochs
        self._numbers = Numbers(plan.batch_size)
        self.epoch = {"epoch": 0, "base": 0, "end": 0, "windows": 0}

    @property
    def epoch(self) -> dict:
        return self._epoch

    @epoch.setter
    def epoch(self, epoch: dict) -> None:
        self._epoch, self._locate = epoch, None

    def draw(self, count: int, places: Places) -> int:
        drawn = 0
        while drawn < count and self._epoch["epoch"] < self._epochs:
            # An epoch without windows has not begun.
            if self._epoch["windows"] == 0:
                self.epoch = self._begun()
                continue
            end = self._epoch["base"] + self._epoch["windows"]
            taken = min(count - drawn, self.cursor.count_before(end))
            if taken > 0:
                drawn += self._take(taken, drawn, places)
            else:
                self.epoch = {"epoch": self._epoch["epoch"] + 1, "base": end, "end": 0, "windows": 0}
        return drawn

    def _begun(self) -> dict:
        span, base = self.windows.begin_epoch(), self._epoch["base"]
        # Of many shards some have no draw in an epoch. Those are passed over at once, however many they are.
        passed = (self.cursor.next() - base) // span["windows"]
        return {"epoch": self._epoch["epoch"] + passed, "base": base + passed * span["windows"], **span}

    def _take(self, count: int, at: int, places: Places) -> int:
        epoch, numbers = self._epoch, self._numbers
        self.cursor.fill(numbers, count, epoch["base"])
        if self._is_shuffled:
            out = numbers.draw(DrawOrder.permuted, self.seed, epoch["epoch"], epoch["windows"], count)
        else:
            out = numbers.indices
        if self._locate is None:
            self._locate = self.windows.epoch_windows(epoch)
        return self._locate(out, count, places, at)


def draw_of(windows, cursor: Cursor, plan):
    kind = EpochDraw if plan.order["kind"] in ("shuffle", "sequential") else UniformDraw
    return kind(windows, cursor, plan)


