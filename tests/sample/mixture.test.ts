import assert from "node:assert/strict";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import { chiSquare, chiSquareLimit, countEach } from "../support/sampler/drawing.ts";

const fields = { a: 0, done: 1 } as const;
type Store = StreamStore<typeof fields>;

/** Rows whose values say which store they are of. */
function makeStore(rows: number, base: number): Store {
  const store = new StreamStore(fields);
  for (let step = 0; step < rows; step++) store.append(step, { a: base + step, done: step % 5 === 4 });
  return store;
}

const options = { steps: 2, fields: { a: 1 }, episodes: { end: "done" }, seed: 5 } as const;

interface Batch {
  readonly size: number;
  readonly sources: Int32Array | null;
  readonly starts: Float64Array;
}

function drawn(mixture: { next(): Batch | null }, count: number): string[] {
  const windows: string[] = [];
  while (windows.length < count) {
    const batch = mixture.next();
    if (batch === null) break;
    for (let i = 0; i < batch.size; i++) windows.push(`${batch.sources![i]} ${batch.starts[i]}`);
  }
  return windows.slice(0, count);
}

test("mixture() draws from stores as often as their weights say, and uniformly within each", () => {
  using first = makeStore(10, 1000);
  using second = makeStore(40, 2000);
  using third = makeStore(5, 3000);
  const sources = [{ store: first, weight: 1 }, { store: second, weight: 2.5 }, {
    store: third,
    weight: 0.5,
  }];
  const mixture = StreamStore.mixture(sources, { ...options, batchSize: 1000 });
  const windows = drawn(mixture, 80_000).map((window) => window.split(" ").map(Number));
  const ofSources = countEach(windows.map(([source]) => source), 3);
  const statistic = chiSquare(ofSources, [20_000, 50_000, 10_000]);
  assert.ok(statistic < chiSquareLimit(2), `sources ${ofSources}: chi-square ${statistic}`);
  for (const [source, rows] of [10, 40, 5].entries()) {
    const starts = windows.filter(([from]) => from === source).map(([, start]) => start);
    const counts = countEach(starts, rows).filter((_, row) => row % 5 < 4);
    assert.equal(counts.reduce((sum, count) => sum + count), ofSources[source]);
    const within = chiSquare(counts, counts.map(() => ofSources[source] / counts.length));
    assert.ok(within < chiSquareLimit(counts.length - 1), `store ${source}: chi-square ${within}`);
  }
});

test("mixture() gives windows of the store and the start that the batch says, in every array", () => {
  using first = makeStore(10, 1000);
  using second = makeStore(23, 2000);
  second.append(23, { a: [1, 2, 3] });
  const stores = [first, second];
  const sources = stores.map((store) => ({ store, weight: 1 }));
  for (const boundary of ["within", "pad-left", "pad-right", "cross"] as const) {
    const tokens = StreamStore.mixture(sources, { tokens: 6, boundary, batchSize: 64, seed: 1 }).next()!;
    const rows = StreamStore.mixture(sources, { steps: 3, boundary, batchSize: 64, seed: 1 }).next()!;
    assert.equal(rows.values.length, 64 * 9);
    for (const [batch, width] of [[tokens, 6], [rows, 9]] as const) {
      for (let slot = 0; slot < 64; slot++) {
        const store = stores[batch.sources![slot]];
        // All rows before the last have two tokens.
        const start = batch === tokens ? batch.starts[slot] : 2 * batch.starts[slot];
        const length = batch.lengths[slot];
        const wanted = store.gather([start], length);
        const at = slot * width + (boundary === "pad-left" ? width - length : 0);
        assert.deepEqual([...batch.values.subarray(at, at + length)], [...wanted.values]);
        assert.deepEqual([...batch.types.subarray(at, at + length)], [...wanted.types]);
        assert.deepEqual([...batch.steps.subarray(at, at + length)], [...wanted.steps]);
        const mask = batch.mask.subarray(slot * width, (slot + 1) * width);
        assert.equal(mask.reduce((sum, bit) => sum + bit), length);
      }
    }
  }
});

