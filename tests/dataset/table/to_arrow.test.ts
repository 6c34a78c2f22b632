import { type Table, tableFromIPC, tableToIPC } from "apache-arrow";
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Feature, StreamStore } from "../../../mod.ts";
import { type Bits, columnBits } from "../../support/dataset.ts";

const value = (dtype: string): Feature => ({ dtype, _type: "Value" });
const list = (dtype: string, length?: number): Feature => ({ feature: value(dtype), length, _type: "List" });

function featuresOf(table: Table): Record<string, Feature> {
  return JSON.parse(table.schema.metadata.get("huggingface")!).info.features;
}

function typesOf(table: Table): string[] {
  return table.schema.fields.map(({ name, type }) => `${name}: ${type}`);
}

test("toDataset() makes float64 of scalars and lists where nothing else is known", async () => {
  using store = new StreamStore({
    b: 7,
    a: 3,
    one: 5,
    id: { type: 1, dtype: "int64" },
    big: { type: 2, dtype: "uint64" },
  });
  store.append(0, { b: 1, a: [1, 2], one: [9], id: -(2n ** 63n), big: 2n ** 64n - 1n });
  store.append(1, { b: -0, a: 5, id: 2n ** 53n + 1n });
  const table = await store.toDataset();
  assert.deepEqual(typesOf(table), [
    "b: Float64",
    "a: List<Float64>",
    "one: List<Float64>",
    "id: Int64",
    "big: Uint64",
  ]);
  assert.deepEqual(featuresOf(table), {
    b: value("float64"),
    a: { feature: value("float64"), _type: "List" },
    one: { feature: value("float64"), _type: "List" },
    id: value("int64"),
    big: value("uint64"),
  });
  assert.deepEqual(columnBits(table, "b"), ["3ff0000000000000", "8000000000000000"]);
  assert.deepEqual(columnBits(table, "a"), [["3ff0000000000000", "4000000000000000"], ["4014000000000000"]]);
  assert.deepEqual(columnBits(table, "one"), [["4022000000000000"], null]);
  assert.deepEqual(columnBits(table, "id"), ["-9223372036854775808", "9007199254740993"]);
  assert.deepEqual(columnBits(table, "big"), ["18446744073709551615", null]);
});

test("toDataset() keeps null, an empty list, NaN and -0 apart", async () => {
  using store = new StreamStore({ a: 0, list: 1 });
  const payload = new Float64Array(BigUint64Array.of(0x7ff8000000000123n).buffer);
  store.append(0, { a: NaN, list: [] });
  store.append(1, { list: [-0] });
  store.append(2, {});
  store.append(3, { a: payload });
  const table = await store.toDataset({ fieldFeatures: { a: value("float64") } });
  assert.deepEqual(columnBits(table, "a"), ["7ff8000000000000", null, null, "7ff8000000000123"]);
  assert.deepEqual(columnBits(table, "list"), [[], ["8000000000000000"], null, null]);
  assert.equal(table.getChild("list")!.nullCount, 2);
});

test("toDataset() writes every number type with its own extremes", async () => {
  const cases: [string, (number | bigint | boolean)[], Bits[]][] = [
    ["float64", [5e-324, -Infinity], ["0000000000000001", "fff0000000000000"]],
    ["float32", [1.401298464324817e-45, 0.1], ["00000001", "3dcccccd"]],
    ["float16", [5.960464477539063e-8, -65504], ["0001", "fbff"]],
    ["int8", [-128, 127], ["-128", "127"]],
    ["uint8", [0, 255], ["0", "255"]],
    ["int16", [-32768, 32767], ["-32768", "32767"]],
    ["uint16", [0, 65535], ["0", "65535"]],
    ["int32", [-(2 ** 31), 2 ** 31 - 1], ["-2147483648", "2147483647"]],
    ["uint32", [0, 2 ** 32 - 1], ["0", "4294967295"]],
    ["int64", [-(2 ** 63), 2 ** 53], ["-9223372036854775808", "9007199254740992"]],
    ["uint64", [0, 2 ** 63], ["0", "9223372036854775808"]],
    ["bool", [true, false], ["1", "0"]],
    ["timestamp[us]", [-1, 1700000000123456], ["-1", "1700000000123456"]],
    ["timestamp[ns, tz=UTC]", [1, 2], ["1", "2"]],
    ["duration[ms]", [1, 2], ["1", "2"]],
    ["time32[s]", [1, 2], ["1", "2"]],
    ["time64[us]", [1, 2], ["1", "2"]],
    ["date32", [-1, 19000], ["-1", "19000"]],
    ["date64", [-86400000, 0], ["-86400000", "0"]],
  ];
  for (const [dtype, values, bits] of cases) {
    using store = new StreamStore({ scalar: 0, list: 1, fixed: 2 });
    values.forEach((number, step) => store.append(step, { scalar: number, list: [number], fixed: values }));
    store.append(2, {});
    const fieldFeatures = { scalar: value(dtype), list: list(dtype), fixed: list(dtype, 2) };
    const table = await store.toDataset({ fieldFeatures });
    assert.deepEqual(columnBits(table, "scalar"), [...bits, null], dtype);
    assert.deepEqual(columnBits(table, "list"), [[bits[0]], [bits[1]], null], dtype);
    assert.deepEqual(columnBits(table, "fixed"), [bits, bits, null], dtype);
    assert.deepEqual(featuresOf(table), JSON.parse(JSON.stringify(fieldFeatures)));
  }
});

