/** The files of a closed store, as other programs find them: flat arrays of exactly the stream's length. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { statSync } from "node:fs";
import { test } from "node:test";
import { StreamStore } from "../mod.ts";
import { columnsOf, type Content, fields } from "./torture/content.ts";
import { withDirectory } from "./torture/scratch.ts";

function hasNumpy(): boolean {
  try {
    execFileSync("python3", ["-c", "import numpy"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

const script = `
import json, sys, numpy as np
path = sys.argv[1]
data, step, kind, row = (np.memmap(path + name, t, "r") for name, t in
  (("/data.b64", "<f8"), ("/step.i64", "<i8"), ("/type.i32", "<i4"), ("/row.u64", "<u8")))
print(json.dumps([len(data), len(step), len(kind), len(row), float(data.sum()), int(step[-1])]))
`;

test(
  "numpy maps the files, of exactly the stream's length",
  { skip: !hasNumpy() && "python3 has no numpy" },
  () =>
    withDirectory((directory) => {
      const path = `${directory}/run.stream`;
      const store: Content = StreamStore.open(path, { fields });
      store.appendColumns(columnsOf(0, 1000));
      const { length, rowCount } = store;
      const sum = store.window(0, length).values.reduce((total, value) => total + value, 0);
      store.close();
      const found = JSON.parse(execFileSync("python3", ["-c", script, path], { encoding: "utf8" }));
      assert.deepEqual(found.slice(0, 4), [length, length, length, rowCount]);
      assert.ok(Math.abs(found[4] - sum) <= 1e-9 * Math.abs(sum));
      assert.equal(found[5], 999);
    }),
);

test("a closed store's files have exactly the stream's length", () =>
  withDirectory((directory) => {
    const path = `${directory}/run.stream`;
    const store: Content = StreamStore.open(path, { fields, capacity: 100 });
    store.appendColumns(columnsOf(0, 1000));
    const { length, rowCount } = store;
    store.close();
    const sizes = ["data.b64", "step.i64", "type.i32", "row.u64"].map((name) =>
      statSync(`${path}/${name}`).size
    );
    assert.deepEqual(sizes, [8 * length, 8 * length, 4 * length, 8 * rowCount]);
  }));