test("mixture() has an order by neither batch size nor shards, which goes on after a restore", () => {
  using first = makeStore(20, 0);
  using second = makeStore(30, 100);
  const sources = [{ store: first, weight: 3 }, { store: second, weight: 1 }];
  const whole = drawn(StreamStore.mixture(sources, { ...options, batchSize: 1 }), 120);
  assert.ok(new Set(whole).size > 20);
  for (const batchSize of [7, 64, 120]) {
    assert.deepEqual(drawn(StreamStore.mixture(sources, { ...options, batchSize }), 120), whole);
  }
  const merged = new Array<string>(120);
  for (let index = 0; index < 3; index++) {
    const shard = { index, count: 3 };
    const mixture = StreamStore.mixture(sources, { ...options, batchSize: 8, shard });
    drawn(mixture, 40).forEach((window, i) => merged[index + 3 * i] = window);
  }
  assert.deepEqual(merged, whole);
  const mixture = StreamStore.mixture(sources, { ...options, batchSize: 5 });
  for (let position = 0; position < 60; position += 5) {
    const text = JSON.stringify(mixture.state());
    assert.ok(text.length < 300, text);
    const restored = StreamStore.mixture(sources, { ...options, seed: 77, batchSize: 1 + position });
    restored.restore(JSON.parse(text));
    assert.equal(restored.seed, 5n);
    assert.deepEqual(drawn(restored, 60), whole.slice(position, position + 60));
    mixture.next();
  }
});

test("restore() of a mixture of other weights, or of a sampler, names what differs", () => {
  using first = makeStore(20, 0);
  using second = makeStore(30, 100);
  const weights = (a: number, b: number) => [{ store: first, weight: a }, { store: second, weight: b }];
  const state = StreamStore.mixture(weights(3, 1), options).state();
  StreamStore.mixture(weights(6, 2), options).restore(state);
  const other = StreamStore.mixture(weights(1, 3), options);
  assert.throws(
    () => other.restore(state),
    /^RangeError: Cannot restore a sampler: state\.sources must be that of the same/,
  );
  // With one more the state is that of the first ones.
  StreamStore.mixture([...weights(3, 1), { store: first, weight: 1 }], options).restore(state);
  const more = StreamStore.mixture([...weights(1, 3), { store: first, weight: 1 }], options);
  assert.throws(() => more.restore(state), /state\.sources must be/);
  assert.throws(
    () => first.sampler(options).restore(state),
    /state\.sources must be left out, for this is no mixture/,
  );
  assert.throws(() => other.restore(first.sampler(options).state()), /state\.sources must be/);
  const longer = StreamStore.mixture(weights(3, 1), { ...options, steps: 3 });
  assert.throws(() => longer.restore(state), /state\.order must be .*3 steps.*got .*2 steps/);
});

test("mixture() with weights draws from a store that grows as it is, and passes over one without a window", () => {
  using first = makeStore(20, 0);
  using second = new StreamStore(fields);
  const sources = [{ store: first, weight: 1 }, { store: second, weight: 1 }];
  const mixture = StreamStore.mixture(sources, { ...options, batchSize: 50 });
  assert.deepEqual(new Set(mixture.next()!.sources), new Set([0]));
  assert.deepEqual(mixture.skipped(), [{ source: 1, reason: "the store holds no steps" }]);
  using third = new StreamStore(fields);
  const none = StreamStore.mixture([{ store: second, weight: 1 }, { store: third, weight: 1 }], options);
  const state = none.state();
  assert.throws(
    () => none.next(),
    /^RangeError: Cannot sample: there must be a valid window of 2 steps in one of 2 stores, got none: of sources\[0\], /,
  );
  assert.deepEqual(none.state(), state);
  for (let step = 0; step < 10; step++) second.append(step, { a: step, done: 0 });
  const { sources: drawnFrom, fields: { a }, starts } = mixture.next()!;
  assert.deepEqual(new Set(drawnFrom), new Set([0, 1]));
  starts.forEach((start, i) =>
    assert.deepEqual([...a.values.subarray(2 * i, 2 * i + 2)], [start, start + 1])
  );
  second.close();
  assert.throws(() => mixture.next(), { code: "closed" });
});

