import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { FieldStats, StreamStore } from "../../mod.ts";
import { bitsOf, Random } from "../support/support.ts";

const fields = {
  a: 0,
  list: 7,
  rare: -3,
  count: { type: 5, dtype: "int64" },
  size: { type: 6, dtype: "uint64" },
} as const;
type Name = keyof typeof fields;
const names = Object.keys(fields) as Name[];
type Rows = readonly { readonly [name: string]: unknown }[];

const quantiles = [0, 0.001, 0.1, 0.25, 0.5, 0.75, 0.9, 0.999, 1];
const errorMax = (1 + 1e-12) / 257;

/** Appends a row drawn at random, sometimes in two steps; sometimes with fields left out, empty lists, and odd values. */
function appendRandom(store: StreamStore<typeof fields>, random: Random, step: number): void {
  const odd = [NaN, Infinity, -Infinity, -0, 0, 5e-324, 1e-310, 1e150, -1e150, 1e-200];
  const value = () =>
    random.below(30) === 0 ? odd[random.below(odd.length)] : 1e9 + (random.float() - 0.5) * 10;
  const first: Record<string, unknown> = {};
  const later: Record<string, unknown> = {};
  if (random.below(5) > 0) first.a = value();
  if (random.below(5) > 0) first.list = Array.from({ length: random.below(6) }, value);
  if (random.below(20) === 0) later.rare = Math.exp(40 * random.float() - 20) * (random.below(2) - 0.5);
  if (random.below(3) > 0) later.count = BigInt(random.below(2 ** 31)) * BigInt(random.below(2 ** 31)) * -1n;
  if (random.below(3) > 0) later.size = 2n ** 64n - 1n - BigInt(random.below(100));
  if (random.below(2) === 0) store.append(step, { ...first, ...later } as never);
  else {
    store.append(step, first as never);
    if (random.below(4) === 0) store.stats();
    store.append(step, later as never);
  }
}

/** What the statistics must be, by the definitions, from rows. */
function expectStats(stats: FieldStats, rows: Rows, name: string, state = ""): void {
  const cells = rows.map((row) => row[name]);
  const all = cells.flatMap((cell): number[] =>
    cell === undefined
      ? []
      : Array.from(ArrayBuffer.isView(cell) ? cell as unknown as ArrayLike<number> : [cell as number], Number)
  );
  const values = all.filter(Number.isFinite).sort((a, b) => a - b);
  assert.equal(stats.rowCount, rows.length, state);
  assert.equal(stats.missing, cells.filter((cell) => cell === undefined).length, `${state} missing`);
  assert.equal(stats.nonFinite, all.length - values.length, state);
  assert.equal(stats.count, values.length, state);
  if (values.length === 0) {
    for (const key of ["min", "max", "mean", "standardDeviation"] as const) {
      assert.ok(Number.isNaN(stats[key]));
    }
    assert.ok(Number.isNaN(stats.quantile(0.5)));
    return;
  }
  assert.equal(stats.min, values[0] + 0, state);
  assert.equal(stats.max, values.at(-1)! + 0, state);
  const [mean, deviation] = momentsOf(values);
  assert.ok(
    isNear(stats.mean, mean, 1e-13 * Math.max(Math.abs(values[0]), Math.abs(values.at(-1)!))),
    `${state} mean ${stats.mean} for ${mean}`,
  );
  assert.ok(
    isNear(stats.standardDeviation, deviation, 1e-10 * deviation),
    `${state} deviation ${stats.standardDeviation} for ${deviation}`,
  );
  for (const q of quantiles) {
    const exact = values[Math.floor(q * (values.length - 1))];
    const bound = q === 0 || q === 1 ? 0 : Math.max(errorMax * Math.abs(exact), 2 ** -1029);
    assert.ok(
      isNear(stats.quantile(q), exact, bound),
      `${state} quantile ${q} is ${stats.quantile(q)} for ${exact}`,
    );
  }
}

const isNear = (value: number, expected: number, bound: number) => Math.abs(value - expected) <= bound;

