/** Whatever reads numbers sees in fields of narrow dtypes what it sees in float64 fields of the same numbers. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type DtypeArray, StreamStore } from "../../mod.ts";
import { Random } from "../support/support.ts";

const narrowFields = {
  episode: "uint16",
  action: "uint8",
  observation: "float32",
  half: "float16",
  reward: "int16",
  clock: "uint32",
  delta: "int32",
  small: "int8",
  done: "bool",
} as const;
const names = Object.keys(narrowFields) as (keyof typeof narrowFields)[];

/** The same steps in a store of float64 fields and in one of narrow ones, some of them through columns. */
function twoStores(): [StreamStore, StreamStore] {
  const random = new Random(7);
  const stores = [new StreamStore(names), new StreamStore(narrowFields)] as unknown as [
    StreamStore,
    StreamStore,
  ];
  const steps = Array.from({ length: 3000 }, (_, step) => ({
    episode: step >> 5,
    action: random.below(256),
    observation: Float32Array.from({ length: 4 }, () => random.float() - 0.5),
    half: Float16Array.of(random.float())[0],
    reward: random.below(65536) - 32768,
    clock: random.below(2 ** 32),
    delta: random.below(2 ** 32) - 2 ** 31,
    small: random.below(256) - 128,
    done: (step & 31) === 31,
  }));
  for (const store of stores) {
    steps.slice(0, 2000).forEach((values, step) => store.append(step, values));
    const rest = steps.slice(2000);
    store.appendColumns({
      step: rest.map((_, i) => 2000 + i),
      ...Object.fromEntries(
        names.filter((name) => name !== "observation").map((name) => [
          name,
          rest.map((row) => row[name] as number),
        ]),
      ),
      observation: { values: rest.flatMap(({ observation }) => [...observation]), width: 4 },
    });
  }
  return stores;
}

/** What a window of all tokens shows: integers of 32 bits stand in cells of float32 as their own bits. */
function numbersOf(store: StreamStore): Float64Array {
  const { types, values, bits } = store.window(0, store.length);
  assert.equal(values.constructor, Float32Array);
  assert.equal(bits.constructor, Uint32Array);
  const typeOf = new Map(store.fields.map(({ name, type }) => [name, type]));
  return Float64Array.from(types, (type, i) => {
    if (type === typeOf.get("clock")) return bits[i] as number;
    return type === typeOf.get("delta") ? Number(bits[i]) | 0 : values[i] as number;
  });
}

/** Faster than `deepEqual` by far. */
function assertSame(found: DtypeArray, expected: DtypeArray): void {
  assert.equal(found.constructor, expected.constructor);
  assert.equal(found.length, expected.length);
  const at = expected.findIndex((value: number | bigint, i: number) => !Object.is(value, found[i]));
  if (at >= 0) assert.fail(`[${at}] is ${found[at]}, not ${expected[at]}`);
}

test("windows, tokens, gathers, statistics and context are those of float64 fields", () => {
  const [wide, narrow] = twoStores();
  using _wide = wide;
  using _narrow = narrow;
  assertSame(numbersOf(narrow), wide.window(0, wide.length).values);
  const indices = Array.from({ length: 500 }, (_, i) => i * 67 % wide.length);
  const [tokens, wideTokens] = [narrow.get(indices), wide.get(indices)];
  assertSame(tokens.values, Float32Array.from(wideTokens.values as Float64Array));
  assert.deepEqual({ ...tokens, values: null }, { ...wideTokens, values: null });
  const starts = indices.slice(0, 99);
  for (const dtype of ["float32", "float64"] as const) {
    assertSame(
      narrow.gather(starts, 32, { values: dtype }).values,
      wide.gather(starts, 32, { values: dtype }).values,
    );
  }
  const own = narrow.gather(starts, 32);
  assertSame(own.values, wide.gather(starts, 32, { values: "float32" }).values);
  assert.equal(narrow.gather(starts, 32, own).values, own.values);
  assert.throws(() => narrow.gather(starts, 32, { values: new Uint8Array(99 * 32) }), {
    name: "TypeError",
    message:
      "Cannot gather: out.values must be a Float32Array or Float64Array, a dtype or null, got a Uint8Array of 3168 bytes",
  });
  const [stats, expected] = [narrow.stats(), wide.stats()];
  for (const name of names) assert.deepEqual(stats[name].toJSON(), expected[name].toJSON());
  const context = { steps: 40, episodes: { end: "done" } } as const;
  assert.deepEqual(narrow.context(context), wide.context(context));
  for (const name of names) {
    assert.deepEqual([...narrow.column(name).values as Float32Array], [
      ...wide.column(name).values as Float64Array,
    ]);
  }
});

