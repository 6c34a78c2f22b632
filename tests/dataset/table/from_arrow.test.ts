import {
  type DataType,
  Field,
  FixedSizeList,
  Float64,
  Int32,
  Int64,
  Int8,
  List,
  makeData,
  makeVector,
  RecordBatch,
  Schema,
  Struct,
  Table,
  tableFromArrays,
  Utf8,
  Vector,
  vectorFromArray,
} from "apache-arrow";
import assert from "node:assert/strict";
import { test } from "node:test";
import { StreamStore } from "../../../mod.ts";
import { columnBits } from "../../support/dataset.ts";
import { int64s, load, rowsOf, tableOf } from "../../support/tables.ts";

test("fromDataset() appends the columns that are fields, in field order, whatever the table's order", async () => {
  const table = tableFromArrays({
    done: [true, false],
    note: ["a", "b"],
    action: Int32Array.of(1, 2),
    reward: Float32Array.of(0.5, -0),
  });
  using store = await load({ action: 3, reward: 1, done: 7, other: 2 }, table);
  assert.deepEqual([...store.window(0, 6).types], [3, 1, 7, 3, 1, 7]);
  assert.deepEqual([...store.window(0, 6).values], [1, 0.5, 1, 2, -0, 0]);
  assert.deepEqual([...store.window(0, 6).steps], [0n, 0n, 0n, 1n, 1n, 1n]);
});

test("fromDataset() goes on after the last step, or takes steps from a column", async () => {
  const table = tableFromArrays({ a: [1, 2], t: Int32Array.of(20, 30) });
  using store = new StreamStore({ a: 0 });
  store.append(10, { a: 0 });
  await store.fromDataset(table);
  store.append(13, { a: 3 });
  await store.fromDataset(table, { step: "t" });
  assert.deepEqual([...store.window(0, 6).steps], [10n, 11n, 12n, 13n, 20n, 30n]);
  await assert.rejects(
    store.fromDataset(table, { step: "t" }),
    /^RangeError: Cannot load a dataset: the step of row 0 must be > 30, the step before it, got 20$/,
  );
  using last = new StreamStore({ a: 0 });
  last.append(2n ** 63n - 1n, { a: 0 });
  await assert.rejects(
    last.fromDataset(table),
    /steps must be <= 9223372036854775807, got 2 rows from step 9223372036854775808$/,
  );
});

test("fromDataset() counts steps on from any step", async () => {
  const table = tableFromArrays({ a: [1, 2, 3] });
  for (const last of [-3, -(2 ** 40), 2 ** 32 - 3, 2 ** 40, 2 ** 53 - 3, -(2n ** 63n), 2n ** 63n - 4n]) {
    using store = new StreamStore({ a: 0 });
    store.append(last, { a: 0 });
    await store.fromDataset(table);
    const first = BigInt(last);
    assert.deepEqual([...store.window(0, 4).steps], [first, first + 1n, first + 2n, first + 3n]);
  }
});

test("fromDataset() refuses steps that are no integers, null, too large or do not rise", async () => {
  const a = makeVector(Float64Array.of(1, 2)) as unknown as Vector;
  const refused: [Vector, RegExp][] = [
    [a, /^TypeError: Cannot load a dataset: the step column "t" must be of integers, got Float64$/],
    [
      vectorFromArray([1, null], new Int32()) as never,
      /the step column "t" at row 1 must be an int64, got null$/,
    ],
    [
      makeVector(BigUint64Array.of(0n, 2n ** 63n)) as never,
      /at row 1 must be an int64, got 9223372036854775808$/,
    ],
    [int64s(4n, 4n), /the step of row 1 must be > 4, the step before it, got 4$/],
  ];
  for (const [t, message] of refused) {
    using store = new StreamStore({ a: 0 });
    await assert.rejects(
      store.fromDataset(tableOf({ a, t }), { step: "t" }),
      (error) => message.test(String(error)),
    );
    assert.equal(store.rowCount, 0);
  }
  using store = new StreamStore({ a: 0 });
  await assert.rejects(
    store.fromDataset(tableOf({ a }), { step: "t" }),
    /"t" must be of integers, got no column of that name$/,
  );
  const far = tableOf({ a, t: makeVector(BigUint64Array.of(1n, 2n ** 63n - 1n)) as never });
  await store.fromDataset(far, { step: "t" });
  assert.equal(store.row(1).step, 2n ** 63n - 1n);
});

