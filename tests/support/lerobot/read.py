"""Reads folders with LeRobot where it is installed, else in the same steps with what it reads with: read.py IN OUT.

IN is a JSON list of folders. OUT gets for each the reader, the frames (by feature its dtype, its shape and its values, floats
by their bits and images by their bytes) and each frame's task.
"""

import hashlib
import json
import os
import sys
from pathlib import Path

import datasets
import numpy as np

os.environ["CUDA_VISIBLE_DEVICES"] = ""
try:
    from lerobot.datasets.lerobot_dataset import LeRobotDataset

    reader = "lerobot"
except ImportError:
    import pandas

    reader = "datasets"


def show(feature, value):
    dtype, shape = feature["dtype"], list(feature["shape"])
    if dtype == "image":
        assert value["path"] is None, value["path"]
        return f"image {hashlib.sha256(value['bytes']).hexdigest()}"
    if dtype == "string":
        return f"string {value}"
    array = np.array(value, dtype=dtype)
    assert list(array.shape) == ([] if shape == [1] else shape), (array.shape, shape)
    if dtype.startswith("float"):
        words = array.reshape(-1).view({"float32": np.uint32, "float64": np.uint64}[dtype])
        values = [f"{word:0{2 * array.itemsize}x}" for word in words.tolist()]
    else:
        values = [str(int(number)) for number in array.reshape(-1).tolist()]
    return f"{dtype} {shape} {' '.join(values)}"


def undecoded(data, features):
    """Rows as they stand, an image as its bytes. What a picture is in, Pillow has to tell of each."""
    for name, feature in features.items():
        if feature["dtype"] != "image":
            continue
        assert isinstance(data.features[name], datasets.Image), data.features[name]
        height, width, channels = feature["shape"]
        for picture in data[name]:
            assert (picture.height, picture.width, len(picture.getbands())) == (height, width, channels), picture
        data = data.cast_column(name, datasets.Image(decode=False))
    return data


def check_stats(stats, features, count):
    """Of text there are none, and of images only how many there are."""
    for name, feature in features.items():
        if feature["dtype"] == "string":
            assert name not in stats
        elif feature["dtype"] == "image":
            assert {key: list(value) for key, value in stats[name].items()} == {"count": [count]}
        else:
            assert np.atleast_1d(np.array(stats[name]["mean"])).shape == (feature["shape"][-1],)


def read_with_lerobot(root):
    dataset = LeRobotDataset("user/name", root=root)
    info = json.loads((root / "meta/info.json").read_text())
    features = info["features"]
    rows = [dataset[i] for i in range(len(dataset))]
    assert dataset.num_episodes == info["total_episodes"] and dataset.fps == info["fps"]
    check_stats(dataset.meta.stats, features, len(dataset))
    numbers = {name: feature for name, feature in features.items() if feature["dtype"] not in ("image", "string")}
    for name, feature in numbers.items():
        stats = dataset.meta.stats[name]
        assert all(stats[stat].shape == (feature["shape"][-1],) for stat in ("min", "max", "mean", "std", "q01", "q99"))
        assert stats["count"].tolist() == [len(dataset)]
    # One episode alone, and frames around each frame, which LeRobot finds by the list of episodes.
    last = info["total_episodes"] - 1
    around = {"index": [-1 / dataset.fps, 0.0]}
    part = LeRobotDataset("user/name", root=root, episodes=[last], delta_timestamps=around)
    start = dataset.meta.episodes[last]["dataset_from_index"]
    assert part[0]["index"].tolist() == [start, start] and part[0]["index_is_pad"].tolist() == [True, False]
    assert len(part) == len(dataset) - start
    # LeRobot makes float32 tensors of float64; the bits are those of the table beneath.
    for name, feature in numbers.items():
        assert list(rows[0][name].shape) == ([] if list(feature["shape"]) == [1] else list(feature["shape"]))
    table = undecoded(dataset.hf_dataset.with_format(None), features)
    frames = [{name: show(f, row[name]) for name, f in features.items()} for row in table]
    return frames, [row["task"] for row in rows]


def feature_of(feature):
    """As LeRobot's get_hf_features_from_features has it."""
    dtype, shape = feature["dtype"], tuple(feature["shape"])
    if dtype == "image":
        return datasets.Image()
    if shape == (1,):
        return datasets.Value(dtype)
    if len(shape) == 1:
        return datasets.Sequence(datasets.Value(dtype), length=shape[0])
    return getattr(datasets, f"Array{len(shape)}D")(shape=shape, dtype=dtype)


def read_parquet(folder, features=None):
    paths = sorted(folder.glob("*/*.parquet"))
    return datasets.Dataset.from_parquet([str(path) for path in paths], features=features)


def read_in_steps(root):
    """LeRobot's load_info, load_tasks, load_episodes, load_stats and load_nested_dataset."""
    info = json.loads((root / "meta/info.json").read_text())
    features = info["features"]
    frame = pandas.read_parquet(root / "meta/tasks.parquet")
    frame.index.name = "task"
    assert frame.task_index.tolist() == list(range(info["total_tasks"])) and frame.task_index.dtype == np.int64
    data = read_parquet(root / "data", datasets.Features({name: feature_of(f) for name, f in features.items()}))
    assert len(data) == info["total_frames"] and set(data.unique("episode_index")) == set(range(info["total_episodes"]))
    stats = json.loads((root / "meta/stats.json").read_text())
    check_stats(stats, features, len(data))
    numpy = data.with_format("numpy")
    indices, episodes = numpy["index"][:], numpy["episode_index"][:]
    assert np.array_equal(indices, np.arange(len(data)))
    for number, row in enumerate(read_parquet(root / "meta/episodes")):
        assert row["episode_index"] == number and row["dataset_to_index"] - row["dataset_from_index"] == row["length"]
        assert (episodes[row["dataset_from_index"] : row["dataset_to_index"]] == number).all()
        path = info["data_path"].format(chunk_index=row["data/chunk_index"], file_index=row["data/file_index"])
        assert number in datasets.Dataset.from_parquet(str(root / path)).unique("episode_index")
        assert all(task in frame.index for task in row["tasks"])
        assert row["stats/index/min"] == [row["dataset_from_index"]] and row["stats/index/count"] == [row["length"]]
    frames = [{name: show(f, row[name]) for name, f in features.items()} for row in undecoded(data, features)]
    return frames, [frame.iloc[row["task_index"]].name for row in data]


answers = []
for name in json.loads(Path(sys.argv[1]).read_text()):
    frames, tasks = (read_with_lerobot if reader == "lerobot" else read_in_steps)(Path(name))
    answers.append({"folder": name, "reader": reader, "frames": frames, "tasks": tasks})
Path(sys.argv[2]).write_text(json.dumps(answers))
