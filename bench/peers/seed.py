"""The append of the class that StreamStore began with: a rewrite of it, and the class itself where its file is at hand.

The rewrite is one memory-mapped numpy array of (step, type, data) records, filled by a method that takes a step's fields
as parallel lists and checks their order. The class itself has a licence that keeps it out of this repository: it is
loaded from where STREAMSTORE_SEED says, FILE or FILE:CLASS, made of the names and types of the fields, and its append
is called in the same way.
"""

import importlib.util
import os
import tempfile
import time

import numpy as np

import data
from measure import round_of_steps

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


def append_to(stream, step_count):
    """Returns when it began."""
    steps = [(step & 3, observation, reward) for step, (_, observation, reward) in enumerate(data.steps_one_by_one())]
    start = time.perf_counter_ns()
    for step in range(step_count):
        action, observation, reward = steps[step & 255]
        stream.append([step] * 4, FIELDS, [action, observation, reward, step % 200 == 199])
    return start


def append(sizes, _folder):
    def fill(step_count):
        stream = TokenStream(FIELD_TO_TYPE)
        start = append_to(stream, step_count)
        found = stream.tokens["data"][stream.length - data.TOKENS_PER_STEP : stream.length]
        columns = data.columns_of(np.array([step_count - 1]))
        expected = np.concatenate([np.ravel(columns[name]) for name in FIELDS])
        data.prove("the rewrite of the seed's class", np.array_equal(found, expected))
        return start

    return round_of_steps(sizes["steps_appended"] // 50, fill)


def own_append(sizes, _folder):
    """What it holds is not looked at: how it is read is not known here."""
    own = own_class(os.environ["STREAMSTORE_SEED"])
    return round_of_steps(sizes["steps_appended"] // 50, lambda count: append_to(own(FIELD_TO_TYPE), count))


def own_class(place):
    path, _, name = place.partition(":")
    spec = importlib.util.spec_from_file_location("seed_own", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if name:
        return getattr(module, name)
    classes = [each for each in vars(module).values() if isinstance(each, type) and each.__module__ == "seed_own"]
    named = {each.__name__: each for each in classes if hasattr(each, "append")}
    if len(named) != 1:
        raise LookupError(f"STREAMSTORE_SEED must say which class of {path}, FILE:CLASS: it has {', '.join(named) or 'none'}")
    return next(iter(named.values()))


CASES = {"append": (append, "numpy"), "own_append": (own_append, None)}
