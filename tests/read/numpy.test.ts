/** The files of a closed store, as other programs find them: flat arrays of exactly the stream's length. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { findPython, noPython } from "../../bench/harness/python.ts";
import { StreamStore } from "../../mod.ts";
import { columnsOf, type Content, fields } from "../torture/content.ts";
import { withDirectory } from "../torture/scratch.ts";

const python = findPython("numpy");
const skip = python === null && `${noPython}: no Python has numpy`;
const root = fileURLToPath(new URL("../..", import.meta.url));

const script = `
import json, sys, numpy as np
path = sys.argv[1]
data, step, kind, row = (np.memmap(path + name, t, "r") for name, t in
  (("/data.f64", "<f8"), ("/step.i64", "<i8"), ("/type.u8", "u1"), ("/row.u64", "<u8")))
print(json.dumps([len(data), len(step), len(kind), len(row), float(data.sum()), int(step[-1])]))
`;

test(
  "numpy maps the files, of exactly the stream's length",
  { skip },
  () =>
    withDirectory((directory) => {
      const path = `${directory}/run.stream`;
      const store: Content = StreamStore.open(path, { fields });
      store.appendColumns(columnsOf(0, 1000));
      const { length, rowCount } = store;
      const sum = [...store.window(0, length).values].map(Number).reduce((total, value) => total + value, 0);
      store.close();
      const found = JSON.parse(execFileSync(python!, ["-c", script, path], { encoding: "utf8" }));
      assert.deepEqual(found.slice(0, 4), [length, rowCount, length, rowCount]);
      assert.ok(Math.abs(found[4] - sum) <= 1e-9 * Math.abs(sum));
      assert.equal(found[5], 999);
    }),
);

/** The line of Python in README, without the fence around it. */
function readmeLine(): string {
  const [, line] = /```python\n(.*)\n```/.exec(readFileSync(join(root, "README.md"), "utf8"))!;
  return line;
}

test("README's line of Python cannot change a store, and numpy's own default nowhere stands in its place", () => {
  const texts = ["README.md", "docs/storage-format.md", "examples/numpy_columns.py"].map((path) =>
    readFileSync(join(root, path), "utf8")
  );
  const maps = texts.flatMap((text) => [...text.matchAll(/np\.memmap\(([^)]*)\)/g)].map(([, args]) => args));
  assert.ok(maps.length > 4, `${maps.length} maps`);
  for (const args of maps) assert.match(args, /, (mode=)?"r"$/);
  assert.match(readmeLine(), /mode="r"/);
});

test(
  "README's line of Python reads a closed store, and an assignment is refused",
  { skip },
  () =>
    withDirectory((directory) => {
      const store = StreamStore.open(`${directory}/run.stream`, { fields: { reward: 0 } });
      for (let step = 0; step < 3; step++) store.append(step, { reward: step / 2 });
      store.close();
      const script = `
import numpy as np
${readmeLine()}
print(list(map(float, values)))
try:
    values[0] = 7
except ValueError as error:
    print(error)
`;
      const found = execFileSync(python!, ["-c", script], { cwd: directory, encoding: "utf8" });
      assert.equal(found, "[0.0, 0.5, 1.0]\nassignment destination is read-only\n");
    }),
);

test("close() leaves files of exactly the stream's length", () =>
  withDirectory((directory) => {
    const path = `${directory}/run.stream`;
    const store: Content = StreamStore.open(path, { fields, capacity: 100 });
    store.appendColumns(columnsOf(0, 1000));
    const { length, rowCount } = store;
    store.close();
    const sizes = ["data.f64", "step.i64", "type.u8", "row.u64"].map((name) =>
      statSync(`${path}/${name}`).size
    );
    assert.deepEqual(sizes, [8 * length, 8 * rowCount, length, 8 * rowCount]);
  }));
