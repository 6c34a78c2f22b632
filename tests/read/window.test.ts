import assert from "node:assert/strict";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import { collectGarbage } from "../support/support.ts";

function filled(steps: number, capacity = 100): StreamStore<{ a: 0; b: 1 }> {
  const store = new StreamStore({ a: 0, b: 1 }, { capacity });
  for (let step = 0; step < steps; step++) store.append(step, { a: step, b: -step });
  return store;
}

test("window() shows tokens without a copy, the newest ones included", () => {
  using store = filled(50);
  const window = store.window(95, 5);
  assert.equal(window.start, 95);
  assert.equal(window.length, 5);
  assert.deepEqual(window.steps, BigInt64Array.of(47n, 48n, 48n, 49n, 49n));
  assert.deepEqual(window.types, Uint8Array.of(1, 0, 1, 0, 1));
  assert.deepEqual(window.values, Float64Array.of(-47, 48, -48, 49, -49));
  assert.deepEqual(window.bits, new BigUint64Array(Float64Array.of(-47, 48, -48, 49, -49).buffer));
  assert.equal(window.values, window.values);
});

test("window() of length 0 is empty, also at the end", () => {
  using store = filled(3);
  for (const start of [0, 3, 6]) {
    const window = store.window(start, 0);
    for (const column of [window.steps, window.types, window.values, window.bits]) {
      assert.equal(column.length, 0);
    }
  }
});

test("window() refuses what does not lie within the stream", () => {
  using store = filled(5);
  const refused: [number, number, string][] = [
    [4000, 128, "start + length must be <= 10, got 4000 + 128"],
    [10, 1, "start + length must be <= 10, got 10 + 1"],
    [0, 11, "start + length must be <= 10, got 0 + 11"],
    [-1, 2, "start must be a whole number, got -1"],
    [0.5, 2, "start must be a whole number, got 0.5"],
    [NaN, 2, "start must be a whole number, got NaN"],
    [0, -1, "length must be a whole number, got -1"],
    [0, 1.5, "length must be a whole number, got 1.5"],
    [2 ** 53, 1, "start + length must be <= 10, got 9007199254740992 + 1"],
    ["0" as never, 1, 'start must be a whole number, got "0"'],
    [0, undefined as never, "length must be a whole number, got undefined"],
  ];
  for (const [start, length, message] of refused) {
    assert.throws(() => store.window(start, length), {
      name: "RangeError",
      message: `Cannot read window: ${message}`,
    });
  }
});

test("window() stays right while the store grows over many chunks", () => {
  using store = new StreamStore({ a: 0, b: 1 }, { capacity: 64 });
  const windows = [];
  for (let step = 0; step < 20_000; step++) {
    store.append(step, { a: step, b: [step, step] });
    if (step % 500 === 499) windows.push(store.window(0, 3 * step));
  }
  for (const { steps, types, values, length } of windows) {
    for (const at of [0, 3 * 77, length - 3]) {
      assert.deepEqual([...steps.subarray(at, at + 3)], Array(3).fill(BigInt(at / 3)));
      assert.deepEqual([...types.subarray(at, at + 3)], [0, 1, 1]);
      assert.deepEqual([...values.subarray(at, at + 3)], Array(3).fill(at / 3));
    }
  }
});

test("window() keeps writes through it from the file, and from later windows of a page that grows", () => {
  using store = filled(10);
  const window = store.window(0, 20);
  window.values[0] = 12345;
  store.append(10, { a: 10, b: 10 });
  assert.equal(store.window(0, 1).values[0], 12345);
  store.flush();
  assert.equal(store.window(0, 1).values[0], 0);
  assert.equal(store.window(20, 1).values[0], 10);
});

test("window() reads its steps again where their buffer was transferred", () => {
  using store = new StreamStore({ a: 0, b: 1 });
  for (let step = 0; step < 100; step++) store.append(step, { a: 1, b: 2 });
  const windows = [store.window(0, 4), store.window(10, 4)];
  const steps = () => windows.map((window) => [...window.steps]);
  const before = steps();
  structuredClone(windows[0].steps, { transfer: [windows[0].steps.buffer as ArrayBuffer] });
  assert.deepEqual(steps(), before);
  assert.deepEqual(before, [[0n, 0n, 1n, 1n], [5n, 5n, 6n, 6n]]);
});

test("window() has a buffer of no more than twice what was looked at, in a store that grows too", () => {
  using store = filled(10_000);
  const windows = [7, 1000, 19_990].map((start) => ({ start, values: store.window(start, 10).values }));
  for (const { start, values } of windows) {
    const { byteLength } = values.buffer;
    assert.ok(byteLength <= Math.max(2 ** 16, 2 * 8 * (start + 10)), `${byteLength} bytes at ${start}`);
  }
  for (let step = 10_000; step < 50_000; step++) store.append(step, { a: step, b: -step });
  windows.push({ start: 99_990, values: store.window(99_990, 10).values });
  for (const { start, values } of windows) {
    const tokens = Array.from({ length: 10 }, (_, at) => start + at);
    assert.deepEqual([...values], tokens.map((token) => token % 2 === 0 ? token / 2 : (1 - token) / 2));
  }
});

test("window() is empty after close(), and arrays taken before do not crash", async () => {
  const store = filled(1000);
  const window = store.window(10, 20);
  const untouched = store.window(0, 5);
  const { values, types } = window;
  const before = [...values];
  store.close();
  for (const { steps, types, values, bits } of [window, untouched]) {
    for (const column of [steps, types, values, bits]) assert.equal(column.length, 0);
  }
  await collectGarbage();
  // Empty where the runtime can take an array back, and as it was where it cannot.
  assert.ok(values.length === 0 || (values.length === 20 && before.every((value, i) => values[i] === value)));
  assert.equal(types.length, values.length);
});

test("window() stays right while garbage is collected, and when nothing else refers to its store", async () => {
  const arrays = Array.from({ length: 20 }, (_, k) => {
    const store = new StreamStore({ a: 0 }, { capacity: 50 });
    for (let step = 0; step < 3000; step++) store.append(step, { a: step + k });
    return store.window(100, 1000).values;
  });
  let sum = 0;
  for (let round = 0; round < 3; round++) {
    await collectGarbage(() => round < 2);
    arrays.forEach((values, k) => {
      for (let i = 0; i < values.length; i++) {
        if (values[i] !== 100 + i + k) assert.fail(`array ${k} has ${values[i]} at ${i}`);
      }
      sum += values[999];
    });
  }
  assert.equal(sum, 3 * (20 * 1099 + 190));
});

test("window() has a buffer that ends the process by no use of it", () => {
  const store = filled(1000);
  const window = store.window(5, 100);
  const buffer = window.values.buffer as ArrayBuffer;
  // A clone is refused or a copy, depending on the runtime.
  try {
    assert.deepEqual(structuredClone(window.values), window.values);
  } catch (error) {
    assert.equal((error as Error).name, "DataCloneError");
  }
  const whole = new Float64Array(buffer);
  assert.equal(whole[whole.length - 1] >= -1000, true);
  whole[whole.length - 1] = 1;
  const moved = new Float64Array(structuredClone(buffer, { transfer: [buffer] }));
  assert.equal(window.values.length, 100);
  // The store does not need that buffer.
  assert.deepEqual([...store.window(4, 3).values], [2, -2, 3]);
  store.close();
  assert.equal(typeof moved[6], "number");
  assert.equal(typeof moved[moved.length - 1], "number");
});
