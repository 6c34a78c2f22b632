/** Steps as they are common, in both forms, beside what goes the long way: the rows must be those of a plain model. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type FieldList, StreamStore } from "../../mod.ts";

type Values = Record<string, unknown>;

/** Calls with arguments that the types forbid. */
function appendAny(store: unknown, ...values: unknown[]): void {
  (store as { append(...values: unknown[]): void }).append(...values);
}

/** Rows with lists as plain arrays. */
function rowsOf(store: StreamStore): Values[] {
  return store.rows().map((row) =>
    Object.fromEntries(
      Object.entries(row).map((
        [name, value],
      ) => [name, ArrayBuffer.isView(value) ? [...value as never] : value]),
    )
  );
}

test("append() takes fields by names that are no identifiers", () => {
  const names = [
    'a"b',
    "a'b",
    "`${x}`",
    "\\",
    "\n\u2028",
    "constructor",
    "toString",
    "values",
    "item",
    "*/",
    "0",
    "é",
  ];
  using store = new StreamStore(names);
  for (let step = 0; step < 3; step++) {
    store.append(step, Object.fromEntries(names.map((name, i) => [name, step * 100 + i])));
  }
  store.append(3, { toString: 5 } as never);
  assert.deepEqual(
    [...store.window(0, store.length).values],
    [...[0, 1, 2].flatMap((step) => names.map((_, i) => step * 100 + i)), 5],
  );
});

test("append() takes nothing that an object does not show, however many fields there are and whatever is undefined", () => {
  const names = Array.from({ length: 100 }, (_, i) => `f${i}`);
  for (const hidden of [16, 31, 32, 33, 48, 64, 96]) {
    for (let shown = 0; shown < hidden; shown++) {
      using store = new StreamStore(names);
      const values = Object.defineProperty({ [`f${shown}`]: undefined, f99: 5 }, `f${hidden}`, { value: 9 });
      store.append(0, { f99: 4 });
      store.append(1, values as never);
      assert.deepEqual(rowsOf(store), [{ step: 0, f99: 4 }, { step: 1, f99: 5 }]);
    }
  }
});

test("append() takes what an object shows, and nothing that it has besides", () => {
  using store = new StreamStore({ action: 0, reward: 1, done: 2 });
  store.append(0, { action: 1 });
  class Step {
    action = 2;
    get reward(): number {
      return 7;
    }
  }
  store.append(1, new Step());
  store.append(2, Object.defineProperty({ action: 3 }, "done", { value: 9 }));
  store.append(3, Object.create({ reward: 4 }));
  // One that shows a name without a value, and has another without showing it.
  store.append(4, Object.defineProperty({ action: undefined }, "reward", { value: 9 }));
  store.append(5, { action: 6, [Symbol("reward")]: 1 });
  class Other {
    _reward = 8;
    get reward(): number {
      return this._reward;
    }
  }
  assert.throws(() => appendAny(store, 6, new Other()), { name: "TypeError", message: /got "_reward"$/ });
  const calls: string[] = [];
  store.append(7, {
    get action() {
      calls.push("action");
      return 1;
    },
    get reward() {
      calls.push("reward");
      assert.throws(() => store.append(8, { action: 1 }), { code: "busy" });
      return 2;
    },
  });
  assert.deepEqual(calls, ["action", "reward"]);
  assert.deepEqual(rowsOf(store), [
    { step: 0, action: 1 },
    { step: 1, action: 2 },
    { step: 2, action: 3 },
    { step: 3, reward: 4 },
    { step: 4 },
    { step: 5, action: 6 },
    { step: 7, action: 1, reward: 2 },
  ]);
});

/** What fields of these dtypes take, and what they make of it. */
const kinds = [
  ["float64", (i: number) => i / 3, (i: number) => i / 3],
  ["float32", (i: number) => i / 3, (i: number) => Math.fround(i / 3)],
  ["int8", (i: number) => i % 100 - 50, (i: number) => i % 100 - 50],
  ["uint32", (i: number) => 2 ** 32 - 1 - i, (i: number) => 2 ** 32 - 1 - i],
  ["int64", (i: number) => -(2 ** 40) - i, (i: number) => -(2 ** 40) - i],
  ["bool", (i: number) => i % 2 === 0, (i: number) => Number(i % 2 === 0)],
  ["uint64", (i: number) => i % 2 === 0, (i: number) => Number(i % 2 === 0)],
] as const;

