/** An extra column of every type that apache-arrow has, saved in every format: written as it is, or refused at once. */
import {
  Binary,
  BinaryView,
  Bool,
  DateMillisecond,
  Decimal,
  DenseUnion,
  Dictionary,
  DurationNanosecond,
  Field,
  FixedSizeBinary,
  FixedSizeList,
  Float16,
  Float64,
  Int32,
  Int8,
  IntervalDayTime,
  IntervalMonthDayNano,
  IntervalYearMonth,
  LargeBinary,
  LargeList,
  LargeUtf8,
  List,
  makeData,
  Map_,
  Null,
  RecordBatch,
  Schema,
  SparseUnion,
  Struct,
  Table,
  tableFromIPC,
  TimeSecond,
  TimestampSecond,
  Utf8,
  Utf8View,
  Vector,
  vectorFromArray,
} from "apache-arrow";
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readParquet, Table as WasmTable } from "parquet-wasm/node";
import { type ExtraColumn, StreamStore } from "../../mod.ts";
import { writeParquet } from "../../src/dataset/parquet/write/file.ts";
import { filesIn, inFolder } from "../support/saved.ts";

const rowCount = 3;
const item = (type: never) => new Field("item", type, true);
// What makeData takes depends on the type.
const vector = (props: Record<string, unknown>) =>
  new Vector([makeData({ length: rowCount, nullCount: 0, ...props } as never)]) as unknown as Vector;
const integers = makeData({
  type: new Int32(),
  length: 6,
  nullCount: 0,
  data: Int32Array.of(1, 2, 3, 4, 5, 6),
});
const three = integers.slice(0, 3);
const offsets = Int32Array.of(0, 1, 1, 3);
const list = (type: unknown, child: unknown) =>
  vector({ type: new List(item(type as never)), valueOffsets: offsets, child });
const pair = [new Field("a", new Int32(), true), new Field("b", new Int32(), true)];
const entries = new Struct([new Field("key", new Int32(), false), new Field("value", new Int32(), true)]);
const struct = (type: unknown, child: unknown) =>
  vector({ type: new Struct([new Field("a", type as never, true)]), children: [child] });
const words = new Dictionary(new Utf8(), new Int32(), 1);
const bytes = [Uint8Array.of(1, 2), null, Uint8Array.of(3, 4)];
const nanoseconds = makeData({
  type: new IntervalMonthDayNano(),
  length: 3,
  nullCount: 0,
  data: Int32Array.from({ length: 12 }, (_, i) => i),
});

interface Case {
  readonly vector: Vector;
  /** What a row is in JSON lines, and in CSV where that is another text; null where text has no such type. */
  readonly json: readonly string[] | null;
  readonly csv?: readonly string[];
  readonly isParquet?: false;
}

const lists = { json: ["[1]", "[]", "[2, 3]"], csv: ["[1]", "[]", '"[2, 3]"'] };
const strings = { json: ['"a"', "null", '""'], csv: ["a", "", '""'] };
const texts = ["a", null, ""];

