import assert from "node:assert/strict";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";

const fields = { a: 0, list: 1, count: { type: 2, dtype: "int64" } } as const;
type Columns = Parameters<StreamStore<typeof fields>["appendColumns"]>[0];

/** The same store, made step by step. */
function stepwise(steps: readonly [number, Record<string, unknown>][]): StreamStore<typeof fields> {
  const store = new StreamStore(fields);
  for (const [step, values] of steps) store.append(step, values as never);
  return store;
}

function expectSame(store: StreamStore<typeof fields>, other: StreamStore<typeof fields>): void {
  assert.equal(store.length, other.length);
  const [window, expected] = [store.window(0, store.length), other.window(0, other.length)];
  assert.deepEqual(window.bits, expected.bits);
  assert.deepEqual(window.types, expected.types);
  assert.deepEqual(window.steps, expected.steps);
  assert.deepEqual(store.rows(), other.rows());
}

test("appendColumns() appends what append() would, from every kind of column", () => {
  using store = new StreamStore(fields, { capacity: 100 });
  using expected = stepwise([
    [3, { a: 1, list: [1, 2], count: 9n }],
    [4, { a: 2, list: [3, 4], count: 2n ** 60n }],
    [10, { a: true, list: [5], count: 1 }],
    [11, { a: -0.5, list: [], count: 2 }],
    [12, { a: 7 }],
  ]);
  store.appendColumns({
    step: [3, 4],
    a: Uint8Array.of(1, 2),
    list: { values: Float32Array.of(1, 2, 3, 4), width: 2 },
    count: [9n, 2n ** 60n],
  });
  store.appendColumns({
    step: BigInt64Array.of(10n, 11n),
    a: [true, -0.5],
    list: { values: [5], offsets: [0, 1, 1] },
    count: Int16Array.of(1, 2),
  });
  store.appendColumns({ step: Float64Array.of(12), a: [7n] });
  expectSame(store, expected);
});

test("appendColumns() of many rows spans blocks and chunks", () => {
  using store = new StreamStore(fields, { capacity: 5000 });
  const rows = 10_000;
  const offsets = Int32Array.from({ length: rows + 1 }, (_, i) => Math.floor(i * i / 1000) % 7 + 3 * i)
    .sort();
  const values = Float64Array.from({ length: offsets[rows] }, (_, i) => i);
  store.append(0, { a: -1 });
  store.appendColumns({
    step: Int32Array.from({ length: rows }, (_, i) => 2 * i + 1),
    a: Float64Array.from({ length: rows }, (_, i) => i),
    list: { values, offsets },
  });
  assert.equal(store.rowCount, rows + 1);
  assert.equal(store.length, 1 + rows + offsets[rows] - offsets[0]);
  for (const row of [1, 2048, 2049, 5000, rows]) {
    const expected = values.slice(offsets[row - 1], offsets[row]);
    assert.deepEqual(store.row(row), { step: 2 * row - 1, a: row - 1, list: expected });
  }
  store.append(2 * rows, { a: 5 });
  assert.deepEqual(store.row(rows + 1), { step: 2 * rows, a: 5 });
});

test("appendColumns() of no fields is rows without tokens, of no rows nothing", () => {
  using store = new StreamStore(fields);
  store.appendColumns({ step: [1, 2] });
  assert.deepEqual(store.rows(), [{ step: 1 }, { step: 2 }]);
  store.appendColumns({ step: [], a: [] });
  assert.equal(store.rowCount, 2);
});

test("appendColumns() refuses what does not fit, and the store is as before", () => {
  using store = new StreamStore(fields);
  store.append(5, { a: 1 });
  const many = Int32Array.from({ length: 5000 }, (_, i) => i + 6);
  const refused: [unknown, string, RegExp][] = [
    [
      { step: [6, 6], a: [1, 2] },
      "RangeError",
      /^Cannot append columns: step\[1\] must be > 6, the step before it, got 6$/,
    ],
    [{ step: [5], a: [1] }, "RangeError", /step\[0\] must be > 5, the step before it, got 5$/],
    [{ step: [6.5], a: [1] }, "RangeError", /step\[0\] must be a safe integer or an int64 bigint, got 6.5$/],
    [{ a: [1] }, "TypeError", /step must be a list or typed array of integers, got undefined$/],
    [{ step: [6], b: [1] }, "TypeError", /fields must be among a, list, count, got "b"$/],
    [{ step: [6], a: [1, 2] }, "RangeError", /"a" must have 1 steps × width 1 = 1 values, got 2$/],
    [
      { step: [6], list: { values: [1, 2, 3], width: 2 } },
      "RangeError",
      /"list" must have 1 steps × width 2 = 2 values, got 3$/,
    ],
    [
      { step: [6], list: { values: [1], width: 0.5 } },
      "RangeError",
      /the width of "list" must be a whole number, got 0.5$/,
    ],
    [
      { step: [6], list: { values: [1], offsets: [0] } },
      "RangeError",
      /offsets of "list" must be 2, one more than steps, got 1$/,
    ],
    [
      { step: [6], list: { values: [1], offsets: [0, 2] } },
      "RangeError",
      /offsets\[1\] of "list" must be from 0 to 1, got 2$/,
    ],
    [
      { step: [6, 7], list: { values: [1], offsets: [0, 1, 0] } },
      "RangeError",
      /offsets\[2\] of "list" must be from 1 to 1, got 0$/,
    ],
    [
      { step: [6], list: { values: [1], offsets: [0, 0.5] } },
      "RangeError",
      /an offset must be a whole number, got 0.5$/,
    ],
    [{ step: [6], a: ["1"] }, "TypeError", /"a" at value 0 must be a number, boolean or bigint, got "1"$/],
    [{ step: [6], a: "1" }, "TypeError", /"a" must be a list or typed array of numbers, got "1"$/],
    [
      { step: [6], a: [2n ** 53n + 1n] },
      "RangeError",
      /"a" at value 0 must be exact in float64, got 9007199254740993$/,
    ],
    [
      { step: [6, 7], a: BigInt64Array.of(1n, 2n ** 53n + 1n) },
      "RangeError",
      /"a" at row 1 must be exact in float64, got 9007199254740993$/,
    ],
    [
      { step: [6], count: [0.5] },
      "RangeError",
      /"count" at value 0 must be an integer that fits int64, got 0.5$/,
    ],
    [
      { step: [6], count: [2n ** 63n] },
      "RangeError",
      /"count" at value 0 must be an integer that fits int64, got 9223372036854775808$/,
    ],
    [
      { step: [6], count: Float64Array.of(0.5) },
      "RangeError",
      /"count" at row 0 must be an integer that fits int64, got 0.5$/,
    ],
    [
      { step: [6], count: BigUint64Array.of(2n ** 63n) },
      "RangeError",
      /"count" at row 0 .*got 9223372036854775808$/,
    ],
    [
      { step: many, a: Float64Array.from(many), count: Float64Array.from(many, (i) => i === 4500 ? NaN : i) },
      "RangeError",
      /"count" at row 4494 .*got NaN$/,
    ],
  ];
  for (const [columns, name, message] of refused) {
    assert.throws(() => store.appendColumns(columns as Columns), { name, message });
    assert.equal(store.length, 1);
    assert.equal(store.rowCount, 1);
  }
  store.append(6, { a: 2 });
  assert.deepEqual([...store.window(0, 2).values], [1, 2]);
});
