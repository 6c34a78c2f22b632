import assert from "node:assert/strict";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import type { Order, SamplerOptions } from "../../src/sample/options.ts";
import { chiSquare, chiSquareLimit, countEach, drawStarts } from "../support/sampler/drawing.ts";

/** So many rows of two tokens, an episode every 10. */
function makeStore(rows: number): StreamStore<{ a: 0; done: 1 }> {
  const store = new StreamStore({ a: 0, done: 1 });
  for (let step = 0; step < rows; step++) store.append(step, { a: step, done: step % 10 === 9 });
  return store;
}

const orders: readonly Order[] = [
  "uniform",
  "shuffle",
  "sequential",
  { kind: "recent", steps: 30 },
  { kind: "recent", decay: 0.9 },
  { kind: "prioritized" },
];

const episodes = { end: "done" } as const;

/** Windows of 3 rows within episodes of 10: 8 each, 80 in all. */
const windows = { steps: 3, fields: { a: 1 }, episodes } as const;

/** Other numbers here would be other windows for everybody who goes on from a saved state. */
const golden: Readonly<Record<string, readonly number[]>> = {
  '"uniform"': [93, 64, 62, 6, 26, 76, 47, 77, 60, 7, 12, 94],
  '"shuffle"': [34, 81, 65, 73, 14, 23, 10, 50, 61, 24, 67, 80],
  '"sequential"': [0, 1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 13],
  '{"kind":"recent","steps":30}': [96, 87, 87, 71, 76, 92, 83, 92, 86, 72, 73, 97],
  '{"kind":"recent","decay":0.9}': [73, 96, 85, 96, 70, 71, 71, 82, 83, 60, 97, 87],
  '{"kind":"prioritized"}': [65, 21, 3, 16, 50, 2, 12, 5, 71, 57, 65, 82],
};

test("next() gives the same windows by the same seed in every runtime and version", () => {
  using store = makeStore(100);
  for (const order of orders) {
    const starts = drawStarts(
      store.sampler({ ...windows, order, seed: 1234567890123456789n, batchSize: 6 }),
      12,
    );
    assert.deepEqual(starts, golden[JSON.stringify(order)], JSON.stringify(order));
  }
});

test("next() has an order that depends neither on the batch size nor on the number of shards", () => {
  using store = makeStore(100);
  for (const order of orders) {
    const options: SamplerOptions<"a" | "done"> = { ...windows, order, seed: 7, epochs: undefined };
    const count = order === "sequential" ? 80 : 200;
    const whole = drawStarts(store.sampler({ ...options, batchSize: 1 }), count);
    for (const batchSize of [2, 7, 80, 333]) {
      const what = `${JSON.stringify(order)}, batches of ${batchSize}`;
      assert.deepEqual(drawStarts(store.sampler({ ...options, batchSize }), count), whole, what);
    }
    for (const shards of [2, 3, 8, 100]) {
      const merged = new Array<number>(count);
      for (let index = 0; index < shards; index++) {
        const own = Math.ceil((count - index) / shards);
        const sampler = store.sampler({ ...options, batchSize: 4 + index, shard: { index, count: shards } });
        drawStarts(sampler, own).forEach((start, i) => merged[index + i * shards] = start);
      }
      assert.deepEqual(merged, whole, `${JSON.stringify(order)}, ${shards} shards`);
    }
  }
});

test("next() of shards is disjoint and complete over every epoch", () => {
  using store = makeStore(97);
  for (const order of ["shuffle", "sequential"] as const) {
    for (const count of [1, 2, 5, 13]) {
      const perShard = Array.from({ length: count }, (_, index) => {
        const sampler = store.sampler({
          tokens: 4,
          order,
          seed: 2,
          epochs: 3,
          batchSize: 9,
          shard: { index, count },
        });
        return drawStarts(sampler, 10_000);
      });
      const counts = countEach(perShard.flat(), 191);
      assert.deepEqual(counts, new Array(191).fill(3), `${order}, ${count} shards`);
    }
  }
});

