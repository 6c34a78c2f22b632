"""Times a peer's batches, and says what memory its process has taken."""

import resource
import sys
import time
from importlib.metadata import version
from statistics import median

ROUNDS_MAX = 400
ROUNDS_MIN = 10
SECONDS_MAX = 8
WARMUP_SHARE = 0.25


class Peer:
    """Collects the measurements of one peer, which runs in a process of its own."""

    def __init__(self, name, package, sizes):
        self.name = name
        self.version = f"{package} {version(package)}"
        self.rounds_max = sizes["rounds"]
        self.measurements = []

    def measure(self, what, row_count, work, note):
        """One call of `work` is a round: its median and its best time are in microseconds.

        A quarter of the rounds, or of the time, comes before the first that counts: pages are touched and caches are
        filled meanwhile. What takes long gets fewer rounds, but never fewer than ROUNDS_MIN.
        """
        self._rounds(work, self.rounds_max * WARMUP_SHARE, SECONDS_MAX * WARMUP_SHARE)
        times = self._rounds(work, self.rounds_max, SECONDS_MAX)
        self.measurements.append(
            {
                "what": what,
                "peer": self.name,
                "version": self.version,
                "unit": "µs",
                "median": median(times),
                "best": min(times),
                "rounds": len(times),
                "rows": row_count,
                "memory": memory_peak(),
                "anonymous": memory_anonymous(),
                "note": note,
            }
        )

    def _rounds(self, work, rounds_max, seconds_max):
        times = []
        start = time.perf_counter()
        while len(times) < rounds_max:
            before = time.perf_counter_ns()
            work()
            times.append((time.perf_counter_ns() - before) / 1e3)
            if len(times) >= min(ROUNDS_MIN, rounds_max) and time.perf_counter() - start > seconds_max:
                break
        return times


def not_measured(what, peer, reason):
    """A row that says why there is no figure."""
    return {
        "what": what,
        "peer": peer,
        "version": None,
        "unit": "",
        "median": None,
        "best": None,
        "rounds": 0,
        "rows": None,
        "memory": None,
        "anonymous": None,
        "note": reason,
    }


def memory_peak():
    """The most that this process has had in memory until now, in megabytes, pages of mapped files included."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6


def memory_anonymous():
    """What it has now without mapped files, in megabytes: None where the system does not tell."""
    try:
        with open("/proc/self/status", encoding="ascii") as status:
            kibibytes = next(int(line.split()[1]) for line in status if line.startswith("RssAnon"))
        return kibibytes * 1024 / 1e6
    except (OSError, StopIteration):
        return None