const cases: Record<string, Case> = {
  null: { vector: vector({ type: new Null() }), json: ["null", "null", "null"], csv: ["", "", ""] },
  "list of nulls": {
    vector: list(new Null(), makeData({ type: new Null(), length: 3 })),
    json: ["[null]", "[]", "[null, null]"],
    csv: ["[null]", "[]", '"[null, null]"'],
  },
  "struct of nulls": {
    vector: struct(new Null(), makeData({ type: new Null(), length: 3 })),
    json: Array(3).fill('{"a": null}'),
    csv: Array(3).fill('"{""a"": null}"'),
  },
  bool: {
    vector: vectorFromArray([true, null, false], new Bool()),
    json: ["true", "null", "false"],
    csv: ["true", "", "false"],
  },
  float16: {
    vector: vector({ type: new Float16(), data: Uint16Array.of(0x3c00, 0x3800, 0xbc00) }),
    json: ["1.0", "0.5", "-1.0"],
  },
  float64: {
    vector: vectorFromArray([1, null, 0.1], new Float64()),
    json: ["1.0", "null", "0.1"],
    csv: ["1.0", "", "0.1"],
  },
  "date64": {
    vector: vector({ type: new DateMillisecond(), data: BigInt64Array.of(86_400_000n, 0n, -86_400_000n) }),
    json: ["86400000", "0", "-86400000"],
  },
  "time32[s]": {
    vector: vector({ type: new TimeSecond(), data: Int32Array.of(1, 2, 3) }),
    json: ["1", "2", "3"],
  },
  "timestamp[s]": {
    vector: vector({ type: new TimestampSecond(), data: BigInt64Array.of(1n, 2n, 3n) }),
    json: ["1", "2", "3"],
  },
  duration: {
    vector: vector({ type: new DurationNanosecond(), data: BigInt64Array.of(1n, 2n, 3n) }),
    json: ["1", "2", "3"],
  },
  utf8: { vector: vectorFromArray(texts, new Utf8()), ...strings },
  "large utf8": { vector: vectorFromArray(texts, new LargeUtf8()), ...strings },
  "utf8 view": { vector: vectorFromArray(texts, new Utf8View()), ...strings },
  binary: { vector: vectorFromArray(bytes, new Binary()), json: null },
  "large binary": { vector: vectorFromArray(bytes, new LargeBinary()), json: null },
  "binary view": { vector: vectorFromArray(bytes, new BinaryView()), json: null },
  "fixed-size binary": { vector: vectorFromArray(bytes, new FixedSizeBinary(2)), json: null },
  decimal128: {
    vector: vector({
      type: new Decimal(2, 10, 128),
      data: Uint32Array.from({ length: 12 }, (_, i) => i % 4 ? 0 : i),
    }),
    json: null,
  },
  decimal256: {
    vector: vector({
      type: new Decimal(2, 40, 256),
      data: Uint32Array.from({ length: 24 }, (_, i) => i % 8 ? 0 : i),
    }),
    json: null,
  },
  "interval of months": {
    vector: vector({ type: new IntervalYearMonth(), data: Int32Array.of(1, 2, 3) }),
    json: null,
  },
  "interval of days": {
    vector: vector({ type: new IntervalDayTime(), data: Int32Array.of(1, 2, 3, 4, 5, 6) }),
    json: null,
  },
  "interval of nanoseconds": { vector: new Vector([nanoseconds]), json: null, isParquet: false },
  "list of intervals": { vector: list(nanoseconds.type, nanoseconds), json: null, isParquet: false },
  "sparse union": {
    vector: vector({
      type: new SparseUnion([0, 1] as never, pair as never),
      typeIds: Int8Array.of(0, 1, 0),
      children: [three, three],
    }),
    json: null,
    isParquet: false,
  },
  "dense union": {
    vector: vector({
      type: new DenseUnion([0, 1] as never, pair as never),
      typeIds: Int8Array.of(0, 1, 0),
      valueOffsets: Int32Array.of(0, 0, 1),
      children: [three, three],
    }),
    json: null,
    isParquet: false,
  },
  struct: {
    vector: struct(new Int32(), three),
    json: [1, 2, 3].map((a) => `{"a": ${a}}`),
    csv: [1, 2, 3].map((a) => `"{""a"": ${a}}"`),
  },
  "struct of times in seconds": {
    vector: struct(
      new TimeSecond(),
      makeData({ type: new TimeSecond(), length: 3, nullCount: 0, data: Int32Array.of(1, 2, 3) }),
    ),
    json: [1, 2, 3].map((a) => `{"a": ${a}}`),
    csv: [1, 2, 3].map((a) => `"{""a"": ${a}}"`),
  },
  "struct of nothing": {
    vector: vector({ type: new Struct([]), children: [] }),
    json: ["{}", "{}", "{}"],
    isParquet: false,
  },
  list: { vector: list(new Int32(), integers), ...lists },
  "large list": {
    vector: vector({
      type: new LargeList(item(new Int32() as never)),
      valueOffsets: BigInt64Array.of(0n, 1n, 1n, 3n),
      child: integers,
    }),
    ...lists,
  },
  "fixed-size list": {
    vector: vector({ type: new FixedSizeList(2, item(new Int32() as never)), child: integers }),
    json: ["[1, 2]", "[3, 4]", "[5, 6]"],
    csv: ['"[1, 2]"', '"[3, 4]"', '"[5, 6]"'],
  },
  map: {
    vector: vector({
      type: new Map_(new Field("entries", entries, false) as never),
      valueOffsets: offsets,
      child: makeData({ type: entries, length: 6, nullCount: 0, children: [integers, integers] }),
    }),
    json: null,
  },
  "dictionary of strings": { vector: vectorFromArray(texts, words), ...strings },
  "dictionary of integers": {
    vector: vectorFromArray([7, null, 7], new Dictionary(new Int32(), new Int8(), 2)),
    json: ["7", "null", "7"],
    csv: ["7", "", "7"],
  },
  "dictionary of bools": {
    vector: vectorFromArray([true, null, false], new Dictionary(new Bool(), new Int8(), 3)),
    json: ["true", "null", "false"],
    csv: ["true", "", "false"],
  },
  "dictionary of lists": {
    vector: vector({
      type: new Dictionary(new List(item(new Int32() as never)), new Int32(), 4),
      data: Int32Array.of(0, 1, 2),
      dictionary: list(new Int32(), integers),
    }),
    ...lists,
    isParquet: false,
  },
  "list of dictionaries": {
    vector: list(words, vectorFromArray(["a", null, "b"], words).data[0]),
    json: ['["a"]', "[]", '[null, "b"]'],
    csv: ['"[""a""]"', "[]", '"[null, ""b""]"'],
  },
};

const plain = (given: Vector) =>
  JSON.stringify(
    [...given],
    (_, value) =>
      typeof value === "bigint"
        ? `${value}`
        : ArrayBuffer.isView(value)
        ? [...value as Uint32Array].map(String)
        : value,
  );

