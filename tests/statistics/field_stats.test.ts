/** What statistics of a field say: moments, quantiles and their bound, both runtimes alike, and by JSON. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { FieldStats, StreamStore } from "../../mod.ts";
import { bitsOf, Random } from "../support/support.ts";
import {
  appendRandom,
  errorMax,
  expectStats,
  fields,
  isNear,
  momentsOf,
  quantiles,
} from "../support/statistics/reference.ts";

test("stats() loses no digits by a mean far from 0, nor by a long stream", () => {
  using store = new StreamStore({ a: 0 });
  const random = new Random(2);
  const count = 300_000;
  const noise = Float64Array.from({ length: count }, () => Math.round(random.float() * 1024) / 1024);
  store.appendColumns({ step: Float64Array.from(noise.keys()), a: noise.map((value) => 1e9 + value) });
  const [mean, deviation] = momentsOf(Array.from(noise));
  const { a } = store.stats();
  assert.ok(isNear(a.mean - 1e9, mean, 2e-7), `${a.mean - 1e9} for ${mean}`);
  assert.ok(isNear(a.standardDeviation, deviation, 1e-12), `${a.standardDeviation} for ${deviation}`);
});

test("quantile() is off by at most 1/257, and the bound is reached", () => {
  const random = new Random(4);
  let worst = 0;
  for (const [from, to] of [[0, 1], [-700, 700], [0, 0.01], [708, 709]]) {
    using store = new StreamStore({ a: 0 });
    const values = Float64Array.from({ length: 20_000 }, () => {
      const size = Math.exp(from + random.float() * (to - from));
      return random.below(3) === 0 ? -size : size;
    });
    store.appendColumns({ step: Float64Array.from(values.keys()), a: values });
    const { a } = store.stats();
    const sorted = values.toSorted();
    for (let i = 1; i < 1000; i++) {
      const exact = sorted[Math.floor(i / 1000 * 19_999)];
      const error = Math.abs(a.quantile(i / 1000) - exact) / Math.abs(exact);
      assert.ok(error <= errorMax, `quantile ${i / 1000}: ${a.quantile(i / 1000)} for ${exact}`);
      worst = Math.max(worst, error);
    }
  }
  assert.ok(worst > 0.98 / 257, `the worst error is ${worst}`);
});

test("stats() of odd values: -0, subnormals, both ends of the range, one value, none", () => {
  const max = Number.MAX_VALUE;
  const cases = [
    [],
    [-0],
    [0, -0],
    [NaN],
    [NaN, Infinity, -Infinity, 3],
    [max, -max],
    [max, max],
    [5e-324],
    [
      5e-324,
      1e-310,
      -1e-312,
    ],
    [1e-300, 3e-300, 2e-300],
    [7],
    Array(1000).fill(0.1),
    [1e300, 1e-300, 0],
    [0, 0, 0, 1e-200],
  ];
  for (const values of cases) {
    using store = new StreamStore({ a: 0, b: 1 });
    values.forEach((a, step) => store.append(step, { a }));
    const { a, b } = store.stats();
    expectStats(a, store.rows(), "a", `[${values.slice(0, 5)}]`);
    expectStats(b, store.rows(), "b");
    const merged = a.merge(b).merge(a);
    expectStats(merged, [...store.rows(), ...store.rows(), ...store.rows().map(() => ({}))], "a", "merged");
    if (values.every((value) => value === values[0]) && values.length > 0) {
      assert.equal(bitsOf(a.mean), bitsOf(values[0] + 0));
      if (a.count > 0) assert.equal(a.standardDeviation, 0);
    }
  }
});

test("merge() gives the statistics of all rows together", () => {
  for (let seed = 20; seed < 26; seed++) {
    const random = new Random(seed);
    using whole = new StreamStore(fields);
    const parts: FieldStats[] = [];
    let step = 0;
    for (let part = 0; part < 3; part++) {
      using store = new StreamStore(fields);
      for (let i = random.below(300); i > 0; i--) {
        appendRandom(store, random, step);
        step++;
      }
      for (const { step, ...values } of store.rows()) whole.append(step, values as never);
      parts.push(store.stats().list);
    }
    const merged = parts.reduce((one, other) => one.merge(other));
    expectStats(merged, whole.rows(), "list", `seed ${seed}`);
    const [buckets, expected] = [merged.toJSON().buckets, whole.stats().list.toJSON().buckets];
    assert.deepEqual(buckets, expected);
    const reverse = parts.toReversed().reduce((one, other) => one.merge(other));
    for (const q of quantiles) assert.equal(reverse.quantile(q), merged.quantile(q));
  }
});

test("toJSON() and fromJSON() keep everything, and other JSON is refused", () => {
  using store = new StreamStore({ a: 0, none: 1 });
  for (let step = 0; step < 1000; step++) {
    store.append(step, { a: step === 5 ? NaN : Math.sin(step) * 10 ** (step % 9) });
  }
  for (const stats of Object.values(store.stats())) {
    const text = JSON.stringify(stats);
    const read = FieldStats.fromJSON(JSON.parse(text));
    assert.equal(JSON.stringify(read), text);
    for (
      const key of [
        "rowCount",
        "missing",
        "count",
        "nonFinite",
        "min",
        "max",
        "mean",
        "standardDeviation",
      ] as const
    ) {
      assert.ok(Object.is(read[key], stats[key]), key);
    }
    for (const q of quantiles) assert.ok(Object.is(read.quantile(q), stats.quantile(q)));
    assert.deepEqual(read.merge(stats), stats.merge(read));
  }
  const good = store.stats().a.toJSON();
  const bad: unknown[] = [null, 5, "x", [], {}, { ...good, rowCount: -1 }, { ...good, missing: 1001 }, {
    ...good,
    range: null,
  }];
  bad.push({ ...good, range: [1, 0] }, { ...good, range: [NaN, 0] }, {
    ...good,
    moments: good.moments.slice(1),
  });
  bad.push({ ...good, moments: good.moments.with(0, 7) }, { ...good, moments: good.moments.with(4, 3) });
  bad.push({ ...good, moments: good.moments.with(3, -1) }, { ...good, buckets: good.buckets.slice(1) });
  bad.push({ ...good, buckets: good.buckets.slice(2) }, { ...good, buckets: good.buckets.with(0, 1e9) });
  bad.push({ ...good, buckets: good.buckets.with(0, good.buckets[2]) }, { ...good, nonFinite: 0.5 });
  for (const json of bad) {
    assert.throws(() => FieldStats.fromJSON(json as never), {
      name: "TypeError",
      message: /^Cannot read statistics: it must be what toJSON\(\) gave, got /,
    });
  }
});

test("stats() gives the same digits on both runtimes", () => {
  using store = new StreamStore({ a: 0 });
  const random = new Random(99);
  for (let step = 0; step < 3000; step++) store.append(step, { a: 1e6 + random.float() });
  const { a } = store.stats();
  const merged = a.merge(a);
  assert.deepEqual([a.mean, a.standardDeviation, merged.mean, merged.standardDeviation, a.quantile(0.3)], [
    1000000.501326429,
    0.28834355289434377,
    1000000.501326429,
    0.28834355289434377,
    1000000.9985487158,
  ]);
});
