"""examples/python/: they run, and what was killed goes on at the exact batch."""

import importlib.util
import itertools
import subprocess
import sys
import unittest

import support

FOLDER = f"{support.ROOT}/examples/python"


def lacks(name):
    return None if importlib.util.find_spec(name) else f"{name} is not installed"


for package in ("torch", "jax"):
    if lacks(package):
        print(f"Not run: the example with {package}: {lacks(package)}")


def training(checkpoint):
    command = [sys.executable, f"{FOLDER}/train.py", support.path_of("learning"), checkpoint]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


class ExamplesTest(unittest.TestCase):
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
        output = support.run_python(TORCH, support.path_of("learning"), cwd=FOLDER)
        self.assertEqual(output, "done\n")

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
    assert sorted(seen) == list(range(len(seen))), len(seen)
    one = Windows(sys.argv[1], **options)
    batches = list(one)
    rest = list(Windows(sys.argv[1], state=batches[4]["state"], **options))
    assert len(rest) == len(batches) - 5
    assert all((a["step_number"] == b["step_number"]).all() for a, b in zip(rest, batches[5:]))
    print("done")
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
