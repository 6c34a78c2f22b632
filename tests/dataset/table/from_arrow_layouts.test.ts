/** Tables of Arrow in every layout that one may come in, and what their metadata says of them. */
import {
  Bool,
  type Data,
  type DataType,
  Dictionary,
  Field,
  FixedSizeList,
  Float64,
  Int32,
  Int8,
  List,
  makeData,
  makeVector,
  Null,
  RecordBatch,
  Schema,
  Struct,
  Table,
  tableFromIPC,
  tableToIPC,
  Uint64,
  Vector,
  vectorFromArray,
} from "apache-arrow";
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";
import { type Feature, StreamStore } from "../../../mod.ts";
import { columnBits } from "../../support/dataset.ts";
import { load, rowsOf, tableOf, value } from "../../support/tables.ts";
import { keepInMemory, smallChunks } from "../../support/in_memory.ts";

keepInMemory();

test("fromDataset() reads sliced tables and columns in pieces that end at different rows", async () => {
  const chunks = (lengths: number[], make: (from: number, length: number) => Data) => {
    let from = 0;
    return new Vector(lengths.map((length) => make((from += length) - length, length)));
  };
  const range = (from: number, length: number) => Array.from({ length }, (_, i) => from + i);
  const item = new Field("item", new Int32(), true);
  const columns = {
    a: chunks(
      [3, 4, 3],
      (from, length) => makeData({ type: new Float64(), data: Float64Array.from(range(from, length)) }),
    ),
    b: chunks(
      [5, 5],
      (from, length) =>
        vectorFromArray(range(from, length).map((i) => i % 3 === 0 ? null : i % 2 === 0), new Bool()).data[0],
    ),
    list: chunks(
      [1, 9],
      (from, length) =>
        vectorFromArray(range(from, length).map((i) => i === 4 ? null : range(i, i % 4)), new List(item))
          .data[0],
    ),
    fixed: chunks(
      [10],
      (from, length) =>
        vectorFromArray(range(from, length).map((i) => i === 6 ? null : [i, -i]), new FixedSizeList(2, item))
          .data[0],
    ),
  };
  const expected = range(0, 10).map((i) => ({
    a: i,
    ...(i % 3 === 0 ? {} : { b: i % 2 === 0 ? 1 : 0 }),
    ...(i === 4 ? {} : { list: range(i, i % 4) }),
    ...(i === 6 ? {} : { fixed: [i, 0 - i] }),
  }));
  const table = tableOf(columns as never);
  assert.ok(table.batches.length > 3);
  for (const whole of [table, tableFromIPC(tableToIPC(table))]) {
    for (let from = 0; from <= 10; from++) {
      for (let to = from; to <= 10; to++) {
        using store = await load({ a: 0, b: 1, list: 2, fixed: 3 }, whole.slice(from, to));
        const rows = rowsOf(store) as Record<string, unknown>[];
        assert.deepEqual(
          rows.map(({ step: _, ...row }) => row),
          expected.slice(from, to),
          `${from} to ${to}`,
        );
      }
    }
  }
});

test("fromDataset() reads dictionaries of numbers", async () => {
  const type = new Dictionary(new Float64(), new Int8(), 1);
  const numbers = vectorFromArray([0.5, null, 0.5, -0, 7], type);
  const flags = vectorFromArray([true, false, null, true, true], new Dictionary(new Bool(), new Int8(), 2));
  const times = vectorFromArray([5, 6, 7, 8, 9], new Dictionary(new Int32(), new Int8(), 3));
  const table = tableOf({ numbers, flags, times } as never);
  for (const whole of [table, tableFromIPC(tableToIPC(table))]) {
    using store = await load({ numbers: 0, flags: 1 }, whole.slice(1, 5), { step: "times" });
    assert.deepEqual(rowsOf(store), [
      { step: 6, flags: 0 },
      { step: 7, numbers: 0.5 },
      { step: 8, numbers: -0, flags: 1 },
      { step: 9, numbers: 7, flags: 1 },
    ]);
  }
});

