/** Mixtures in every order, held against an enumeration of the windows of all their stores. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import { boundaries, type Case, drawCase, episodeRules, outputs } from "../support/sampler/cases.ts";
import { withSeed } from "../support/sampler/compare.ts";
import { chiSquare, chiSquareLimit } from "../support/sampler/drawing.ts";
import {
  allWindows,
  type Batch,
  drawn,
  keyOf,
  type Known,
  makePairs,
  mix,
  type Mixture,
  type Pair,
  simple,
  simpleCase,
} from "../support/sampler/mixtures.ts";
import { grow, makeStore } from "../support/sampler/model.ts";
import { rowsBetween, widestRow } from "../support/sampler/oracle.ts";
import { Random } from "../support/support.ts";

function checkCase(pairs: readonly Pair[], tried: Case, random: Random): void {
  const known = allWindows(pairs, tried);
  if (known.length === 0) {
    const message =
      /^Cannot sample: there must be a valid window of \d+ \w+ in one of \d stores, got none: of sources\[0\]/;
    assert.throws(() => mix(pairs, tried.options).next(), { name: "RangeError", message });
    return;
  }
  const wanted = known.map(keyOf);
  const draw = (order: unknown, count: number, among = known, rest = {}) =>
    drawn(
      mix(pairs, { ...tried.options, order, batchSize: 7, seed: 5, ...rest }),
      count,
      pairs,
      tried,
      among,
    );
  assert.deepEqual(draw("sequential", 1e6), wanted);
  const shuffled = draw("shuffle", 2 * wanted.length, known, { epochs: 2 });
  assert.deepEqual(shuffled.slice(0, wanted.length).sort(), wanted.toSorted(), "the first epoch");
  assert.deepEqual(shuffled.slice(wanted.length).sort(), wanted.toSorted(), "the second epoch");
  const all = new Set(wanted);
  for (const order of ["uniform", { kind: "prioritized" }, { kind: "recent", decay: 0.99999 }]) {
    const found = draw(order, 20 * wanted.length, known, { batchSize: 50 });
    assert.deepEqual(new Set(found), all, JSON.stringify(order));
  }
  const newest = 1 + random.below(12);
  const recent = known.filter(({ source, window }) => {
    const { model } = pairs[source];
    const row = Math.max(0, rowsBetween(model, tried.rule.between)[1] - newest);
    return window.anchor >= (tried.rule.unit === "steps" ? row : model.tokenOf(row));
  });
  if (recent.length === 0) return;
  const order = { kind: "recent", steps: newest };
  assert.deepEqual(
    new Set(draw(order, 20 * recent.length, recent, { batchSize: 50 })),
    new Set(recent.map(keyOf)),
    JSON.stringify(order),
  );
}

test("next() of a mixture gives the windows of all its stores, for every output, boundary, rule of episodes and order", () => {
  for (const seed of [1]) {
    const random = new Random(seed);
    const pairs = makePairs(random, [1 + random.below(20), 0, 1, 25, random.below(6), 0]);
    const widest = pairs.map(({ model }) => model).reduce((a, b) => widestRow(b) > widestRow(a) ? b : a);
    for (const output of outputs) {
      for (const boundary of boundaries) {
        for (const episodes of episodeRules(random, 25)) {
          const tried = drawCase(random, widest, output, boundary, episodes);
          // Stores without a row cannot tell how wide rows are.
          if (output === "rows") Object.assign(tried.options, { tokens: tried.form.width });
          withSeed(seed, JSON.stringify(tried.options), () => checkCase(pairs, tried, random));
        }
      }
    }
    for (const { store } of pairs) store.close();
  }
});

test("a mixture of one store draws what a sampler of it does, in every order", () => {
  const { store } = makeStore(new Random(4), 40);
  const orders = ["uniform", "shuffle", "sequential", { kind: "recent", steps: 9 }, {
    kind: "recent",
    decay: 0.8,
  }, {
    kind: "prioritized",
  }];
  for (const order of orders) {
    const options = { steps: 2, tokens: 40, boundary: "pad-left", order, batchSize: 9, seed: 3 };
    const [sampler, mixture] = [store.sampler(options as never), mix([{ store } as never], options)];
    for (let round = 0; round < 6; round++) {
      const [one, other] = [sampler.next() as unknown as Batch | null, mixture.next()];
      assert.deepEqual(other, one === null ? null : { ...one, sources: new Int32Array(one.size) });
      if (one?.ids == null) continue;
      for (const each of [sampler, mixture] as Mixture[]) {
        each.updatePriorities(
          one.ids,
          Array.from(one.ids, (id) => id + 1),
        );
      }
    }
  }
  store.close();
});

test("windows of all stores are as likely, and those of a store that is as new as those of others", () => {
  const pairs = makePairs(new Random(8), [12, 0, 60, 2, 5]);
  const known = allWindows(pairs, simpleCase);
  const statisticOf = (order: unknown, weightOf: (known: Known) => number) => {
    const mixture = mix(pairs, { ...simple, order, batchSize: 500 });
    const counts = new Map(known.map((each) => [keyOf(each), 0]));
    const keys = drawn(mixture, 50_000, pairs, simpleCase, known);
    for (const key of keys) counts.set(key, counts.get(key)! + 1);
    const weights = known.map(weightOf);
    const sum = weights.reduce((a, b) => a + b);
    return chiSquare([...counts.values()], weights.map((weight) => weight / sum * keys.length));
  };
  const limit = chiSquareLimit(known.length - 1);
  assert.ok(statisticOf("uniform", () => 1) < limit);
  const decay = 0.95;
  const ageOf = ({ source, window }: Known) =>
    known.filter((other) => other.source === source && other.window.anchor > window.anchor).length;
  assert.ok(statisticOf({ kind: "recent", decay }, (each) => decay ** ageOf(each)) < limit);
  assert.ok(statisticOf({ kind: "recent", decay }, () => 1) > 10 * limit);
  for (const { store } of pairs) store.close();
});

const orders = ["uniform", "shuffle", "sequential", { kind: "recent", steps: 6 }, {
  kind: "recent",
  decay: 0.7,
}];

test("a mixture goes on from any state with other batches and shards, also in another process with more stores", () => {
  for (const order of orders) {
    const pairs = makePairs(new Random(12), [9, 1, 14, 30]);
    const options = { ...simple, order, epochs: undefined };
    const known = allWindows(pairs, simpleCase);
    const draw = (mixture: Mixture, count: number) => drawn(mixture, count, pairs, simpleCase, known);
    const whole = draw(mix(pairs, { ...options, batchSize: 1 }), 43);
    for (let position = 0; position < whole.length; position += 6) {
      const mixture = mix(pairs, { ...options, batchSize: 6 });
      for (let at = 0; at < position; at += 6) mixture.next();
      const text = JSON.stringify(mixture.state());
      const other = mix(pairs, { ...options, seed: 1, batchSize: 1 + position });
      other.restore(JSON.parse(text));
      assert.deepEqual(
        draw(other, whole.length - position),
        whole.slice(position),
        `${JSON.stringify(order)} ${position}`,
      );
      const merged = new Array<string>(whole.length);
      for (let index = 0; index < 3; index++) {
        const shard = mix(pairs, { ...options, batchSize: 4, shard: { index, count: 3 } });
        shard.restore(JSON.parse(text));
        const first = position + (index - position % 3 + 3) % 3;
        draw(shard, Math.ceil((whole.length - first) / 3)).forEach((key, i) => merged[first + 3 * i] = key);
      }
      assert.deepEqual(
        merged.slice(position),
        whole.slice(position),
        `${JSON.stringify(order)} shards ${position}`,
      );
    }
    for (const { store } of pairs) store.close();
  }
});

test("an epoch is over the windows as of its beginning, whichever store grows or is added", () => {
  for (const order of ["shuffle", "sequential"]) {
    const random = new Random(31);
    const pairs = makePairs(random, [9, 12, 0, 20]);
    const before = allWindows(pairs, simpleCase);
    const options = { ...simple, order, batchSize: 8, epochs: 2 };
    const whole = drawn(mix(pairs, options), before.length, pairs, simpleCase, before);
    const mixture = mix(pairs, options);
    const found = drawn(mixture, 8, pairs, simpleCase, before);
    const state = JSON.stringify(mixture.state());
    for (const source of [1, 2]) grow(pairs[source].store, pairs[source].model, random, 15);
    const [added] = makePairs(random, [10]);
    mixture.add(added.store);
    const more = [...pairs, added];
    const after = allWindows(more, simpleCase);
    const resumed = mix(more, options);
    resumed.restore(JSON.parse(state));
    const rest = before.length + after.length - 8;
    for (const each of [mixture, resumed]) {
      const keys = [...found, ...drawn(each, rest + 1, more, simpleCase, after)];
      assert.deepEqual(keys.slice(0, before.length), whole, order);
      assert.deepEqual(keys.slice(before.length).sort(), after.map(keyOf).sort(), order);
    }
    for (const { store } of more) store.close();
  }
});

test("next() passes over the windows that stores have dropped since the epoch began", () => {
  const stores = [1, 2, 3].map(() => new StreamStore({ a: 0 }, { retain: { rows: 1 } }));
  const append = (store: typeof stores[0], rows: number) => {
    const step = Float64Array.from({ length: rows }, (_, i) => store.rowCount + i);
    store.appendColumns({ step, a: step });
    store.flush();
  };
  [70_000, 60_000, 500].forEach((rows, i) => append(stores[i], rows));
  const held = stores.map(({ firstRow, rowCount }) => [firstRow, rowCount]);
  const options = { tokens: 1, order: "shuffle", epochs: 1, batchSize: 500, seed: 3 } as const;
  const mixture = StreamStore.mixture(stores, options);
  mixture.next();
  const state = mixture.state();
  append(stores[1], 80_000);
  const [{ firstRow }, end] = [stores[1], held[1][1]];
  assert.ok(firstRow > 50_000);
  const again = StreamStore.mixture(stores, options);
  again.restore(state);
  for (const each of [mixture, again]) {
    let count = 0;
    for (const { size, starts, sources, values } of each) {
      count += size;
      for (let i = 0; i < size; i++) {
        const [first, after] = held[sources![i]];
        assert.ok(starts[i] >= (sources![i] === 1 ? firstRow : first) && starts[i] < after);
        assert.equal(values[i], starts[i]);
      }
    }
    const left = held[0][1] - held[0][0] + Math.max(0, end - firstRow) + 500;
    assert.ok(count <= left && count >= left - 500, `${count} of ${left}`);
  }
  for (const store of stores) store.close();
});

test("add() refuses what the mixture could not have been made with, and skipped() names who has no window", () => {
  using one = new StreamStore({ a: 0 });
  for (let step = 0; step < 9; step++) one.append(step, { a: step });
  using empty = new StreamStore({ a: 0 });
  using other = new StreamStore({ a: 1 });
  const closed = new StreamStore({ a: 0 });
  closed.close();
  const mixture = StreamStore.mixture([one], { steps: 2, fields: { a: 1 }, batchSize: 64, seed: 1 });
  const weighted = StreamStore.mixture([{ store: one, weight: 2 }], {
    steps: 2,
    fields: { a: 1 },
    batchSize: 64,
    seed: 1,
  });
  const refused: [() => void, RegExp][] = [
    [
      () => mixture.add(other as never),
      /^TypeError: Cannot add a source: sources\[1\]\.store must have the fields of the first, a 0/,
    ],
    [
      () => mixture.add({} as never),
      /^TypeError: Cannot add a source: source\.store must be a store, got undefined/,
    ],
    [
      () => mixture.add(null as never),
      /^TypeError: Cannot add a source: source must be an object, got null/,
    ],
    [
      () => mixture.add({ store: empty, weight: 1 }),
      /^RangeError: Cannot add a source: sources\[1\]\.weight must be left out/,
    ],
    [() => mixture.add(closed), /Cannot add sources\[1\]: the store is closed/],
    [
      () => weighted.add(empty),
      /^RangeError: Cannot add a source: sources\[1\]\.weight must be a finite number/,
    ],
    [() => weighted.add({ store: empty, weight: 0 }), /sources\[1\]\.weight must be a number above 0, got 0/],
  ];
  for (const [call, message] of refused) {
    assert.throws(call, (error) => message.test(`${error}`) || assert.fail(`${error}`));
  }
  for (const each of [mixture, weighted]) {
    const state = each.state();
    each.add(each === mixture ? empty : { store: empty, weight: 3 });
    assert.deepEqual(each.skipped(), [{ source: 1, reason: "the store holds no steps" }]);
    assert.deepEqual(new Set(each.next()!.sources), new Set([0]));
    each.restore(state);
  }
  for (let step = 0; step < 9; step++) empty.append(step, { a: step });
  for (const each of [mixture, weighted]) {
    assert.deepEqual(each.skipped(), []);
    assert.deepEqual(new Set(each.next()!.sources), new Set([0, 1]));
  }
});

test("restore() of a mixture refuses states that are forged", () => {
  const pairs = makePairs(new Random(2), [9, 12]);
  const mixture = mix(pairs, { ...simple, order: "shuffle", batchSize: 3 });
  mixture.next();
  const good = mixture.state() as { epoch?: { sources?: number[] } };
  const forged: [unknown, RegExp][] = [
    [undefined, /state\.epoch\.sources must be a list/],
    [7, /state\.epoch\.sources must be a list/],
    [[1, 2, 3], /state\.epoch\.sources\.length must be even, and <= 4, got 3/],
    [[...good.epoch!.sources!, 0, 0], /state\.epoch\.sources\.length must be even, and <= 4, got 6/],
    [good.epoch!.sources!.map((number) => number + 1), /state\.epoch\.sources must be ends whose sum/],
    [[9, 6, 12, 10], /state\.epoch\.sources must be windows whose sum/],
    [[9.5, 7, 11.5, 10], /state\.epoch\.sources\[0\] must be a whole number, got 9\.5/],
    [[21, 7, 0, 10], /sources\[0\]\.store must have the 21 steps of the state's epoch, got 9/],
  ];
  for (const [sources, message] of forged) {
    assert.throws(() => mixture.restore({ ...good, epoch: { ...good.epoch, sources } }), (error) => {
      assert.match(`${error}`, message);
      return true;
    });
  }
  assert.throws(
    () => mix(pairs.slice(0, 1), { ...simple, order: "shuffle" }).restore(good),
    /state\.sources must be that of .* the first of the 1 sources, "1", got "2"/,
  );
  // What a caller changes in a state is no more the mixture's.
  good.epoch!.sources!.fill(0);
  mixture.next();
  for (const { store } of pairs) store.close();
});
