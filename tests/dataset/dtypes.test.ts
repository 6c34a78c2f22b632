/** Datasets of fields of every dtype, through every format, held against what was appended. */
import { DataType, type Table, tableFromIPC, tableToIPC } from "apache-arrow";
import fc from "fast-check";
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { type Dtype, type Feature, StreamStore } from "../../mod.ts";
import { arrayOver, dtypeNames } from "../../src/dtypes.ts";
import { extremesOf } from "../support/dtypes.ts";
import { assertSameStore, inFolder } from "../support/saved.ts";
import { keepInMemory, smallChunks } from "../support/in_memory.ts";

keepInMemory();

const seed = 20_262;

/** Numbers of a dtype: any bits of a float but of NaNs, which texts have no payload of, and its ends. */
function numbersOf(dtype: Dtype): fc.Arbitrary<number | bigint | boolean> {
  const edges = fc.constantFrom(...extremesOf(dtype), ...(dtype.startsWith("float") ? [NaN, Infinity] : []));
  if (dtype === "bool") return fc.boolean();
  const bits = Number(dtype.replace(/\D/g, ""));
  const any = fc.bigInt({ min: 0n, max: 2n ** BigInt(bits) - 1n }).map((word) => {
    const value = arrayOver(dtype, BigUint64Array.of(word).buffer, 0, 1)[0];
    return typeof value === "number" && value !== value ? 0 : value;
  });
  return fc.oneof(edges, any);
}

interface Row {
  readonly scalar: number | bigint | boolean | null;
  readonly list: readonly (number | bigint | boolean)[] | null;
  readonly fixed: readonly (number | bigint | boolean)[];
}

function rowsOf(dtype: Dtype): fc.Arbitrary<Row[]> {
  const number = numbersOf(dtype);
  return fc.array(
    fc.record({
      scalar: fc.option(number, { freq: 5 }),
      list: fc.option(fc.array(number, { maxLength: 4 }), { freq: 5 }),
      fixed: fc.array(number, { minLength: 3, maxLength: 3 }),
    }),
    { minLength: 1, maxLength: 30 },
  );
}

const newStore = (dtype: Dtype) =>
  new StreamStore({ scalar: dtype, list: { dtype }, fixed: dtype }, smallChunks) as unknown as StreamStore;

function filled(dtype: Dtype, rows: readonly Row[]): StreamStore {
  const store = newStore(dtype);
  rows.forEach((row, step) => store.append(step, { ...row }));
  return store;
}

const value = (dtype: Dtype): Feature => ({ dtype, _type: "Value" });

/** As Arrow writes its types. */
const arrowTypes: Readonly<Record<Dtype, string>> = {
  float64: "Float64",
  float32: "Float32",
  float16: "Float16",
  int64: "Int64",
  uint64: "Uint64",
  int32: "Int32",
  uint32: "Uint32",
  int16: "Int16",
  uint16: "Uint16",
  int8: "Int8",
  uint8: "Uint8",
  bool: "Bool",
};

function checkSchema(table: Table, dtype: Dtype): void {
  const typeOf = (name: string) => table.schema.fields.find((field) => field.name === name)!.type as DataType;
  assert.equal(String(typeOf("scalar")), arrowTypes[dtype]);
  assert.equal(String((typeOf("list").children as { type: DataType }[])[0].type), arrowTypes[dtype]);
  const { info } = JSON.parse(table.schema.metadata.get("huggingface")!);
  assert.deepEqual(info.features.scalar, value(dtype));
  assert.deepEqual(info.features.list, { feature: value(dtype), _type: "List" });
}

for (const dtype of dtypeNames) {
  test(`toDataset() of fields of ${dtype} has the dtype's own type and feature, and fromDataset() takes it back`, async () => {
    const property = fc.asyncProperty(rowsOf(dtype), async (rows) => {
      // Known as lists from the start, or one of nothing but nulls would be saved as numbers.
      using store = filled(dtype, [{ scalar: 0, list: [], fixed: [0, 0, 1] }, ...rows]);
      const table = await store.toDataset();
      checkSchema(table, dtype);
      using copy = newStore(dtype);
      await copy.fromDataset(tableFromIPC(tableToIPC(table)));
      assertSameStore(copy, store);
    });
    await fc.assert(property, { seed, numRuns: 15 });
  });

  test(`files of every format give fields of ${dtype} back`, async () => {
    const property = fc.asyncProperty(rowsOf(dtype), async (rows) => {
      using store = filled(dtype, [{ scalar: 0, list: [1], fixed: [0, 0, 1] }, ...rows]);
      await inFolder(async (folder) => {
        for (const name of ["disk", "x.parquet", "x.arrow", "x.jsonl", "x.csv"]) {
          const path = join(folder, name);
          await store.saveDataset(path, "train");
          using copy = newStore(dtype);
          await copy.loadDataset(path, "train");
          assertSameStore(copy, store);
          // What was loaded is remembered, and saved as that again.
          if (!/jsonl|csv/.test(name)) checkSchema(await copy.toDataset(), dtype);
        }
      });
    });
    await fc.assert(property, { seed, numRuns: 2 });
  });
}