test("next() of more shards than windows gives each its share of the epochs together", () => {
  using store = makeStore(3);
  for (const [epochs, count] of [[1, 8], [2, 8], [3, 8], [3, 100], [7, 9]]) {
    const perShard = Array.from({ length: count }, (_, index) => {
      const sampler = store.sampler({ steps: 1, order: "sequential", epochs, shard: { index, count } });
      return drawStarts(sampler, 100);
    });
    const wanted = perShard.map((_, index) =>
      Array.from({ length: 3 * epochs }, (_, i) => i).filter((i) => i % count === index).map((i) => i % 3)
    );
    assert.deepEqual(perShard, wanted, `${epochs} epochs, ${count} shards`);
  }
});

test("next() shuffles each epoch, and by each seed, in an order of its own", () => {
  using store = makeStore(100);
  const options = { ...windows, order: "shuffle", batchSize: 80 } as const;
  const seen = new Set<string>();
  for (const seed of [0, 1, 2n ** 32n, 2n ** 63n, 2n ** 64n - 1n]) {
    const sampler = store.sampler({ ...options, seed });
    for (let epoch = 0; epoch < 4; epoch++) seen.add(drawStarts(sampler, 80).join());
  }
  assert.equal(seen.size, 20);
});

test("next() draws by all bits of the seed and of the position", () => {
  using store = makeStore(100);
  for (const order of ["uniform", { kind: "recent", decay: 0.9 }, { kind: "prioritized" }] as const) {
    const seen = new Set<string>();
    for (const seed of [1, 1n + 2n ** 32n, 1n + 2n ** 63n]) {
      for (const position of [0, 2 ** 31, 2 ** 32, 2 ** 50]) {
        const sampler = store.sampler({ ...windows, order, seed, batchSize: 40 });
        sampler.restore({ ...sampler.state(), position });
        seen.add(drawStarts(sampler, 40).join());
      }
    }
    assert.equal(seen.size, 12, JSON.stringify(order));
  }
});

test("next() shuffles every window into every place as often", () => {
  using store = new StreamStore({ a: 0 });
  for (let step = 0; step < 6; step++) store.append(step, { a: step });
  const sampler = store.sampler({ tokens: 1, order: "shuffle", seed: 4, batchSize: 6 });
  const epochs = 12_000;
  const pairs = new Array<number>(36).fill(0);
  for (let epoch = 0; epoch < epochs; epoch++) {
    drawStarts(sampler, 6).forEach((start, place) => pairs[6 * place + start]++);
  }
  const statistic = chiSquare(pairs, new Array(36).fill(epochs / 6));
  assert.ok(statistic < chiSquareLimit(25), `chi-square ${statistic}`);
});

test("next() draws uniformly over all windows and over the newest", () => {
  using store = makeStore(100);
  for (const [order, first] of [["uniform", 0], [{ kind: "recent", steps: 35 }, 65]] as const) {
    const sampler = store.sampler({ steps: 1, fields: { a: 1 }, order, seed: 99, batchSize: 1000 });
    const counts = countEach(drawStarts(sampler, 100_000), 100).slice(first);
    assert.equal(counts.reduce((sum, count) => sum + count), 100_000);
    const statistic = chiSquare(counts, counts.map(() => 100_000 / counts.length));
    assert.ok(statistic < chiSquareLimit(counts.length - 1), `chi-square ${statistic}`);
  }
});