test("mixture() names sources and options that it refuses", () => {
  using store = makeStore(20, 0);
  using other = new StreamStore({ a: 0, done: 7 });
  const one = [{ store, weight: 1 }];
  const cases: [unknown, unknown, string][] = [
    [[], options, "RangeError: Cannot make a mixture: there must be at least 1 store, got 0"],
    [
      [{ store, weight: 0 }],
      options,
      "RangeError: Cannot make a mixture: sources[0].weight must be a number above 0, got 0",
    ],
    [
      [{ store, weight: -1 }],
      options,
      "RangeError: Cannot make a mixture: sources[0].weight must be a finite number >= 0",
    ],
    [
      [...one, { store, weight: NaN }],
      options,
      "RangeError: Cannot make a mixture: sources[1].weight must be ",
    ],
    [
      [...one, { store, weight: Infinity }],
      options,
      "RangeError: Cannot make a mixture: sources[1].weight must be ",
    ],
    [
      [...one, { store, weight: "1" }],
      options,
      "RangeError: Cannot make a mixture: sources[1].weight must be ",
    ],
    [
      [...one, { store: other, weight: 1 }],
      options,
      "TypeError: Cannot make a mixture: sources[1].store must have the fields of the first, ",
    ],
    [
      one,
      { ...options, order: "shuffle" },
      "RangeError: Cannot make a mixture: sources[0].weight must be left out where the order is shuffle, got 1",
    ],
    [
      [...one, store],
      options,
      "RangeError: Cannot make a mixture: sources[1].weight must be a finite number >= 0, got undefined",
    ],
    [
      [store, ...one],
      options,
      "RangeError: Cannot make a mixture: sources[1].weight must be left out, as that of the first, got 1",
    ],
    [
      [store],
      { ...options, epochs: 2 },
      "RangeError: Cannot make a mixture: epochs must be left out where the order is uniform, got 2",
    ],
    [
      one,
      { ...options, prefetch: 2 },
      "RangeError: Cannot make a mixture: prefetch must be left out of a mixture, got 2",
    ],
    [one, { ...options, steps: 0 }, "RangeError: Cannot make a mixture: steps must be a positive integer"],
    [
      one,
      { ...options, steps: 2 ** 28, boundary: "pad-left" },
      "RangeError: Cannot make a mixture: a batch must have <= ",
    ],
    [one, undefined, "TypeError: Cannot make a mixture: options must be an object, got undefined"],
  ];
  for (const [sources, wanted, message] of cases) {
    assert.throws(() => StreamStore.mixture(sources as never, wanted as never), (error: Error) => {
      assert.ok(`${error}`.startsWith(message), `${error}`);
      return true;
    });
  }
});

test("next() of a mixture fills batches of one's own, and refuses those that do not fit", () => {
  using store = makeStore(20, 0);
  const mixture = StreamStore.mixture([{ store, weight: 1 }], { ...options, batchSize: 8 });
  const twin = StreamStore.mixture([{ store, weight: 1 }], { ...options, batchSize: 8 });
  const out = mixture.allocate();
  assert.equal(mixture.next(out), out);
  assert.deepEqual(out, twin.next());
  const message = "Cannot sample: out.sources must be a Int32Array, got null";
  assert.throws(() => mixture.next({ ...out, sources: null }), { name: "TypeError", message });
  assert.throws(() => mixture.next(7 as never), {
    name: "TypeError",
    message: "Cannot sample: out must be a batch, got 7",
  });
  assert.throws(() => mixture.next(null as never), {
    name: "TypeError",
    message: "Cannot sample: out must be a batch, got null",
  });
});

test("mixture() normalizes by the statistics of all its stores together", () => {
  using low = new StreamStore({ a: 0 });
  using high = new StreamStore({ a: 0 });
  for (let step = 0; step < 10; step++) {
    low.append(step, { a: 1 });
    high.append(step, { a: 3 });
  }
  const sources = [{ store: low, weight: 1 }, { store: high, weight: 1 }];
  const batch = StreamStore.mixture(sources, { tokens: 1, batchSize: 32, normalize: true, seed: 1 }).next()!;
  // The mean of both is 2, the standard deviation 1.
  assert.deepEqual([...batch.values], Array.from(batch.sources!, (source) => source === 0 ? -1 : 1));
});

