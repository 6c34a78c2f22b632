import assert from "node:assert/strict";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import { Random } from "../support/support.ts";

function filled(tokens: number): StreamStore<{ a: 0; b: 5 }> {
  const store = new StreamStore({ a: 0, b: 5 }, { capacity: 128 });
  for (let step = 0; step < tokens / 2; step++) store.append(step, { a: step + 0.1, b: -step });
  return store;
}

test("gather() copies the windows that window() shows, in every dtype", () => {
  using store = filled(1000);
  const random = new Random(3);
  for (const length of [1, 2, 7, 128]) {
    const starts = Array.from({ length: 50 }, () => random.below(1000 - length + 1));
    const windows = starts.map((start) => store.window(start, length));
    const wide = store.gather(starts, length);
    assert.deepEqual([...wide.values], windows.flatMap(({ values }) => [...values]));
    assert.deepEqual([...wide.types], windows.flatMap(({ types }) => [...types]));
    assert.deepEqual([...wide.steps], windows.flatMap(({ steps }) => [...steps]));
    const narrow = store.gather(starts, length, { values: "float32", steps: "float64" });
    assert.deepEqual(narrow.values, Float32Array.from(wide.values));
    assert.deepEqual(narrow.steps, Float64Array.from(wide.steps, Number));
  }
});

test("gather() takes starts as lists and typed arrays of every kind", () => {
  using store = filled(100);
  const expected = store.gather([3, 50], 2).values;
  const shared = new Float64Array(new SharedArrayBuffer(16));
  shared.set([3, 50]);
  const kinds = [
    Float64Array.of(3, 50),
    Int32Array.of(3, 50),
    Uint32Array.of(3, 50),
    BigInt64Array.of(3n, 50n),
    BigUint64Array.of(3n, 50n),
    shared,
  ];
  for (const starts of kinds) assert.deepEqual(store.gather(starts, 2).values, expected);
});

test("gather() fills the caller's arrays and leaves out what is null", () => {
  using store = filled(100);
  const out = { values: new Float32Array(4), types: new Int32Array(4), steps: new Float64Array(4) };
  const result = store.gather([0, 10], 2, out);
  assert.equal(result.values, out.values);
  assert.equal(result.types, out.types);
  assert.equal(result.steps, out.steps);
  assert.deepEqual([...out.types], [0, 5, 0, 5]);
  assert.deepEqual([...out.steps], [0, 0, 5, 5]);
  const only = store.gather([0], 2, { values: null, steps: null });
  assert.deepEqual(only, { values: null, types: Int32Array.of(0, 5), steps: null });
  assert.deepEqual(store.gather([0], 2, { values: null, types: null, steps: null }), {
    values: null,
    types: null,
    steps: null,
  });
  const shared = new Float64Array(new SharedArrayBuffer(16));
  store.gather([2], 2, { values: shared });
  assert.deepEqual([...shared], [1.1, -1]);
  const resizable = new Float64Array(new ArrayBuffer(16, { maxByteLength: 64 }));
  store.gather([2], 2, { values: resizable });
  assert.deepEqual([...resizable], [1.1, -1]);
});

test("gather() into the memory that its starts stand in copies the right windows", () => {
  using store = filled(1000);
  const memory = Float64Array.from({ length: 101 }, (_, i) => 9 * i);
  const expected = store.gather(memory.slice(0, 100), 1).values;
  store.gather(memory.subarray(0, 100), 1, { values: memory.subarray(1) });
  assert.deepEqual(memory.slice(1), expected);
});

test("gather() of no windows, or of windows of no tokens, is empty", () => {
  using store = filled(10);
  assert.equal(store.gather([], 4).values.length, 0);
  assert.equal(store.gather([0, 3], 0).types.length, 0);
});

