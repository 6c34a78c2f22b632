"""Other samplers beside ours: `./run bench --peers` runs this file.

  --small          tiny sizes, which only show that all of it runs
  --only NAME      one row, or the rows of one peer's module; may be repeated
  --runtime NAME   deno, bun or node, instead of all three; may be repeated
  --rounds N       rounds of each, at least 9
  --seed PLACE     the class that StreamStore began with: FILE or FILE:CLASS, in Python
  --json FILE      where results go; a whole run of the default sizes goes to build/peers.json
  --table          measures nothing, and prints the results in that file as a Markdown table

Ours runs in a process for each runtime, a peer in one of its own. They hold the same steps, and a batch of each is
checked. Then they take turns, round by round: ours, theirs, theirs, ours. The verdict is ours ÷ theirs: the median of the
ratios of neighbouring rounds, and the two between which half of them lie. The Python that starts this file needs no
packages: it makes virtual environments in which the peers run. Each has one thread.
"""

import argparse
import json
import os
import platform
from dataclasses import asdict, replace
from pathlib import Path

from child import Child, ChildEnded
from install import install_peers, python_of
from report import line_of, table_of
from rows import ROWS
from verdict import verdict_of

here = Path(__file__).resolve().parent
root = here.parent.parent

RUNTIMES = {"deno": ["deno", "-A", "--no-check"], "bun": ["bun"], "node": ["node"]}

DEFAULT_PATH = root / "build" / "peers.json"

# Not counted: engines compile what is hot meanwhile, and pages are touched.
WARMUP_ROUNDS = 5

ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "RL_LOGGING_LEVEL": "WARNING"}
# Where these are set, OpenBLAS is held to the kernels of an older processor than the one at hand.
for variable in ["OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"]:
    ENVIRONMENT.pop(variable, None)


def sizes_of(row, options):
    if options.small:
        return {"rows": 5000, "steps_appended": 20_000, "round_ms": 1}
    return {"rows": row.rows, "steps_appended": 200_000, "round_ms": 20}


def measure_row(row, options, missing):
    """Yields what each peer of a row comes to."""
    sizes = sizes_of(row, options)
    ours = {}
    try:
        for runtime in options.runtime or RUNTIMES:
            ours[runtime] = Child([root / "run", *RUNTIMES[runtime], root / "bench" / "children" / "ours.ts", row.name, json.dumps(sizes)], ENVIRONMENT)
        for peer in row.peers:
            about = {**asdict(peer), "row": asdict(row), "sizes": sizes}
            reason = reason_against(peer, missing)
            try:
                yield {**about, "reason": reason, **({} if reason else beside(peer, sizes, ours, options))}
            except ChildEnded as error:
                yield {**about, "reason": str(error)}
    finally:
        for child in ours.values():
            child.end()


def reason_against(peer, missing):
    """Why a peer is not measured, or None."""
    if peer.case == "own_append" and "STREAMSTORE_SEED" not in ENVIRONMENT:
        return "not measured: its file is not here; --seed says where one is"
    return next((missing[needed] for needed in peer.needs if needed in missing), None)


def beside(peer, sizes, ours, options):
    """The verdicts by runtime."""
    python = python_of(peer.needs[-1])
    theirs = Child([python, "-B", here / "peer.py", peer.module, peer.case, json.dumps(sizes)], ENVIRONMENT)
    try:
        versions = {runtime: child.about["version"] for runtime, child in ours.items()}
        version = theirs.about["version"]
        times = {runtime: ([], []) for runtime in ours}
        for turn in range(-WARMUP_ROUNDS, options.rounds):
            for runtime, child in ours.items():
                pair = take_turns(child, theirs, turn % 2 == 0)
                if turn >= 0:
                    for column, time in zip(times[runtime], pair):
                        column.append(time)
        return {"version": version, "verdicts": {versions[name]: verdict_of(*columns) for name, columns in times.items()}}
    finally:
        theirs.end()


def take_turns(ours, theirs, is_ours_first):
    """A round of each. Who goes first changes, since the second finds caches as the first left them."""
    if is_ours_first:
        return ours.round(), theirs.round()
    later = theirs.round()
    return ours.round(), later


def describe_machine():
    """Processor, cores, memory and kernel, as bench/harness/machine.ts gives them."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        model = next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        model = platform.machine()
    gibibytes = round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)
    return f"{model}, {os.cpu_count()} cores, {gibibytes} GiB, {platform.system()} {platform.release()}"


def read_options():
    parser = argparse.ArgumentParser(
        prog="./run bench --peers",
        usage="%(prog)s [ARGUMENTS]",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    names = sorted({row.name for row in ROWS} | {peer.module for row in ROWS for peer in row.peers})
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--only", action="append", choices=names, metavar="NAME")
    parser.add_argument("--runtime", action="append", choices=RUNTIMES, metavar="NAME")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seed", metavar="PLACE")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--table", action="store_true")
    options = parser.parse_args()
    if options.rounds < 9:
        parser.error(f"--rounds must be at least 9, got {options.rounds}")
    return options


def chosen_rows(only):
    """All rows, or those that are named, by themselves or by a peer's module."""
    for row in ROWS:
        peers = row.peers if not only or row.name in only else tuple(peer for peer in row.peers if peer.module in only)
        if peers:
            yield replace(row, peers=peers)


def main():
    options = read_options()
    if options.table:
        print(table_of(json.loads((options.json or DEFAULT_PATH).read_text(encoding="utf-8"))))
        return
    if options.seed:
        ENVIRONMENT["STREAMSTORE_SEED"] = options.seed
    rows = list(chosen_rows(options.only))
    missing = install_peers({needed for row in rows for peer in row.peers for needed in peer.needs})
    machine = describe_machine()
    print(f"Ours ÷ theirs, {options.rounds} rounds in turn, on {machine}", flush=True)
    found = []
    for row in rows:
        print(f"{row.what}: {row.asked}", flush=True)
        for each in measure_row(row, options, missing):
            found.append(each)
            print(line_of(each), flush=True)
    is_whole = not (options.small or options.only or options.runtime)
    path = options.json or (DEFAULT_PATH if is_whole else None)
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        results = {"machine": machine, "found": found}
        path.write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
