/** Mixtures of stores whose rows are those of several environments in turn, held against an enumeration. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import { chiSquare, chiSquareLimit, countEach } from "../support/sampler/drawing.ts";
import {
  asked,
  type Batch,
  drawn,
  fields,
  grow,
  type Row,
  type Store,
  texts,
  windowsOf,
} from "../support/sampler/environments.ts";
import { Random } from "../support/support.ts";

interface Pair {
  readonly store: Store;
  readonly rows: Row[];
}

interface MixedBatch extends Batch {
  readonly sources: ArrayLike<number>;
}

interface Drawing {
  next(): MixedBatch | null;
  state(): unknown;
  restore(state: unknown): void;
  add(store: unknown): void;
  skipped(): { source: number; reason: string }[];
}

function mix(pairs: readonly Pair[], options: Record<string, unknown>, weights?: readonly number[]): Drawing {
  const sources = pairs.map(({ store }, i) => weights === undefined ? store : { store, weight: weights[i] });
  return StreamStore.mixture(sources as never, options as never) as never;
}

function makePairs(random: Random, sizes: readonly number[]): Pair[] {
  return sizes.map((count, i) => {
    const pair = { store: new StreamStore(fields), rows: [] };
    grow(pair.store, pair.rows, random, count, 2 + i);
    return pair;
  });
}

/** The next windows, each checked in every array against the store that its source names. */
function draw(mixture: Drawing, pairs: readonly Pair[], count: number, length = 3): string[] {
  const found: string[] = [];
  while (found.length < count) {
    const batch = mixture.next();
    if (batch === null) break;
    for (let slot = 0; slot < batch.size; slot++) {
      const source = batch.sources[slot];
      const cut = (array: ArrayLike<unknown>, each: number) =>
        Array.prototype.slice.call(array, slot * each, (slot + 1) * each);
      const fieldsOf = Object.fromEntries(
        Object.entries(batch.fields).map((
          [name, { values, mask }],
        ) => [name, { values: cut(values, length), mask: cut(mask, length) }]),
      );
      const one = {
        size: 1,
        starts: [batch.starts[slot]],
        lengths: [batch.lengths[slot]],
        mask: cut(batch.mask, length),
        steps: cut(batch.steps, length),
        fields: fieldsOf,
      };
      found.push(`${source} ${drawn(one as never, pairs[source].rows, length)[0]}`);
    }
  }
  return found.slice(0, count);
}

const all = (pairs: readonly Pair[], rule = {}) =>
  pairs.flatMap(({ rows }, source) => texts(windowsOf(rows, rule)).map((window) => `${source} ${window}`));

function close(pairs: readonly Pair[]): void {
  for (const { store } of pairs) store.close();
}

test("mixture() follows each environment of each store, in every order, while the stores grow", () => {
  for (const [seed, boundary] of [[1, "within"], [2, "pad-left"], [3, "pad-right"], [4, "cross"]] as const) {
    const random = new Random(seed);
    const pairs = makePairs(random, [20, 1, 40]);
    const stride = 1 + seed % 2;
    const options = { ...asked, boundary, stride, batchSize: 7, seed: 3 };
    const uniform = mix(pairs, { ...options, batchSize: 50 });
    for (let round = 0; round < 3; round++) {
      const wanted = all(pairs, { boundary, stride });
      assert.deepEqual(draw(mix(pairs, { ...options, order: "sequential" }), pairs, 1e6), wanted);
      const shuffled = draw(mix(pairs, { ...options, order: "shuffle", epochs: 2 }), pairs, 1e6);
      assert.equal(shuffled.length, 2 * wanted.length);
      assert.deepEqual(shuffled.slice(0, wanted.length).sort(), wanted.toSorted());
      const set = new Set(wanted);
      assert.deepEqual(new Set(draw(uniform, pairs, 20 * wanted.length)), set);
      const orders = [{ kind: "prioritized" }, { kind: "recent", decay: 0.99999 }, {
        kind: "recent",
        steps: 1000,
      }];
      for (const order of orders) {
        assert.deepEqual(
          new Set(draw(mix(pairs, { ...options, order, batchSize: 50 }), pairs, 20 * wanted.length)),
          set,
        );
      }
      // Of the first store more environments come, whose windows stand before those of the others.
      pairs.forEach(({ store, rows }, i) => grow(store, rows, random, 9, 3 + i + 2 * round));
    }
    close(pairs);
  }
});