test("toDataset() shapes lists of lists, large lists, labels and arrays", async () => {
  using store = new StreamStore({ a: 0 });
  store.append(0, { a: [1, 2, 3, 4, 5, 6] });
  store.append(1, {});
  store.append(2, { a: [6, 5, 4, 3, 2, 1] });
  const shaped: [Feature, string, unknown[]][] = [
    [{ feature: value("int8"), _type: "LargeList" }, "LargeList<Int8>", [[1, 2, 3, 4, 5, 6], null, [
      6,
      5,
      4,
      3,
      2,
      1,
    ]]],
    [{ feature: list("int8", 3), length: 2, _type: "List" }, "FixedSizeList[2]<FixedSizeList[3]<Int8>>", [
      [[1, 2, 3], [4, 5, 6]],
      null,
      [[6, 5, 4], [3, 2, 1]],
    ]],
    [{ feature: list("int8", 2), _type: "List" }, "List<FixedSizeList[2]<Int8>>", [
      [[1, 2], [3, 4], [5, 6]],
      null,
      [[6, 5], [4, 3], [2, 1]],
    ]],
    [{ feature: list("int8", 2), _type: "LargeList" }, "LargeList<FixedSizeList[2]<Int8>>", [
      [[1, 2], [3, 4], [5, 6]],
      null,
      [[6, 5], [4, 3], [2, 1]],
    ]],
    [{ shape: [3, 2], dtype: "int8", _type: "Array2D" }, "List<List<Int8>>", [
      [[1, 2], [3, 4], [5, 6]],
      null,
      [[6, 5], [4, 3], [2, 1]],
    ]],
    [{ shape: [null, 1, 3], dtype: "int8", _type: "Array3D" }, "List<List<List<Int8>>>", [
      [[[1, 2, 3]], [[4, 5, 6]]],
      null,
      [[[6, 5, 4]], [[3, 2, 1]]],
    ]],
  ];
  for (const [feature, type, rows] of shaped) {
    const table = await store.toDataset({ fieldFeatures: { a: feature } });
    assert.deepEqual(typesOf(table), [`a: ${type}`]);
    assert.deepEqual(JSON.parse(JSON.stringify(columnBits(table, "a"), toNumber)), rows, type);
    assert.deepEqual(columnBits(tableFromIPC(tableToIPC(table)), "a"), columnBits(table, "a"));
  }
  const array = (await store.toDataset({ fieldFeatures: { a: shaped[4][0] } })).schema.fields[0];
  assert.equal(array.metadata.get("ARROW:extension:name"), "datasets.features.features.Array2DExtensionType");
  assert.equal(array.metadata.get("ARROW:extension:metadata"), '[[3, 2], "int8"]');
});

function toNumber(_: string, entry: unknown): unknown {
  return typeof entry === "string" ? Number(entry) : entry;
}

