import assert from "node:assert/strict";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import { bitsOf } from "../support/support.ts";

const fields = { action: 0, observation: 1, reward: 2, done: 3 } as const;

/** Calls with arguments that the types forbid. */
function appendAny(store: unknown, ...values: unknown[]): void {
  (store as { append(...values: unknown[]): void }).append(...values);
}

function tokens(store: StreamStore): [bigint, number, number][] {
  const { steps, types, values } = store.window(0, store.length);
  return Array.from(steps, (step, i) => [step, types[i], Number(values[i])]);
}

test("append() writes a step's fields in field order, whatever the order of the names", () => {
  using store = new StreamStore(fields);
  store.append(0, { action: 1, observation: [0.5, -2], reward: 1, done: false });
  store.append(1, { done: true, reward: 2, observation: Float32Array.of(3), action: 0 });
  const expected = [[0n, 0, 1], [0n, 1, 0.5], [0n, 1, -2], [0n, 2, 1], [0n, 3, 0], [1n, 0, 0], [1n, 1, 3], [
    1n,
    2,
    2,
  ], [1n, 3, 1]];
  assert.deepEqual(tokens(store), expected);
  assert.equal(store.rowCount, 2);
});

test("append() leaves out what is null, undefined or not there", () => {
  using store = new StreamStore(fields);
  store.append(3, { action: null, reward: undefined, done: 1 });
  assert.deepEqual(tokens(store), [[3n, 3, 1]]);
});

test("append() goes on with the last step, with later fields only", () => {
  using store = new StreamStore(fields);
  store.append(7, { action: 1 });
  store.append(7, { reward: 2 });
  assert.equal(store.rowCount, 1);
  assert.throws(() => store.append(7, { observation: 1 }), {
    name: "RangeError",
    message:
      'Cannot append: at step 7 fields after "reward" must follow it in field order (action, observation, reward, done), got "observation"',
  });
  assert.throws(() => store.append(7, { reward: 3 }), RangeError);
  store.append(7, { done: 1 });
  assert.deepEqual(tokens(store), [[7n, 0, 1], [7n, 2, 2], [7n, 3, 1]]);
});

test("append() of a step without fields is a row without tokens", () => {
  using store = new StreamStore(fields);
  store.append(0, {});
  store.append(1, { reward: null });
  store.append(2, { observation: [] });
  store.append(2, {});
  assert.equal(store.length, 0);
  assert.equal(store.rowCount, 3);
  assert.deepEqual(store.rows(), [{ step: 0 }, { step: 1 }, { step: 2, observation: new Float64Array(0) }]);
});

test("append() takes every kind of number and every typed array", () => {
  using store = new StreamStore(fields);
  const lists = [
    Float64Array.of(1, 2),
    Float32Array.of(1, 2),
    Int8Array.of(1, 2),
    Uint8Array.of(1, 2),
    Uint8ClampedArray.of(1, 2),
    Int16Array.of(1, 2),
    Uint16Array.of(1, 2),
    Int32Array.of(1, 2),
    Uint32Array.of(1, 2),
    BigInt64Array.of(1n, 2n),
    BigUint64Array.of(1n, 2n),
    [1, 2],
    [true, 2n],
    ...(typeof Float16Array === "undefined" ? [] : [Float16Array.of(1, 2)]),
  ];
  lists.forEach((observation, step) => store.append(step, { action: 3n, observation, done: true }));
  const { values } = store.window(0, store.length);
  assert.deepEqual([...values], lists.flatMap(() => [3, 1, 2, 1]));
});

test("append() takes long lists of every kind, and lists larger than the tail", () => {
  using store = new StreamStore(fields, { capacity: 1000 });
  const lists: readonly { from(values: number[]): Float64Array | Float32Array | Int32Array | number[] }[] = [
    Float64Array,
    Float32Array,
    Int32Array,
    Array,
  ];
  let step = 0;
  for (const length of [33, 1000, 40_000, 200_000]) {
    for (const List of lists) {
      const observation = List.from(Array.from({ length }, (_, i) => i % 1000));
      store.append(step++, { action: 5, observation, reward: 6 });
      const { values } = store.window(store.length - length - 2, length + 2);
      assert.equal(values[0], 5);
      assert.equal(values[length + 1], 6);
      for (let i = 0; i < length; i++) {
        if (values[i + 1] !== i % 1000) assert.fail(`value ${i} of ${length} is ${values[i + 1]}`);
      }
    }
  }
  assert.equal(store.rowCount, 16);
});

test("append() in sequences takes tokens in strict field order, over several steps", () => {
  using store = new StreamStore(fields);
  store.append([0, 0, 1, 2], ["action", "reward", "observation", "done"], [1, 0.5, [8, 9], null]);
  assert.deepEqual(tokens(store), [[0n, 0, 1], [0n, 2, 0.5], [1n, 1, 8], [1n, 1, 9]]);
  assert.equal(store.rowCount, 3);
  store.append([], [], []);
  assert.equal(store.rowCount, 3);
  store.append(BigInt64Array.of(2n ** 40n), ["action"], Float64Array.of(4));
  assert.deepEqual(store.row(3), { step: 2 ** 40, action: 4 });
});

