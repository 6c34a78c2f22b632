/** Fields named like what every object inherits, and like whole numbers: names like any other, everywhere. */
import { tableFromArrays } from "apache-arrow";
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { type FieldEntry, loadLeRobot, saveLeRobot, StreamStore } from "../../mod.ts";
import { type Hub, startHub } from "../support/hub/server.ts";
import { withDirectory } from "../torture/scratch.ts";

/** `__proto__` is not among them in every runtime, and functions have `prototype`. */
const names = [
  ...new Set([...Object.getOwnPropertyNames(Object.prototype), "__proto__", "prototype", "length"]),
];
const fields = names.map((name, type): FieldEntry => [name, type]);

/** An object with own properties of these names. */
const objectOf = <Value>(entries: Iterable<readonly [string, Value]>): Record<string, Value> =>
  Object.fromEntries(entries);

/** A row holds just these: what it has itself, and nothing for the other names. */
function assertRow(row: object, expected: ReadonlyMap<string, unknown>, known = names): void {
  const found = Reflect.ownKeys(row).filter((key) => key !== "step");
  assert.deepEqual(new Set(found), new Set(expected.keys()));
  for (const name of known) assert.deepEqual(Reflect.get(row, name), expected.get(name), name);
}

type Model = ReadonlyMap<string, number>[];

/** No field, each field alone, all fields but one, all fields. */
const rows: Model = [
  new Map<string, number>(),
  ...names.map((name, i) => new Map([[name, i + 1]])),
  ...names.map((left) => new Map(names.filter((name) => name !== left).map((name, i) => [name, i + 0.5]))),
  new Map(names.map((name, i) => [name, -i])),
];

function fill(store: StreamStore<typeof fields>, model: Model = rows): void {
  for (const [step, row] of model.entries()) store.append(step, objectOf(row));
}

function assertRows(store: StreamStore<typeof fields>, model: Model = rows): void {
  assert.equal(store.rowCount, model.length);
  for (const [i, row] of store.rows().entries()) assertRow(row, model[i]);
}

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
    const whole = StreamStore.mixture([{ store, weight: 1 }], { ...wanted, normalize: true }).next();
    assert.deepEqual(new Set(Reflect.ownKeys(whole.fields)), new Set(names));
  });
});

test("toDataset() and fromDataset() know such names as fields, features, extras and the step", async () => {
  using store = new StreamStore(fields);
  fill(store);
  const table = await store.toDataset();
  assert.deepEqual(table.schema.fields.map(({ name }) => name), names);
  using copy = new StreamStore(fields);
  await copy.fromDataset(table);
  assertRows(copy);
  assert.deepEqual((await copy.toDataset()).schema.metadata, table.schema.metadata);
  for (const name of names) {
    using one = new StreamStore({ a: 0 });
    one.append(0, { a: 1 });
    const options = {
      step: name,
      extra: objectOf(names.filter((other) => other !== name).map((other) => [other, [other]])),
    };
    const wide = await one.toDataset(options);
    assert.equal(wide.getChild(name)!.get(0), 0n);
    assert.equal(wide.numCols, names.length + 1);
    const features = JSON.parse(wide.schema.metadata.get("huggingface")!).info.features;
    assert.deepEqual(Object.keys(features).sort(), ["a", ...names].sort());
    assert.deepEqual(Reflect.get(features, name), { dtype: "int64", _type: "Value" });
    // A column that is no field and is not in the metadata.
    using other = new StreamStore([[name, 0], ["a", 1]]);
    await other.fromDataset(tableFromArrays({ a: Float64Array.of(3) }));
    assertRow(other.row(0), new Map([["a", 3]]), [name, "a"]);
    const fieldFeatures = objectOf([[name, { dtype: "int8", _type: "Value" } as const]]);
    other.append(1, objectOf([[name, 5]]) as never);
    const types = (await other.toDataset({ fieldFeatures })).schema.fields.map(({ type }) => String(type));
    assert.deepEqual(types, ["Int8", "Float64"]);
    await assert.rejects(one.toDataset({ fieldFeatures } as never), TypeError);
  }
});

