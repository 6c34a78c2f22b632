import assert from "node:assert/strict";
import { test } from "node:test";
import { type Sampler, StreamStore } from "../../mod.ts";
import type { Order, SamplerOptions } from "../../src/sample/options.ts";
import type { SamplerState } from "../../src/sample/state.ts";
import { drawAnyCase } from "../support/sampler/cases.ts";
import { withSeed } from "../support/sampler/compare.ts";
import { drawStarts } from "../support/sampler/drawing.ts";
import { makeStore as makeRandomStore } from "../support/sampler/model.ts";
import { windowsOf } from "../support/sampler/oracle.ts";
import { Random } from "../support/support.ts";

type Options = SamplerOptions<"a" | "done" | "truncated">;

function makeStore(rows: number): StreamStore<{ a: 0; done: 1; truncated: 2 }> {
  const store = new StreamStore({ a: 0, done: 1, truncated: 2 });
  for (let step = 0; step < rows; step++) store.append(step, { a: step, done: step % 10 === 9 });
  return store;
}

const orders: readonly Order[] = [
  "uniform",
  "shuffle",
  "sequential",
  { kind: "recent", steps: 13 },
  { kind: "recent", decay: 0.8 },
  { kind: "prioritized", alpha: 0.5 },
];

const windows = { tokens: 5, episodes: { end: "done" }, seed: 2n ** 64n - 3n } as const;

/** As a file would bring it back. */
function saved(state: SamplerState): SamplerState {
  const text = JSON.stringify(state);
  assert.ok(text.length < 300, `${text.length} bytes: ${text}`);
  return JSON.parse(text);
}

test("restore() goes on with the very next window, from every position", () => {
  using store = makeStore(23);
  for (const order of orders) {
    const options: Options = { ...windows, order };
    const epochs = order === "sequential" ? { epochs: 3 } : {};
    const whole = drawStarts(store.sampler({ ...options, ...epochs, batchSize: 100 }), 100);
    for (let position = 0; position <= whole.length; position++) {
      const sampler = store.sampler({ ...options, ...epochs, batchSize: 1 });
      drawStarts(sampler, position);
      const restored = store.sampler({ ...options, ...epochs, batchSize: 1 + position % 9, seed: 1 });
      restored.restore(saved(sampler.state()));
      assert.equal(restored.seed, windows.seed);
      assert.deepEqual(restored.state(), sampler.state());
      const what = `${JSON.stringify(order)} from ${position}`;
      assert.deepEqual(drawStarts(restored, whole.length - position), whole.slice(position), what);
    }
  }
});

test("restore() goes on with another number of shards", () => {
  using store = makeStore(40);
  for (const order of orders) {
    const options: Options = { ...windows, order, ...(order === "sequential" ? { epochs: 5 } : {}) };
    const whole = drawStarts(store.sampler(options), 96);
    for (const [before, after] of [[1, 3], [3, 1], [2, 4], [4, 3], [8, 2]]) {
      // All shards have drawn 24 / before windows: 24 in all.
      const states = Array.from({ length: before }, (_, index) => {
        const sampler = store.sampler({
          ...options,
          batchSize: 24 / before,
          shard: { index, count: before },
        });
        sampler.next();
        return saved(sampler.state());
      });
      for (const state of states) {
        const merged = new Array<number>(72);
        for (let index = 0; index < after; index++) {
          const restored = store.sampler({ ...options, batchSize: 5, shard: { index, count: after } });
          restored.restore(state);
          drawStarts(restored, 72 / after).forEach((start, i) => merged[index + i * after] = start);
        }
        assert.deepEqual(merged, whole.slice(24), `${JSON.stringify(order)}, ${before} to ${after} shards`);
      }
    }
  }
});