test("gather() throws before it writes", () => {
  using store = filled(10);
  const out = {
    values: new Float64Array(4).fill(7),
    types: new Int32Array(4).fill(7),
    steps: new BigInt64Array(4).fill(7n),
  };
  const gather = (starts: unknown, length: unknown, buffers: unknown = out) =>
    store.gather(starts as number[], length as number, buffers as typeof out);
  const cases: [() => unknown, string, string][] = [
    [
      () => gather([0, 9], 2),
      "RangeError",
      "Cannot gather: starts[1] must be a whole number from 0 to 8, got 9",
    ],
    [
      () => gather([-1, 0], 2),
      "RangeError",
      "Cannot gather: starts[0] must be a whole number from 0 to 8, got -1",
    ],
    [
      () => gather([0.5, 0], 2),
      "RangeError",
      "Cannot gather: starts[0] must be a whole number from 0 to 8, got 0.5",
    ],
    [
      () => gather([0, NaN], 2),
      "RangeError",
      "Cannot gather: starts[1] must be a whole number from 0 to 8, got NaN",
    ],
    [
      () => gather([0, 1], 11, {}),
      "RangeError",
      "Cannot gather: length must be <= 10, the tokens in the store, got 11",
    ],
    [() => gather(["0", 1], 2), "TypeError", 'Cannot gather: starts[0] must be a number, got "0"'],
    [
      () => gather("01", 2),
      "TypeError",
      'Cannot gather: starts must be a list or typed array of numbers, got "01"',
    ],
    [
      () => gather([0, 1], 1.5),
      "RangeError",
      "Cannot gather: length must be a whole number of tokens, got 1.5",
    ],
    [
      () => gather([0, 1], -2),
      "RangeError",
      "Cannot gather: length must be a whole number of tokens, got -2",
    ],
    [
      () => gather([0, 1], 2 ** 32),
      "RangeError",
      "Cannot gather: length must be a whole number of tokens, got 4294967296",
    ],
    [() => gather([0], 2), "RangeError", "Cannot gather: out.values must have length 2, got 4"],
    [
      () => gather([0, 1], 2, { values: new Uint8Array(4) }),
      "TypeError",
      "Cannot gather: out.values must be a Float64Array or Float32Array, a dtype or null, got a Uint8Array of 4 bytes",
    ],
    [
      () => gather([0, 1], 2, { types: new Float64Array(4) }),
      "TypeError",
      "Cannot gather: out.types must be a Int32Array, a dtype or null, got a Float64Array of 32 bytes",
    ],
    [
      () => gather([0, 1], 2, { steps: "int32" }),
      "TypeError",
      'Cannot gather: out.steps must be a BigInt64Array or Float64Array, a dtype or null, got "int32"',
    ],
  ];
  for (const [call, name, message] of cases) assert.throws(call, { name, message });
  assert.deepEqual([...out.values, ...out.types], Array(8).fill(7));
  assert.deepEqual([...out.steps], Array(4).fill(7n));
});

test("gather() refuses a detached array", () => {
  using store = filled(10);
  const values = new Float64Array(4);
  structuredClone(values.buffer, { transfer: [values.buffer] });
  assert.throws(() => store.gather([0, 1], 2, { values }), {
    name: "RangeError",
    message: /must have length 4, got 0$/,
  });
});

test("gather() refuses columns that share memory, before it writes", () => {
  using store = filled(10);
  const buffer = new ArrayBuffer(64);
  const shared = new SharedArrayBuffer(64);
  const wide = new Float64Array(4);
  const cases: [object, RegExp][] = [
    [
      { values: wide, steps: wide },
      /^Cannot gather: out\.steps must have memory of its own, got some of out\.values$/,
    ],
    [
      { values: new Float64Array(buffer, 0, 4), types: new Int32Array(buffer, 28, 4) },
      /out\.types .* out\.values$/,
    ],
    [
      { values: new Float64Array(shared, 24, 4), types: new Int32Array(shared, 12, 4) },
      /out\.types .* out\.values$/,
    ],
    [
      { types: new Int32Array(buffer, 0, 4), steps: new BigInt64Array(buffer, 8, 4) },
      /out\.steps .* out\.types$/,
    ],
  ];
  for (const [out, message] of cases) {
    assert.throws(() => store.gather([0, 1], 2, out), { name: "RangeError", message });
  }
  const all = [...new Uint8Array(buffer), ...new Uint8Array(shared), ...wide];
  assert.ok(all.every((byte) => byte === 0));
  const values = new Float64Array(buffer, 0, 4);
  const types = new Int32Array(buffer, 32, 4);
  store.gather([0, 1], 2, { values, types });
  assert.deepEqual([...values, ...types], [0.1, -0, -0, 1.1, 0, 5, 5, 0]);
});

test("gather() reads each thing once", () => {
  using store = filled(10);
  const reads: string[] = [];
  const arrays: Record<string, unknown> = { values: new Float64Array(2), types: null, steps: "float64" };
  const out = new Proxy({}, { get: (_, name) => (reads.push(String(name)), arrays[String(name)]) });
  const starts = new Proxy([4], { get: (list, name) => (reads.push(String(name)), Reflect.get(list, name)) });
  assert.equal(store.gather(starts, 2, out).values, arrays.values);
  assert.deepEqual(reads.sort(), ["0", "length", "steps", "types", "values"]);
});

test("gather() refuses a list whose length is none, and does not wait for one without end", () => {
  using store = filled(10);
  for (const length of [NaN, -1, 0.5, Infinity, 2 ** 40, "2", {}]) {
    const starts = new Proxy([1], {
      get: (list, name) => name === "length" ? length : Reflect.get(list, name),
    });
    assert.throws(() => store.gather(starts, 1), {
      name: "RangeError",
      message:
        /^Cannot gather: starts must be a typed array, or a list of at most 134217728, got a list of length /,
    });
  }
  const endless = new Proxy([1], {
    get: (list, name) => name === "length" ? 2 ** 27 : Reflect.get(list, name),
  });
  assert.throws(() => store.gather(endless, 1), {
    message: "Cannot gather: starts[1] must be a number, got undefined",
  });
  const iterated = Object.assign([3], {
    *[Symbol.iterator]() {
      for (;;) yield 1;
    },
  });
  assert.deepEqual(store.gather(iterated, 1).values, Float64Array.of(-1));
});