const formats = ["parquet", "disk", "arrow", "jsonl", "csv"] as const;
for (const format of formats) {
  test(`saveDataset() and loadDataset() in ${format} know such names`, () =>
    withDirectory(async (directory) => {
      using store = new StreamStore(fields);
      fill(store);
      await store.saveDataset(`${directory}/all`, "train", { format, step: "time" });
      using copy = new StreamStore(fields);
      await copy.loadDataset(`${directory}/all`, "train", { step: "time", columns: names });
      assertRows(copy);
      for (const name of names) {
        using sorted = new StreamStore(fields);
        await sorted.loadDataset(`${directory}/all`, "train", { sortBy: name, columns: [name] });
        const expected = rows.flatMap((row) => row.get(name) ?? []).sort((a, b) => a - b);
        assert.deepEqual([...sorted.column(name).values], expected);
        // A dataset without the column, whatever its rows inherit.
        using narrow = new StreamStore({ a: 0 });
        narrow.append(0, { a: 1 });
        await narrow.saveDataset(`${directory}/${name}`, "train", { format });
        using wide = new StreamStore([[name, 0], ["a", 1]]);
        await wide.loadDataset(`${directory}/${name}`, "train");
        assertRow(wide.row(0), new Map([["a", 1]]), [name, "a"]);
        await assert.rejects(
          wide.loadDataset(`${directory}/${name}`, "train", { sortBy: name }),
          /sortBy must name columns/,
        );
      }
    }));
}

test("files named for such names, and cells that read like them, are what they are", () =>
  withDirectory(async (directory) => {
    for (const name of names) {
      const path = `${directory}/${name}.csv`;
      writeFileSync(path, `word,a\nb,1\n${name},2\n`);
      using store = new StreamStore({ a: 0 });
      await store.loadDataset(path, "train", { sortBy: "word" });
      assert.deepEqual([...store.column("a").values], name < "b" ? [2, 1] : [1, 2]);
      // The ending is no format, so this is a folder.
      await store.saveDataset(`${directory}/x.${name}`);
      assert.ok(readFileSync(`${directory}/x.${name}/dataset_dict.json`, "utf8").includes("train"));
      const feature = { dtype: name, _type: "Value" } as const;
      await assert.rejects(store.toDataset({ fieldFeatures: { a: feature } }), TypeError);
    }
  }));

test("saveDataset() and loadDataset() at the Hub know such names", async () => {
  const hub: Hub = await startHub();
  try {
    const retry = { attempts: 2, pauseSeconds: 0.001, timeoutSeconds: 10 };
    const options = { endpoint: hub.endpoint, token: hub.token, retry };
    using store = new StreamStore(fields);
    fill(store);
    const extra = { plain: rows.map((_, i) => i) };
    await store.saveDataset("user/names", "train", options);
    for (const [i, row] of rows.entries()) store.append(100 + i, objectOf(row));
    await store.saveDataset("user/names", "train", { ...options, append: true });
    using copy = new StreamStore(fields);
    await copy.loadDataset("user/names", "train", options);
    assertRows(copy, [...rows, ...rows]);
    assert.deepEqual((await copy.toDataset()).schema.metadata, (await store.toDataset()).schema.metadata);
    // A dataset whose README names features, and none of the field's.
    using narrow = new StreamStore({ a: 0 });
    narrow.append(0, { a: 1 });
    await narrow.saveDataset("user/narrow", "train", options);
    using wide = new StreamStore([...fields, ["a", 100]]);
    await wide.loadDataset("user/narrow", "train", options);
    assertRow(wide.row(0), new Map([["a", 1]]));
    assert.equal(extra.plain.length, rows.length);
  } finally {
    await hub.close();
  }
});

