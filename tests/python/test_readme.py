"""python/README.md: its code runs as it stands."""

import os
import re
import unittest

import support


class ReadmeTest(unittest.TestCase):
    def test_code_runs(self):
        with open(f"{support.ROOT}/python/README.md", encoding="utf-8") as file:
            blocks = re.findall(r"^```python\n(.*?)^```$", file.read(), re.MULTILINE | re.DOTALL)
        self.assertGreater(len(blocks), 0)
        folder = f"{support.directory}/readme"
        os.makedirs(folder)
        child = support.start("writer.ts", f"{folder}/run.stream")
        support.ask(child, 10_000)
        child.stdin.close()
        self.assertEqual(child.wait(60), 0)
        child.stdout.close()
        for code in blocks:
            support.run_python(code, cwd=folder)


if __name__ == "__main__":
    unittest.main()
