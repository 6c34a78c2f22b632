/** The newest window, read without a commit, is the last one that a sampler with pad-left gives of a twin store. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import { Random } from "../support/support.ts";

const fields = { action: 0, observation: 1, done: 2, episode: { type: 3, dtype: "int64" } } as const;
type Store = StreamStore<typeof fields>;

const windows = [
  { steps: 3, padTo: 40 },
  { tokens: 7 },
  { tokens: 5, padTo: 9, output: { values: "float64", steps: "float64" } },
  { steps: 4, fields: { observation: 3, action: 1 }, truncate: true },
  { steps: 2, padTo: 3, fields: { observation: 4 }, output: { values: "float16", steps: null } },
] as const;
const rules = [undefined, { end: "done" }, { id: "episode" }, { starts: [0, 4, 5, 30] }] as const;

/** One random step for both stores: rows without fields, lists that vary, steps written by two calls. */
function appendBoth(stores: readonly Store[], step: number, random: Random, emptyShare: number): void {
  const values: Record<string, unknown> = {};
  if (random.float() < 0.8) values.action = random.below(5);
  if (random.float() < 0.8) {
    values.observation = Array.from({ length: random.below(5) }, () => random.float());
  }
  if (random.float() < emptyShare) return stores.forEach((store) => store.append(step, { observation: [] }));
  const later: Record<string, unknown> = {};
  if (random.float() < 0.9) (random.float() < 0.5 ? values : later).done = random.float() < 0.2;
  if (random.float() < 0.9) later.episode = BigInt(step >> 3);
  for (const store of stores) {
    store.append(step, values as { action: number });
    if (Object.keys(later).length > 0) store.append(step, later as { episode: bigint });
  }
}

/** The last window of a sampler, as far as a context has it. */
function lastWindow(
  store: Store,
  { padTo, ...window }: (typeof windows)[number] & { padTo?: number },
  rule: unknown,
) {
  const width = padTo ?? ("fields" in window || "tokens" in window ? undefined : 40);
  const options = "fields" in window || !("steps" in window) ? window : { ...window, tokens: width };
  const sampler = store.sampler({
    ...options,
    episodes: rule as { end: "done" },
    boundary: "pad-left",
    order: "sequential",
    batchSize: store.length + store.rowCount,
  });
  return sampler.next()!;
}

type Arrays = Record<string, ArrayLike<unknown> | null>;

/** The last places of an array: those of the last window that are no padding, which stands on the left. */
function lastOf(array: ArrayLike<unknown> | null, count: number): unknown[] {
  return array === null ? [] : Array.from(array).slice(array.length - count);
}

test("context() is the last window that a sampler gives, whatever is in the tail", () => {
  for (const [w, window] of windows.entries()) {
    for (const [r, rule] of rules.entries()) {
      const seed = 100 * w + r;
      const random = new Random(seed);
      using live: Store = new StreamStore(fields, { capacity: 16 });
      using twin: Store = new StreamStore(fields, { capacity: 16 });
      const options = { ...window, episodes: rule } as unknown as { steps: 3 };
      // An episode that has begun without a token has an empty window of tokens here, and none in a sampler.
      const emptyShare = "steps" in window ? 0.1 : 0;
      for (let step = 0; step < 40; step++) {
        appendBoth([live, twin], step, random, emptyShare);
        if (random.float() < 0.2) live.flush();
        if (twin.length === 0) continue;
        const where = `seed ${seed}, step ${step}`;
        const found = live.context(options) as unknown as Arrays & { size: number };
        const expected = lastWindow(twin, window, rule) as unknown as Arrays & { size: number };
        assert.equal(found.size, 1, where);
        const count = Number(expected.lengths![expected.size - 1]);
        assert.equal(Number(found.lengths![0]), count, where);
        if (!("tokens" in window)) assert.equal(found.starts![0], expected.starts![expected.size - 1], where);
        const masked = Array.from(found.mask as Uint8Array);
        assert.deepEqual(masked, masked.map((_, i) => Number(i >= masked.length - count)), where);
        const names = ["values", "types", "steps"].filter((name) => name in found);
        for (const name of names) {
          assert.deepEqual(
            lastOf(found[name], count),
            lastOf(expected[name], count),
            `${where}, ${name}`,
          );
        }
        for (const name of Object.keys(("fields" in window && window.fields) || {})) {
          for (const part of ["values", "mask"]) {
            const [a, b] = [found, expected].map((batch) =>
              (batch.fields as unknown as Record<string, Arrays>)[name][part]!
            );
            const perRow = a.length / masked.length;
            assert.deepEqual(
              lastOf(a, perRow * count),
              lastOf(b, perRow * count),
              `${where}, ${name}.${part}`,
            );
          }
        }
      }
    }
  }
});

test("context() of rows as tokens is as wide as they are, and a reader sees what is committed", () => {
  using store = new StreamStore({ a: 0, b: 1 });
  assert.throws(() => store.context({ steps: 2 }), /must hold a step, got none/);
  store.append(0, { a: 1 });
  store.append(1, { a: 2, b: [3, 4] });
  const options = { steps: 2 };
  assert.deepEqual([...store.context(options).values!], [1, 2, 3, 4]);
  store.append(2, {});
  assert.deepEqual([...store.context(options).values!], [2, 3, 4]);
});

test("context() holds rows that have nothing but empty lists, wherever they stand", () => {
  const columns = { a: 0, b: 1 } as const;
  const rows = [{ a: 1 }, { a: [] }, { a: [], b: [] }, { a: [2] }, {}, { b: [] }];
  for (const flushes of [false, true]) {
    using store = new StreamStore(columns);
    const options = { steps: 3, fields: { a: 3 } };
    for (const [step, values] of [{}, { b: [] }, ...rows].entries()) {
      store.append(step, values);
      if (flushes) store.flush();
      const { steps, mask } = store.context(options);
      const expected = [step - 2, step - 1, step].map((row) => Math.max(0, row));
      assert.deepEqual([...steps!].map(Number), expected, `step ${step}`);
      assert.deepEqual([...mask], expected.map((_, place) => Number(place >= 2 - step)), `step ${step}`);
    }
  }
});

test("context() names bad options", () => {
  using store = new StreamStore({ a: 0 });
  store.append(0, { a: [1, 2, 3] });
  const refuse = (options: unknown, message: RegExp) =>
    assert.throws(() => store.context(options as { steps: 1 }), message);
  refuse({}, /tokens or steps must say how long/);
  refuse({ steps: 2, tokens: 3 }, /got both; padTo sets the width/);
  refuse({ tokens: 4, padTo: 3 }, /padTo must be >= 4, the length of the window, got 3/);
  refuse({ steps: 1, stride: 2 }, /an option must be one of .*got stride/);
  refuse({ steps: 1, fields: { a: 2 } }, /"a" must have <= 2 values a row, got 3/);
  refuse({ steps: 1, padTo: 2 }, /must have <= 2 tokens, got 3/);
  store.close();
  refuse({ steps: 1 }, /the store is closed/);
});
