"""pyarrow and datasets in turn with StreamStore: `./run bench --only dataset` runs this file.

    python dataset_rounds.py ROWS FOLDER

For each line of input it does what the line says, one of the names in `dataset_files.tasks`, and prints how many
nanoseconds that took.
"""

import sys
import time
from pathlib import Path

from dataset_files import reference_table, tasks

folder = Path(sys.argv[2])
folder.mkdir()
works = tasks(reference_table(int(sys.argv[1])), folder)
print("ready", flush=True)
for line in sys.stdin:
    work = works[line.strip()]
    start = time.perf_counter_ns()
    work()
    print(time.perf_counter_ns() - start, flush=True)