test("append() in sequences is all or nothing", () => {
  using store = new StreamStore(fields);
  store.append(5, { action: 1 });
  const refused: [unknown[], string[], unknown[], RegExp][] = [
    [[6, 6], ["reward", "action"], [1, 2], /at step 6 fields after "reward" must follow it/],
    [[6, 6], ["action", "action"], [1, 2], /fields after "action"/],
    [[7, 6], ["action", "reward"], [1, 2], /step must be >= 7, got 6/],
    [[6], ["actoin"], [1], /fields must be among action, observation, reward, done, got "actoin"/],
    [
      [6, 7],
      ["action", "action"],
      [1, "2"],
      /must be a number, boolean, bigint, or a flat list of them, got "2"/,
    ],
    [[6, 7], ["action"], [1], /the same length, got 2, 1 and 1/],
    [[6, NaN], ["action", "action"], [1, 2], /a step must be a safe integer or an int64 bigint, got NaN/],
  ];
  for (const [steps, names, values, message] of refused) {
    assert.throws(() => appendAny(store, steps, names, values), message);
    assert.deepEqual(tokens(store), [[5n, 0, 1]]);
    assert.equal(store.rowCount, 1);
  }
  appendAny(store, [5, 6], ["reward", "action"], [2, 3]);
  assert.equal(store.length, 3);
});

test("append() refuses what it cannot hold, and the store is as before", () => {
  using store = new StreamStore({
    ...fields,
    count: { type: 9, dtype: "int64" },
    size: { type: 10, dtype: "uint64" },
  });
  store.append(5, { action: 1 });
  const refused: [unknown, unknown, string, RegExp][] = [
    [6, { action: "1" }, "TypeError", /^Cannot append field "action": a value must be a number, .* got "1"$/],
    [6, { action: { a: 1 } }, "TypeError", /got a value of class Object$/],
    [6, { action: Symbol("x") }, "TypeError", /got Symbol\(x\)$/],
    [6, { action: () => 1 }, "TypeError", /got a function$/],
    [6, { action: new DataView(new ArrayBuffer(8)) }, "TypeError", /got a DataView of 8 bytes$/],
    [6, { action: new Date(0) }, "TypeError", /got a value of class Date$/],
    [6, { observation: [1, [2]] }, "TypeError", /"observation": .*got an array of 1$/],
    [6, { observation: [1, "2"] }, "TypeError", /got "2"$/],
    [6, { observation: [1, null] }, "TypeError", /got null$/],
    [6, { observation: [1, , 2] }, "TypeError", /got undefined$/],
    [
      6,
      { action: 2n ** 53n + 1n },
      "RangeError",
      /^Cannot append field "action": .*declare the field int64.* got 9007199254740993$/,
    ],
    [6, { action: 10n ** 400n }, "RangeError", /"action"/],
    [
      6,
      { observation: BigInt64Array.of(1n, 2n ** 53n + 1n) },
      "RangeError",
      /"observation": .*9007199254740993$/,
    ],
    [6, { observation: BigUint64Array.of(2n ** 64n - 1n) }, "RangeError", /18446744073709551615$/],
    [
      6,
      { count: 0.5 },
      "RangeError",
      /"count": a value of an int64 field must be a bigint or a safe integer, got 0.5$/,
    ],
    [6, { count: 2 ** 53 }, "RangeError", /got 9007199254740992; BigInt keeps what a number rounds/],
    [6, { count: NaN }, "RangeError", /got NaN$/],
    [6, { count: 2n ** 63n }, "RangeError", /"count": a value must fit int64, got 9223372036854775808$/],
    [6, { size: -1 }, "RangeError", /"size": a value must fit uint64, got -1$/],
    [6, { size: [1, 2n ** 64n] }, "RangeError", /"size": a value must fit uint64, got 18446744073709551616$/],
    [6, { count: "1" }, "TypeError", /"count"/],
    [6, { actoin: 1 }, "TypeError", /^Cannot append: fields must be among action, .*, got "actoin"$/],
    [6, { action: 1, actoin: 1 }, "TypeError", /got "actoin"$/],
    [6, null, "TypeError", /^Cannot append: fields must be an object of names and values, got null$/],
    [6, undefined, "TypeError", /got undefined$/],
    [6, [1], "TypeError", /got "0"$/],
    [6, "x", "TypeError", /got "x"$/],
    [
      NaN,
      { action: 1 },
      "RangeError",
      /^Cannot append: a step must be a safe integer or an int64 bigint, got NaN$/,
    ],
    [6.5, { action: 1 }, "RangeError", /got 6.5$/],
    [Infinity, { action: 1 }, "RangeError", /got Infinity$/],
    [2 ** 53, { action: 1 }, "RangeError", /got 9007199254740992; BigInt keeps what a number rounds/],
    [
      2n ** 63n,
      { action: 1 },
      "RangeError",
      /^Cannot append: a step must fit int64, got 9223372036854775808$/,
    ],
    ["6", { action: 1 }, "TypeError", /a step must be a safe integer or an int64 bigint, got "6"$/],
    [undefined, { action: 1 }, "TypeError", /got undefined$/],
    [4, { action: 1 }, "RangeError", /^Cannot append: step must be >= 5, got 4$/],
    [4n, { action: 1 }, "RangeError", /^Cannot append: step must be >= 5, got 4$/],
  ];
  for (const [step, values, name, message] of refused) {
    assert.throws(() => appendAny(store, step, values), { name, message });
    assert.equal(store.length, 1);
    assert.equal(store.rowCount, 1);
  }
  store.append(6, { action: 2 });
  assert.deepEqual(tokens(store as unknown as StreamStore), [[5n, 0, 1], [6n, 0, 2]]);
});