test("fromDataset() reads columns of nothing but nulls, and lists of nothing", async () => {
  const nothing = makeData({ type: new Null(), length: 2 });
  const lists = makeData({
    type: new List(new Field("item", new Null(), true)),
    length: 2,
    nullCount: 0,
    valueOffsets: Int32Array.of(0, 0, 0),
    child: makeData({ type: new Null(), length: 0 }),
  });
  using store = await load(
    { a: 0, list: 1 },
    tableOf({ a: new Vector([nothing]), list: new Vector([lists]) }),
  );
  assert.deepEqual(rowsOf(store), [{ step: 0, list: [] }, { step: 1, list: [] }]);
  assert.deepEqual((await store.toDataset()).schema.fields.map(String), [
    "a: Null",
    "list: List<Null>",
  ]);
});

test("fromDataset() of an empty table appends nothing and remembers its features", async () => {
  using store = await load({ a: 0 }, tableOf({ a: makeVector(new Int8Array(0)) as never }));
  assert.equal(store.rowCount, 0);
  assert.deepEqual((await store.toDataset()).schema.fields.map(String), ["a: Int8"]);
  await store.fromDataset(new Table(new Schema([new Field("a", new Int8(), true)])));
  assert.equal(store.rowCount, 0);
});

test("fromDataset() looks at validity only where rows are null", async () => {
  // A bitmap may be there although nothing is null, and its count may not have been taken yet.
  const bits = Uint8Array.of(0b10);
  const data = (nullCount: number) =>
    new Vector([makeData({ type: new Float64(), data: Float64Array.of(1, 2), nullCount, nullBitmap: bits })]);
  using none = await load({ a: 0 }, tableOf({ a: data(0) }));
  assert.equal(none.length, 2);
  using unknown = await load({ a: 0 }, tableOf({ a: data(-1) }));
  assert.deepEqual(rowsOf(unknown), [{ step: 0 }, { step: 1, a: 2 }]);
});

test("fromDataset() takes tables that another copy of the library made", async () => {
  const other = createRequire(import.meta.url)("apache-arrow");
  const table = other.tableFromArrays({ a: Float64Array.of(1, 2), b: ["x", "y"], list: [[1], [2, 3]] });
  using store = await load({ a: 0, list: 1 }, table);
  assert.deepEqual(rowsOf(store), [{ step: 0, a: 1, list: [1] }, { step: 1, a: 2, list: [2, 3] }]);
});

test("toDataset() gives the features of a first load, and not those of a store with other rows", async () => {
  const label: Feature = { names: ["left", "right"], _type: "ClassLabel" };
  const fields = { a: { type: 0, dtype: "int64" }, b: 1 } as const;
  using first = new StreamStore(fields, smallChunks);
  first.append(0, { a: 1, b: [0.1, 2] });
  const fieldFeatures = {
    a: label,
    b: { feature: value("float32"), length: 2, _type: "Sequence" } as Feature,
  };
  const table = await first.toDataset({ fieldFeatures });

  using empty = await load(fields, table);
  const again = await empty.toDataset();
  assert.equal(again.schema.metadata.get("huggingface"), table.schema.metadata.get("huggingface"));
  assert.deepEqual(columnBits(again, "b"), columnBits(table, "b"));
  await empty.fromDataset(table);
  assert.equal(
    (await empty.toDataset()).schema.metadata.get("huggingface"),
    table.schema.metadata.get("huggingface"),
  );

  // The rows before hold 0.1, which float32 does not.
  await first.fromDataset(table);
  assert.deepEqual((await first.toDataset()).schema.fields.map(String), ["a: Int64", "b: List<Float64>"]);

  await empty.fromDataset(await first.toDataset());
  assert.deepEqual((await empty.toDataset()).schema.fields.map(String), ["a: Int64", "b: List<Float64>"]);
  await empty.fromDataset(table);
  assert.deepEqual((await empty.toDataset()).schema.fields.map(String), ["a: Int64", "b: List<Float64>"]);
});

test("fromDataset() takes features of metadata only where the column is of their type", async () => {
  const features = { a: { names: ["x"], _type: "ClassLabel" }, b: { _type: "Image" }, c: value("uint64") };
  const metadata = new Map([["huggingface", JSON.stringify({ info: { features } })]]);
  const columns = {
    a: makeVector(Int32Array.of(0)),
    b: makeVector(Int8Array.of(1)),
    c: makeVector(BigUint64Array.of(1n)),
  };
  const plain = tableOf(columns as never);
  const table = new Table(
    new Schema(plain.schema.fields, metadata),
    plain.batches.map(({ data }) => new RecordBatch(new Schema(plain.schema.fields, metadata), data)),
  );
  using store = await load({ a: 0, b: 1, c: 2 }, table);
  const out = JSON.parse((await store.toDataset()).schema.metadata.get("huggingface")!);
  assert.deepEqual(out.info.features, { a: value("int32"), b: value("int8"), c: value("uint64") });
  assert.ok((await store.toDataset()).schema.fields[2].type instanceof Uint64);
});