test("saveLeRobot() and loadLeRobot() know such names", () =>
  withDirectory(async (directory) => {
    using store = new StreamStore(fields);
    const full = Array.from({ length: 6 }, (_, row) => new Map(names.map((name, i) => [name, 10 * i + row])));
    fill(store, full);
    const options = {
      fps: 10,
      episodes: { starts: [0, 3] },
      tasks: ["constructor", "__proto__"],
      episodeTasks: [1, 0],
    };
    const features = objectOf([["constructor", { dtype: "float32" }]]);
    await saveLeRobot(store, `${directory}/set`, { ...options, features });
    const loaded = await loadLeRobot(`${directory}/set`);
    using copy = loaded.store;
    for (const [i, row] of full.entries()) {
      for (const name of names) assert.equal(Reflect.get(copy.row(i), name), row.get(name));
    }
    assert.deepEqual(loaded.tasks, options.tasks);
    assert.deepEqual(loaded.episodes.tasks, [["__proto__"], ["constructor"]]);
    for (const name of names) assert.ok(Object.hasOwn(loaded.features, name), name);
    const info = JSON.parse(readFileSync(`${directory}/set/meta/info.json`, "utf8"));
    assert.equal(Reflect.get(info.features, "constructor").dtype, "float32");
    assert.equal(Reflect.get(info.features, "toString").dtype, "float64");
    const stats = JSON.parse(readFileSync(`${directory}/set/meta/stats.json`, "utf8"));
    for (const [i, name] of names.entries()) assert.deepEqual(Reflect.get(stats, name).max, [10 * i + 5]);
  }));

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
    const bytes = readFileSync(`${path}/data.b64`);
    const flat = new Float64Array(Uint8Array.from(bytes).buffer).subarray(0, again.length - names.length);
    assert.deepEqual([...flat], rows.flatMap((row) => names.flatMap((name) => row.get(name) ?? [])));
  }));

/** Whole numbers, in an order that no object keeps, beside names that only look like some. */
const numbered: FieldEntry[] = [["b", 0], ["1", 1], ["a", 2], ["0", 3], ["007", 4], ["4294967295", 5], [
  "-1",
  6,
]];
const order = numbered.map(([name]) => name);

test("StreamStore() refuses an object with a name that is a whole number, and says the form that keeps the order", () => {
  for (const name of ["0", "1", "17", "4294967294"]) {
    assert.throws(() => new StreamStore({ b: 0, [name]: 1 }), {
      name: "RangeError",
      message:
        `Cannot create a store: an object does not keep the order of names that are whole numbers: give fields as a list of [name, type ID] in field order, as [["${name}", 1], ["b", 0]], got "${name}" in an object`,
    });
  }
  using store = new StreamStore({ "007": 0, "4294967295": 1, "-1": 2, "1.5": 3, "1e3": 4, "": 5 });
  assert.deepEqual(store.fields.map(({ name }) => name), ["007", "4294967295", "-1", "1.5", "1e3", ""]);
});

test("StreamStore() takes entries and names, in their order", () => {
  using store = new StreamStore(numbered);
  assert.deepEqual(store.fields.map(({ name, type }) => [name, type]), numbered);
  using named = new StreamStore(order);
  assert.deepEqual(named.fields.map(({ name, type }) => [name, type]), order.map((name, i) => [name, i]));
  using typed = new StreamStore([["1", { type: 7, dtype: "int64" }], ["0", { type: 3 }]]);
  assert.deepEqual(typed.fields, [{ name: "1", type: 7, dtype: "int64" }, {
    name: "0",
    type: 3,
    dtype: "float64",
  }]);
});