test("restore() goes on with random samplers over random stores", () => {
  for (let seed = 1; seed <= 30; seed++) {
    const random = new Random(seed);
    const { store, model } = makeRandomStore(random, 1 + random.below(40));
    const { options, rule } = drawAnyCase(random, model);
    const order = orders[random.below(orders.length)];
    const all = { ...options, order, seed, ...(order === "sequential" ? { epochs: 4 } : {}) };
    if (windowsOf(model, rule).length > 0 && !(typeof order === "object" && "steps" in order)) {
      withSeed(seed, JSON.stringify(all), () => {
        const make = (batchSize: number) => store.sampler({ ...all, batchSize } as never) as never;
        const whole = drawStarts(make(11), 120);
        const [sampler, restored] = [make(1 + random.below(20)), make(1 + random.below(20))] as Sampler[];
        for (let round = 0; round < 3; round++) sampler.next();
        const { position } = sampler.state();
        restored.restore(saved(sampler.state()));
        assert.deepEqual(drawStarts(restored, Math.max(0, whole.length - position)), whole.slice(position));
      });
    }
    store.close();
  }
});

test("state() is under 300 bytes at its longest", () => {
  using store = makeStore(10);
  const longest: Options[] = [
    { order: "sequential" },
    { order: { kind: "recent", decay: 0.12345678901234567e-300 } },
    { order: { kind: "prioritized", alpha: 1.2345678901234567e-300, beta: 0.12345678901234567 } },
  ];
  for (const options of longest) {
    const sampler = store.sampler({
      tokens: 2 ** 28,
      batchSize: 1,
      stride: 2 ** 31 - 1,
      boundary: "pad-right",
      episodes: { starts: [5] },
      seed: 2n ** 64n - 1n,
      ...options,
    });
    const state = saved(sampler.state());
    const huge = Number.MAX_SAFE_INTEGER;
    saved({
      ...state,
      position: huge,
      ...(state.epoch === undefined ? {} : { epoch: { epoch: huge, base: huge, end: huge, windows: huge } }),
    });
  }
});

test("restore() of another kind of sampler names what differs", () => {
  using store = makeStore(100);
  const state = store.sampler(windows).state();
  const cases: [Options, RegExp][] = [
    [
      { ...windows, tokens: 6 },
      /: state\.order must be .*"uniform 6 tokens within stride=1", got .*"uniform 5 tokens/,
    ],
    [{ steps: 5, episodes: windows.episodes }, /: state\.order must be .*5 steps.*got .*5 tokens/],
    [{ ...windows, stride: 2 }, /: state\.order must be .*stride=2.*got .*stride=1/],
    [{ ...windows, boundary: "pad-left" }, /: state\.order must be .*pad-left.*got .*within/],
    [{ ...windows, order: "shuffle" }, /: state\.order must be .*shuffle.*got .*uniform/],
    [
      { ...windows, order: { kind: "recent", steps: 3 } },
      /: state\.order must be .*recent steps=3.*got .*uniform/,
    ],
    [{ ...windows, episodes: { end: "truncated" } }, /: state\.episodes must be /],
    [{ ...windows, episodes: { end: ["done", "truncated"] } }, /: state\.episodes must be /],
    [{ ...windows, episodes: { id: "done" } }, /: state\.episodes must be .*id .*got .*end /],
    [{ ...windows, episodes: { starts: [1] } }, /: state\.episodes must be .*starts .*got .*end /],
    [{ tokens: 5 }, /: state\.episodes must be .*none, got .*end /],
  ];
  for (const [options, message] of cases) {
    const sampler = store.sampler(options);
    const before = sampler.state();
    assert.throws(() => sampler.restore(state), (error: Error) => {
      assert.equal(error.name, "RangeError");
      assert.match(error.message, /^Cannot restore a sampler/);
      assert.match(error.message, message);
      return true;
    });
    assert.deepEqual(sampler.state(), before);
  }
  // What does not decide which windows are drawn may differ.
  const other = store.sampler({ ...windows, output: { values: "float16", steps: null }, truncate: true });
  other.restore(state);
});

