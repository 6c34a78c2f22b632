/** Whatever reads numbers sees in fields of narrow dtypes what it sees in float64 fields of the same numbers. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
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

test("windows, tokens, gathers, statistics and context are those of float64 fields", () => {
  const [wide, narrow] = twoStores();
  using _wide = wide;
  using _narrow = narrow;
  assert.deepEqual(narrow.window(0, narrow.length).values, wide.window(0, wide.length).values);
  const indices = Array.from({ length: 500 }, (_, i) => i * 67 % wide.length);
  assert.deepEqual(narrow.get(indices), wide.get(indices));
  assert.deepEqual(narrow.gather(indices.slice(0, 99), 32), wide.gather(indices.slice(0, 99), 32));
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