test("StreamStore() refuses lists that are no fields", () => {
  const cases: [unknown, RegExp][] = [
    [[], /^RangeError: Cannot create a store: there must be at least 1 field, got 0$/],
    [["a", "a"], /^RangeError: .*field names must differ, got "a" twice$/],
    [[["a", 0], ["a", 1]], /^RangeError: .*field names must differ, got "a" twice$/],
    [[["a", 0], ["b", 0]], /^RangeError: .*type IDs must differ, got 0 for "a" and for "b"$/],
    [
      ["a", ["b", 1]],
      /^TypeError: Cannot create a store: fields\[1\] must be a name like those before, got an array of 2$/,
    ],
    [[["a", 0], "b"], /^TypeError: Cannot create a store: fields\[1\] must be \[name, type ID\], got "b"$/],
    [[["a"]], /^TypeError: .*fields\[0\] must be \[name, type ID\], got an array of 1$/],
    [[["a", 0, 1]], /^TypeError: .*got an array of 3$/],
    [[[0, "a"]], /^TypeError: .*got an array of 2$/],
    [[["a", "0"]], /^TypeError: .*the type ID of "a" must be a number, got "0"$/],
    [[{ a: 0 }], /^TypeError: .*fields\[0\] must be \[name, type ID\], got a value of class Object$/],
    [["a", , "b"], /^TypeError: .*fields\[1\] must be a name like those before, got undefined$/],
    [["step"], /^RangeError: .*no field can be named "step"/],
    [
      { a: { type: 0, dytpe: "int64" } },
      /^TypeError: .*"a" must be a type ID or \{ type, dtype \}, got "dytpe" in it$/,
    ],
    [
      "a",
      /^TypeError: .*fields must be an object of name and type ID, a list of \[name, type ID\], or a list of names, got "a"$/,
    ],
  ];
  for (const [given, expected] of cases) assert.throws(() => new StreamStore(given as never), expected);
});

test("names that are whole numbers keep their order: in rows of tokens, in tables, in files, in store.json", () =>
  withDirectory(async (directory) => {
    const path = `${directory}/run.stream`;
    using store = StreamStore.open(path, { fields: numbered });
    const row = objectOf(numbered.map(([name, type]) => [name, 10 + Number(type)]));
    store.append(0, row);
    store.append([1, 1, 1], ["b", "0", "007"], [1, 2, 3]);
    store.append(2, { "0": 5, "1": 4 });
    assert.throws(() => store.append([3, 3], ["0", "1"], [1, 2]), /must follow it in field order/);
    store.appendColumns({ step: [4], "0": [1], "1": [2], b: [3] });
    const cells = [10, 11, 12, 13, 14, 15, 16, 1, 2, 3, 4, 5, 3, 2, 1];
    assert.deepEqual([...store.window(0, store.length).values], cells);
    store.close();
    assert.throws(() => StreamStore.open(path, { fields: numbered.toReversed() }), { code: "fields-differ" });
    assert.throws(() => StreamStore.open(path, { fields: { ...row } }), RangeError);
    using again = StreamStore.open(path, { fields: numbered });
    assert.deepEqual(again.fields.map(({ name, type }) => [name, type]), numbered);
    const table = await again.toDataset();
    assert.deepEqual(table.schema.fields.map(({ name }) => name), order);
    const metadata = table.schema.metadata.get("huggingface")!;
    assert.deepEqual([...metadata.matchAll(/"([^"]*)":\{"dtype"/g)].map(([, name]) => name), order);
    for (const format of formats) {
      await again.saveDataset(`${directory}/${format}`, "train", { format });
      using copy = new StreamStore(order);
      await copy.loadDataset(`${directory}/${format}`, "train");
      assert.deepEqual([...copy.window(0, copy.length).values], cells, format);
    }
    const info = readFileSync(`${directory}/disk/train/dataset_info.json`, "utf8");
    assert.deepEqual([...info.matchAll(/"([^"]*)":\{"dtype"/g)].map(([, name]) => name), order);
    assert.equal(readFileSync(`${directory}/csv/train.csv`, "utf8").split("\n")[0], order.join());
    assert.ok(
      readFileSync(`${directory}/jsonl/train.jsonl`, "utf8").startsWith('{"b": 10.0, "1": 11.0, "a"'),
    );
  }));
