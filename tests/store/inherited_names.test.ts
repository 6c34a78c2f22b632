/** Fields named like what every object inherits are fields like any other in a store, its windows and its batches. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { type FieldEntry, StreamStore } from "../../mod.ts";
import { withDirectory } from "../torture/scratch.ts";
import { assertRow, assertRows, fields, fill, names, objectOf, rows } from "../support/inherited_names.ts";

test("append() by names takes names that objects inherit, in every kind of object", () => {
  using store = new StreamStore(fields);
  fill(store);
  assertRows(store);
  assertRow(store.row(rows.length - 1), rows.at(-1)!);
  using others = new StreamStore(fields);
  const bare = Object.create(null);
  others.append(0, bare);
  for (const name of names) bare[name] = 7;
  others.append(1, bare);
  others.append(2, JSON.parse(`{${names.map((name) => `${JSON.stringify(name)}: 8`).join()}}`));
  others.append(3, JSON.parse('{"__proto__": 9}'));
  others.append(4, {});
  others.append(
    5,
    new (class Step {
      valueOf = 5;
    })() as never,
  );
  others.append(6, Object.create({ constructor: 3, valueOf: 4 }));
  const all = (value: number) => new Map(names.map((name) => [name, value]));
  const inherited = new Map([["constructor", 3], ["valueOf", 4]]);
  assertRows(others, [
    new Map(),
    all(7),
    all(8),
    new Map([["__proto__", 9]]),
    new Map(),
    new Map([["valueOf", 5]]),
    inherited,
  ]);
});

test("append() by names goes the long way too: int64 fields, bigint steps, lists", () => {
  using store = new StreamStore(names.map((name, type): FieldEntry => [name, { type, dtype: "int64" }]));
  store.append(0, {});
  store.append(1n, objectOf(names.map((name, i) => [name, BigInt(i)])));
  for (const [i, name] of names.entries()) store.append(2 + i, objectOf([[name, [1, 2]]]));
  assertRow(store.row(0), new Map());
  for (const [i, name] of names.entries()) {
    assertRow(store.row(2 + i), new Map([[name, BigInt64Array.of(1n, 2n)]]));
  }
  store.append(100, objectOf(names.map((name) => [name, []])));
  assertRow(store.row(store.rowCount - 1), new Map(names.map((name) => [name, new BigInt64Array(0)])));
});

test("append() refuses an object that names no field and can be no step", () => {
  using store = new StreamStore(["size", "length", "constructor"]);
  for (const values of [new Map([["size", 1]]), [], new Float64Array(0), new Date()]) {
    assert.throws(() => store.append(0, values as never), {
      name: "TypeError",
      message: /^Cannot append: fields must be an object of names and values, got an? /,
    });
  }
  assert.throws(
    () => store.append(0, { toString: 1 } as never),
    /fields must be among size, length, constructor, got "toString"$/,
  );
  assert.equal(store.rowCount, 0);
});

test("append() in sequences and appendColumns() take such names, and leave out what is not there", () => {
  using store = new StreamStore(fields);
  store.append(names.map(() => 0), names, names.map((_, i) => i));
  for (const [i, name] of names.entries()) {
    store.appendColumns({ step: [i + 1], ...objectOf([[name, [i]]]) } as never);
  }
  store.appendColumns({ step: [100] });
  assertRows(store, [
    new Map(names.map((name, i) => [name, i])),
    ...names.map((name, i) => new Map([[name, i]])),
    new Map(),
  ]);
});

test("column(), stats(), window() and get() know such names", () => {
  using store = new StreamStore(fields);
  fill(store);
  const stats = store.stats();
  assert.deepEqual(new Set(Reflect.ownKeys(stats)), new Set(names));
  for (const [type, name] of names.entries()) {
    const expected = rows.flatMap((row) => row.get(name) ?? []);
    assert.deepEqual([...store.column(name).values], expected);
    assert.equal(Reflect.get(stats, name).count, expected.length);
    assert.equal(Reflect.get(store.stats({ fields: [name] }), name).max, Math.max(...expected));
    const all = store.window(0, store.length);
    assert.deepEqual([...all.values].filter((_, i) => all.types[i] === type), expected);
  }
  assert.throws(() => store.column("hasOwn"), TypeError);
  using other = new StreamStore({ a: 0 });
  for (const name of names) {
    assert.throws(() => other.column(name as "a"), TypeError);
    assert.throws(() => other.stats({ fields: [name as "a"] }), TypeError);
    assert.throws(() => other.appendColumns({ step: [0], ...objectOf([[name, [0]]]) } as never), TypeError);
    assert.throws(() => other.append(0, objectOf([[name, 0]]) as never), TypeError);
    assert.throws(() => other.append([0], [name as "a"], [0]), TypeError);
  }
});

test("sampler(), mixture() and context() have batches of such fields", async () => {
  await withDirectory(async (directory) => {
    using store = StreamStore.open(`${directory}/run.stream`, { fields });
    for (let step = 0; step < 20; step++) {
      store.append(step, objectOf(names.map((name, i) => [name, 100 * i + step])));
    }
    const widths = objectOf(names.map((name) => [name, 1]));
    const normalize = objectOf(names.map((name, i) => [name, { mean: 100 * i, standardDeviation: 1 }]));
    const wanted = { steps: 2, fields: widths, normalize, batchSize: 3 } as const;
    const sampler = store.sampler({ ...wanted, order: "sequential" });
    const ahead = store.sampler({ ...wanted, order: "sequential", prefetch: 1 });
    const mixture = StreamStore.mixture([{ store, weight: 1 }], wanted);
    const batches = {
      own: sampler.next(),
      allocated: sampler.next(sampler.allocate()),
      ahead: await ahead.next(),
      mixture: mixture.next(),
      context: store.context({ steps: 2, fields: widths, normalize }),
    };
    for (const [how, batch] of Object.entries(batches)) {
      assert.deepEqual(new Set(Reflect.ownKeys(batch!.fields)), new Set(names), how);
      for (const name of names) {
        const { values } = Reflect.get(batch!.fields, name);
        for (let i = 0; i < batch!.size; i++) assert.equal(values[2 * i], batch!.starts[i], `${how} ${name}`);
      }
    }
    ahead.close();
    for (const name of names) {
      const { size } = store.sampler({ tokens: 1, episodes: { id: name }, order: "sequential" }).next()!;
      assert.equal(size, 256);
      assert.equal(
        store.sampler({ steps: 20, episodes: { end: [name] }, boundary: "cross" }).next()!.size,
        256,
      );
    }
    const whole = StreamStore.mixture([{ store, weight: 1 }], { ...wanted, normalize: true }).next()!;
    assert.deepEqual(new Set(Reflect.ownKeys(whole.fields)), new Set(names));
  });
});

test("extras can have such names, and what an object inherits is none", () => {
  const extra = objectOf(names.map((name) => [name, "string" as const]));
  using store = new StreamStore({ a: 0 }, { extra });
  store.append(
    0,
    { a: 1 },
    Object.create({ constructor: "no", ...objectOf(names.map((name) => [name, "no"])) }),
  );
  store.append(1, { a: 1 }, Object.create(null));
  store.append(2, { a: 1 }, objectOf(names.map((name) => [name, `${name} 2`])));
  const list = (step: number) => objectOf(names.map((name) => [name, [`${name} ${step}`]]));
  store.append([3], ["a"], [1], list(3));
  store.append([4], ["a"], [1], Object.create(list(4)));
  store.appendColumns({ step: [5], a: [1] }, { extra: list(5) });
  store.appendColumns({ step: [6], a: [1] }, { extra: Object.create(list(6)) });
  const wanted = [2, 3, 5];
  for (const [step, row] of store.rows().entries()) {
    const given = wanted.includes(step) ? names.map((name) => [name, `${name} ${step}`] as const) : [];
    assert.deepEqual(new Map(Object.entries(Reflect.get(row, "extra"))), new Map(given));
  }
  const { extra: drawn } = store.sampler({ steps: 6, order: "sequential", extra: names, batchSize: 1 })
    .next()!;
  assert.deepEqual(new Set(Reflect.ownKeys(drawn)), new Set(names));
  for (const name of names) {
    assert.deepEqual(store.extra(name).slice(), Reflect.get(drawn, name)[0].concat([null]));
  }
  using other = new StreamStore({ a: 0 }, { extra: { text: "string" } });
  for (const name of names) {
    assert.throws(() => other.append(0, { a: 1 }, objectOf([[name, "b"]]) as never), TypeError);
    assert.throws(() => other.extra(name as "text"), TypeError);
  }
});

test("open() and store.json know such names", () =>
  withDirectory(async (directory) => {
    const path = `${directory}/run.stream`;
    {
      using store = StreamStore.open(path, { fields });
      fill(store);
    }
    const manifest = JSON.parse(readFileSync(`${path}/store.json`, "utf8"));
    assert.deepEqual(manifest.fields.map(({ name }: { name: string }) => name), names);
    using reader = StreamStore.open(path, { mode: "read" });
    assert.deepEqual(reader.fields.map(({ name, type }) => [name, type]), fields);
    assertRows(reader as unknown as StreamStore<typeof fields>);
    reader.close();
    using again = StreamStore.open(path, { fields: objectOf(fields) });
    assert.equal(again.rowCount, rows.length);
    again.append(1000, objectOf(rows.at(-1)!));
    // Loaded features are kept by name too.
    await again.saveDataset(`${directory}/all.parquet`);
    using loaded = StreamStore.open(`${directory}/loaded.stream`, { fields });
    await loaded.loadDataset(`${directory}/all.parquet`);
    loaded.close();
    using kept = StreamStore.open(`${directory}/loaded.stream`, { mode: "read" });
    assert.deepEqual((await kept.toDataset()).schema.metadata, (await again.toDataset()).schema.metadata);
    // A flat array of what was appended, as other programs map it.
    const bytes = readFileSync(`${path}/data.f64`);
    const flat = new Float64Array(Uint8Array.from(bytes).buffer).subarray(0, again.length - names.length);
    assert.deepEqual([...flat], rows.flatMap((row) => names.flatMap((name) => row.get(name) ?? [])));
  }));