test("mixture() refuses what is no list of stores and weights by name", () => {
  using store = new StreamStore({ a: 0 });
  const refuse = (sources: unknown, message: RegExp) =>
    assert.throws(
      () => StreamStore.mixture(sources as [{ store: StreamStore; weight: 1 }], { tokens: 1 }),
      message,
    );
  refuse(store, /sources must be a list, got a value of class StreamStore/);
  refuse([null], /sources\[0\] must be an object, got null/);
  refuse([{ store: {}, weight: 1 }], /sources\[0\]\.store must be a store/);
  refuse([], /at least 1 store, got 0/);
});

test("next() of a mixture of many stores with rows of all kinds gives each its own, and after an error all can go on", () => {
  const pair = { a: 0, b: 1 } as const;
  const layouts = [
    (a: number, b: number) => ({ a, b }),
    (a: number, b: number) => ({ b, a }),
    (a: number, b: number) => ({ a: [a, a + 0.5], b }),
    (a: number, b: number) => ({ b: [b, -b], a }),
  ];
  // Blocks of rows that are alike have 4,096; some stores have one and some more rows, most have none.
  const rowsOf = (source: number) => source % 9 < 2 ? 4200 : 2 + source;
  const stores = Array.from({ length: 45 }, (_, source) => {
    const store = new StreamStore(pair);
    for (let row = 0; row < rowsOf(source); row++) {
      store.append(row, layouts[source % layouts.length](10_000 * source + row, -row));
    }
    return store;
  });
  // One comes twice.
  const order = [...stores.keys(), 7];
  const sources = order.map((source) => ({ store: stores[source], weight: 1 }));
  const asked = { steps: 2, fields: { a: 2, b: 2 }, seed: 3 } as const;
  for (const batchSize of [1, 40, 300]) {
    const mixture = StreamStore.mixture(sources, { ...asked, batchSize });
    for (let round = 0; round < 5; round++) {
      const batch = mixture.next()!;
      for (let at = 0; at < 2 * batchSize; at++) {
        const source = order[batch.sources![at >> 1]];
        const row = batch.starts[at >> 1] + at % 2;
        const kind = source % layouts.length;
        const [a, b] = [10_000 * source + row, -row];
        const { a: found, b: other } = batch.fields;
        const names = `${source} ${row}`;
        assert.deepEqual(
          [...found.values.subarray(2 * at, 2 * at + 2)],
          [a, kind === 2 ? a + 0.5 : 0],
          names,
        );
        assert.deepEqual([...found.mask.subarray(2 * at, 2 * at + 2)], [1, kind === 2 ? 1 : 0], names);
        assert.deepEqual([...other.values.subarray(2 * at, 2 * at + 2)], [b, kind === 3 ? -b : 0], names);
        assert.deepEqual([...other.mask.subarray(2 * at, 2 * at + 2)], [1, kind === 3 ? 1 : 0], names);
        assert.equal(batch.steps![at], BigInt(row));
      }
    }
  }
  const wide = 21;
  stores[wide].append(rowsOf(wide), { a: [1, 2, 3], b: 0 });
  // Few windows of each, and many: stores are taken together, or one at a time.
  for (const batchSize of [64, 2000]) {
    const mixture = StreamStore.mixture(sources, { ...asked, batchSize });
    const untilRefused = () => {
      for (let round = 0; round < 1000; round++) mixture.next();
    };
    assert.throws(untilRefused, {
      name: "RangeError",
      message: `Cannot sample from sources[${wide}]: "a" must have <= 2 values a row, got 3 in row ${
        rowsOf(wide)
      }; fields sets the width, truncate cuts`,
    });
    for (const store of stores) assert.equal(store.gather([0], 1).values.length, 1);
  }
  for (const store of stores) store.close();
});
