"""`./run python bench`: the time a batch of Python's sampler beside Deno's in the same run, in turns.

    main.py [--rounds N] [--many] [--large]

--rounds N  rounds, each of a turn of Deno's and one of Python's; the median of their ratios counts (9)
--many      also 64 and 1,000 stores as one
--large     also the first batch of a store of 100 M rows, which takes 1.7 GB of disk
"""

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from deno import Deno
from streamstore import Sampler, Store

ROWS = 1_000_000
DENSE = {"steps": 32, "fields": {"observation": 8, "action": 1, "reward": 1}}
SHAPES = {
    "256 x 4 tokens": {"tokens": 4, "batchSize": 256},
    "256 x 32 tokens": {"tokens": 32, "batchSize": 256},
    "64 x 32 rows, dense": {**DENSE, "batchSize": 64},
}


def time_python(sampler, batches):
    began = time.perf_counter_ns()
    for _ in range(batches):
        sampler.next()
    return (time.perf_counter_ns() - began) / batches


def in_python(options):
    return {"batch_size" if name == "batchSize" else name: value for name, value in options.items()}


def compare(deno, paths, options, rounds):
    """Nanoseconds a batch, Deno's and Python's, and the median of their ratios."""
    stores = [Store(path) for path in paths]
    sampler = Sampler(stores if len(stores) > 1 else stores[0], **in_python(options))
    batches = 300
    request = {"paths": paths, "options": options, "batches": batches}
    deno.ask(request), time_python(sampler, batches)
    turns = [(deno.ask(request), time_python(sampler, batches)) for _ in range(rounds)]
    medians = [statistics.median(column) for column in zip(*turns)]
    for store in stores:
        store.close()
    return (*medians, statistics.median(own / peer for peer, own in turns))


def show(name, figure, limit, what):
    print(f"{name:<44} {figure:>8.2f}  limit {limit:>6}  {what}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--many", action="store_true")
    parser.add_argument("--large", action="store_true")
    arguments = parser.parse_args()
    folder, deno = tempfile.mkdtemp(prefix="streamstore-bench-"), Deno()
    try:
        one = f"{folder}/one.stream"
        deno.ask([{"path": one, "rows": ROWS, "isNarrow": False}])
        for shape, options in SHAPES.items():
            for order in ("uniform", "shuffle"):
                given = {**options, "order": order, "seed": 1, "episodes": {"end": "done"}}
                peer, own, ratio = compare(deno, [one], given, arguments.rounds)
                show(f"{shape}, {order}: Python / Deno", ratio, 1.2, f"{own / 1e3:.1f} / {peer / 1e3:.1f} us")
        if arguments.many:
            many(deno, folder, arguments.rounds, one)
        if arguments.large:
            large(deno, folder)
    finally:
        deno.end()
        shutil.rmtree(folder)


def many(deno, folder, rounds, one):
    """Beside one store of as many rows in all, and Deno, in turns."""
    for count, limit in ((64, 2), (1000, 4)):
        paths = [f"{folder}/{count}.{place}.stream" for place in range(count)]
        deno.ask([{"path": path, "rows": ROWS // count, "isNarrow": False} for path in paths])
        for order in ("uniform", "shuffle"):
            options = {"tokens": 32, "batchSize": 256, "order": order, "seed": 1, "episodes": {"end": "done"}}
            request = {"paths": paths, "options": options, "batches": 100}
            stores = [Store(path) for path in paths]
            samplers = Sampler(stores, **in_python(options)), Sampler(Store(one), **in_python(options))
            turns = [(deno.ask(request), *(time_python(sampler, 100) for sampler in samplers)) for _ in range(rounds + 1)][1:]
            of_one = statistics.median(mine / single for _, mine, single in turns)
            of_deno = statistics.median(mine / peer for peer, mine, _ in turns)
            mine = statistics.median(turn[1] for turn in turns)
            show(f"{count} stores, 256 x 32 tokens, {order}: / one", of_one, limit, f"{mine / 1e3:.1f} us; Python / Deno {of_deno:.2f}")
            for store in stores:
                store.close()
        for path in paths:
            shutil.rmtree(path)


def large(deno, folder):
    path = f"{folder}/large.stream"
    deno.ask([{"path": path, "rows": 100_000_000, "isNarrow": True}])
    for order in ("uniform", "shuffle"):
        code = f"""
import time
from streamstore import Sampler, Store
began = time.perf_counter()
Sampler(Store({path!r}), tokens=128, order={order!r}, seed=1).next()
print(1e3 * (time.perf_counter() - began))
"""
        taken = [float(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout) for _ in range(5)]
        show(f"first batch of 100 M rows, {order}, ms", statistics.median(taken), 100, "")


if __name__ == "__main__":
    main()