function filled(): StreamStore<{ a: 0 }> {
  const store = new StreamStore({ a: 0 });
  for (let step = 0; step < rowCount; step++) store.append(step, { a: step });
  return store;
}

for (const [name, { vector, json, csv = json, isParquet = true }] of Object.entries(cases)) {
  test(`saveDataset() saves an extra column of type ${name} as it is, or refuses it at once`, () =>
    inFolder(async (folder) => {
      using store = filled();
      const extra = { x: vector as unknown as ExtraColumn };
      const files: Record<string, (bytes: Uint8Array) => void> = {
        "x.arrow": (bytes) => assert.equal(plain(tableFromIPC(bytes).getChild("x")!), plain(vector)),
        "x.arrows": (bytes) => assert.equal(plain(tableFromIPC(bytes).getChild("x")!), plain(vector)),
        "disk": () => {},
        "x.jsonl": (bytes) => {
          const lines = new TextDecoder().decode(bytes).split("\n");
          assert.deepEqual(lines.slice(0, -1), json!.map((text, i) => `{"a": ${i}.0, "x": ${text}}`));
        },
        "x.csv": (bytes) => {
          const lines = new TextDecoder().decode(bytes).split("\n");
          assert.deepEqual(lines.slice(1, -1), csv!.map((text, i) => `${i}.0,${text}`));
        },
        "x.parquet": (bytes) => {
          // parquet-wasm panics on what it has written there; Arrow reads it as bools.
          if (name === "dictionary of bools") return;
          const found = tableFromIPC(readParquet(bytes).intoIPCStream()).getChild("x")!;
          assert.equal(found.length, rowCount);
          // Milliseconds stand for seconds there.
          if (!/\[s\]|seconds|date64/.test(name)) assert.equal(plain(found), plain(vector));
          if (name === "struct of times in seconds") {
            assert.deepEqual(found.toJSON().map(({ a }) => a), [1000, 2000, 3000]);
          }
        },
      };
      for (const [file, check] of Object.entries(files)) {
        const path = join(folder, file);
        const isHeld = file === "x.parquet" ? isParquet : /json|csv/.test(file) ? json !== null : true;
        const saved = store.saveDataset(path, "train", { extra });
        if (!isHeld) {
          await assert.rejects(saved, {
            name: "TypeError",
            message:
              /^Cannot save as (Parquet|JSON lines|CSV): the column "x" must be .*; drop it, or save as arrow$/,
          });
          assert.ok(!existsSync(path), file);
          continue;
        }
        await saved;
        if (file !== "disk") check(readFileSync(path));
        using copy = new StreamStore({ a: 0 });
        await copy.loadDataset(path, "train");
        assert.deepEqual(copy.rows(), store.rows(), file);
      }
      assert.ok(filesIn(folder).every((name) => !/(^|\/)\./.test(name)), String(filesIn(folder)));
    }));
}

test("saveDataset() counts nulls in several pieces, as parquet-wasm wants of a column", () =>
  inFolder(async (folder) => {
    using store = new StreamStore({ a: 0 });
    const count = 600_000;
    store.appendColumns({ step: Float64Array.from({ length: count }, (_, i) => i), a: new Int8Array(count) });
    const extra = {
      nulls: new Array(count).fill(null),
      lists: new Vector([makeData({
        type: new List(item(new Null() as never)),
        length: count,
        nullCount: 0,
        valueOffsets: Int32Array.from({ length: count + 1 }, (_, i) => i),
        child: makeData({ type: new Null(), length: count }),
      } as never)]) as never,
    };
    await store.saveDataset(join(folder, "x.arrows"), "train", { extra });
    const read = WasmTable.fromIPCStream(readFileSync(join(folder, "x.arrows")));
    assert.ok(read.numBatches > 1);
    await store.saveDataset(join(folder, "x.parquet"), "train", { extra });
    const table = tableFromIPC(readParquet(readFileSync(join(folder, "x.parquet"))).intoIPCStream());
    assert.equal(table.numRows, count);
    assert.equal(table.getChild("lists")!.get(count - 1)!.length, 1);
  }));

test("saveDataset() rejects where parquet-wasm panics, and saves the next whole", () =>
  inFolder(async (folder) => {
    const { vector } = cases["dense union"];
    const fields = [new Field("x", vector.type, true)];
    const schema = new Schema(fields);
    const data = makeData({
      type: new Struct(fields),
      length: rowCount,
      nullCount: 0,
      children: [...vector.data] as never,
    });
    const path = join(folder, "x.parquet");
    await assert.rejects(
      writeParquet(path, [new Table(schema, [new RecordBatch(schema, data)])]),
      /x\.parquet: parquet-wasm must encode rows 0 to 2, but ended in a panic/,
    );
    using store = filled();
    await store.saveDataset(join(folder, "y.parquet"));
    using copy = new StreamStore({ a: 0 });
    await copy.loadDataset(join(folder, "y.parquet"));
    assert.deepEqual(copy.rows(), store.rows());
  }));