test("fromDataset() flattens arrays that their metadata gives a shape, and refuses those of another", async () => {
  const item = (type: DataType) => new Field("item", type, true);
  const rows = [[[1, 2], [3, 4]], null, [[5, 6], [7, 8]]];
  const shape = (dimensions: (number | null)[], name = "Array2D") =>
    new Map([
      ["ARROW:extension:name", `datasets.features.features.${name}ExtensionType`],
      ["ARROW:extension:metadata", JSON.stringify([dimensions, "int8"])],
    ]);
  const tableWith = (entries: unknown[], metadata: Map<string, string>) => {
    const vector = vectorFromArray(entries, new List(item(new List(item(new Int8())))));
    const schema = new Schema([new Field("a", vector.type, true, metadata)]);
    const data = makeData({
      type: new Struct(schema.fields),
      length: entries.length,
      nullCount: 0,
      children: [vector.data[0]],
    });
    return new Table(schema, [new RecordBatch(schema, data as never)]);
  };
  for (const dimensions of [[2, 2], [null, 2]]) {
    const table = tableWith(rows, shape(dimensions));
    for (const [from, to] of [[0, 3], [1, 3], [2, 3]]) {
      using store = await load({ a: 0 }, table.slice(from, to));
      const flat = rows.slice(from, to).map((row, step) => row === null ? { step } : { step, a: row.flat() });
      assert.deepEqual(rowsOf(store), flat);
      assert.deepEqual(columnBits(await store.toDataset(), "a"), columnBits(table.slice(from, to), "a"));
    }
  }
  const refused: [unknown[], (number | null)[], RegExp][] = [
    [
      [[[1, 2]], [[1, 2], [3]]],
      [null, 2],
      /"a" at row 1 must have the shape that its feature says, lists of 2, got a list of 1$/,
    ],
    [
      [[[1, 2], [3, 4]], [[1, 2]]],
      [2, 2],
      /"a" at row 1 must have the shape that its feature says, lists of 2, got a list of 1$/,
    ],
    [[[[1, 2], [3, 4]], [[1, 2], null]], [2, 2], /"a" at row 1 .* got a list of 0$/],
    [rows, [2, 2, 2], /must be numbers or lists of them, got List<List<Int8>>/],
  ];
  for (const [entries, dimensions, message] of refused) {
    using store = new StreamStore({ a: 0 }, smallChunks);
    await assert.rejects(store.fromDataset(tableWith(entries, shape(dimensions))), message);
    assert.equal(store.rowCount, 0);
  }
});

test("fromDataset() reads fixed lists of fixed lists, and makes a null list NaN on request", async () => {
  const inner = new FixedSizeList(2, new Field("item", new Float64(), true));
  for (
    const type of [
      new FixedSizeList(2, new Field("item", inner, true)),
      new List(new Field("item", inner, true)),
    ]
  ) {
    const vector = vectorFromArray(
      [[[1, 2], [3, 4]], null, [[5, 6], null], [[7, 8], [9, null]]],
      type as never,
    );
    const table = tableOf({ a: vector as never });
    using store = await load({ a: 0 }, table.slice(0, 2));
    assert.deepEqual(rowsOf(store), [{ step: 0, a: [1, 2, 3, 4] }, { step: 1 }]);
    assert.deepEqual(columnBits(await store.toDataset(), "a"), columnBits(table.slice(0, 2), "a"));
    await assert.rejects(store.fromDataset(table), /the list of "a" at row 2 must hold numbers only/);
    await store.fromDataset(table.slice(2, 4), { nullInList: "nan" });
    assert.deepEqual(rowsOf(store).slice(2), [{ step: 2, a: [5, 6, NaN, NaN] }, {
      step: 3,
      a: [7, 8, 9, NaN],
    }]);
  }
});
