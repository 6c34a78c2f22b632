"""examples/python/: they run, and what was killed goes on at the exact batch."""

import importlib.util
import itertools
import json
import os
import subprocess
import sys
import unittest

import support

FOLDER = f"{support.ROOT}/examples/python"


# Torch takes 4 GB: the Python that has it is the one that `./run python torch` makes.
TORCH_PYTHON = os.environ.get("STREAMSTORE_TORCH")


def lacks(name):
    return None if importlib.util.find_spec(name) else f"{name} is not installed"


def lacks_torch():
    return None if TORCH_PYTHON else "./run python torch installs it"


for package, reason in (("torch", lacks_torch()), ("jax", lacks("jax"))):
    if reason:
        print(f"Not run: the example with {package}: {reason}")


def training(checkpoint):
    command = [sys.executable, f"{FOLDER}/train.py", support.path_of("learning"), checkpoint]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def loading(checkpoint):
    """The batches of a loader in a process of its own, which is killed where no more are taken. Its workers go with it."""
    command = [TORCH_PYTHON, "-c", LOADER, support.path_of("learning"), checkpoint]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=FOLDER) as child:
        try:
            # Only once the line is here is the next batch asked for: what was seen is what the checkpoint has.
            while line := child.stdout.readline():
                yield line
                child.stdin.write("\n")
                child.stdin.flush()
        finally:
            child.kill()


class ExamplesTest(unittest.TestCase):
    def test_loaders_are_shorter_than_forty_lines(self):
        for name in ("torch_dataset", "jax_batches"):
            with open(f"{FOLDER}/{name}.py", encoding="utf-8") as file:
                self.assertLess(len(file.readlines()), 40)

    def test_train_goes_on_at_the_exact_batch_after_it_was_killed(self):
        with training(f"{support.directory}/whole.json") as child:
            whole = child.stdout.read().splitlines()
        self.assertEqual(child.returncode, 0)
        self.assertGreater(len(whole), 40)
        seen = {}
        for kills in range(4):
            with training(f"{support.directory}/killed.json") as child:
                for line in child.stdout if kills == 3 else itertools.islice(child.stdout, 5 + 3 * kills):
                    number = line.split()[0]
                    # A batch whose checkpoint the kill came before is trained on again, and is the same.
                    self.assertIn(seen.setdefault(number, line), (line,))
                child.kill()
        # The line of a batch is lost where the kill came after its checkpoint.
        expected = {line.split()[0]: line + "\n" for line in whole}
        self.assertEqual(seen, {number: expected[number] for number in seen})
        self.assertIn("done", seen)
        self.assertGreater(len(seen), len(expected) - 4)

    @unittest.skipIf(lacks_torch(), lacks_torch())
    def test_torch_dataset_gives_each_window_to_one_worker_of_one_rank(self):
        output = support.run_python(TORCH, support.path_of("learning"), cwd=FOLDER, python=TORCH_PYTHON)
        self.assertEqual(output, "done\n")

    @unittest.skipIf(lacks_torch(), lacks_torch())
    def test_torch_loader_goes_on_at_the_exact_batch_after_it_was_killed(self):
        whole = list(loading(f"{support.directory}/loaded.json"))
        self.assertEqual(sorted(row for line in whole for rows in json.loads(line) for row in rows), list(range(993)))
        found = []
        for taken in (7, 4, None):
            lines = loading(f"{support.directory}/cut.json")
            found += itertools.islice(lines, taken)
            lines.close()
        self.assertEqual(found, whole)

    @unittest.skipIf(lacks("jax"), lacks("jax"))
    def test_jax_batches_are_those_of_the_sampler(self):
        output = support.run_python(JAX, support.path_of("learning"), cwd=FOLDER)
        self.assertEqual(output, "done\n")


TORCH = """
import sys
sys.path.insert(0, ".")
from torch.utils.data import DataLoader
from torch_dataset import Windows

options = dict(steps=8, fields={"step_number": 1}, order="sequential", batch_size=16, seed=7)
if __name__ == "__main__":
    seen, state = [], None
    for rank in range(2):
        for batch in DataLoader(Windows(sys.argv[1], rank=rank, world=2, **options), batch_size=None, num_workers=2):
            seen += batch["step_number"][:, 0, 0].int().tolist()
            assert not batch["step_number"].is_shared()
    assert sorted(seen) == list(range(len(seen))), len(seen)
    one = Windows(sys.argv[1], **options)
    batches = list(one)
    rest = list(Windows(sys.argv[1], state=batches[4]["state"], **options))
    assert len(rest) == len(batches) - 5
    assert all((a["step_number"] == b["step_number"]).all() for a, b in zip(rest, batches[5:]))
    print("done")
"""
# Two workers take turns: their states are at the same place behind every second batch, and there is the checkpoint.
LOADER = """
import json, os, sys
sys.path.insert(0, ".")
from torch.utils.data import DataLoader
from torch_dataset import Windows

path, checkpoint = sys.argv[1:]
options = dict(steps=8, fields={"step_number": 1}, order="shuffle", epochs=1, batch_size=10, seed=7)
if __name__ == "__main__":
    state = json.load(open(checkpoint)) if os.path.exists(checkpoint) else None
    step = []
    for batch in DataLoader(Windows(path, state=state, **options), batch_size=None, num_workers=2):
        step.append(batch)
        if len(step) < 2:
            continue
        with open(checkpoint + ".new", "w") as file:
            json.dump(batch["state"], file)
        os.replace(checkpoint + ".new", checkpoint)
        print([batch["step_number"][:, 0, 0].int().tolist() for batch in step], flush=True)
        step = []
        sys.stdin.readline()
"""
JAX = """
import sys
sys.path.insert(0, ".")
from jax_batches import batches

options = dict(steps=8, fields={"step_number": 1}, order="sequential", batch_size=16, seed=7)
every = list(batches(sys.argv[1], **options))
seen = [int(row) for arrays, _ in every for row in arrays["step_number"][:, 0, 0]]
assert seen == list(range(len(seen)))
rest = list(batches(sys.argv[1], state=every[4][1], **options))
assert len(rest) == len(every) - 5 and (rest[0][0]["step_number"] == every[5][0]["step_number"]).all()
print("done")
"""


if __name__ == "__main__":
    unittest.main()
