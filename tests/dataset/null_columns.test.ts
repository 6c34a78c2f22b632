/** Columns without a value, and columns without a name: they go out as they came in. */
import {
  Field,
  Float32,
  List,
  makeData,
  Null,
  RecordBatch,
  Schema,
  Struct,
  Table,
  tableFromIPC,
  tableToIPC,
} from "apache-arrow";
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import { inFolder, list, value } from "../support/saved.ts";

const rowCount = 3;
const nulls = (length: number) => makeData({ type: new Null(), length });
const lists = makeData({
  type: new List(new Field("item", new Null(), true)),
  length: rowCount,
  nullCount: 1,
  nullBitmap: Uint8Array.of(0b101),
  valueOffsets: Int32Array.of(0, 0, 0, 0),
  child: nulls(0),
});

function nullTable(): Table {
  const fields = [
    new Field("nothing", new Null(), true),
    new Field("lists", lists.type, true),
    new Field("reward", new Float32(), true),
  ];
  const schema = new Schema(fields);
  const reward = makeData({ type: new Float32(), length: rowCount, data: Float32Array.of(1, 2, 3) });
  const children = [nulls(rowCount), lists, reward];
  return new Table(schema, [
    new RecordBatch(schema, makeData({ type: new Struct(fields), length: rowCount, nullCount: 0, children })),
  ]);
}

const fields = { nothing: 0, lists: 1, reward: 2 } as const;
const features = async (store: StreamStore<typeof fields>) =>
  JSON.parse((await store.toDataset()).schema.metadata.get("huggingface")!).info.features;

test("toDataset() gives a column of nulls only as one, and lists of them too", () =>
  inFolder(async (folder) => {
    using store = new StreamStore(fields);
    await store.fromDataset(nullTable());
    for (const name of ["x.arrow", "x.arrows", "disk", "x.parquet"]) {
      await store.saveDataset(join(folder, name));
      using copy = new StreamStore(fields);
      await copy.loadDataset(join(folder, name));
      const table = await copy.toDataset();
      assert.deepEqual(table.schema.fields.map(({ type }) => String(type)), [
        "Null",
        "List<Null>",
        "Float32",
      ]);
      assert.deepEqual(await features(copy), {
        nothing: value("null"),
        lists: list(value("null")),
        reward: value("float32"),
      });
      assert.deepEqual(
        copy.rows().map(({ lists: found }) => found === undefined ? null : [...found as Float64Array]),
        [
          [],
          null,
          [],
        ],
      );
    }
  }));

test("toDataset() gives a column of nulls the type of a first value, however it comes", async () => {
  using appended = new StreamStore(fields);
  await appended.fromDataset(nullTable());
  appended.append(3, { nothing: 0.5, lists: [1] });
  assert.deepEqual(await features(appended), {
    nothing: value("float64"),
    lists: list(value("float64")),
    reward: value("float32"),
  });
  using loaded = new StreamStore(fields);
  await loaded.fromDataset(nullTable());
  using more = new StreamStore(fields);
  more.append(0, { nothing: 7, lists: [1], reward: 1 });
  await loaded.fromDataset(await more.toDataset({ fieldFeatures: { nothing: value("int8") } }));
  assert.equal((await features(loaded)).nothing.dtype, "float64");
  assert.equal(loaded.row(3).nothing, 7);
});

test("toDataset() puts no value into null, where somebody names it as a feature", async () => {
  using store = new StreamStore(fields);
  store.append(0, { reward: 1 });
  store.append(1, { nothing: 0.5, lists: [2, 3] });
  for (
    const [fieldFeatures, message] of [
      [{ nothing: value("null") }, /"nothing" at row 1 must be null, got a value$/],
      [{ lists: list(value("null")) }, /"lists" at row 1 must be null, got a value$/],
    ] as const
  ) {
    await assert.rejects(store.toDataset({ fieldFeatures }), { name: "RangeError", message });
  }
});

test('loadDataset() takes a column named "", in every format', () =>
  inFolder(async (folder) => {
    using store = new StreamStore({ "": 0, a: 1 });
    for (let step = 0; step < 3; step++) store.append(step, { "": 2 - step, a: step });
    for (const name of ["x.arrow", "x.arrows", "disk", "x.parquet", "x.jsonl", "x.csv"]) {
      const path = join(folder, name);
      await store.saveDataset(path, "train", { fieldFeatures: { "": value("int16") }, step: "t" });
      using copy = new StreamStore({ "": 0, a: 1 });
      await copy.loadDataset(path, "train");
      assert.deepEqual(copy.rows(), store.rows(), name);
      using sorted = new StreamStore({ "": 0, a: 1 });
      await sorted.loadDataset(path, "train", { sortBy: "" });
      assert.deepEqual(sorted.column("").values, Float64Array.of(0, 1, 2), name);
      using steps = new StreamStore({ a: 1 });
      await store.saveDataset(path, "train", { step: "t" });
      await steps.loadDataset(path, "train", { step: "t" });
      assert.equal(steps.rowCount, 3);
      // The name itself is there: Polars reads no field without one.
      if (name.startsWith("x.arrow")) {
        assert.equal(tableFromIPC(readFileSync(path)).schema.fields[0].name, "");
      }
    }
    // As apache-arrow writes it, there is no name.
    const table = await store.toDataset();
    writeFileSync(join(folder, "y.arrows"), tableToIPC(table));
    for (const load of ["loadDataset", "fromDataset"] as const) {
      using again = new StreamStore({ "": 0, a: 1 });
      if (load === "loadDataset") await again.loadDataset(join(folder, "y.arrows"));
      else await again.fromDataset(table);
      assert.deepEqual(again.rows(), store.rows());
    }
  }));
