"""A rewrite of the class that StreamStore began with, for the benchmark to stand beside.

One memory-mapped numpy array of (step, type, data) records, filled by a method that takes a step's fields as parallel
lists and checks their order. For each line of input it appends as many steps as the argument says to a new stream, and
prints the nanoseconds that one took and the sum of the last step's data.
"""

import sys
import tempfile
import time

import numpy as np

TOKEN = np.dtype([("step", "<i8"), ("type", "<i4"), ("data", "<f8")])
FIELD_TO_TYPE = {"action": 0, "observation": 1, "reward": 2, "done": 3}
FIELDS = list(FIELD_TO_TYPE)


class TokenStream:
    def __init__(self, field_to_type, capacity=1_000_000):
        self.field_to_type = dict(field_to_type)
        self.position = {name: place for place, name in enumerate(field_to_type)}
        self.capacity = capacity
        self.file = tempfile.TemporaryFile()
        self.length = 0
        self.last_step = None
        self._grow(capacity)

    def _grow(self, token_count):
        self.file.truncate(token_count * TOKEN.itemsize)
        self.tokens = np.memmap(self.file, dtype=TOKEN, mode="r+", shape=(token_count,))

    def append(self, steps, fields, values):
        if not len(steps) == len(fields) == len(values):
            raise ValueError("steps, fields and values must have the same length")
        last_step, last_position = self.last_step, -1
        arrays = []
        for step, field, value in zip(steps, fields, values):
            position = self.position[field]
            if last_step is not None and step < last_step:
                raise ValueError(f"step {step} goes back")
            if step == last_step and position <= last_position:
                raise ValueError(f"{field} is out of order")
            last_step, last_position = step, position
            arrays.append(np.asarray(value, dtype=np.float64).ravel())
        end = self.length + sum(array.size for array in arrays)
        if end > len(self.tokens):
            self._grow(-(-end // self.capacity) * self.capacity)
        at = self.length
        for step, field, array in zip(steps, fields, arrays):
            part = self.tokens[at : at + array.size]
            part["step"] = step
            part["type"] = self.field_to_type[field]
            part["data"] = array
            at += array.size
        self.length = end
        self.last_step = last_step


def append_steps(step_count):
    stream = TokenStream(FIELD_TO_TYPE)
    observations = [((np.arange(8) + step) & 255).astype(np.float32) / 256 for step in range(256)]
    start = time.perf_counter_ns()
    for step in range(step_count):
        stream.append(
            [step] * 4, FIELDS, [step & 3, observations[step & 255], (step & 7) / 8, step % 200 == 199]
        )
    nanoseconds = time.perf_counter_ns() - start
    return nanoseconds / step_count, float(stream.tokens["data"][stream.length - 11 : stream.length].sum())


print("ready", flush=True)
for _ in sys.stdin:
    print(*append_steps(int(sys.argv[1])), flush=True)
