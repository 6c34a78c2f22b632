"""`./run python bench --peers`: windows a second of StreamStore's sampler and loader, and of what others have, in turns.

    main.py [--rounds N] [--seconds N] [--rows N]

Each is a process of its own, which stands still while it is not its turn. What it returns is held against the rows
themselves before it is timed. Of each turn the first batch stands apart: what follows is what counts.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

import asked
import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
from deno import ROOT, Deno  # noqa: E402

#: What is compared: its module, function and arguments, and which of ours it stands beside.
OURS, LOADER = "sampler, in the process that trains", "torch_dataset.py in a DataLoader, 2 workers"
PEERS = {
    OURS: ("streamstore_windows sampler", OURS),
    "numpy memmap by hand, in the process that trains": ("numpy_memmap in_process", OURS),
    "TorchRL SliceSampler on LazyMemmapStorage": ("torchrl_slices slices", OURS),
    "torch_dataset.py in a DataLoader, 0 workers": ("streamstore_windows loader 0", LOADER),
    LOADER: ("streamstore_windows loader 2", LOADER),
    "numpy memmap by hand in a DataLoader, 2 workers": ("numpy_memmap loader 2 tensors", LOADER),
    "the same, sent as torch_dataset.py sends": ("numpy_memmap loader 2 arrays", LOADER),
    "Ray Data, read_parquet, map_batches, iter_batches": ("ray_data windows", LOADER),
}
# Each has one thread for its arithmetic; a loader has its workers.
THREADS = {"OMP_NUM_THREADS": "1", "RL_LOGGING_LEVEL": "WARNING", "RAY_USAGE_STATS_ENABLED": "0"}


class Peer:
    def __init__(self, name, folder):
        module, function, *arguments = PEERS[name][0].split()
        python = f"{ROOT}/.toolchain/{'ray' if module == 'ray_data' else 'peers'}/bin/python"
        paths = os.pathsep.join([HERE, f"{ROOT}/examples/python"])
        command = [python, "-B", f"{HERE}/child.py", module, function, folder, *arguments]
        environment = {**os.environ, **THREADS, "PYTHONPATH": paths}
        self.name, self.turns = name, []
        self._child = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, request):
        self._child.stdin.write(json.dumps(request) + "\n")
        self._child.stdin.flush()
        line = self._child.stdout.readline()
        assert line, f"{self.name} ended with {self._child.wait()}"
        return json.loads(line)

    def end(self):
        self._child.stdin.close()
        self._child.wait()


def check(peer, folder, columns):
    """Its windows are those of the rows that their actions name, one after another, and none crosses the end of an episode."""
    peer.ask(f"{folder}/kept.npz")
    with np.load(f"{folder}/kept.npz") as kept:
        rows = kept["action"][:, :, 0].astype(int)
        assert rows.shape[1] == asked.STEPS and (np.diff(rows) == 1).all(), f"{peer.name}: rows that do not follow each other"
        assert not columns["done"][rows[:, :-1]].any(), f"{peer.name}: a window crosses the end of an episode"
        for name in asked.WIDTHS:
            assert kept[name].dtype == np.float32 and (kept[name] == columns[name][rows]).all(), f"{peer.name}: other values of {name}"


def line_of(peer, beside):
    """Windows a second, how long the first batch took, and how many times as many ours gives: the median of the rounds, and
    between what half of them lie."""
    rate, first = (statistics.median(turn[key] for turn in peer.turns) for key in ("rate", "first"))
    ratios = [own["rate"] / other["rate"] for own, other in zip(beside.turns, peer.turns)]
    low, middle, high = np.percentile(ratios, [25, 50, 75])
    ratio = "" if beside is peer else f"{middle:.2f} ({low:.2f} to {high:.2f})"
    return f"| {peer.name:<50} | {rate:>11,.0f} | {1e3 * first:>9,.1f} | {ratio:<22} |"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--rows", type=int, default=1_000_000)
    arguments = parser.parse_args()
    folder, deno = tempfile.mkdtemp(prefix="streamstore-bench-"), Deno()
    peers = []
    try:
        deno.ask([{"path": f"{folder}/one.stream", "rows": arguments.rows, "isNarrow": False}])
        columns = asked.columns_of(arguments.rows)
        asked.write_columns(folder, columns)
        peers += [Peer(name, folder) for name in PEERS]
        for peer in peers:
            check(peer, folder, columns)
        for _ in range(arguments.rounds):
            for peer in peers:
                peer.turns.append(peer.ask(arguments.seconds))
        named = {peer.name: peer for peer in peers}
        shape = f"{asked.BATCH_SIZE} x {asked.STEPS} rows of {sum(asked.WIDTHS.values())} float32"
        print(f"| {shape:<50} | {'windows/s':>11} | {'first, ms':>9} | {'times as many by ours':<22} |\n| --- | --- | --- | --- |")
        print("\n".join(line_of(peer, named[PEERS[peer.name][1]]) for peer in peers))
    finally:
        deno.end()
        for peer in peers:
            peer.end()
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