test("next() draws uniformly over windows, not over episodes", () => {
  using store = new StreamStore({ a: 0, done: 1 });
  const ends = new Set([2, 4, 20, 21, 49]);
  for (let step = 0; step < 50; step++) store.append(step, { a: step, done: ends.has(step) });
  const options = { steps: 3, fields: { a: 1 }, episodes, seed: 5, batchSize: 1000 } as const;
  const valid = drawStarts(store.sampler({ ...options, order: "sequential" }), 1000);
  const counts = countEach(drawStarts(store.sampler(options), 60_000), 50);
  const statistic = chiSquare(valid.map((start) => counts[start]), valid.map(() => 60_000 / valid.length));
  assert.equal(valid.length, 41);
  assert.equal(valid.reduce((sum, start) => sum + counts[start], 0), 60_000);
  assert.ok(statistic < chiSquareLimit(valid.length - 1), `chi-square ${statistic}`);
});

test("next() with decay draws each window decay times as often as the next newer one", () => {
  using store = makeStore(40);
  for (const decay of [0.2, 0.9, 0.999]) {
    const order = { kind: "recent", decay } as const;
    const sampler = store.sampler({ steps: 1, fields: { a: 1 }, order, seed: 6, batchSize: 1000 });
    const counts = countEach(drawStarts(sampler, 100_000), 40).reverse();
    const weights = counts.map((_, age) => decay ** age);
    const sum = weights.reduce((total, weight) => total + weight);
    // Ages that are hardly ever drawn are counted together.
    const wanted = weights.map((weight) => 100_000 * weight / sum);
    const split = wanted.filter((count) => count > 10).length;
    const pool = (
      numbers: number[],
    ) => [...numbers.slice(0, split), numbers.slice(split).reduce((a, b) => a + b, 0)];
    const [drawn, expected] = split === 40 ? [counts, wanted] : [pool(counts), pool(wanted)];
    const statistic = chiSquare(drawn, expected);
    assert.ok(statistic < chiSquareLimit(drawn.length - 1), `decay ${decay}: chi-square ${statistic}`);
  }
});

test("next() gives a partial last batch of the last epoch, and after it null", () => {
  using store = makeStore(100);
  const sampler = store.sampler({ ...windows, order: "sequential", batchSize: 33, epochs: 2 });
  const sizes = [...sampler].map(({ size, starts, fields, mask }) => {
    assert.deepEqual([starts.length, mask.length, fields.a.values.length], [size, 3 * size, 3 * size]);
    return size;
  });
  assert.deepEqual(sizes, [33, 33, 33, 33, 28]);
  assert.equal(sampler.next(), null);
  assert.equal(sampler.next(), null);
  assert.deepEqual([...sampler], []);
  const endless = store.sampler({ ...windows, order: "sequential", batchSize: 33, epochs: Infinity });
  for (let round = 0; round < 20; round++) assert.equal(endless.next()!.size, 33);
  const single = store.sampler({ ...windows, order: "sequential", batchSize: 500 }).next()!;
  assert.equal(single.size, 80);
});

test("next() inside a loop takes a batch out of it", () => {
  using store = makeStore(100);
  const sampler = store.sampler({ ...windows, order: "sequential", batchSize: 10 });
  const starts: number[] = [];
  for (const batch of sampler) {
    starts.push(...batch.starts);
    starts.push(...sampler.next()!.starts);
  }
  assert.deepEqual(starts, drawStarts(store.sampler({ ...windows, order: "sequential" }), 80));
});

test("next() of one window, and in batches much larger than what there is to draw", () => {
  using store = makeStore(3);
  for (const order of orders) {
    const starts = drawStarts(store.sampler({ ...windows, order, seed: 1, batchSize: 500 }), 500);
    assert.deepEqual(starts, new Array(order === "sequential" ? 1 : 500).fill(0), JSON.stringify(order));
  }
});

test("sampler() without a seed takes another each time, and seed says which", () => {
  using store = makeStore(100);
  const [first, second] = [store.sampler(windows), store.sampler(windows)];
  assert.notEqual(first.seed, second.seed);
  assert.deepEqual(drawStarts(store.sampler({ ...windows, seed: first.seed }), 256), drawStarts(first, 256));
});