test("toDataset() says which field, row and value has no place in the feature", async () => {
  const refused: [Feature, number[] | number, RegExp][] = [
    [
      value("int32"),
      1.5,
      /^RangeError: Cannot convert to a dataset: "a" at row 1 must be a value of int32, got 1.5$/,
    ],
    [value("uint8"), -1, /must be a value of uint8, got -1$/],
    [value("int8"), 128, /got 128$/],
    [value("bool"), 2, /must be a value of bool, got 2$/],
    [value("int64"), NaN, /got NaN$/],
    [value("timestamp[us]"), 0.5, /must be a value of timestamp\[us\], got 0.5$/],
    [value("float32"), [1, 2], /"a" at row 1 must have one value, got a list of 2$/],
    [value("float32"), [], /"a" at row 1 must have one value, got a list of 0$/],
    [list("float32", 3), [1, 2], /"a" at row 1 must have 3 values, got a list of 2$/],
    [list("float32", 3), [], /must have 3 values, got a list of 0$/],
    [
      { feature: list("float32", 3), _type: "List" },
      [1, 2],
      /must have a multiple of 3 values, got a list of 2$/,
    ],
    [{ feature: list("float32", 3), _type: "LargeList" }, [1, 2, 3, 4], /got a list of 4$/],
    [{ shape: [2, 2], dtype: "int8", _type: "Array2D" }, [1, 2], /must have 4 values, got a list of 2$/],
  ];
  for (const [feature, wrong, message] of refused) {
    using store = new StreamStore({ a: 0 });
    store.append(0, {});
    store.append(1, { a: wrong });
    await assert.rejects(
      store.toDataset({ fieldFeatures: { a: feature } }),
      (error) => message.test(String(error)),
    );
  }
  using store = new StreamStore({ a: { type: 0, dtype: "int64" }, b: { type: 1, dtype: "uint64" } });
  store.append(0, { a: -(2n ** 53n) - 1n, b: 2n ** 64n - 1n });
  await assert.rejects(
    store.toDataset({ fieldFeatures: { a: value("float64") } }),
    /"a" at row 0 must be exact in float64, got -9007199254740993$/,
  );
  await assert.rejects(
    store.toDataset({ fieldFeatures: { b: value("int64") } }),
    /"b" at row 0 must be a value of int64, got 18446744073709551615$/,
  );
});

test("toDataset() makes every column and list entry nullable, as HuggingFace's own types are", async () => {
  using store = new StreamStore({ a: 0, b: 1 });
  store.append(0, { a: 1, b: [1, 2] });
  const features = { a: value("int8"), b: { feature: list("int8", 1), length: 2, _type: "List" } as Feature };
  const table = await store.toDataset({ fieldFeatures: features, step: "t", extra: { e: [1] } });
  const fields = [...table.schema.fields];
  for (const field of fields) {
    assert.ok(field.nullable, field.name);
    fields.push(...(field.type.children ?? []));
  }
  assert.equal(fields.length, 6);
});

test("toDataset() of an empty store has the columns and no rows", async () => {
  using store = new StreamStore({ a: 0, b: 1 });
  const table = await store.toDataset({
    fieldFeatures: { b: { shape: [2, 2], dtype: "int8", _type: "Array2D" } },
    step: "t",
    extra: { note: [], x: new Float32Array(0) },
  });
  assert.deepEqual(typesOf(table), [
    "a: Float64",
    "b: List<List<Int8>>",
    "t: Int64",
    "note: Null",
    "x: Float32",
  ]);
  assert.equal(table.numRows, 0);
  assert.equal(tableFromIPC(tableToIPC(table)).numRows, 0);
});

test("toDataset() of rows without any field has rows of nulls", async () => {
  using store = new StreamStore({ a: 0 });
  store.append(0, {});
  store.append(1, {});
  const table = await store.toDataset();
  assert.deepEqual(columnBits(table, "a"), [null, null]);
});

test("toDataset() holds what is still in the tail, and more rows than one growth of its buffers", async () => {
  using store = new StreamStore({ a: 0, list: 1 }, { capacity: 4096 });
  const count = 30_000;
  for (let step = 0; step < count; step++) store.append(step, { a: step, list: Array(step % 5).fill(step) });
  const table = await store.toDataset({ fieldFeatures: { a: value("int32") } });
  const { valueOffsets, children: [{ values }] } = table.getChild("list")!.data[0];
  assert.equal(valueOffsets[count], count / 5 * 10);
  for (let step = 0; step < count; step++) {
    assert.equal(table.getChild("a")!.data[0].values[step], step);
    assert.equal(valueOffsets[step + 1] - valueOffsets[step], step % 5);
    if (step % 5 > 0) assert.equal(values[valueOffsets[step]], step);
  }
});