test("a column of a wider type is taken where every value fits, and nulls may stand on anything", async () => {
  using wide = new StreamStore({ a: 0, b: 1, c: 2 }, smallChunks);
  wide.append(0, { a: 255, b: 0.1, c: [1, 0] });
  wide.append(1, { b: 1e300 });
  wide.append(2, { a: 0, b: -0, c: [] });
  const table = await wide.toDataset();
  using narrow = new StreamStore({ a: "uint8", b: "float32", c: "bool" }, smallChunks);
  await narrow.fromDataset(table);
  assert.deepEqual(narrow.rows(), [
    { step: 0, a: 255, b: Math.fround(0.1), c: Uint8Array.of(1, 0) },
    { step: 1, b: Infinity },
    { step: 2, a: 0, b: -0, c: new Uint8Array(0) },
  ]);
  // In the cells too, and not only as they are read.
  const { values } = narrow.window(0, narrow.length);
  assert.deepEqual([...values], [255, Math.fround(0.1), 1, 0, Infinity, 0, -0]);
  // They go out as they came in, unless another feature is named.
  const typesOf = ({ schema }: Table) => schema.fields.map(({ type }) => String(type)).join();
  assert.equal(typesOf(await narrow.toDataset()), "Float64,Float64,List<Float64>");
  const fieldFeatures = { a: value("uint8") };
  assert.equal(typesOf(await narrow.toDataset({ fieldFeatures })), "Uint8,Float64,List<Float64>");
});

test("a value that the field's dtype does not hold is refused with its row, and nothing is loaded", async () => {
  using wide = new StreamStore({ a: 0, list: { type: 1, dtype: "int64" } }, smallChunks);
  wide.append(0, { a: 1, list: [1n] });
  wide.append(1, { a: 256, list: [2n, 2n ** 60n + 1n] });
  const table = await wide.toDataset();
  const cases: [Record<string, Dtype>, RegExp][] = [
    [{ a: "uint8" }, /^RangeError: Cannot .*: "a" at row 1 must be an integer from 0 to 255, got 256$/],
    [{ a: "bool" }, /^RangeError: Cannot .*: "a" at row 1 must be true, false, 0 or 1, got 256$/],
    [
      { list: "int32" },
      /"list" at row 1 must be an integer from -2147483648 to 2147483647, got 1152921504606846977$/,
    ],
    [{ list: "float32" }, /"list" at row 1 must be exact in float32, got 1152921504606846977$/],
  ];
  for (const [fields, message] of cases) {
    using store = new StreamStore(fields as { a: "uint8" }, smallChunks);
    await assert.rejects(
      store.fromDataset(table),
      (error) => message.test(String(error)) || assert.fail(String(error)),
    );
    assert.equal(store.rowCount, 0);
  }
});

test("a null inside a list becomes NaN in a field of floats, and in none of integers", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "x.jsonl");
    const { writeFileSync } = await import("node:fs");
    writeFileSync(path, '{"a": [1, null, 2]}\n');
    using floats = new StreamStore({ a: "float16" }, smallChunks);
    await floats.loadDataset(path, "train", { nullInList: "nan" });
    assert.deepEqual(floats.row(0).a, Float16Array.of(1, NaN, 2));
    using integers = new StreamStore({ a: "int16" }, smallChunks);
    await assert.rejects(integers.loadDataset(path, "train", { nullInList: "nan" }), {
      name: "RangeError",
      message: /"a" at row 0 .*must be an integer from -32768 to 32767, got NaN for a null inside a list$/,
    });
    await assert.rejects(integers.loadDataset(path, "train"), { message: /null inside it/ });
  });
});

test("rows of narrow fields are sorted with their values", async () => {
  await inFolder(async (folder) => {
    using store = new StreamStore({ key: "int8", value: "float32", flag: "bool" }, smallChunks);
    for (let step = 0; step < 100; step++) {
      store.append(step, { key: 50 - step, value: [step / 3, step], flag: step % 2 === 0 });
    }
    await store.saveDataset(join(folder, "x.parquet"), "train");
    using sorted = new StreamStore({ key: "int8", value: "float32", flag: "bool" }, smallChunks);
    await sorted.loadDataset(join(folder, "x.parquet"), "train", { sortBy: "key" });
    const rows = store.rows().reverse().map((row, step) => ({ ...row, step }));
    assert.deepEqual(sorted.rows(), rows);
  });
});
