"""examples/python/: they run, and what was killed goes on at the exact batch."""

import itertools
import json
import os
import subprocess
import sys
import unittest

import support

FOLDER = f"{support.ROOT}/examples/python"


# Torch takes 4 GB and JAX 600 MB: the Python that has it is the one that `./run python torch`, or `jax`, makes.
PYTHONS = {name: os.environ.get(f"STREAMSTORE_{name.upper()}") for name in ("torch", "jax")}


def lacks(name):
    return None if PYTHONS[name] else f"./run python {name} installs it"


for package in PYTHONS:
    if lacks(package):
        print(f"Not run: the example with {package}: {lacks(package)}")


def training(checkpoint):
    command = [sys.executable, f"{FOLDER}/train.py", support.path_of("learning"), checkpoint]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def loading(checkpoint):
    """The batches of a loader in a process of its own, which is killed where no more are taken. Its workers go with it."""
    command = [PYTHONS["torch"], "-c", LOADER, support.path_of("learning"), checkpoint]
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

    @unittest.skipIf(lacks("torch"), lacks("torch"))
    def test_torch_dataset_gives_each_window_to_one_worker_of_one_rank(self):
        output = support.run_python(TORCH, support.path_of("learning"), cwd=FOLDER, python=PYTHONS["torch"])
        self.assertEqual(output, "done\n")

    @unittest.skipIf(lacks("torch"), lacks("torch"))
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
    def test_jax_batches_are_those_of_the_sampler_and_go_on_at_the_exact_one(self):
        output = support.run_python(JAX, support.path_of("learning"), cwd=FOLDER, python=PYTHONS["jax"])
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
import json, sys
import jax, numpy as np
sys.path.insert(0, ".")
from jax_batches import batches
from streamstore import Sampler, Store

path = sys.argv[1]
options = dict(steps=8, fields={"observation": 2, "step_number": 1}, boundary="pad-left", order="shuffle", epochs=2, batch_size=16, seed=7)

def check(found, state=None):
    sampler = Sampler(Store(path), **options)
    if state is not None:
        sampler.restore(state)
    count = 0
    for batch, (arrays, after) in zip(sampler, found, strict=True):
        wanted = {name: field.values for name, field in batch.fields.items()} | {"mask": batch.mask}
        assert set(arrays) == set(wanted)
        for name, array in arrays.items():
            assert isinstance(array, jax.Array) and array.dtype == wanted[name].dtype
            np.testing.assert_array_equal(np.asarray(array), wanted[name])
        assert after == sampler.state()
        count += 1
    return count

every = list(batches(path, **options))
assert check(every) == len(every) == 125
# Of batches that are on their way the states are not given yet: so none is lost where a program dies.
for taken in (1, 40, 124):
    going = batches(path, **options)
    state = json.loads(json.dumps([next(going) for _ in range(taken)][-1][1]))
    rest = list(batches(path, state=state, **options))
    assert check(rest, state) == len(rest) == 125 - taken
    assert all((np.asarray(a["step_number"]) == np.asarray(b["step_number"])).all() for (a, _), (b, _) in zip(rest, every[taken:]))
print("done")
"""


if __name__ == "__main__":
    unittest.main()
