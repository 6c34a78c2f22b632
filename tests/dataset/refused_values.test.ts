/** What a field's dtype does not hold is refused by field, value and range, whichever way it comes; narrow floats round. */
import { tableFromIPC, tableToIPC } from "apache-arrow";
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { type Dtype, type FieldList, type Scalar, StreamStore } from "../../mod.ts";
import { withDirectory } from "../torture/scratch.ts";

/** For each dtype what it does not hold, next to what it does, and the words for what is allowed. */
const refused: Readonly<Record<Dtype, readonly [allowed: string, ...values: (number | bigint)[]]>> = {
  bool: ["true, false, 0 or 1", 2, -1, 0.5, NaN],
  uint8: ["an integer from 0 to 255", -1, 256, 0.5, NaN, Infinity],
  int8: ["an integer from -128 to 127", -129, 128, 0.5, NaN, -Infinity],
  uint16: ["an integer from 0 to 65535", -1, 65_536, 1.5],
  int16: ["an integer from -32768 to 32767", -32_769, 32_768, 1.5],
  uint32: ["an integer from 0 to 4294967295", -1, 2 ** 32, 1.5],
  int32: ["an integer from -2147483648 to 2147483647", -(2 ** 31) - 1, 2 ** 31, 1.5],
  uint64: ["fits? uint64", -1n, -(2n ** 63n)],
  int64: ["fits? int64", 2n ** 63n, 2n ** 64n - 1n],
  float64: ["exact in float64", 2n ** 53n + 1n, -(2n ** 60n) - 1n],
  float32: ["exact in float32", 2n ** 24n + 1n, 2n ** 53n + 1n],
  float16: ["exact in float16", 2n ** 11n + 1n, 65_521n],
};
const dtypes = Object.keys(refused) as Dtype[];

/** The forms in which a field is declared; the first two declare float64 only. */
const forms: readonly ((name: string, dtype: Dtype) => FieldList | null)[] = [
  (name, dtype) => dtype === "float64" ? { [name]: 3 } : null,
  (name, dtype) => dtype === "float64" ? [name] : null,
  (name, dtype) => ({ [name]: dtype }),
  (name, dtype) => ({ [name]: { type: -7, dtype } }),
  (name, dtype) => [[name, { dtype }]],
];

const storeOf = (fields: FieldList) => new StreamStore(fields as never) as unknown as StreamStore;

type Numbers = Float64Array | BigInt64Array | BigUint64Array;

/** In the narrowest array that has it exactly. */
function arrayOf(...values: (number | bigint)[]): Numbers {
  if (values.every((value) => typeof value === "number")) return Float64Array.from(values);
  const integers = values.map(BigInt);
  return integers.every((value) => BigInt.asIntN(64, value) === value)
    ? BigInt64Array.from(integers)
    : BigUint64Array.from(integers);
}

/** How a value comes: alone, in lists short and long, in lists and typed arrays, by every call that appends. */
const ways: readonly ((store: StreamStore, value: number | bigint) => void)[] = [
  (store, x) => store.append(1, { x }),
  (store, x) => store.append(1, { x: [0, x] as Scalar[] }),
  (store, x) => store.append(1, { x: arrayOf(x) }),
  (store, x) => store.append(1, { x: arrayOf(...Array(99).fill(typeof x === "bigint" ? 1n : 1), x) }),
  (store, x) => store.append([1, 1], ["x", "x"], [x, 0]),
  (store, x) => store.append([1, 2], ["x", "x"], [[1, 0, x] as Scalar[], 1]),
  (store, x) => store.appendColumns({ step: [1], x: [x] }),
  (store, x) => store.appendColumns({ step: [1, 2], x: arrayOf(1, x) }),
  (store, x) => store.appendColumns({ step: [1], x: { values: arrayOf(1, x), width: 2 } }),
  (store, x) => store.appendColumns({ step: [1, 2], x: { values: arrayOf(1, x), offsets: [0, 0, 2] } }),
];

function isRefusal(error: unknown, value: number | bigint, allowed: string): true {
  assert.ok(error instanceof RangeError, String(error));
  assert.match(error.message, /"x"/);
  assert.match(error.message, new RegExp(`must (be )?(.* )?${allowed}`));
  // A store of int64 wants a bigint where a number could have been another.
  assert.match(error.message, new RegExp(`got ${value}n?($|[;:, ])`));
  return true;
}

