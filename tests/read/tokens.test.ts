import assert from "node:assert/strict";
import { test } from "node:test";
import { type Dtype, type FieldEntry, StreamStore } from "../../mod.ts";

function filled(): StreamStore<{ a: 0; b: 1 }> {
  const store = new StreamStore({ a: 0, b: 1 });
  for (let step = 0; step < 10; step++) store.append(step, { a: step, b: -step });
  return store;
}

test("get() returns tokens in the shape of nested indices", () => {
  using store = filled();
  const { shape, steps, types, values } = store.get([[[1, 2, 3]], [[19, 0, 19]]]);
  assert.deepEqual(shape, [2, 1, 3]);
  assert.deepEqual([...values], [-0, 1, -1, -9, 0, -9]);
  assert.deepEqual([...types], [1, 0, 1, 1, 0, 1]);
  assert.deepEqual([...steps], [0n, 1n, 1n, 9n, 0n, 9n]);
});

test("get() takes flat indices, typed arrays, and a shape beside them", () => {
  using store = filled();
  assert.deepEqual(store.get([4]).shape, [1]);
  assert.deepEqual(store.get([]), {
    shape: [0],
    steps: new BigInt64Array(0),
    types: new Int32Array(0),
    values: new Float64Array(0),
  });
  assert.deepEqual(store.get([[], []]).shape, [2, 0]);
  const shaped = store.get(Int32Array.of(0, 2, 4, 6), [2, 2]);
  assert.deepEqual(shaped.shape, [2, 2]);
  assert.deepEqual([...shaped.values], [0, 1, 2, 3]);
});

test("get() refuses ragged indices, wrong shapes and indices out of range", () => {
  using store = filled();
  const get = (indices: unknown, shape?: unknown) => store.get(indices as number[], shape as number[]);
  const cases: [unknown, unknown, string, RegExp][] = [
    [
      [[1, 2], [3]],
      undefined,
      "RangeError",
      /one shape, here \[2, 2\]; at depth 1 there must be a list of 2, got an array of 1$/,
    ],
    [[[1], 2], undefined, "RangeError", /at depth 1 there must be a list of 1, got 2$/],
    [[1, [2]], undefined, "RangeError", /at depth 1 there must be a number, got an array of 1$/],
    [[1, 2], [3], "RangeError", /^Cannot get tokens: shape must multiply to the 2 indices, got \[3\]$/],
    [[1, 2], [-1, -2], "RangeError", /got \[-1, -2\]$/],
    [
      [20],
      undefined,
      "RangeError",
      /^Cannot get tokens: indices\[0] must be a whole number from 0 to 19, got 20$/,
    ],
    [[-1], undefined, "RangeError", /got -1$/],
    [[0.5], undefined, "RangeError", /got 0.5$/],
    ["12", undefined, "TypeError", /got "12"$/],
  ];
  for (const [indices, shape, name, message] of cases) {
    assert.throws(() => get(indices, shape), { name, message });
  }
});

type Nested = (number | Nested)[];

test("get() refuses a list that holds itself", () => {
  using store = filled();
  const own: Nested = [];
  own.push(own);
  const pair: Nested = [];
  pair.push(pair, pair);
  const far: Nested = [[1, 2]];
  far.push(far);
  const axes = {
    name: "RangeError",
    message: "Cannot get tokens: indices must have at most 64 axes, got more",
  };
  assert.throws(() => store.get(own as never), axes);
  assert.throws(() => store.get(far as never), {
    name: "RangeError",
    message: /^Cannot get tokens: .* one shape/,
  });
  assert.throws(() => store.get(pair as never), {
    name: "RangeError",
    message: /^Cannot get tokens: nested lists/,
  });
  let deep: Nested = [5];
  for (let axis = 1; axis < 64; axis++) deep = [deep];
  assert.deepEqual(store.get(deep as never).shape, Array(64).fill(1));
  assert.throws(() => store.get([deep] as never), axes);
});

test("get() refuses lists that are nested into more indices than there is memory for", () => {
  using store = filled();
  let list: Nested = [0, 1];
  for (let depth = 1; depth < 40; depth++) list = [list, list];
  assert.throws(() => store.get(list as never), {
    name: "RangeError",
    message:
      /^Cannot get tokens: nested lists must hold at most 67108864 indices, got shape \[(2, )+2\]; a typed array/,
  });
});

test("get() asks a shape and nested lists for what they hold, whatever methods they have", () => {
  using store = filled();
  const trap = () => {
    throw new Error("a method of the caller's own was called");
  };
  const own = { some: trap, every: trap, reduce: trap, [Symbol.iterator]: trap };
  assert.deepEqual(store.get(Object.assign([Object.assign([2, 4], own)], own)).values, Float64Array.of(1, 2));
  assert.deepEqual(store.get([2, 4], Object.assign([1, 2], own)).shape, [1, 2]);
  assert.throws(() => store.get([2, 4], "12" as never), {
    name: "TypeError",
    message: 'Cannot get tokens: shape must be a list of numbers, got "12"',
  });
});

test("get() gives what windows and gather() do, of stores of every dtype and of two", () => {
  const dtypes = ["float64", "float32", "float16", "int64", "int32", "uint16", "int8", "bool"] as const;
  for (const [first, second] of dtypes.flatMap((dtype) => dtypes.map((other) => [dtype, other]))) {
    const fields: FieldEntry[] = [["a", { type: -1, dtype: first }], ["b", { type: 500, dtype: second }]];
    using store = new StreamStore(first === second ? fields.slice(0, 1) : fields);
    const valueOf = (dtype: Dtype, step: number) => {
      if (dtype === "int64") return BigInt(step) * 2n ** 40n;
      return dtype === "bool" ? step % 2 : step % 100;
    };
    for (let step = 0; step < 300; step++) {
      // Rows of one layout, and some of others.
      const hasSecond = first !== second && step % 50 !== 49;
      store.append(3 * step, {
        a: valueOf(first, step),
        ...(hasSecond ? { b: valueOf(second, step) } : {}),
      });
    }
    const indices = Array.from({ length: 200 }, (_, i) => i * 7919 % (store.length - 1));
    const { types, steps } = store.window(0, store.length);
    const pairs = store.gather(indices, 2).values;
    const got = store.get(indices);
    assert.deepEqual([...got.types], indices.map((index) => types[index]));
    assert.deepEqual([...got.steps], indices.map((index) => steps[index]));
    assert.deepEqual([...got.values], indices.map((_, i) => pairs[2 * i]), `${first} and ${second}`);
    assert.equal(got.values.constructor, pairs.constructor);
  }
});
