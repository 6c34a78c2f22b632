/** Fields named by whole numbers, whose order no object keeps. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { type FieldEntry, StreamStore } from "../../mod.ts";
import { withDirectory } from "../torture/scratch.ts";
import { objectOf } from "../support/inherited_names.ts";

/** Whole numbers, in an order that no object keeps, beside names that only look like some. */
const numbered: FieldEntry[] = [["b", 0], ["1", 1], ["a", 2], ["0", 3], ["007", 4], ["4294967295", 5], [
  "-1",
  6,
]];
const order = numbered.map(([name]) => name);

test("StreamStore() refuses an object with a name that is a whole number, and says the form that keeps the order", () => {
  for (const name of ["0", "1", "17", "4294967294"]) {
    assert.throws(() => new StreamStore({ b: 0, [name]: 1 }), {
      name: "RangeError",
      message:
        `Cannot create a store: an object does not keep the order of names that are whole numbers: give fields as a list of [name, type ID or dtype] in field order, as [["${name}", 1], ["b", 0]], got "${name}" in an object`,
    });
  }
  using store = new StreamStore({ "007": 0, "4294967295": 1, "-1": 2, "1.5": 3, "1e3": 4, "": 5 });
  assert.deepEqual(store.fields.map(({ name }) => name), ["007", "4294967295", "-1", "1.5", "1e3", ""]);
});

test("StreamStore() takes entries and names, in their order", () => {
  using store = new StreamStore(numbered);
  assert.deepEqual(store.fields.map(({ name, type }) => [name, type]), numbered);
  using named = new StreamStore(order);
  assert.deepEqual(named.fields.map(({ name, type }) => [name, type]), order.map((name, i) => [name, i]));
  using typed = new StreamStore([["1", { type: 7, dtype: "int64" }], ["0", { type: 3 }]]);
  assert.deepEqual(typed.fields, [{ name: "1", type: 7, dtype: "int64" }, {
    name: "0",
    type: 3,
    dtype: "float64",
  }]);
});

test("StreamStore() refuses lists that are no fields", () => {
  const cases: [unknown, RegExp][] = [
    [[], /^RangeError: Cannot create a store: there must be at least 1 field, got 0$/],
    [["a", "a"], /^RangeError: .*field names must differ, got "a" twice$/],
    [[["a", 0], ["a", 1]], /^RangeError: .*field names must differ, got "a" twice$/],
    [[["a", 0], ["b", 0]], /^RangeError: .*type IDs must differ, got 0 for "a" and for "b"$/],
    [
      ["a", ["b", 1]],
      /^TypeError: Cannot create a store: fields\[1\] must be a name like those before, got an array of 2$/,
    ],
    [
      [["a", 0], "b"],
      /^TypeError: Cannot create a store: fields\[1\] must be \[name, type ID or dtype\], got "b"$/,
    ],
    [[["a"]], /^TypeError: .*fields\[0\] must be \[name, type ID or dtype\], got an array of 1$/],
    [[["a", 0, 1]], /^TypeError: .*got an array of 3$/],
    [[[0, "a"]], /^TypeError: .*got an array of 2$/],
    [[["a", "0"]], /^RangeError: .*the dtype of "a" must be one of float64, .*, bool, got "0"$/],
    [
      [{ a: 0 }],
      /^TypeError: .*fields\[0\] must be \[name, type ID or dtype\], got a value of class Object$/,
    ],
    [["a", , "b"], /^TypeError: .*fields\[1\] must be a name like those before, got undefined$/],
    [["step"], /^RangeError: .*no field can be named "step"/],
    [
      { a: { type: 0, dytpe: "int64" } },
      /^TypeError: .*"a" must be a type ID, a dtype or \{ type, dtype \}, got "dytpe" in it$/,
    ],
    [
      "a",
      /^TypeError: .*fields must be an object of name and type ID or dtype, a list of \[name, type ID or dtype\], or a list of names, got "a"$/,
    ],
  ];
  for (const [given, expected] of cases) assert.throws(() => new StreamStore(given as never), expected);
});

test("open() keeps the order of names that are whole numbers: in rows of tokens, in tables, in files, in store.json", () =>
  withDirectory(async (directory) => {
    const path = `${directory}/run.stream`;
    using store = StreamStore.open(path, { fields: numbered });
    const row = objectOf(numbered.map(([name, type]) => [name, 10 + Number(type)]));
    store.append(0, row);
    store.append([1, 1, 1], ["b", "0", "007"], [1, 2, 3]);
    store.append(2, { "0": 5, "1": 4 });
    assert.throws(() => store.append([3, 3], ["0", "1"], [1, 2]), /must follow it in field order/);
    store.appendColumns({ step: [4], "0": [1], "1": [2], b: [3] });
    const cells = [10, 11, 12, 13, 14, 15, 16, 1, 2, 3, 4, 5, 3, 2, 1];
    assert.deepEqual([...store.window(0, store.length).values], cells);
    store.close();
    assert.throws(() => StreamStore.open(path, { fields: numbered.toReversed() }), { code: "fields-differ" });
    assert.throws(() => StreamStore.open(path, { fields: { ...row } }), RangeError);
    using again = StreamStore.open(path, { fields: numbered });
    assert.deepEqual(again.fields.map(({ name, type }) => [name, type]), numbered);
    const table = await again.toDataset();
    assert.deepEqual(table.schema.fields.map(({ name }) => name), order);
    const metadata = table.schema.metadata.get("huggingface")!;
    assert.deepEqual([...metadata.matchAll(/"([^"]*)":\{"dtype"/g)].map(([, name]) => name), order);
    for (const format of ["parquet", "disk", "arrow", "jsonl", "csv"] as const) {
      await again.saveDataset(`${directory}/${format}`, "train", { format });
      using copy = new StreamStore(order);
      await copy.loadDataset(`${directory}/${format}`, "train");
      assert.deepEqual([...copy.window(0, copy.length).values], cells, format);
    }
    const info = readFileSync(`${directory}/disk/train/dataset_info.json`, "utf8");
    assert.deepEqual([...info.matchAll(/"([^"]*)":\{"dtype"/g)].map(([, name]) => name), order);
    assert.equal(readFileSync(`${directory}/csv/train.csv`, "utf8").split("\n")[0], order.join());
    assert.ok(
      readFileSync(`${directory}/jsonl/train.jsonl`, "utf8").startsWith('{"b": 10.0, "1": 11.0, "a"'),
    );
  }));
