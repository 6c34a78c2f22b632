"""pyarrow and datasets in turn with StreamStore: `./run bench --only dataset` runs this file.

    python dataset_rounds.py ROWS FOLDER

For each line of input it does what the line says, one of the names in `dataset_files.tasks`, and prints how many
nanoseconds that took.
"""

import sys
import time
from pathlib import Path

import data
from dataset_files import reference_table, tasks

folder = Path(sys.argv[2])
folder.mkdir()
table = reference_table(int(sys.argv[1]))
works = tasks(table, folder)
print("ready", flush=True)
for line in sys.stdin:
    work = works[line.strip()]
    start = time.perf_counter_ns()
    found = work()
    nanoseconds = time.perf_counter_ns() - start
    if line.strip() in ["read Parquet", "load_from_disk"]:
        data.prove(f"a peer: {line.strip()}", found.combine_chunks().equals(table))
    # Not to be held while the next one is timed.
    del found
    print(nanoseconds, flush=True)
