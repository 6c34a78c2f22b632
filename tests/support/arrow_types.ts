/** A vector of every type that apache-arrow has, and what it is in the formats of text. */
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
  SparseUnion,
  Struct,
  TimeSecond,
  TimestampSecond,
  Utf8,
  Utf8View,
  Vector,
  vectorFromArray,
} from "apache-arrow";

export const rowCount = 3;
export const item = (type: never) => new Field("item", type, true);
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

export interface Case {
  readonly vector: Vector;
  /** What a row is in JSON lines, and in CSV where that is another text; null where text has no such type. */
  readonly json: readonly string[] | null;
  readonly csv?: readonly string[];
  readonly isParquet?: false;
}

const lists = { json: ["[1]", "[]", "[2, 3]"], csv: ["[1]", "[]", '"[2, 3]"'] };
const strings = { json: ['"a"', "null", '""'], csv: ["a", "", '""'] };
const texts = ["a", null, ""];

export const cases: Record<string, Case> = {
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
