import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type FieldMap, type LoadDatasetOptions, StreamStore } from "../../../mod.ts";
import { inFolder, list, loadText, plainRows, value } from "../../support/saved.ts";

const load = (fields: FieldMap, text: string, options?: LoadDatasetOptions) =>
  loadText("x.csv", fields, text, options);

test("saveDataset() to CSV has nothing for null, and JSON for lists", () =>
  inFolder(async (folder) => {
    using store = new StreamStore({ "a,b": 0, n: { type: 1, dtype: "int64" }, v: 2, m: 3 });
    store.append(0, { "a,b": 1, n: 2n ** 53n + 1n, v: [0.1, -0], m: [1, 2, 3, 4] });
    store.append(1, { "a,b": NaN, v: [] });
    store.append(2, {});
    store.append(3, { "a,b": -Infinity, n: -1, v: [Infinity, NaN] });
    const path = join(folder, "x.csv");
    const fieldFeatures = { m: list(list(value("int8"), 2)) };
    await store.saveDataset(path, "train", { fieldFeatures, extra: { task: ['"ü", x', null, "", "a\nb"] } });
    assert.equal(
      readFileSync(path, "utf8"),
      `"a,b",n,v,m,task
1.0,9007199254740993,"[0.1, -0.0]","[[1, 2], [3, 4]]","""ü"", x"
NaN,,[],,
,,,,""
-Infinity,-1,"[Infinity, NaN]",,"a
b"
`,
    );
    using copy = new StreamStore({ "a,b": 0, n: { type: 1, dtype: "int64" }, v: 2, m: 3 });
    await copy.loadDataset(path);
    assert.deepEqual(copy.rows(), store.rows());
  }));

test("loadDataset() reads what other programs write as CSV", async () => {
  using store = await load(
    { a: 0, b: 1, c: { type: 2, dtype: "int64" } },
    '\ufeffa,other,b,c\r\n+1.,"x, ""y""\r\nz",True,9007199254740993\r\n.5e1,,FALSE,+9223372036854775807\r\n\r\n-inf,,,\r\nnan,,false,-1',
  );
  assert.deepEqual(plainRows(store), [
    { a: 1, b: 1, c: 9007199254740993n },
    { a: 5, b: 0, c: 2n ** 63n - 1n },
    { a: -Infinity },
    { a: NaN, b: 0, c: -1n },
  ]);
});

test("saveDataset() to CSV keeps the nulls of a single column", () =>
  inFolder(async (folder) => {
    using store = new StreamStore({ a: 0 });
    [1, undefined, 3, undefined].forEach((a, step) => store.append(step, { a }));
    const path = join(folder, "x.csv");
    await store.saveDataset(path);
    assert.equal(readFileSync(path, "utf8"), 'a\n1.0\n""\n3.0\n""\n');
    using copy = new StreamStore({ a: 0 });
    await copy.loadDataset(path);
    assert.deepEqual(copy.rows(), store.rows());
  }));

test("loadDataset() refuses CSV that is no table of numbers", async () => {
  const refused: [string, RegExp][] = [
    ["a,b\n1,2\n3\n", /row 1 of .* must have 2 cells, got 1$/],
    ["a,b\n1,2,3\n", /row 0 of .* must have 2 cells, got 3$/],
    ["a\nx\n", /"a" at row 0 of .* must be a number, true, false, or a list of them, got "x"/],
    ["a\n1\n[1]\n", /must be a number, as in the rows before, got \[1\]/],
    ['a\n"[1, [2]"\n', /got "\[1, \[2\]"/],
    ['a\n"1\n', /Cannot read .*: .*uot/],
    ["b\n1\n", /at least one column must be a field \(a\), got columns b$/],
  ];
  for (const [text, message] of refused) await assert.rejects(load({ a: 0 }, text), message, text);
  await inFolder(async (folder) => {
    const path = join(folder, "x.csv");
    writeFileSync(path, Uint8Array.of(97, 10, 0xff, 10));
    using store = new StreamStore({ a: 0 });
    await assert.rejects(store.loadDataset(path), /its text must be UTF-8$/);
  });
});

test("loadDataset() reads CSV of many blocks, with line ends within quotes, as one", () =>
  inFolder(async (folder) => {
    const path = join(folder, "x.csv");
    const lines = Array.from({ length: 150_000 }, (_, i) => `${i},"line ${i}\nnext ""line"""`);
    writeFileSync(path, `a,text\n${lines.join("\n")}\n`);
    using store = new StreamStore({ a: 0 });
    await store.loadDataset(path);
    assert.equal(store.rowCount, 150_000);
    assert.deepEqual([...(store.column("a").values as Float64Array).subarray(149_998)], [149_998, 149_999]);
    using sorted = new StreamStore({ a: 0 });
    await sorted.loadDataset(path, "train", { sortBy: "text" });
    assert.deepEqual(sorted.rows(0, 3).map(({ a }) => a), [0, 1, 10]);
  }));
