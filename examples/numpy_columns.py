"""Reads a store's columns with numpy, without copying them and without this library.

    python3 examples/numpy_columns.py DIRECTORY REWARD

DIRECTORY is a store that was closed, as examples/numpy_columns.ts makes one; REWARD the name of a field of one number.
"""

import json
import sys

import numpy as np

directory, name = sys.argv[1:]
fields = json.load(open(f"{directory}/store.json"))["fields"]
field = next(field for field in fields if field["name"] == name)

data = np.memmap(f"{directory}/data.f64", "<f8", "r")
types = np.memmap(f"{directory}/type.u8", "u1", "r")
steps = np.memmap(f"{directory}/step.i64", "<i8", "r")
rows = np.memmap(f"{directory}/row.u64", "<u8", "r")

values = data[types == field["type"]]
print(f"{len(data)} tokens in {len(rows)} rows, steps {steps[0]} to {steps[-1]}")
print(f"{name}: mean {values.mean():.3f} of {len(values)} values")