test("a mixture of environments goes on from any state, while environments and stores come", () => {
  const random = new Random(7);
  for (const order of ["uniform", "shuffle", "sequential", { kind: "recent", decay: 0.8 }] as const) {
    const pairs = makePairs(random, [25, 30]);
    const options = { ...asked, order, seed: 8 };
    const count = all(pairs).length;
    const whole = draw(mix(pairs, { ...options, batchSize: 1 }), pairs, count);
    for (let position = 0; position < count; position += 4) {
      const mixture = mix(pairs, { ...options, batchSize: 4 });
      for (let at = 0; at < position; at += 4) mixture.next();
      const state = JSON.parse(JSON.stringify(mixture.state()));
      const other = mix(pairs, { ...options, seed: 1, batchSize: 3 });
      other.restore(state);
      assert.deepEqual(draw(other, pairs, count - position), whole.slice(position), JSON.stringify(order));
      const merged: string[] = [];
      for (let index = 0; index < 2; index++) {
        const shard = mix(pairs, { ...options, batchSize: 5, shard: { index, count: 2 } });
        shard.restore(state);
        draw(shard, pairs, Math.ceil((count - position - index) / 2)).forEach((window, i) =>
          merged[index + 2 * i] = window
        );
      }
      assert.deepEqual(merged, whole.slice(position), JSON.stringify(order));
    }
    close(pairs);
  }
  const pairs = makePairs(random, [25, 30]);
  const wanted = all(pairs);
  const options = { ...asked, order: "shuffle", epochs: 1, batchSize: 4, seed: 2 };
  const mixture = mix(pairs, options);
  const first = draw(mixture, pairs, 8);
  const state = mixture.state();
  pairs.forEach(({ store, rows }) => grow(store, rows, random, 20, 9));
  pairs.push(...makePairs(random, [30]));
  mixture.add(pairs[2].store);
  const other = mix(pairs, options);
  other.restore(state);
  const rest = draw(mixture, pairs, 1e6);
  assert.deepEqual(draw(other, pairs, 1e6), rest);
  assert.deepEqual([...first, ...rest].sort(), wanted.sort());
  close(pairs);
});

test("weights are those of stores, whose environments share them as their windows are", () => {
  const pairs = makePairs(new Random(4), [60, 20, 1]);
  const windows = all(pairs);
  const ofStore = (source: number) => windows.filter((window) => window.startsWith(`${source} `)).length;
  assert.deepEqual([ofStore(0) > 0, ofStore(1) > 0, ofStore(2)], [true, true, 0]);
  const mixture = mix(pairs, { ...asked, batchSize: 500, seed: 3 }, [1, 3, 9]);
  const counts = countEach(
    draw(mixture, pairs, 40_000).map((window) => windows.indexOf(window)),
    windows.length,
  );
  const wanted = windows.map((window) => window.startsWith("0 ") ? 10_000 / ofStore(0) : 30_000 / ofStore(1));
  assert.ok(chiSquare(counts, wanted) < chiSquareLimit(windows.length - 1));
  const even = countEach(
    draw(mix(pairs, { ...asked, batchSize: 500, seed: 3 }), pairs, 40_000).map((window) =>
      windows.indexOf(window)
    ),
    windows.length,
  );
  assert.ok(chiSquare(even, even.map(() => 40_000 / windows.length)) < chiSquareLimit(windows.length - 1));
  assert.deepEqual(mixture.skipped().map(({ source }) => source), [2]);
  assert.match(mixture.skipped()[0].reason, /^environment -?\d holds 1 steps/);
  close(pairs);
});

test("a mixture of environments has rows at offsets, and text beside them, of the stores that its sources name", () => {
  const stores = [0, 1, 2].map(() => new StreamStore(fields, { extra: { note: "string" } }));
  const random = new Random(2);
  const last = stores.map(() => new Map<number, number>());
  const before = stores.map(() => [] as number[]);
  stores.forEach((store, source) => {
    for (let row = 0; row < 70; row++) {
      const env = random.below(4);
      before[source].push(last[source].get(env) ?? row);
      last[source].set(env, row);
      store.append(row, { a: row, env }, { note: `${source} ${row}` });
    }
  });
  const episodes = { end: "done", environment: "env" } as const;
  const around = { a: { width: 1, offsets: [-1, 0] } } as const;
  const mixture = StreamStore.mixture(stores, {
    fields: around,
    episodes,
    boundary: "edge",
    extra: ["note"],
    batchSize: 200,
    seed: 1,
  });
  const { sources, starts, fields: { a }, extra } = mixture.next()!;
  for (let slot = 0; slot < 200; slot++) {
    const row = starts[slot];
    assert.deepEqual([...a.values.slice(2 * slot, 2 * slot + 2)], [before[sources![slot]][row], row]);
    assert.deepEqual(extra.note[slot], [`${sources![slot]} ${row}`]);
  }
  const windows = StreamStore.mixture(stores, {
    ...asked,
    boundary: "pad-left",
    extra: ["note"],
    batchSize: 100,
    seed: 1,
  });
  const batch = windows.next()!;
  for (let i = 0; i < 300; i++) {
    const wanted = batch.mask[i] === 0
      ? null
      : `${batch.sources![Math.floor(i / 3)]} ${batch.fields.a.values[i]}`;
    assert.equal(batch.extra.note[Math.floor(i / 3)][i % 3], wanted);
  }
  for (const store of stores) store.close();
});
