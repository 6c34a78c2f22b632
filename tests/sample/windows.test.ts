import assert from "node:assert/strict";
import { test } from "node:test";
import type { Order } from "../../src/sample/options.ts";
import { boundaries, type Case, drawCase, episodeRules, outputs } from "../support/sampler/cases.ts";
import { compareWindow, type TokenBatch, withSeed } from "../support/sampler/compare.ts";
import { makeStore, type Model, type Store } from "../support/sampler/model.ts";
import { type ModelWindow, placesOf, rowsBetween, windowsOf } from "../support/sampler/oracle.ts";
import { widths } from "../support/sampler/widths.ts";
import { Random } from "../support/support.ts";

interface AnySampler {
  next(): (TokenBatch & { readonly ids: Float64Array | null }) | null;
}

function samplerOf(store: Store, { options }: Case, rest: Record<string, unknown>): AnySampler {
  return store.sampler({ ...options, ...rest } as never) as unknown as AnySampler;
}

/** What a batch says of where a window lies. Windows of rows without tokens may say the same. */
function keysOf(batch: TokenBatch): string[] {
  return Array.from({ length: batch.size }, (_, slot) => `${batch.starts[slot]} ${batch.lengths[slot]}`);
}

function expectedKeys(
  model: Model,
  { rule, form, options }: Case,
  windows: readonly ModelWindow[],
): string[] {
  return windows.map((window) => {
    const length = rule.unit === "tokens" || "fields" in options
      ? window.length
      : placesOf(model, rule, window, form).filter((place) => place !== null).length;
    return `${window.start} ${length}`;
  });
}

/** The keys of the next `count` windows. */
function draw(sampler: AnySampler, count: number): string[] {
  const keys: string[] = [];
  while (keys.length < count) {
    const batch = sampler.next();
    if (batch === null) break;
    keys.push(...keysOf(batch));
  }
  return keys;
}

function checkSequential(store: Store, model: Model, tried: Case, windows: readonly ModelWindow[]): void {
  const sampler = samplerOf(store, tried, { order: "sequential", batchSize: 7 });
  let drawn = 0;
  for (let batch = sampler.next(); batch !== null; batch = sampler.next()) {
    assert.ok(batch.size === 7 || drawn + batch.size === windows.length, `a batch of ${batch.size}`);
    for (let slot = 0; slot < batch.size; slot++) {
      assert.ok(drawn < windows.length, `more than ${windows.length} windows`);
      compareWindow(batch, slot, model, tried.rule, windows[drawn++], tried.form);
    }
  }
  assert.equal(drawn, windows.length);
}

function checkShuffle(store: Store, tried: Case, wanted: readonly string[]): void {
  const sampler = samplerOf(store, tried, { order: "shuffle", batchSize: 5, seed: 3, epochs: 2 });
  const keys = draw(sampler, 3 * wanted.length);
  const sorted = [...wanted].sort();
  assert.deepEqual(keys.slice(0, wanted.length).sort(), sorted, "the first epoch");
  assert.deepEqual(keys.slice(wanted.length).sort(), sorted, "the second epoch");
}

/** With replacement: every window that may be drawn is, and no other. A miss has a chance of e ** -14. */
function checkDraws(store: Store, tried: Case, order: Order, wanted: readonly string[]): void {
  const sampler = samplerOf(store, tried, { order, batchSize: 50, seed: 5 });
  const drawn = new Set(draw(sampler, 20 * wanted.length));
  assert.deepEqual([...drawn].sort(), [...new Set(wanted)].sort(), JSON.stringify(order));
}

function checkRecent(
  store: Store,
  model: Model,
  tried: Case,
  windows: readonly ModelWindow[],
  newest: number,
): void {
  const row = Math.max(0, rowsBetween(model, tried.rule.between)[1] - newest);
  const first = tried.rule.unit === "steps" ? row : model.tokenOf(row);
  const recent = windows.filter(({ anchor }) => anchor >= first);
  const order = { kind: "recent", steps: newest } as const;
  if (recent.length > 0) return checkDraws(store, tried, order, expectedKeys(model, tried, recent));
  assert.throws(() => samplerOf(store, tried, { order }).next(), /none has its anchor in the newest/);
}

function checkCase(store: Store, model: Model, tried: Case, random: Random): void {
  const windows = windowsOf(model, tried.rule);
  if (windows.length === 0) {
    const message = /^Cannot sample: there must be a valid window of \d+ (tokens|steps), got none: /;
    assert.throws(() => samplerOf(store, tried, {}).next(), { name: "RangeError", message });
    return;
  }
  checkSequential(store, model, tried, windows);
  const wanted = expectedKeys(model, tried, windows);
  checkShuffle(store, tried, wanted);
  checkDraws(store, tried, "uniform", wanted);
  checkDraws(store, tried, { kind: "prioritized" }, wanted);
  checkRecent(store, model, tried, windows, 1 + random.below(model.rows.length));
  // A decay near 1 is nearly uniform over so few windows.
  checkDraws(store, tried, { kind: "recent", decay: 0.9999 }, wanted);
}

test("next() gives the windows of a brute-force oracle, for every output, boundary, rule of episodes and order", () => {
  for (const seed of [1, 2, 3]) {
    const random = new Random(seed);
    const { store, model } = makeStore(random, 1 + random.below(40));
    for (const output of outputs) {
      for (const boundary of boundaries) {
        for (const episodes of episodeRules(random, model.rows.length)) {
          for (let round = 0; round < 2; round++) {
            const tried = drawCase(random, model, output, boundary, episodes);
            const what = JSON.stringify(tried.options);
            withSeed(seed, what, () => checkCase(store, model, tried, random));
          }
        }
      }
    }
    store.close();
  }
});

test("next() gives the oracle's windows of fields of every width, of one dtype and mixed, and of a single field", () => {
  for (const [seed, [name, dtypes]] of Object.entries(widths).entries()) {
    const random = new Random(seed);
    const { store, model } = makeStore(random, 5 + random.below(30), dtypes);
    const rules = episodeRules(random, model.rows.length, dtypes);
    for (const output of outputs) {
      for (const boundary of boundaries) {
        const episodes = rules[random.below(rules.length)];
        const tried = drawCase(random, model, output, boundary, episodes);
        const what = `${name}, ${JSON.stringify(tried.options)}`;
        withSeed(seed, what, () => checkCase(store, model, tried, random));
      }
    }
    store.close();
  }
});

test("next() draws the last step of every episode and of the store, also of episodes shorter than a window", () => {
  for (const seed of [11, 12]) {
    const random = new Random(seed);
    const { store, model } = makeStore(random, 60);
    const rows = new Set(model.rows.map((_, row) => row));
    for (const boundary of ["pad-left", "pad-right"] as const) {
      const sampler = store.sampler({
        steps: 6,
        fields: { reward: 1 },
        truncate: true,
        boundary,
        episodes: { end: ["terminated", "truncated"] },
        order: "sequential",
      });
      const seen = new Set<number>();
      for (const { starts, lengths, size } of sampler) {
        for (let slot = 0; slot < size; slot++) {
          for (let i = 0; i < lengths[slot]; i++) seen.add(starts[slot] + i);
        }
      }
      withSeed(seed, boundary, () => assert.deepEqual(seen, rows));
    }
    store.close();
  }
});
