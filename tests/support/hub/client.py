"""What the tests have Python's own clients do with the Hub of HF_ENDPOINT: client.py COMMAND [REPOSITORY].

The last line that it prints is a JSON object for the test.
"""

import json
import os
import sys
import tempfile

import huggingface_hub
from huggingface_hub import CommitOperationAdd, CommitOperationCopy, CommitOperationDelete, HfApi, HfFileSystem
from huggingface_hub import hf_hub_download
from huggingface_hub.errors import HfHubHTTPError


def name_of_error(action):
    try:
        action()
    except Exception as error:
        return type(error).__name__
    return None


def hub(repository):
    """Repositories, folders, listings, files and commits by huggingface_hub."""
    api = HfApi()
    dataset = {"repo_id": repository, "repo_type": "dataset"}
    url = api.create_repo(**dataset)
    assert api.create_repo(**dataset, exist_ok=True) == url
    assert name_of_error(lambda: api.create_repo(**dataset)) == "HfHubHTTPError"

    large = os.urandom(100_000)
    with tempfile.TemporaryDirectory() as folder:
        files = {"README.md": b"---\nlicense: mit\n---\n# Name\n", "data/train.parquet": large, "empty.parquet": b""}
        files |= {f"many/file {i}.txt": b"%d" % i for i in range(7)} | {"deep/er/\u00e4.bin": large[:100]}
        for path, content in files.items():
            os.makedirs(os.path.dirname(f"{folder}/{path}"), exist_ok=True)
            with open(f"{folder}/{path}", "wb") as file:
                file.write(content)
        api.upload_folder(**dataset, folder_path=folder)
    first = api.dataset_info(repository, files_metadata=True)
    assert {file.rfilename: file.size for file in first.siblings} | {".gitattributes": 0} == {
        path: len(content) for path, content in files.items()
    } | {".gitattributes": 0}

    tree = list(api.list_repo_tree(**dataset, recursive=True, expand=True))
    assert {entry.path for entry in tree} == set(files) | {".gitattributes", "data", "many", "deep", "deep/er"}
    assert all(entry.last_commit.oid == first.sha for entry in tree if entry.path != ".gitattributes")
    assert [entry.path for entry in api.list_repo_tree(**dataset, path_in_repo="deep/er")] == ["deep/er/\u00e4.bin"]
    assert [entry.path for entry in api.get_paths_info(repository, ["data", "none"], repo_type="dataset")] == ["data"]
    for path, content in files.items():
        with open(hf_hub_download(**dataset, filename=path), "rb") as file:
            assert file.read() == content, path
    filesystem = HfFileSystem()
    assert len(filesystem.glob(f"datasets/{repository}/many/*.txt")) == 7
    with filesystem.open(f"datasets/{repository}/data/train.parquet", block_size=1000) as file:
        file.seek(50_000)
        assert file.read(10) == large[50_000:50_010]

    operations = [
        CommitOperationDelete("many/file 0.txt"),
        CommitOperationDelete("deep/"),
        CommitOperationCopy("data/train.parquet", "data/copy.parquet"),
    ]
    api.create_commit(**dataset, operations=operations, commit_message="Change", parent_commit=first.sha)
    addition = CommitOperationAdd("late.txt", b"late")
    conflict = {"operations": [addition], "commit_message": "Late", "parent_commit": first.sha}
    assert name_of_error(lambda: api.create_commit(**dataset, **conflict)) == "HfHubHTTPError"
    api.create_branch(**dataset, branch="try/it")
    api.create_tag(**dataset, tag="v1")
    api.upload_file(**dataset, path_or_fileobj=b"branch", path_in_repo="branch.txt", revision="try/it")

    missing = {
        "file": name_of_error(lambda: hf_hub_download(**dataset, filename="none")),
        "revision": name_of_error(lambda: hf_hub_download(**dataset, filename="README.md", revision="none")),
        "repository": name_of_error(lambda: api.dataset_info("user/none")),
        "repository, without a token": name_of_error(lambda: api.dataset_info("user/none", token=False)),
        "folder": name_of_error(lambda: list(api.list_repo_tree(**dataset, path_in_repo="none"))),
    }
    api.create_repo(repo_id="user/gone", repo_type="dataset", private=True)
    missing["private"] = name_of_error(lambda: api.dataset_info("user/gone", token=False))
    api.delete_repo(repo_id="user/gone", repo_type="dataset")
    assert not api.repo_exists("user/gone", repo_type="dataset")
    references = api.list_repo_refs(**dataset)
    return {
        "version": huggingface_hub.__version__,
        "user": api.whoami()["name"],
        "files": api.list_repo_files(**dataset),
        "commits": [commit.title for commit in api.list_repo_commits(**dataset, revision="try/it")],
        "refs": [reference.name for reference in references.branches + references.tags],
        "missing": missing,
    }