test("batches are those of float64 fields, by tokens and by steps, in every way that episodes are told", () => {
  const [wide, narrow] = twoStores();
  using _wide = wide;
  using _narrow = narrow;
  const shared = { batchSize: 16, seed: 5 };
  const fields = { observation: 4, action: 1, reward: 1, done: 1, clock: 1, half: 1 };
  const options = [
    { ...shared, tokens: 64 },
    { ...shared, tokens: 64, output: { values: "float64" } },
    { ...shared, steps: 8, fields },
    { ...shared, steps: 8, fields, episodes: { end: "done" } },
    { ...shared, steps: 8, fields, episodes: { id: "episode" } },
    { ...shared, steps: 8, fields, normalize: true },
  ];
  for (const option of options) {
    const [one, other] = [narrow.sampler(option as never), wide.sampler(option as never)];
    for (let i = 0; i < 5; i++) assert.deepEqual(one.next(), other.next());
  }
});

test("a narrow field that grows into a list is read as one of its own dtype", () => {
  using store = new StreamStore({ a: "int8", b: "float16" });
  store.append(0, { a: 1, b: 0.5 });
  store.append(1, { a: [2, 3], b: [] });
  assert.deepEqual(store.rows(), [
    { step: 0, a: Int8Array.of(1), b: Float16Array.of(0.5) },
    { step: 1, a: Int8Array.of(2, 3), b: new Float16Array(0) },
  ]);
  assert.deepEqual(store.column("a"), {
    values: Int8Array.of(1, 2, 3),
    width: null,
    offsets: Float64Array.of(0, 1, 3),
  });
});

test("an ID of narrow integers that comes back is told of where no window is valid", () => {
  using store = new StreamStore({ id: "uint16", value: "float32" });
  for (let step = 0; step < 8; step++) store.append(step, { id: 500 + step % 2, value: step });
  assert.throws(() => store.sampler({ steps: 2, batchSize: 1, episodes: { id: "id" } }).next(), {
    name: "RangeError",
    message: /row 2 comes back to the ID 500 of row 0/,
  });
});

test("window() has the array of the one dtype that all cells have, and bits of its width", () => {
  const stores = [
    [new StreamStore({ a: 0 }), Float64Array, BigUint64Array],
    [new StreamStore({ a: "float32", b: "uint8", c: "bool" }), Float32Array, Uint32Array],
    [new StreamStore({ a: "float16" }), Float16Array, Uint16Array],
    [new StreamStore({ a: "uint16" }), Uint16Array, Uint16Array],
    [new StreamStore({ a: "uint8", b: "bool" }), Uint8Array, Uint8Array],
    [new StreamStore({ a: "uint8", b: "int8" }), Int8Array, Uint8Array],
    [new StreamStore({ a: "uint64", b: "int8" }), BigInt64Array, BigUint64Array],
  ] as [StreamStore, unknown, unknown][];
  for (const [store, Values, Bits] of stores) {
    assert.deepEqual([store.window(0, 0).values.constructor, store.window(0, 0).bits.constructor], [
      Values,
      Bits,
    ]);
    store.append(0, { a: 1 });
    const window = store.window(0, 1);
    assert.deepEqual([window.values.constructor, window.bits.constructor], [Values, Bits]);
    assert.deepEqual([Number(window.values[0]), window.values.length, window.bits.length], [1, 1, 1]);
    assert.equal(store.get([0]).values.constructor, Values);
    assert.equal(store.gather([0], 1).values.constructor, Values);
    store.close();
    assert.deepEqual([window.values, window.bits].map((array) => array.constructor), [Values, Bits]);
    assert.deepEqual([window.values.length, window.bits.length], [0, 0]);
  }
});

test("the types of window(), get() and gather() follow from the fields", () => {
  using tokens = new StreamStore({ tokens: { type: 7, dtype: "uint16" } });
  tokens.append(0, { tokens: [1, 2, 65535] });
  const [values, bits]: [Uint16Array, Uint16Array] = [tokens.window(0, 3).values, tokens.window(0, 3).bits];
  const copied: Uint16Array = tokens.gather([0], 3).values;
  const single: Uint16Array = tokens.get([2]).values;
  const floats: Float32Array = tokens.gather([0], 3, { values: "float32" }).values;
  assert.deepEqual([...values, ...bits, ...copied, ...single, ...floats], [
    ...[1, 2, 65535],
    ...[1, 2, 65535],
    ...[1, 2, 65535],
    65535,
    ...[1, 2, 65535],
  ]);
  using mixed = new StreamStore({ a: "int32", b: "float16" });
  const cells: Float32Array = mixed.window(0, 0).values;
  assert.equal(cells.length, 0);
  // @ts-expect-error: cells of float32
  const wrong: Float64Array = mixed.window(0, 0).values;
  assert.equal(wrong.length, 0);
  // Where nothing is known of the fields, a check tells.
  const unknown: StreamStore = mixed as never;
  const shown = unknown.window(0, 0).values;
  assert.ok(shown instanceof Float32Array);
  const told: Float32Array = shown;
  assert.equal(told.length, 0);
});
