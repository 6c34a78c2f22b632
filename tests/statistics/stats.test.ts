/** Statistics of a store that grows, that drops rows, and that others read. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import { Random } from "../support/support.ts";
import {
  appendRandom,
  errorMax,
  expectStats,
  fields,
  isNear,
  names,
} from "../support/statistics/reference.ts";

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

test("stats() takes int64 and uint64 fields as the nearest floats", () => {
  using store = new StreamStore({ count: fields.count, size: fields.size });
  store.append(0, { count: [-(2n ** 63n), 2n ** 53n + 1n, 3n], size: [0n, 2n ** 64n - 1n] });
  const { count, size } = store.stats();
  assert.deepEqual([count.count, count.min, count.max], [3, -(2 ** 63), 2 ** 53]);
  assert.deepEqual([size.min, size.max, size.mean, size.standardDeviation], [0, 2 ** 64, 2 ** 63, 2 ** 63]);
  assert.ok(isNear(count.quantile(0.5), 3, 3 * errorMax));
});

test("stats() keeps dropped rows counted, but never counts those dropped before the first call", () => {
  using store = new StreamStore({ a: 0, b: 1 }, { retain: { rows: 16_000 } });
  const fill = (from: number, to: number) => {
    for (let step = from; step < to; step++) store.append(step, { a: step, b: step % 3 === 0 ? [] : step });
    store.flush();
  };
  fill(0, 80_000);
  store.stats({ fields: ["a"] });
  for (let to = 96_000; to <= 320_000; to += 16_000) {
    fill(to - 16_000, to);
    store.stats({ fields: ["a"] });
  }
  const { firstRow } = store;
  const { a, b } = store.stats();
  assert.ok(firstRow > 160_000);
  const dropped = 320_000 - a.rowCount;
  assert.ok(dropped > 0 && dropped < 80_000, `${dropped} rows were dropped uncounted`);
  assert.deepEqual([a.count, a.min, a.max, a.mean], [
    320_000 - dropped,
    dropped,
    319_999,
    (dropped + 319_999) / 2,
  ]);
  assert.deepEqual([b.rowCount, b.min, b.missing], [
    320_000 - firstRow,
    firstRow + (firstRow % 3 === 0 ? 1 : 0),
    0,
  ]);
  fill(320_000, 640_000);
  const later = store.stats().a;
  assert.equal(later.count, a.count + 640_000 - Math.max(store.firstRow, 320_000));
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