def push(repository):
    """A dataset with two splits, by datasets."""
    from datasets import ClassLabel, Dataset, Features, List, Value

    observation, kind = List(Value("float32"), length=2), ClassLabel(names=["a", "b"])
    features = Features({"step": Value("int64"), "observation": observation, "kind": kind})
    steps = list(range(300))
    rows = {"step": steps, "observation": [[i, -i] for i in steps], "kind": [i % 2 for i in steps]}
    dataset = Dataset.from_dict(rows, features=features)
    try:
        dataset.push_to_hub(repository, num_shards=3)
    except HfHubHTTPError as error:
        # Datasets 5.2 means to try again after a conflict, but does not with huggingface_hub 2.4.
        assert error.response.status_code == 412
        dataset.push_to_hub(repository, num_shards=3)
    dataset.select(range(10)).push_to_hub(repository, split="test")
    return {}


def load(repository):
    """All splits of a repository, read by datasets: features and columns."""
    import datasets

    loaded = datasets.load_dataset(repository)
    streamed = datasets.load_dataset(repository, split="train", streaming=True)
    assert list(streamed) == list(loaded["train"])
    return {
        "version": datasets.__version__,
        "features": loaded["train"].features.to_dict(),
        "splits": {split: data.to_dict() for split, data in loaded.items()},
    }


def splits(cases):
    """The files of each split of several repositories, as datasets finds them: [[repository, config or null], ...]."""
    from datasets import load_dataset_builder

    found = []
    for repository, config in json.loads(cases):
        files = load_dataset_builder(repository, config).config.data_files
        found.append({str(split): [path.split("@", 1)[1].split("/", 1)[1] for path in paths] for split, paths in files.items()})
    return {"splits": found}


def cards(readmes):
    """What datasets reads of the front matter of several READMEs, and the YAML that it would write of the features."""
    from datasets.info import DatasetInfosDict
    from datasets.utils.metadata import MetadataConfigs
    from huggingface_hub import DatasetCard

    read = []
    for readme in json.loads(readmes):
        card = DatasetCard(readme)
        infos = DatasetInfosDict.from_dataset_card_data(card.data)
        described = {}
        for name, info in infos.items():
            described[name] = {
                "features": info.features and info.features.to_dict(),
                "yaml": info.features and info.features._to_yaml_list(),
                "splits": info.splits and {split: [each.num_bytes, each.num_examples] for split, each in info.splits.items()},
                "sizes": [info.download_size, info.dataset_size],
            }
        read.append({"configs": MetadataConfigs.from_dataset_card_data(card.data), "infos": described, "text": card.text})
    return {"cards": read}


def yaml(readmes):
    """What PyYAML's safe loader, and datasets, read of READMEs: features, the paths of the first split, and a list's items."""
    import yaml as pyyaml
    from datasets import Features

    read = []
    for readme in json.loads(readmes):
        values = pyyaml.safe_load(readme[4 : readme.index("\n---\n") + 1])
        info, configs, items = values.get("dataset_info"), values.get("configs"), values.get("list")
        read.append({
            "features": info and Features._from_yaml_list(info["features"]).to_dict(),
            "paths": configs and configs[0]["data_files"][0]["path"],
            "kinds": items and [type(item).__name__ for item in items],
            "values": items and [str(item) for item in items],
        })
    return {"read": read}


def push_file(repository, path):
    """A data file of save_to_disk, as the split train in two shards and its first two rows as the split test."""
    from datasets import Dataset

    dataset = Dataset.from_file(path)
    dataset.push_to_hub(repository, num_shards=2)
    dataset.select(range(2)).push_to_hub(repository, split="test")
    return {}


def bits(repository):
    """All splits of a repository, read by datasets: features, and every value by its bits."""
    import datasets

    loaded = datasets.load_dataset(repository)
    splits = {}
    for split, data in loaded.items():
        table = data.data.table
        splits[split] = {name: bits_of(table.column(name).combine_chunks()) for name in table.column_names}
    return {"features": loaded["train"].features.to_dict(), "splits": splits}


def bits_of(array):
    """Nested lists whose leaves are texts: integers in decimal, floats as digits of their bits, strings as they are."""
    import numpy as np
    import pyarrow as pa

    if isinstance(array, pa.ChunkedArray):
        return [row for chunk in array.chunks for row in bits_of(chunk)]
    kind = array.type
    if isinstance(array, pa.ExtensionArray):
        return bits_of(array.storage)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return [bits_of(row.values) if row.is_valid else None for row in array]
    if pa.types.is_boolean(kind):
        return [None if value is None else str(int(value)) for value in array.to_pylist()]
    if pa.types.is_floating(kind):
        width = kind.bit_width
        words = np.frombuffer(array.buffers()[1], f"<u{width // 8}")[array.offset:array.offset + len(array)].tolist()
        valid = array.is_valid().to_pylist()
        return [f"{word:0{width // 4}x}" if there else None for word, there in zip(words, valid)]
    if pa.types.is_temporal(kind):
        array = array.view(f"int{kind.bit_width}")
    return [value if value is None or isinstance(value, str) else str(value) for value in array.to_pylist()]


def download(repository):
    """One large file, by huggingface_hub: the sum of its bytes."""
    path = hf_hub_download(repository, "large.bin", repo_type="dataset")
    with open(path, "rb") as file:
        return {"sum": sum(file.read())}


if __name__ == "__main__":
    commands = [hub, push, push_file, load, bits, splits, cards, yaml, download]
    commands = {command.__name__: command for command in commands}
    print(json.dumps(commands[sys.argv[1]](*sys.argv[2:])))