test("append() and appendColumns() refuse what a dtype does not hold, however it is declared and comes", () => {
  for (const dtype of dtypes) {
    const [allowed, ...values] = refused[dtype];
    for (const [form, fieldsOf] of forms.entries()) {
      const fields = fieldsOf("x", dtype);
      if (fields === null) continue;
      using store = storeOf(fields);
      store.append(0, { x: 1 });
      const rows = store.rows();
      for (const value of values) {
        for (const [way, append] of ways.entries()) {
          const what = `${dtype}, form ${form}, way ${way}, ${value}`;
          assert.throws(() => append(store, value), (error) => isRefusal(error, value, allowed), what);
          assert.deepEqual(store.rows(), rows, what);
        }
      }
    }
  }
});

test("fromDataset(), fromParquet() and loadDataset() refuse what a dtype does not hold, and load nothing", () =>
  withDirectory(async (folder) => {
    for (const dtype of dtypes) {
      const [allowed, ...values] = refused[dtype];
      for (const value of values.slice(0, 2)) {
        const kind = typeof value === "number" ? "float64" : value < 2n ** 63n ? "int64" : "uint64";
        using source = storeOf({ x: kind });
        source.append(0, { x: typeof value === "bigint" ? 1n : 1 });
        source.append(1, { x: value });
        const table = await source.toDataset();
        const loads: ((store: StreamStore) => Promise<void>)[] = [
          (store) => store.fromDataset(tableFromIPC(tableToIPC(table))),
        ];
        // An integer of text is a number like any other, and rounded by narrow floats, unless no number holds it.
        const isRounded = /float(32|16)/.test(dtype) && value < 2 ** 53;
        const names = ["x.parquet", "x.arrow", "x", ...(isRounded ? [] : ["x.jsonl", "x.csv"])];
        for (const name of names) {
          const path = join(folder, name);
          await source.saveDataset(path);
          loads.push((store) => store.loadDataset(path));
          if (name === "x.parquet") loads.push((store) => store.fromParquet(path));
        }
        for (const [index, load] of loads.entries()) {
          using store = storeOf(forms[2 + index % 3]("x", dtype)!);
          const what = `${dtype}, load ${index}, ${value}`;
          await assert.rejects(load(store), (error) => isRefusal(error, value, allowed), what);
          assert.equal(store.rowCount, 0, what);
        }
      }
    }
  }));

test("append(), appendColumns() and loads round to float32 and float16, as arrays of those do", () =>
  withDirectory(async (folder) => {
    const given = [
      0.1,
      1 / 3,
      -2.5e-8,
      2049,
      65_519.9,
      65_520,
      1e39,
      -1e300,
      16_777_217,
      2 ** -149,
      -0,
      Infinity,
    ];
    using source = storeOf({ x: "float64" });
    source.appendColumns({ step: given.map((_, i) => i), x: given });
    await source.saveDataset(join(folder, "x.parquet"));
    await source.saveDataset(join(folder, "x.csv"));
    const table = await source.toDataset();
    for (const [dtype, Rounded] of [["float32", Float32Array], ["float16", Float16Array]] as const) {
      const expected = Rounded.from(given);
      const fills: ((store: StreamStore) => void | Promise<void>)[] = [
        (store) => given.forEach((x, step) => store.append(step, { x })),
        (store) => given.forEach((x, step) => store.append(step, { x: Float64Array.of(x) })),
        (store) => store.append(given.map((_, i) => i), given.map(() => "x"), given),
        (store) => store.appendColumns({ step: given.map((_, i) => i), x: given }),
        (store) => store.appendColumns({ step: given.map((_, i) => i), x: Float64Array.from(given) }),
        (store) => store.fromDataset(table),
        (store) => store.fromParquet(join(folder, "x.parquet")),
        (store) => store.loadDataset(join(folder, "x.csv")),
      ];
      for (const [index, fill] of fills.entries()) {
        using store = storeOf(forms[2 + index % 3]("x", dtype)!);
        await fill(store);
        const { values } = store.column("x");
        assert.deepEqual(
          [...values as Float32Array].map((x) => Object.is(x, -0) ? "-0" : x),
          [...expected].map((x) => Object.is(x, -0) ? "-0" : x),
          `${dtype}, ${index}`,
        );
      }
    }
  }));
