/** One array of objects instead of lines. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { StreamStore } from "../../../mod.ts";
import { inFolder, loadText, plainRows } from "../../support/saved.ts";

test("loadDataset() reads one array of objects as JSON lines, however it is laid out", async () => {
  const fields = { a: { type: 0, dtype: "int64" }, v: 1 } as const;
  const texts = [
    '[{"a": 1, "v": [1, 2]}, {"a": 9007199254740993, "v": []}, {}]',
    '\ufeff [\n  {\n    "a": 1,\n    "v": [1, 2]\n  },\n  {"v": [], "a": 9007199254740993},\r\n{}\n]\n\n',
    '[{"a":1,"v":[1,2],"t":"]},{\\"[\\\\"},{"a":9007199254740993,"v":[],"o":{"x":[{}]}},{"t":"\\\\"}]',
  ];
  for (const name of ["x.json", "x.jsonl"]) {
    for (const text of texts) {
      using store = await loadText(name, fields, text);
      assert.deepEqual(plainRows(store), [{ a: 1n, v: [1, 2] }, { a: 9007199254740993n, v: [] }, {}], text);
    }
  }
  for (const text of ["[]", " [ \n ] "]) {
    using store = await loadText("x.json", fields, text);
    assert.equal(store.rowCount, 0);
  }
  using lines = await loadText("x.json", fields, '{"a": 1}\n{"a": 2}\n');
  assert.equal(lines.rowCount, 2);
  const refused: [string, RegExp][] = [
    [
      '[{"a": 1}',
      /x\.json: its array must end with \], and the file with it, got an end within it in line 1$/,
    ],
    ['[{"a": 1},\n{"a": "x', /got an end within it in line 2$/],
    ["[", /got an end within it/],
    ['[{"a": 1}]\n[{"a": 2}]', /must end with \], and the file with it, got "\[\{"a": 2\}\]" in line 2$/],
    ['[{"a": 1},\n\n]', /line 3 must be a JSON object, got nothing$/],
    ['[,{"a": 1}]', /line 1 must be a JSON object, got nothing$/],
    ['[{"a": 1}\n{"a": 2}]', /line 1 must be a JSON object, got \{"a": 1\}\n\{"a": 2\}$/],
    ['[{"a": 1},\n 7]', /line 2 must be a JSON object, got 7$/],
    ['[{"a": 1},\n[{"a": 2}]]', /line 2 must be a JSON object, got \[\{"a": 2\}\]$/],
  ];
  for (const [text, message] of refused) {
    await assert.rejects(loadText("x.json", fields, text), { message }, text);
  }
});

test("loadDataset() reads an array of many blocks on one line as one", () =>
  inFolder(async (folder) => {
    const path = join(folder, "x.json");
    const rowCount = 120_000;
    const long = Array.from({ length: 700_000 }, (_, i) => i);
    const rows = Array.from({ length: rowCount }, (_, i) => `{"n":${i},"v":[${i}],"t":"é ]},${i}"}`);
    rows.splice(1000, 0, `{"n":-1,"v":[${long}]}`);
    writeFileSync(path, `[${rows.join(",")}]`);
    using store = new StreamStore({ n: 0, v: 1 });
    await store.loadDataset(path, "train", { sortBy: "n" });
    assert.equal(store.rowCount, rowCount + 1);
    assert.deepEqual([...store.row(0).v as Float64Array], long);
    assert.equal(store.row(rowCount).n, rowCount - 1);
  }));
