"""LeRobot's dataset with delta_timestamps: rows around an anchor, as its training scripts load them by torch's DataLoader.

The rows are those of bench/harness/robot.ts: value `i` of a row's observation is its number + i, of its action as much below
0, and episodes have 400 rows.
"""

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as parquet

from measure import round_of

WIDTH = 26
EPISODE_ROWS = 400
FPS = 10
OFFSETS = {"observation.state": [-1, 0], "action": list(range(16))}
BATCH_SIZE = 64


def offsets(sizes, folder):
    """A call is a batch: its random anchors, their rows and paddings, and the stacking of them; no worker processes."""
    # Read when datasets is imported: the Arrow files that it makes of Parquet go with the rest.
    os.environ.update(HF_HOME=f"{folder}/home", HF_DATASETS_CACHE=f"{folder}/cache", HF_HUB_OFFLINE="1")
    import datasets
    import torch
    from lerobot.datasets.lerobot_dataset import LeRobotDataset

    datasets.disable_progress_bars()
    root = Path(folder) / "dataset"
    write_dataset(root, sizes["rows"])
    deltas = {name: [offset / FPS for offset in around] for name, around in OFFSETS.items()}
    dataset = LeRobotDataset("user/name", root=root, delta_timestamps=deltas)
    drawn = torch.utils.data.RandomSampler(dataset, replacement=True, num_samples=2**40)
    batches = iter(torch.utils.data.DataLoader(dataset, batch_size=BATCH_SIZE, sampler=drawn))
    prove(next(batches), sizes["rows"])
    return round_of(sizes, lambda: next(batches))


CASES = {"offsets": (offsets, "lerobot")}


def write_dataset(root, row_count):
    """LeRobot's format v3: one file of rows, one of episodes."""
    rows = np.arange(row_count)
    values = (rows[:, None] + np.arange(WIDTH)).astype(np.float32)
    starts = np.arange(0, row_count, EPISODE_ROWS)
    ends = np.minimum(starts + EPISODE_ROWS, row_count)
    numbers = {"frame_index": rows % EPISODE_ROWS, "episode_index": rows // EPISODE_ROWS, "index": rows, "task_index": rows * 0}
    lists = {"observation.state": values, "action": -values}
    columns = {name: pa.FixedSizeListArray.from_arrays(pa.array(each.ravel()), WIDTH) for name, each in lists.items()}
    columns["timestamp"] = pa.array((rows % EPISODE_ROWS / FPS).astype(np.float32))
    write_table(root / "data/chunk-000/file-000.parquet", {**columns, **numbers})
    episodes = {
        "episode_index": np.arange(len(starts)),
        "tasks": [["Move."]] * len(starts),
        "length": ends - starts,
        "data/chunk_index": starts * 0,
        "data/file_index": starts * 0,
        "dataset_from_index": starts,
        "dataset_to_index": ends,
    }
    write_table(root / "meta/episodes/chunk-000/file-000.parquet", episodes)
    pd.DataFrame({"task_index": [0]}, index=["Move."]).to_parquet(root / "meta/tasks.parquet")
    info = {
        "codebase_version": "v3.0",
        "robot_type": None,
        "total_episodes": len(starts),
        "total_frames": row_count,
        "total_tasks": 1,
        "chunks_size": 1000,
        "fps": FPS,
        "splits": {"train": f"0:{len(starts)}"},
        "data_path": "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet",
        "video_path": None,
        "features": {
            **{name: {"dtype": "float32", "shape": [WIDTH], "names": None} for name in lists},
            "timestamp": {"dtype": "float32", "shape": [1], "names": None},
            **{name: {"dtype": "int64", "shape": [1], "names": None} for name in numbers},
        },
    }
    (root / "meta/info.json").write_text(json.dumps(info), encoding="utf-8")


def write_table(path, columns):
    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(pa.table(columns), path)


def prove(batch, row_count):
    """Stops where a batch is not the rows around its anchors: a wrong answer has no speed."""
    anchors = batch["index"].numpy()
    first = anchors - anchors % EPISODE_ROWS
    end = np.minimum(first + EPISODE_ROWS, row_count)
    for name, offsets in OFFSETS.items():
        asked = anchors[:, None] + np.array(offsets)
        held = np.clip(asked, first[:, None], end[:, None] - 1)
        values = held[:, :, None] + np.arange(WIDTH)
        right = np.array_equal(batch[name].numpy(), values if name != "action" else -values)
        if not (right and np.array_equal(batch[f"{name}_is_pad"].numpy(), held != asked)):
            raise AssertionError(f"Cannot trust LeRobot: {name} is not what lies around its anchors")
