import {
  Field,
  Int8,
  List,
  makeVector,
  Schema,
  Struct,
  Table,
  tableFromArrays,
  Utf8,
  vectorFromArray,
} from "apache-arrow";
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type Feature, type LeftOutColumn, StreamStore } from "../../mod.ts";
import { everyDtype } from "../support/dtypes.ts";
import { assertSameStore, inFolder } from "../support/saved.ts";

test("fromDataset() of the class makes fields of the columns' own dtypes, and takes all rows", async () => {
  using store = everyDtype();
  using made = await StreamStore.fromDataset(await store.toDataset());
  assert.deepEqual(made.fields, store.fields);
  assertSameStore(made, store);
});

test("fromParquet() of the class does so with a file and with a folder, in a directory too", async () => {
  using store = everyDtype();
  await inFolder(async (folder) => {
    await store.saveDataset(join(folder, "x.parquet"));
    using made = await StreamStore.fromParquet(join(folder, "x.parquet"));
    assert.deepEqual(made.fields, store.fields);
    assertSameStore(made, store);

    const path = join(folder, "run.stream");
    (await StreamStore.fromParquet(folder, { path, capacity: 100 })).close();
    using kept = StreamStore.open(path, { mode: "read" });
    assert.deepEqual(kept.fields, store.fields);
    assertSameStore(kept, store);
  });
});

/** Text, a struct and a column of steps beside numbers. */
function mixedTable(): Table {
  const struct = new Struct([new Field("x", new Utf8(), true)]);
  return new Table(
    new Schema([
      new Field("note", new Utf8(), true),
      new Field("action", makeVector(Uint8Array.of(1)).type, true),
      new Field("person", struct, true),
      new Field("step", makeVector(Int32Array.of(1)).type, true),
      new Field("color", vectorFromArray(["a"]).type, true),
    ]),
    {
      note: vectorFromArray(["a", "b"], new Utf8()),
      action: makeVector(Uint8Array.of(7, 8)),
      person: vectorFromArray([{ x: "a" }, { x: "b" }], struct),
      step: makeVector(Int32Array.of(10, 20)),
      color: vectorFromArray(["red", "blue"]),
    },
  );
}

test("what is no column of numbers is left out and told of, with the reason", async () => {
  const leftOut: LeftOutColumn[] = [];
  using store = await StreamStore.fromDataset(mixedTable(), { onLeftOut: (column) => leftOut.push(column) });
  assert.deepEqual(store.rows(), [{ step: 0, action: 7 }, { step: 1, action: 8 }]);
  const noNumbers = "it holds no numbers";
  assert.deepEqual(leftOut, [
    { name: "note", reason: noNumbers },
    { name: "person", reason: noNumbers },
    { name: "step", reason: 'no field can be named "step"; the option step takes the steps from it' },
    { name: "color", reason: noNumbers },
  ]);
  using stepped = await StreamStore.fromDataset(mixedTable(), { step: "step" });
  assert.deepEqual(stepped.rows(), [{ step: 10, action: 7 }, { step: 20, action: 8 }]);
});

test("lists of lists are fields where their lengths are told, and are left out elsewhere", async () => {
  using source = new StreamStore({ image: "uint8", plain: "int16" });
  source.append(0, { image: [1, 2, 3, 4], plain: [5] });
  const image: Feature = { shape: [2, 2], dtype: "uint8", _type: "Array2D" };
  const table = await source.toDataset({ fieldFeatures: { image } });
  using made = await StreamStore.fromDataset(table);
  assert.deepEqual(made.rows(), source.rows());
  const ragged = new List(new Field("item", new List(new Field("item", new Int8(), true)), true));
  const rows = new Table({
    ragged: vectorFromArray([[[1], [2, 3]]], ragged),
    a: vectorFromArray([1], new Int8()),
  });
  const leftOut: string[] = [];
  using flat = await StreamStore.fromDataset(rows, { onLeftOut: ({ name }) => leftOut.push(name) });
  assert.deepEqual([leftOut, flat.rows()], [["ragged"], [{ step: 0, a: 1 }]]);
});

