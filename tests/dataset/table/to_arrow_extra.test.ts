/** Columns that toDataset() adds to those of fields: steps, and extra ones. */
import {
  Int32,
  makeData,
  makeVector,
  Struct,
  type Table,
  tableFromIPC,
  tableToIPC,
  Utf8,
  Vector,
  vectorFromArray,
} from "apache-arrow";
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Feature, StreamStore, type ToDatasetOptions } from "../../../mod.ts";
import { columnBits } from "../../support/dataset.ts";

const value = (dtype: string): Feature => ({ dtype, _type: "Value" });

function featuresOf(table: Table): Record<string, Feature> {
  return JSON.parse(table.schema.metadata.get("huggingface")!).info.features;
}

function typesOf(table: Table): string[] {
  return table.schema.fields.map(({ name, type }) => `${name}: ${type}`);
}

test("toDataset() refuses names that are no field, and names that are taken", async () => {
  using store = new StreamStore({ action: 0, reward: 1 });
  store.append(0, { action: 1 });
  const refused: [unknown, RegExp][] = [
    [
      { fieldFeatures: { acton: value("int8") } },
      /fieldFeatures must name fields or extras \(action, reward\), got "acton"$/,
    ],
    [{ fieldFeatures: { action: value("string") } }, /the feature of "action" must be of dtype/],
    [{ step: "action" }, /an added column must have a name of its own, got "action"$/],
    [{ extra: { reward: [1] } }, /an added column must have a name of its own, got "reward"$/],
    [{ step: "t", extra: { t: [1] } }, /an added column must have a name of its own, got "t"$/],
    [{ step: 3 }, /step must be a column name, got 3$/],
    [{ extra: { note: ["a", "b"] } }, /the extra column "note" must have 1 rows, got 2$/],
    [{ extra: { note: "a" } }, /"note" must be an Arrow vector, a typed array or a list, got "a"$/],
    [{ extra: { note: [2n ** 63n] } }, /"note" at row 0 must fit int64, got 9223372036854775808$/],
  ];
  for (const [options, message] of refused) {
    await assert.rejects(store.toDataset(options as ToDatasetOptions<"action">), message);
  }
  store.append(1, {});
  await assert.rejects(
    store.toDataset({ extra: { note: ["a", 2] } }),
    /"note" at row 1 must be a string like those before, got 2$/,
  );
  store.close();
  await assert.rejects(store.toDataset(), /Cannot convert to a dataset: the store is closed/);
});

test("toDataset() adds steps and extra columns behind the fields", async () => {
  using store = new StreamStore({ a: 0 });
  store.append(5, { a: 1 });
  store.append(2n ** 62n, {});
  store.append(2n ** 62n + 1n, { a: 3 });
  const chunked = new Vector([
    ...vectorFromArray(["x"], new Utf8()).data,
    ...vectorFromArray([null, "z"], new Utf8()).data,
  ]);
  const records = vectorFromArray([{ x: 1 }, { x: 2 }, { x: 3 }]);
  const table = await store.toDataset({
    step: "t",
    extra: {
      text: ["a", null, "ü"],
      flags: [true, undefined, false],
      counts: [1, null, -0],
      ids: [1n, null, -(2n ** 63n)],
      doubles: Float64Array.of(1, NaN, 3),
      bytes: Uint8Array.of(1, 2, 3),
      floats: Float32Array.of(0, 1, 2, 3).subarray(1),
      nothing: [null, null, null],
      chunked,
      records,
    },
  });
  assert.deepEqual(typesOf(table).slice(1), [
    "t: Int64",
    "text: Utf8",
    "flags: Bool",
    "counts: Float64",
    "ids: Int64",
    "doubles: Float64",
    "bytes: Uint8",
    "floats: Float32",
    "nothing: Null",
    "chunked: Utf8",
    `records: ${records.type}`,
  ]);
  const read = tableFromIPC(tableToIPC(table));
  for (const got of [table, read]) {
    assert.equal(got.numRows, 3);
    assert.deepEqual(got.getChild("t")!.toJSON(), [5n, 2n ** 62n, 2n ** 62n + 1n]);
    assert.deepEqual(got.getChild("text")!.toJSON(), ["a", null, "ü"]);
    assert.deepEqual(got.getChild("flags")!.toJSON(), [true, null, false]);
    assert.deepEqual(columnBits(got, "counts"), ["3ff0000000000000", null, "8000000000000000"]);
    assert.deepEqual(got.getChild("ids")!.toJSON(), [1n, null, -(2n ** 63n)]);
    assert.deepEqual(columnBits(got, "doubles"), [
      "3ff0000000000000",
      "7ff8000000000000",
      "4008000000000000",
    ]);
    assert.deepEqual(got.getChild("floats")!.toJSON(), [1, 2, 3]);
    assert.deepEqual(got.getChild("nothing")!.toJSON(), [null, null, null]);
    assert.deepEqual(got.getChild("chunked")!.toJSON(), ["x", null, "z"]);
    assert.equal(got.getChild("records")!.get(2).x, 3);
    assert.deepEqual(columnBits(got, "a"), ["3ff0000000000000", null, "4008000000000000"]);
  }
  const features = featuresOf(table);
  assert.deepEqual([features.t, features.text, features.bytes], [
    value("int64"),
    value("string"),
    value("uint8"),
  ]);
  assert.deepEqual(features.records, { x: value("float64") });
});

test("toDataset() takes extra vectors of another copy of the library", async () => {
  using store = new StreamStore({ a: 0 });
  store.append(0, { a: 1 });
  const own = makeVector(makeData({ type: new Int32(), data: Int32Array.of(7) }));
  const foreign = { data: own.data, type: own.type } as unknown as Vector;
  const table = await store.toDataset({ extra: { own, foreign } });
  assert.deepEqual([table.get(0)!.own, table.get(0)!.foreign], [7, 7]);
  assert.ok(!(table.schema.fields[0].type instanceof Struct));
});
