"""Frames around every frame: with LeRobot where it is installed, else as its LeRobotDataset finds them: offsets.py IN OUT.

IN names the dataset as LeRobot v3 (`saved`) and as v2.1 (`original`), a folder for results, `fps` and `delta_timestamps`. OUT
tells the reader; the folder gets for each key its values (float32) and is_pad (a byte each), frame after frame.
"""

import json
import sys
from pathlib import Path

import numpy as np

try:
    from lerobot.datasets.lerobot_dataset import LeRobotDataset
except ImportError:
    LeRobotDataset = None


def read_with_lerobot(saved, deltas):
    dataset = LeRobotDataset("user/name", root=saved, delta_timestamps=deltas)
    rows = [dataset[i] for i in range(len(dataset))]
    return {key: ([row[key].numpy() for row in rows], [row[f"{key}_is_pad"].numpy() for row in rows]) for key in deltas}


def read_as_lerobot(original, fps, deltas):
    """get_delta_indices and _get_query_indices of LeRobot's sources, over each episode's own file."""
    import pyarrow.parquet

    found = {key: ([], []) for key in deltas}
    for path in sorted(Path(original).glob("data/*/*.parquet")):
        table = pyarrow.parquet.read_table(path)
        length = table.num_rows
        for key, delta in deltas.items():
            frames = np.array(table[key].to_pylist(), dtype=np.float32)
            indices = [round(seconds * fps) for seconds in delta]
            for frame in range(length):
                query = [max(0, min(length - 1, frame + index)) for index in indices]
                found[key][0].append(frames[query])
                found[key][1].append([frame + index < 0 or frame + index >= length for index in indices])
    return found


given = json.loads(Path(sys.argv[1]).read_text())
deltas = given["delta_timestamps"]
if LeRobotDataset is None:
    reader, found = "its algorithm", read_as_lerobot(given["original"], given["fps"], deltas)
else:
    reader, found = "lerobot", read_with_lerobot(given["saved"], deltas)
for key, (values, is_pad) in found.items():
    Path(given["folder"], f"{key}.f32").write_bytes(np.array(values, dtype=np.float32).tobytes())
    Path(given["folder"], f"{key}.pad").write_bytes(np.array(is_pad, dtype=np.uint8).tobytes())
Path(sys.argv[2]).write_text(json.dumps({"reader": reader}))
