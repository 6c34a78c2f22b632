"""The peers of the sampler and of datasets: `./run bench --peers` runs this file.

  --small, --large     tiny sizes, which only show that all of it runs; or uniform slices of up to 346 M steps
  --only NAME          one peer; may be repeated
  --threads N          threads of those that can use more than one; 1 where nothing else is said
  --json FILE          where results go; a whole run of the default sizes goes to build/peers.json
  --table              measures nothing, and prints the results in that file as a Markdown table

Figures are the time of one batch, its random draw included, or of one update, warm. Every peer runs in a process of
its own, so that its memory is its own, and so that what ends one leaves the others. The Python that starts this file
needs no packages: it makes a virtual environment in which the peers run.
"""

import argparse
import importlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from install import folder, install_peers, python
from measure import ROUNDS_MAX, not_measured

# The peers' modules, and the requirements that each has beside numpy.
PEERS = {
    "torchrl_slices": ["torchrl"],
    "torchrl_priorities": ["torchrl"],
    "cpprb_buffers": ["cpprb"],
    "numpy_memmap": [],
    "seed_design": [],
    "dataset_files": ["datasets"],
    "lerobot_windows": ["torchrl", "datasets", "lerobot"],
}

DEFAULT_PATH = folder.parent.parent / "build" / "peers.json"

# A step takes 41 bytes in TorchRL's files.
BYTES_PER_STEP = 41


def sizes_of(options):
    """Rows, in steps, for each peer."""
    if options.small:
        names = ["slice_rows", "torchrl_priority_rows", "cpprb_rows", "token_rows", "dataset_rows", "lerobot_rows"]
        rows = {name: 5000 for name in names}
        return {**rows, "rounds": 4, "threads": options.threads}
    return {
        "slice_rows": rows_large() if options.large else 5_000_000,
        "torchrl_priority_rows": 5_000_000,
        "cpprb_rows": 10_000_000,
        "token_rows": 5_000_000,
        "dataset_rows": 1_000_000,
        "lerobot_rows": 500_000,
        "rounds": ROUNDS_MAX,
        "threads": options.threads,
    }


def rows_large():
    """346 million, of which others have reported TorchRL's time, or as many as take half of the disk that is free."""
    return min(346_000_000, shutil.disk_usage(tempfile.gettempdir()).free // 2 // BYTES_PER_STEP)


def run_peer(name, sizes):
    """Its measurements, or one that says why there are none."""
    environment = {**os.environ, "OMP_NUM_THREADS": str(sizes["threads"]), "RL_LOGGING_LEVEL": "WARNING"}
    # Where these are set, OpenBLAS is held to the kernels of an older processor than the one at hand.
    for variable in ["OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"]:
        environment.pop(variable, None)
    with tempfile.TemporaryDirectory() as place:
        answer = Path(place) / "measurements.json"
        command = [python, "-B", __file__, "--run", name, json.dumps(sizes), answer]
        result = subprocess.run(command, env=environment, stderr=subprocess.PIPE, text=True)
        if result.returncode == 0:
            return json.loads(answer.read_text(encoding="utf-8"))
    last_line = (result.stderr.strip().splitlines() or ["without a word"])[-1]
    return [not_measured("not measured", name, f"ended with status {result.returncode}: {last_line}")]


def measure_in_this_process(name, sizes, path):
    """What the process of a peer does."""
    measurements = importlib.import_module(name).measure(json.loads(sizes))
    Path(path).write_text(json.dumps(measurements), encoding="utf-8")


def line_of(row):
    """One measurement as lines for a terminal."""
    if row["median"] is None:
        return f"{row['peer']}: {row['what']}: {row['note']}"
    anonymous = "" if row["anonymous"] is None else f" ({row['anonymous']:,.0f} anonymous)"
    return (
        f"{row['peer']}: {row['what']}\n"
        f"    {digits(row['median'])} µs, best {digits(row['best'])}, {row['rounds']} rounds, "
        f"{row['rows']:,} rows, memory {row['memory']:,.0f} MB{anonymous}\n"
        f"    {row['note']}"
    )


def table_of(results):
    """A row for each measurement."""
    header = ["peer", "what", "steps held", "µs", "peak memory, MB", "remarks"]
    rows = [
        [
            f"{row['peer']} ({row['version']})" if row["version"] else row["peer"],
            row["what"],
            "–" if row["rows"] is None else f"{row['rows']:,}",
            "–" if row["median"] is None else f"{digits(row['median'])} ({digits(row['best'])})",
            "–" if row["memory"] is None else f"{row['memory']:,.0f}",
            row["note"],
        ]
        for row in results["measurements"]
    ]
    lines = [f"| {' | '.join(cells)} |" for cells in [header, ["---"] * len(header), *rows]]
    about = (
        "Medians, and in brackets the best round. Memory is the process's until then, mapped pages included. "
        f"{results['threads']} thread(s), {results['machine']}."
    )
    return "\n".join([*lines, "", about])


def digits(value):
    """Three digits that count."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


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
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--only", action="append", choices=PEERS, metavar="NAME")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--table", action="store_true")
    return parser.parse_args()


def main():
    options = read_options()
    if options.table:
        print(table_of(json.loads((options.json or DEFAULT_PATH).read_text(encoding="utf-8"))))
        return
    names = options.only or list(PEERS)
    missing = install_peers({"numpy", *(needed for name in names for needed in PEERS[name])})
    sizes = sizes_of(options)
    machine = describe_machine()
    print(f"Peers on {machine}, {options.threads} thread(s)", flush=True)
    measurements = []
    for name in names:
        reason = next((missing[needed] for needed in ["numpy", *PEERS[name]] if needed in missing), None)
        found = [not_measured("not measured", name, reason)] if reason else run_peer(name, sizes)
        measurements += found
        print("\n".join(map(line_of, found)), flush=True)
    is_whole = not (options.small or options.large or options.only)
    path = options.json or (DEFAULT_PATH if is_whole else None)
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        results = {"machine": machine, "threads": options.threads, "measurements": measurements}
        path.write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--run"]:
        measure_in_this_process(*sys.argv[2:])
    else:
        main()