test("append() refuses a typed array whose buffer was transferred away", () => {
  using store = new StreamStore(fields);
  const observation = Float32Array.of(1, 2);
  structuredClone(observation.buffer, { transfer: [observation.buffer] });
  assert.throws(() => store.append(0, { observation }), {
    name: "TypeError",
    message: /must have a buffer that is attached and holds it, got a detached or a smaller one$/,
  });
  assert.equal(store.rowCount, 0);
});

test("append() keeps the bits of every NaN, of -0, infinities and subnormals", () => {
  using store = new StreamStore(fields);
  const bits = [
    0x7ff8000000000000n,
    0xfff8000000000001n,
    0x7ff0000000000001n,
    0x7fffffffffffffffn,
    1n,
    1n << 63n,
    0x7ff0000000000000n,
    0xfff0000000000000n,
  ];
  const doubles = new Float64Array(BigUint64Array.from(bits).buffer);
  store.append(0, { observation: doubles });
  store.append(1, { observation: new Float64Array([...new Array(40)].flatMap(() => [...doubles])) });
  assert.deepEqual([...store.window(0, bits.length).bits], bits);
  store.append(2, { action: -0, reward: 5e-324, done: -Infinity });
  const last = store.window(store.length - 3, 3);
  assert.deepEqual([...last.bits], [-0, 5e-324, -Infinity].map(bitsOf));
});

test("append() keeps the payload of float32 NaNs", () => {
  using store = new StreamStore(fields);
  const words = Uint32Array.of(0x7fc00000, 0xffc00001, 0x7f800001, 0xff812345, 0x3f800000);
  for (const step of [0, 1]) store.append(step, { observation: new Float32Array(words.buffer) });
  const cells = [...store.window(5, 5).bits];
  assert.deepEqual(cells, [
    0x7ff8000000000000n,
    0xfff8000020000000n,
    0x7ff0000020000000n,
    0xfff02468a0000000n,
    0x3ff0000000000000n,
  ]);
  assert.deepEqual([...store.window(0, 5).bits], [...store.window(5, 5).bits]);
});

test("append() takes steps over the whole of int64", () => {
  using store = new StreamStore(fields);
  const steps = [
    -(2n ** 63n),
    -(2 ** 53 - 1),
    -1,
    0,
    2 ** 31,
    2 ** 40 + 5,
    2 ** 53 - 1,
    2n ** 62n,
    2n ** 63n - 1n,
  ];
  steps.forEach((step) => store.append(step, { action: 1 }));
  assert.deepEqual([...store.window(0, steps.length).steps], steps.map(BigInt));
  assert.deepEqual(store.rows().map(({ step }) => step), steps);
  steps.forEach((step, row) => assert.equal(store.rowOfStep(step), row));
});

test("append() keeps all 64 bits of int64 and uint64 fields", () => {
  using store = new StreamStore({ count: { type: 1, dtype: "int64" }, size: { type: 2, dtype: "uint64" } });
  store.append(0, { count: -(2n ** 63n), size: 2n ** 64n - 1n });
  store.append(1, { count: [1, true, -3n], size: BigUint64Array.of(7n) });
  store.append(2, { count: BigInt64Array.of(2n ** 53n + 1n), size: -0 });
  assert.deepEqual(store.rows(), [
    { step: 0, count: BigInt64Array.of(-(2n ** 63n)), size: BigUint64Array.of(2n ** 64n - 1n) },
    { step: 1, count: BigInt64Array.of(1n, 1n, -3n), size: BigUint64Array.of(7n) },
    { step: 2, count: BigInt64Array.of(2n ** 53n + 1n), size: BigUint64Array.of(0n) },
  ]);
  // Cells of int64, in which a uint64 stands as its own bits.
  assert.deepEqual(store.gather([0], 2).values, BigInt64Array.of(-(2n ** 63n), -1n));
  assert.deepEqual(store.gather([0], 2, { values: "float64" }).values, Float64Array.of(-(2 ** 63), 2 ** 64));
});

test("append() does not compile with a name that is no field", () => {
  using store = new StreamStore(fields);
  // @ts-expect-error -- a misspelt name
  assert.throws(() => store.append(0, { acton: 1 }), TypeError);
  // @ts-expect-error -- a misspelt name
  assert.throws(() => store.append([0], ["acton"], [1]), TypeError);
  // @ts-expect-error -- a string is no value
  assert.throws(() => store.append(0, { action: "1" }), TypeError);
});