/** Mean and deviation in two passes with compensated sums, scaled by a power of two so that nothing overflows. */
function momentsOf(values: readonly number[]): [number, number] {
  const largest = values.reduce((size, value) => Math.max(size, Math.abs(value)), 0);
  const scale = 2 ** Math.max(-1000, Math.min(1000, Math.ceil(Math.log2(largest || 1))));
  const mean = sumOf(values.map((value) => value / scale)) / values.length;
  const distances = values.map((value) => value / scale - mean);
  const squares = sumOf(distances.map((distance) => distance ** 2)) - sumOf(distances) ** 2 / values.length;
  return [mean * scale, Math.sqrt(squares / values.length) * scale];
}

/** With Neumaier's compensation. */
function sumOf(values: readonly number[]): number {
  let [sum, rest] = [0, 0];
  for (const value of values) {
    const next = sum + value;
    rest += Math.abs(sum) >= Math.abs(value) ? (sum - next) + value : (value - next) + sum;
    sum = next;
  }
  return sum + rest;
}

test("stats() of random stores are those of a brute-force reference, also while they grow", () => {
  for (let seed = 0; seed < 12; seed++) {
    const random = new Random(seed);
    using store = new StreamStore(fields, { capacity: 64 + random.below(2000) });
    using copy = new StreamStore(fields);
    for (let step = 0; step < 400; step++) {
      appendRandom(store, random, step);
      if (random.below(40) > 0) continue;
      const asked = names.filter(() => random.below(2) === 0);
      const stats = store.stats({ fields: asked });
      const rows = store.rows();
      assert.deepEqual(Object.keys(stats), asked);
      for (const name of asked) expectStats(stats[name], rows, name, `seed ${seed} step ${step} ${name}:`);
    }
    const rows = store.rows();
    const stats = store.stats();
    for (const name of names) expectStats(stats[name], rows, name, `seed ${seed} ${name}:`);
    // However the stream was cut into calls, the result is the same to the bit.
    for (const row of rows) {
      const { step, ...values } = row;
      copy.append(step, values as never);
    }
    const fresh = copy.stats();
    for (const name of names) {
      assert.deepEqual(fresh[name].toJSON(), stats[name].toJSON(), `seed ${seed} ${name}`);
    }
  }
});

test("stats() counts later fields of the last step when they come", () => {
  using store = new StreamStore({ a: 0, b: 1, c: 2 });
  store.append(0, { a: 1 });
  assert.equal(store.stats().b.missing, 1);
  store.append(0, { b: 2 });
  const { a, b, c } = store.stats();
  assert.deepEqual([a.rowCount, a.count, a.missing], [1, 1, 0]);
  assert.deepEqual([b.rowCount, b.count, b.missing], [1, 1, 0]);
  assert.deepEqual([c.rowCount, c.count, c.missing], [1, 0, 1]);
  store.append(0, { c: [] });
  assert.equal(store.stats().c.missing, 0);
  assert.equal(store.stats().c.count, 0);
  store.append(1, {});
  store.append(1, { c: 5 });
  assert.deepEqual([store.stats().a.missing, store.stats().c.missing, store.stats().c.count], [1, 0, 1]);
  // What was handed out before has not changed.
  assert.equal(c.missing, 1);
});

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

