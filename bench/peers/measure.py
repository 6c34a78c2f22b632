"""Rounds of a peer: functions that return the nanoseconds of one call."""

import itertools
import time
from statistics import median


def round_of(sizes, call):
    """A round that calls for as long as one lasts: the median, since another process may take its turn meanwhile."""
    nanoseconds = sizes["round_ms"] * 1e6

    def run_round():
        times = []
        began = now = time.perf_counter_ns()
        while now - began < nanoseconds:
            call()
            before, now = now, time.perf_counter_ns()
            times.append(now - before)
        return median(times)

    return run_round


def round_of_steps(step_count, fill):
    """A round that lets `fill` append as many steps; it returns when it began, so that what it makes first is left out."""

    def run_round():
        start = fill(step_count)
        return (time.perf_counter_ns() - start) / step_count

    return run_round


def in_turn(given):
    """A call that takes the next of what was made beforehand."""
    return itertools.cycle(given).__next__