test("fromDataset() keeps null, an empty list, NaN and -0 apart", async () => {
  const lists = vectorFromArray([[], null, [NaN, -0], [1]], new List(new Field("item", new Float64(), true)));
  const a = vectorFromArray([null, NaN, -0, null], new Float64());
  using store = await load({ a: 0, list: 1 }, tableOf({ a, list: lists } as never));
  assert.deepEqual(rowsOf(store), [
    { step: 0, list: [] },
    { step: 1, a: NaN },
    { step: 2, a: -0, list: [NaN, -0] },
    { step: 3, list: [1] },
  ]);
  const table = await store.toDataset();
  assert.deepEqual(columnBits(table, "a"), columnBits(tableOf({ a } as never), "a"));
  assert.deepEqual(columnBits(table, "list"), columnBits(tableOf({ lists } as never), "lists"));
});

test("fromDataset() refuses a null inside a list, or makes it NaN on request", async () => {
  const item = new Field("item", new Int32(), true);
  const tables = {
    list: vectorFromArray([[1, 2], [3, null], null], new List(item)),
    fixed: vectorFromArray([[1, 2], [3, null], null], new FixedSizeList(2, item)),
  };
  for (const [name, vector] of Object.entries(tables)) {
    using store = new StreamStore({ a: 0 });
    await assert.rejects(
      store.fromDataset(tableOf({ a: vector } as never)),
      /^RangeError: Cannot load a dataset: the list of "a" at row 1 must hold numbers only, got a null inside it; nullInList: "nan" makes it NaN$/,
      name,
    );
    assert.equal(store.rowCount, 0);
    await store.fromDataset(tableOf({ a: vector } as never), { nullInList: "nan" });
    assert.deepEqual(rowsOf(store), [{ step: 0, a: [1, 2] }, { step: 1, a: [3, NaN] }, { step: 2 }]);
    // int32 has no NaN, so the column goes out as float64.
    const bits = columnBits(await store.toDataset(), "a");
    assert.deepEqual(bits[1], ["4008000000000000", "7ff8000000000000"]);
  }
  using integers = new StreamStore({ a: { type: 0, dtype: "int64" } });
  await assert.rejects(
    integers.fromDataset(tableOf({ a: tables.list } as never), { nullInList: "nan" }),
    /"a" at row 1 must be an integer that fits int64, got NaN for a null inside a list$/,
  );
  await assert.rejects(
    integers.fromDataset(tableOf({ a: tables.list } as never), { nullInList: "zero" as never }),
    /nullInList must be "error" or "nan", got "zero"$/,
  );
});

test("fromDataset() does not mind nulls below a null row", async () => {
  // A row that is null, over entries that are null, as Arrow's writers lay fixed lists out.
  const type = new FixedSizeList(2, new Field("item", new Int32(), true));
  const child = makeData({
    type: new Int32(),
    data: Int32Array.of(1, 2, 0, 0, 5, 6),
    nullCount: 2,
    nullBitmap: Uint8Array.of(0b110011),
  });
  const data = makeData({ type, length: 3, nullCount: 1, nullBitmap: Uint8Array.of(0b101), child });
  using store = await load({ a: 0 }, tableOf({ a: new Vector([data]) }));
  assert.deepEqual(rowsOf(store), [{ step: 0, a: [1, 2] }, { step: 1 }, { step: 2, a: [5, 6] }]);
  // Nothing became NaN, so integers stay what they are.
  await store.fromDataset(tableOf({ a: new Vector([data]) }), { nullInList: "nan" });
  assert.deepEqual((await store.toDataset()).schema.fields.map(String), ["a: FixedSizeList[2]<Int32>"]);
});

