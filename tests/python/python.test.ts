/** The Python package beside this library, where a Python has numpy: the short part of `./run python`, which has all of it. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { findPython, noPython } from "../../bench/harness/python.ts";
import { isDeno } from "../support/runtime.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const python = isDeno ? findPython("numpy") : null;
const skip = !isDeno
  ? "Deno's suite runs the package's tests, which are the same for all"
  : python === null && `no Python has numpy: ./run python installs it (${noPython} too)`;
if (skip !== false) console.log(`Not run: ${skip}`);

for (const part of ["test_store"]) {
  test(`${part}.py passes with the package as it stands in the checkout`, { skip }, async () => {
    const args = ["-B", "-m", "unittest", "discover", "-s", "tests/python", "-p", `${part}.py`];
    const env = { ...process.env, PYTHONPATH: `${root}python`, STREAMSTORE_DENO: process.execPath };
    const [error, output] = await new Promise<[Error | null, string]>((resolve) =>
      execFile(
        python!,
        args,
        { cwd: root, env, timeout: 120_000 },
        (error, _, stderr) => resolve([error, stderr]),
      )
    );
    assert.equal(error, null, output);
    assert.match(output, /Ran \d+ tests/);
  });
}
