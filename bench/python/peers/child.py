"""One peer in a process of its own: `child.py MODULE FUNCTION FOLDER [ARGUMENTS]`. Each line of its input says for how many
seconds it is to take batches; each line of its output how long the first took, and how many windows came a second."""

import importlib
import json
import os
import sys
import time

import asked
import numpy as np

# What else is printed must not stand among the answers.
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)


def take(batches, seconds):
    began = time.perf_counter()
    next(batches)
    start = now = time.perf_counter()
    count = 0
    while now < start + seconds:
        # To look at the clock after each would be a part of the time.
        for _ in range(16):
            next(batches)
        count += 16
        now = time.perf_counter()
    return {"first": start - began, "rate": count * asked.BATCH_SIZE / (now - start)}


def keep(batches, path, count=40):
    """Saves the windows of some batches, to be held against those of others."""
    kept = [{name: np.asarray(batch[name]).copy() for name in asked.WIDTHS} for batch, _ in zip(batches, range(count))]
    np.savez(path, **{name: np.concatenate([one[name] for one in kept]) for name in asked.WIDTHS})


def main(module, function, folder, *arguments):
    begin = getattr(importlib.import_module(module), function)(folder, *arguments)
    for line in sys.stdin:
        request = json.loads(line)
        answer = keep(begin(), request) if isinstance(request, str) else take(begin(), request)
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