test("fromDataset() refuses what float64 or the field's integers cannot hold, all of it", async () => {
  const refused: [Vector, "float64" | "int64" | "uint64", RegExp][] = [
    [
      int64s(1n, 2n ** 53n + 1n),
      "float64",
      /"a" at row 1 must be exact in float64, got 9007199254740993; declare the field as int64$/,
    ],
    [
      makeVector(BigUint64Array.of(2n ** 64n - 1n)) as never,
      "float64",
      /got 18446744073709551615; declare the field as uint64$/,
    ],
    [
      makeVector(Float64Array.of(1, 1.5)) as never,
      "int64",
      /"a" at row 1 must be an integer that fits int64, got 1.5$/,
    ],
    [makeVector(Float64Array.of(1, NaN)) as never, "int64", /got NaN$/],
    [
      makeVector(Int32Array.of(-1)) as never,
      "uint64",
      /"a" at row 0 must be an integer that fits uint64, got -1$/,
    ],
    [makeVector(BigUint64Array.of(2n ** 63n)) as never, "int64", /that fits int64, got 9223372036854775808$/],
  ];
  for (const [vector, dtype, message] of refused) {
    using store = new StreamStore({ a: { type: 0, dtype } });
    store.append(0, { a: 7 });
    // Far behind rows that are right, so that blocks of them were written before.
    const long = tableOf({ a: makeVector(new Float64Array(5000)) as never });
    await store.fromDataset(long);
    const before = [store.length, store.rowCount];
    await assert.rejects(store.fromDataset(tableOf({ a: vector })), (error) => message.test(String(error)));
    assert.deepEqual([store.length, store.rowCount], before);
    store.append(9000, { a: 8 });
    assert.equal(store.rowCount, before[1] + 1);
  }
});

test("fromDataset() appends nothing of a table whose second batch is refused", async () => {
  const schema = new Schema([new Field("a", new Int64(), true)]);
  const batch = (...values: bigint[]) => {
    const child = makeData({ type: new Int64(), data: BigInt64Array.from(values) });
    return new RecordBatch(
      schema,
      makeData({ type: new Struct(schema.fields), length: values.length, children: [child] }),
    );
  };
  const table = new Table(schema, [batch(1n, 2n), batch(), batch(3n, 2n ** 60n + 1n)]);
  using store = new StreamStore({ a: 0 });
  await assert.rejects(
    store.fromDataset(table),
    /"a" at row 3 must be exact in float64, got 1152921504606846977/,
  );
  assert.deepEqual([store.length, store.rowCount], [0, 0]);
  using right = new StreamStore({ a: { type: 0, dtype: "int64" } });
  await right.fromDataset(table);
  assert.deepEqual(rowsOf(right).at(-1), { step: 3, a: 2n ** 60n + 1n });
});

test("fromDataset() refuses columns that are no numbers, and names what to do", async () => {
  const item = (type: DataType) => new Field("item", type, true);
  const refused: [Vector, RegExp][] = [
    [
      vectorFromArray(["x"], new Utf8()) as never,
      /^TypeError: Cannot load a dataset: the column of field "a" must be numbers or lists of them, got Utf8; drop it, or pass it as extra to toDataset$/,
    ],
    [vectorFromArray([{ x: 1 }]) as never, /got Struct/],
    [vectorFromArray([["x"]], new List(item(new Utf8()))) as never, /got List<Utf8>/],
    [vectorFromArray([[[1]]], new List(item(new List(item(new Int8()))))) as never, /got List<List<Int8>>/],
    [vectorFromArray(["x"]) as never, /got Dictionary</],
  ];
  for (const [vector, message] of refused) {
    using store = new StreamStore({ a: 0, b: 1 });
    const table = tableOf({ a: vector, b: makeVector(Float64Array.of(1)) as never });
    await assert.rejects(store.fromDataset(table), (error) => message.test(String(error)));
    await store.fromDataset(table.select(["b"]));
  }
});

test("fromDataset() refuses a table without a field's column, and what is no table", async () => {
  using store = new StreamStore({ action: 0, reward: 1 });
  await assert.rejects(
    store.fromDataset(tableFromArrays({ x: [1], y: [2] })),
    /^RangeError: Cannot load a dataset: at least one column must be a field \(action, reward\), got columns x, y$/,
  );
  for (
    const [wrong, got] of [[null, "null"], [{}, "a value of class Object"], [[1], "an array of 1"]] as const
  ) {
    await assert.rejects(store.fromDataset(wrong as never), {
      message: `Cannot load a dataset: it must be a Table of apache-arrow, got ${got}`,
    });
  }
  store.close();
  await assert.rejects(
    store.fromDataset(tableFromArrays({ action: [1] })),
    /Cannot load a dataset: the store is closed/,
  );
});