for (const fieldCount of [1, 7, 16, 17, 40]) {
  test(`append() in both forms gives the same rows, with ${fieldCount} fields`, () => {
    const fields = Array.from(
      { length: fieldCount },
      (_, place) => [`f${place}`, { type: place * 3, dtype: kinds[place % kinds.length][0] }] as const,
    );
    using named = new StreamStore(fields as FieldList);
    using sequences = new StreamStore(fields as FieldList);
    const expected: Values[] = [];
    let pending: [number[], string[], unknown[]] = [[], [], []];
    for (let step = 0; step < 3000; step++) {
      const given: Values = {};
      const row: Values = { step: 5 * step };
      for (let place = 0; place < fieldCount; place++) {
        if ((step * 7 + place * 11) % 5 === 0 && fieldCount > 1) continue;
        const [, value, kept] = kinds[place % kinds.length];
        given[`f${place}`] = value(step + place);
        row[`f${place}`] = kept(step + place);
        pending[0].push(5 * step);
        pending[1].push(`f${place}`);
        pending[2].push(value(step + place));
      }
      expected.push(row);
      appendAny(named, 5 * step, given);
      // One step a call, and now and then many.
      if (step % 100 < 60 || step % 100 === 99) {
        appendAny(sequences, ...pending);
        pending = [[], [], []];
      }
    }
    const plain = (rows: Values[]) =>
      rows.map((row) =>
        Object.fromEntries(Object.entries(row).map(([name, value]) => [name, Number(value)]))
      );
    assert.deepEqual(plain(rowsOf(named)), expected);
    assert.deepEqual(plain(rowsOf(sequences)), expected);
  });
}

test("append() in sequences goes on with the last step, refuses what is no field, and fills the tail", () => {
  using store = new StreamStore({ action: 0, observation: 1 });
  store.append(0, { action: 1 });
  store.append([0, 1], ["observation", "observation"], [Float32Array.of(1, 2), Float32Array.of(3)]);
  for (const name of [undefined, "reward", null]) {
    assert.throws(
      () => appendAny(store, [2, 2, 2], ["action", "observation", name], [1, 2, 3]),
      { name: "TypeError", message: /^Cannot append: fields must be among action, observation, got / },
    );
  }
  assert.throws(() => store.append([2, 2], ["observation", "action"], [1, 2]), RangeError);
  assert.throws(() => store.append([2, 1], ["action", "action"], [1, 2]), RangeError);
  assert.equal(store.rowCount, 2);
  const list = Float32Array.from({ length: 1000 }, (_, i) => i);
  for (let step = 2; step < 500; step++) store.append([step, step], ["action", "observation"], [step, list]);
  assert.equal(store.length, 1 + 2 + 1 + 498 * 1001);
  assert.deepEqual(rowsOf(store)[499], { step: 499, action: 499, observation: [...list] });
});

test("append() takes plain steps of any number beside some that are larger than the tail, and none once it is closed", () => {
  const store = new StreamStore({ action: 0, observation: 1 });
  const steps = [
    -(2 ** 31) - 1,
    -(2 ** 31),
    -1,
    0,
    1,
    2 ** 31 - 1,
    2 ** 31,
    2 ** 32 - 1,
    2 ** 32,
    2 ** 40 + 5,
  ];
  steps.unshift(Number.MIN_SAFE_INTEGER, -(2 ** 40));
  steps.push(Number.MAX_SAFE_INTEGER - 1);
  const large = Float32Array.from({ length: 70_000 }, (_, i) => i & 255);
  const expected = steps.map((step, i) => ({
    step,
    action: i,
    observation: i % 3 === 2 ? large : Float32Array.of(i, 0.5),
  }));
  for (const { step, ...values } of expected) {
    store.append(step, values);
    assert.throws(() => store.append(step - 1, values), RangeError);
  }
  const rows = rowsOf(store);
  assert.deepEqual(rows, expected.map((row) => ({ ...row, observation: [...row.observation] })));
  for (const step of [2 ** 53, NaN, 2 ** 52 + 0.5, 0.5]) {
    assert.throws(() => store.append(step, { observation: 1 }), RangeError);
  }
  assert.equal(store.rowCount, steps.length);
  store.close();
  for (let i = 0; i < 3; i++) {
    assert.throws(() => store.append(2 ** 53 - 1, { action: 1 }), { code: "closed" });
  }
});

test("append() works where a program allows no code to be made", () => {
  const made = globalThis.Function;
  try {
    globalThis.Function = function () {
      throw new EvalError("Code generation from strings disallowed for this context");
    } as unknown as FunctionConstructor;
    using store = new StreamStore({ action: 0, observation: 1 });
    for (let step = 0; step < 3; step++) store.append(step, { action: step, observation: [step, 1] });
    assert.deepEqual([...store.window(0, 9).values], [0, 0, 1, 1, 1, 1, 2, 2, 1]);
  } finally {
    globalThis.Function = made;
  }
});