test("columns says which become fields, and why one cannot", async () => {
  const table = tableFromArrays({ a: Int8Array.of(1), b: Float32Array.of(2), note: ["x"] });
  const leftOut: string[] = [];
  using store = await StreamStore.fromDataset(table, {
    columns: ["b"],
    onLeftOut: ({ name, reason }) => leftOut.push(`${name}: ${reason}`),
  });
  assert.deepEqual(store.fields, [{ name: "b", type: 0, dtype: "float32" }]);
  assert.deepEqual(leftOut, ["a: columns does not name it", "note: it holds no numbers"]);
  const cases: [unknown, RegExp][] = [
    [
      { columns: ["note"] },
      /^TypeError: .*columns must be of numbers \(a, b\), got "note": it holds no numbers$/,
    ],
    [{ columns: ["c"] }, /^TypeError: .*got "c": there is none$/],
    [{ columns: [] }, /^TypeError: .*columns must be a list with at least one name$/],
    [{ sortBy: "a" }, /^TypeError: .*an option must be one of .*, got sortBy$/],
  ];
  for (const [options, message] of cases) {
    await assert.rejects(
      StreamStore.fromDataset(table, options as never),
      (error) => message.test(String(error)),
    );
  }
  await assert.rejects(StreamStore.fromDataset(tableFromArrays({ note: ["x"] })), {
    name: "TypeError",
    message:
      "Cannot make a store of a dataset: it must have a column of numbers, got note: it holds no numbers",
  });
  await assert.rejects(StreamStore.fromDataset({} as never), {
    name: "TypeError",
    message: /must be a Table/,
  });
});

test("times, labels, dictionaries and columns of nulls have the dtype of their numbers", async () => {
  using source = new StreamStore({
    time: { type: 0, dtype: "int64" },
    label: { type: 1, dtype: "int64" },
    day: 2,
    none: 3,
  });
  source.append(0, { time: 5, label: 1, day: 3 });
  const table = await source.toDataset({
    fieldFeatures: {
      time: { dtype: "timestamp[us]", _type: "Value" },
      label: { names: ["a", "b"], _type: "ClassLabel" },
      day: { dtype: "date32", _type: "Value" },
      none: { dtype: "null", _type: "Value" },
    },
  });
  const expected = { time: "int64", label: "int64", day: "int32", none: "float64" };
  using made = await StreamStore.fromDataset(table);
  assert.deepEqual(Object.fromEntries(made.fields.map(({ name, dtype }) => [name, dtype])), expected);
  const again = await made.toDataset();
  assert.deepEqual(again.schema.metadata.get("huggingface"), table.schema.metadata.get("huggingface"));
  await inFolder(async (folder) => {
    await made.saveDataset(join(folder, "x.parquet"));
    using read = await StreamStore.fromParquet(join(folder, "x.parquet"));
    assert.deepEqual(Object.fromEntries(read.fields.map(({ name, dtype }) => [name, dtype])), expected);
  });
});

test("a store that cannot be filled leaves nothing, and one that is there is left alone", async () => {
  await inFolder(async (folder) => {
    using lists = new StreamStore({ a: 0 });
    lists.append(0, { a: [1, 2] });
    lists.append(1, { a: [3, 4] });
    const file = join(folder, "x.parquet");
    await lists.saveDataset(file);
    const path = join(folder, "run.stream");
    await assert.rejects(StreamStore.fromParquet(file, { path, step: "missing" }));
    assert.ok(!existsSync(path));
    (await StreamStore.fromParquet(file, { path })).close();
    await assert.rejects(StreamStore.fromParquet(file, { path }), { code: "already-exists" });
    using kept = StreamStore.open(path);
    assert.equal(kept.rowCount, 2);
    await assert.rejects(StreamStore.fromParquet(join(folder, "none.parquet")), { code: "not-found" });
  });
});