test("restore() refuses corrupt states, and leaves the sampler as it was", () => {
  using store = makeStore(100);
  const sampler = store.sampler({ ...windows, order: "shuffle", batchSize: 10 });
  drawStarts(sampler, 50);
  const state = sampler.state();
  const epoch = state.epoch!;
  const corrupt: unknown[] = [
    undefined,
    null,
    7,
    "state",
    [],
    {},
    { ...state, version: 2 },
    { ...state, seed: 5 },
    { ...state, seed: "-1" },
    { ...state, seed: "1e5" },
    { ...state, seed: `${2n ** 64n}` },
    { ...state, position: -1 },
    { ...state, position: 0.5 },
    { ...state, position: NaN },
    { ...state, position: Infinity },
    { ...state, position: 2 ** 53 },
    { ...state, position: "5" },
    { ...state, order: 5 },
    { ...state, episodes: undefined },
    { ...state, epoch: undefined },
    { ...state, epoch: null },
    { ...state, epoch: 5 },
    { ...state, epoch: {} },
    { ...state, epoch: { ...epoch, epoch: -1 } },
    { ...state, epoch: { ...epoch, base: state.position + 1 } },
    { ...state, epoch: { ...epoch, end: 301 } },
    { ...state, epoch: { ...epoch, end: 2 ** 53 } },
    { ...state, epoch: { ...epoch, windows: 301 } },
    { ...state, epoch: { ...epoch, windows: 0.5 } },
    { ...state, epoch: { ...epoch, windows: Number.MAX_SAFE_INTEGER } },
  ];
  const next = drawStarts(store.sampler({ ...windows, order: "shuffle" }), 70).slice(50, 60);
  for (const [i, damaged] of corrupt.entries()) {
    assert.throws(() => sampler.restore(damaged as SamplerState), (error: Error) => {
      assert.ok(error instanceof RangeError || error instanceof TypeError, `case ${i}: ${error}`);
      assert.match(error.message, /^Cannot restore a sampler: (a |the )?(state|store)/);
      return true;
    }, `case ${i}`);
    assert.deepEqual(sampler.state(), state);
  }
  assert.deepEqual(drawStarts(sampler, 10), next);
});

test("restore() of a state that lies about where it stands neither crashes nor hangs", () => {
  using store = makeStore(100);
  for (const order of orders) {
    const sampler = store.sampler({ ...windows, order, batchSize: 10, epochs: undefined });
    const state = sampler.state();
    for (const position of [2 ** 31, 2 ** 52, Number.MAX_SAFE_INTEGER - 10]) {
      sampler.restore({ ...state, position });
      try {
        const batch = sampler.next();
        assert.ok(batch === null || batch.starts.every((start) => start >= 0 && start + 5 <= 300));
      } catch (error) {
        assert.match((error as Error).message, /^Cannot (sample|draw windows): /);
      }
    }
  }
});

test("restore() refuses a state behind which there are no exact positions left, as next() does", () => {
  using store = makeStore(100);
  const shard = { index: 1, count: 3 };
  for (const order of orders) {
    const sampler = store.sampler({ ...windows, order, batchSize: 10, epochs: undefined, seed: 1, shard });
    const state = sampler.state();
    const last = Number.MAX_SAFE_INTEGER - 10 * 3;
    for (const position of [last + 1, Number.MAX_SAFE_INTEGER]) {
      assert.throws(() => sampler.restore({ ...state, position }), {
        name: "RangeError",
        message:
          `Cannot restore a sampler: state.position must be a whole number <= ${last}, got ${position}`,
      });
    }
    assert.deepEqual(sampler.state(), state);
    sampler.restore({ ...state, position: last });
    const batch = sampler.next();
    const reached = sampler.state();
    // The one epoch of a sequential order is over long before.
    if (batch === null) assert.equal(sampler.next(), null);
    else {assert.throws(() => sampler.next(), {
        name: "RangeError",
        message: /^Cannot sample: the position of /,
      });}
    assert.deepEqual(sampler.state(), reached);
  }
});

test("restore() reads a state once", () => {
  using store = makeStore(100);
  const sampler = store.sampler({ ...windows, order: "shuffle", batchSize: 10 });
  sampler.next();
  const state = sampler.state();
  const next = sampler.next()!.starts.slice();
  const once = <Held extends object>(held: Held): Held => {
    const seen = new Set<PropertyKey>();
    return new Proxy(held, {
      get: (target, name) => seen.has(name) ? NaN : (seen.add(name), Reflect.get(target, name)),
    });
  };
  sampler.restore(once({ ...state, epoch: once(state.epoch!) }));
  assert.deepEqual(sampler.next()!.starts, next);
});