test("stats() takes int64 and uint64 fields as the nearest floats", () => {
  using store = new StreamStore({ count: fields.count, size: fields.size });
  store.append(0, { count: [-(2n ** 63n), 2n ** 53n + 1n, 3n], size: [0n, 2n ** 64n - 1n] });
  const { count, size } = store.stats();
  assert.deepEqual([count.count, count.min, count.max], [3, -(2 ** 63), 2 ** 53]);
  assert.deepEqual([size.min, size.max, size.mean, size.standardDeviation], [0, 2 ** 64, 2 ** 63, 2 ** 63]);
  assert.ok(isNear(count.quantile(0.5), 3, 3 * errorMax));
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

test("stats() keeps dropped rows counted, but never counts those dropped before the first call", () => {
  using store = new StreamStore({ a: 0, b: 1 }, { capacity: 4096, retain: { rows: 1000 } });
  const fill = (from: number, to: number) => {
    for (let step = from; step < to; step++) store.append(step, { a: step, b: step % 3 === 0 ? [] : step });
    store.flush();
  };
  fill(0, 5000);
  store.stats({ fields: ["a"] });
  for (let to = 6000; to <= 20_000; to += 1000) {
    fill(to - 1000, to);
    store.stats({ fields: ["a"] });
  }
  const { firstRow } = store;
  const { a, b } = store.stats();
  assert.ok(firstRow > 10_000);
  const dropped = 5000 - a.rowCount + 15_000;
  assert.ok(dropped > 0 && dropped < 5000, `${dropped} rows were dropped uncounted`);
  assert.deepEqual([a.count, a.min, a.max, a.mean], [
    20_000 - dropped,
    dropped,
    19_999,
    (dropped + 19_999) / 2,
  ]);
  assert.deepEqual([b.rowCount, b.min, b.missing], [
    20_000 - firstRow,
    firstRow + (firstRow % 3 === 0 ? 1 : 0),
    0,
  ]);
  fill(20_000, 40_000);
  const later = store.stats().a;
  assert.equal(later.count, a.count + 40_000 - Math.max(store.firstRow, 20_000));
});

test("stats() of a reader counts what it sees, and after refresh() what is new", () => {
  const folder = mkdtempSync(join(tmpdir(), "stats-"));
  try {
    const path = join(folder, "run.stream");
    using writer = StreamStore.open(path, { fields: { a: 0, b: 1 } });
    writer.append(0, { a: 1 });
    writer.flush();
    using reader = StreamStore.open<{ a: 0; b: 1 }>(path, { mode: "read" });
    assert.equal(reader.stats().b.missing, 1);
    writer.append(0, { b: 4 });
    for (let step = 1; step < 5000; step++) writer.append(step, { a: step, b: -step });
    writer.flush();
    assert.equal(reader.stats().a.count, 1);
    reader.refresh();
    const { a, b } = reader.stats();
    assert.deepEqual([a.count, b.count, b.missing, b.max], [5000, 5000, 0, 4]);
    assert.deepEqual(b.toJSON(), writer.stats().b.toJSON());
  } finally {
    rmSync(folder, { recursive: true });
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

test("stats() throws on unknown fields and closed stores, quantile() on what is no share", () => {
  const store = new StreamStore({ a: 0, b: 1 });
  const { a } = store.stats();
  assert.throws(() => store.stats({ fields: ["a", "c" as "b"] }), {
    name: "TypeError",
    message: 'Cannot take statistics: fields[1] must be among a, b, got "c"',
  });
  assert.throws(() => store.stats({ fields: "a" as never }), {
    name: "TypeError",
    message: 'Cannot take statistics: fields must be a list of names, got "a"',
  });
  for (const q of [-0.1, 1.1, NaN, "0.5" as never]) {
    assert.throws(() => a.quantile(q), {
      name: "RangeError",
      message: /^Cannot tell a quantile: q must be from 0 to 1, got /,
    });
  }
  assert.throws(() => a.merge({} as never), { name: "TypeError" });
  assert.deepEqual(store.stats({ fields: [] }), {});
  store.close();
  assert.throws(() => store.stats(), { code: "closed" });
  assert.equal(a.count, 0);
});

test("stats() takes very many fields", () => {
  const many = Object.fromEntries(Array.from({ length: 600 }, (_, i) => [`f${i}`, i * 3 - 700]));
  using store = new StreamStore(many);
  for (let step = 0; step < 50; step++) {
    const values = Object.keys(many).filter((_, i) => (step + i) % 3 > 0).map((name, i) => [name, i]);
    store.append(step, Object.fromEntries(values));
  }
  const stats = store.stats();
  const rows = store.rows();
  for (const name of ["f0", "f1", "f255", "f256", "f599"]) expectStats(stats[name], rows, name, name);
});
