import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { parquetSchema, StreamStore } from "../../../mod.ts";
import { type Bits, columnBits, expected, fieldsFor, fixture } from "../../support/dataset.ts";

function temporaryFolder(): { path: string; [Symbol.dispose](): void } {
  const path = mkdtempSync(join(tmpdir(), "streamstore-parquet-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) };
}

for (const kind of ["features", "plain", "pages"]) {
  test(`fromParquet() reads every bit of ${kind}.parquet, and its features`, async () => {
    const columns = expected[kind];
    using store = new StreamStore(fieldsFor(columns));
    const { gaps, ...others } = columns;
    await store.fromParquet(fixture(`${kind}.parquet`), { columns: Object.keys(others) });
    const table = await store.toDataset();
    const { features } = JSON.parse(table.schema.metadata.get("huggingface")!).info;
    for (const name of Object.keys(others)) {
      assert.deepEqual(columnBits(table, name), columns[name].rows, name);
      assert.deepEqual(features[name], columns[name].feature, name);
    }
    assert.equal(gaps !== undefined, kind === "pages");
  });
}

test("fromParquet() refuses a null inside a list, or makes it NaN on request", async () => {
  using store = new StreamStore({ gaps: 0, delta: 1 });
  const path = fixture("pages.parquet");
  await assert.rejects(
    store.fromParquet(path),
    /^RangeError: Cannot load Parquet: the list of "gaps" at row 49 must hold numbers only, got a null inside it/,
  );
  assert.equal(store.rowCount, 0);
  await store.fromParquet(path, { nullInList: "nan" });
  const bits = columnBits(await store.toDataset(), "gaps");
  const float = (text: string | null) =>
    new BigUint64Array(Float64Array.of(text === null ? NaN : Number(text)).buffer)[0];
  const rows = expected.pages.gaps.rows as (string | null)[][];
  assert.deepEqual(
    bits,
    rows.map((row) => row.map((text): Bits => float(text).toString(16).padStart(16, "0"))),
  );
});

test("fromParquet() refuses lists within lists of another length than their feature says", async () => {
  const path = fixture("shapes.parquet");
  const shape = "must have the shape that its feature says, lists of";
  const refused: [string, string][] = [
    ["short", `"short" at row 1 ${shape} 2, got a list of 1`],
    ["long", `"long" at row 1 ${shape} 2, got a list of more`],
    ["empty", `"empty" at row 1 ${shape} 2, got a list of 0`],
    ["few", `"few" at row 1 ${shape} 4, got a list of 2`],
  ];
  for (const [name, message] of refused) {
    using store = new StreamStore({ [name]: 0 } as Record<string, number>);
    await assert.rejects(store.fromParquet(path), {
      name: "RangeError",
      message: `Cannot load Parquet: ${message}`,
    });
    assert.equal(store.rowCount, 0);
  }
  using store = new StreamStore({ null_pair: 0 });
  await assert.rejects(store.fromParquet(path), /the list of "null_pair" at row 1 must hold numbers only/);
  await store.fromParquet(path, { nullInList: "nan" });
  assert.deepEqual([...store.row(1).null_pair as Float64Array], [5, 6, NaN, NaN]);
});

test("fromParquet() takes steps from a column, or goes on after the last", async () => {
  const path = fixture("pages.parquet");
  using store = new StreamStore({ split: 0 });
  store.append(4, {});
  await store.fromParquet(path, { step: "rising" });
  assert.deepEqual([store.row(1).step, store.row(200).step], [10, 607]);
  await store.fromParquet(path);
  assert.deepEqual([store.row(201).step, store.row(400).step], [608, 807]);
  const before = store.length;
  await assert.rejects(
    store.fromParquet(path, { step: "rising" }),
    /Cannot load Parquet: the step of row 0 must be > 807, the step before it, got 10$/,
  );
  await assert.rejects(
    store.fromParquet(path, { step: "words" }),
    /the step column "words" of .* must be of integers/,
  );
  await assert.rejects(
    store.fromParquet(path, { step: "none" }),
    /must be of integers, got no column of that name$/,
  );
  using labels = new StreamStore({ float32: 0 });
  await assert.rejects(
    labels.fromParquet(fixture("features.parquet"), { step: "int8" }),
    /the step column "int8" at row 2 must be an int64, got null$/,
  );
  assert.equal(store.length, before);
});

test("fromParquet() refuses values and columns that fields cannot hold", async () => {
  const path = fixture("features.parquet");
  const refused: [ConstructorParameters<typeof StreamStore>[0], RegExp][] = [
    [
      { int64: 0 },
      /"int64" at row 4 must be exact in float64, got 9223372036854775807; declare the field as int64$/,
    ],
    [{ large_list: 0 }, /"large_list" at row 0 must be exact in float64, got 9007199254740993; declare/],
    [
      { float32: { type: 0, dtype: "int64" } },
      /"float32" at row 3 must be an integer that fits int64, got NaN$/,
    ],
    [
      { text: 0 },
      /^TypeError: Cannot load Parquet: the column of field "text" must be numbers or lists of them/,
    ],
    [{ record: 0 }, /the column of field "record" must be numbers/],
    [{ a: 0, b: 1 }, /at least one column must be a field \(a, b\), got columns float64, float32/],
  ];
  for (const [fields, message] of refused) {
    using store = new StreamStore(fields);
    await assert.rejects(store.fromParquet(path), (error) => message.test(String(error)), String(message));
    assert.equal(store.rowCount, 0);
  }
});

test("fromParquet() refuses columns that are no field", async () => {
  using store = new StreamStore({ split: 0, delta: 1 });
  const load = (columns: unknown) =>
    store.fromParquet(fixture("pages.parquet"), { columns: columns as "split"[] });
  await assert.rejects(
    load(["words"]),
    /^TypeError: Cannot load Parquet: columns must name fields \(split, delta\), got "words"$/,
  );
  await assert.rejects(load([]), /columns must name fields \(split, delta\), got none$/);
  await load(["delta"]);
  assert.deepEqual(new Set(store.window(0, store.length).types), new Set([1]));
});

test("fromParquet() reads a folder in the order of paths, all or nothing", async () => {
  using folder = temporaryFolder();
  const { path } = folder;
  mkdirSync(join(path, "b", "c"), { recursive: true });
  mkdirSync(join(path, ".hidden"));
  cpSync(fixture("plain.parquet"), join(path, "b", "c", "2.parquet"));
  cpSync(fixture("features.parquet"), join(path, "a.parquet"));
  writeFileSync(join(path, "note.txt"), "no Parquet");
  writeFileSync(join(path, ".hidden", "x.parquet"), "no Parquet");
  const { files, rowCount, columns } = await parquetSchema(path);
  assert.deepEqual(files, [join(path, "a.parquet"), join(path, "b", "c", "2.parquet")]);
  assert.equal(rowCount, 16);
  assert.equal(columns.length, 31);
  using store = new StreamStore({ float32: 0, array2d: 1 });
  await store.fromParquet(path);
  assert.equal(store.rowCount, 16);
  assert.ok(store.row(0).array2d !== undefined && store.row(8).array2d === undefined);

  writeFileSync(join(path, "z.parquet"), readFileSync(fixture("plain.parquet")).subarray(0, 4000));
  const before = store.length;
  await assert.rejects(store.fromParquet(path), /Cannot read .*z\.parquet: /);
  assert.equal(store.length, before);
  store.append(100, { float32: 1 });
  assert.equal(store.rowCount, 17);
});

test("fromParquet() says which file it cannot read", async () => {
  using folder = temporaryFolder();
  using store = new StreamStore({ a: 0 });
  await assert.rejects(
    store.fromParquet(folder.path),
    /the folder must hold files named \*\.parquet, got none$/,
  );
  await assert.rejects(
    store.fromParquet(join(folder.path, "none")),
    /^StreamStoreError: Cannot read .*none: the file or directory does not exist$/,
  );
  for (const bytes of [new Uint8Array(0), new TextEncoder().encode("PAR1PAR1PAR1"), new Uint8Array(1000)]) {
    writeFileSync(join(folder.path, "x.parquet"), bytes);
    await assert.rejects(store.fromParquet(folder.path), /Cannot read .*x\.parquet: /);
    await assert.rejects(parquetSchema(folder.path), /Cannot read .*x\.parquet: /);
  }
});

test("fromParquet() fails without a trace if something else is appended meanwhile", async () => {
  const path = fixture("pages.parquet");
  using store = new StreamStore({ split: 0 });
  // An option that is looked at when the load has begun.
  const during = (action: () => void) => ({
    get step(): undefined {
      action();
      return undefined;
    },
  });
  const refusesOthers = () => assert.throws(() => store.appendColumns({ step: [] }), { code: "busy" });
  await store.fromParquet(path, during(refusesOthers));
  assert.equal(store.rowCount, 200);
  const load = store.fromParquet(path, during(() => store.append(1000, { split: 1 })));
  await assert.rejects(load, { code: "busy" });
  assert.deepEqual([store.rowCount, store.row(200).step], [201, 1000]);
  store.appendColumns({ step: [1001] });
  await assert.rejects(store.fromParquet(path, during(() => store.close())), { code: "closed" });
});

test("parquetSchema() tells the feature of each column that holds numbers", async () => {
  const { rowCount, columns } = await parquetSchema(fixture("features.parquet"));
  assert.equal(rowCount, 8);
  for (const { name, feature } of columns) {
    assert.deepEqual(feature, expected.features[name]?.feature ?? null, name);
  }
  assert.deepEqual(columns.filter(({ feature }) => feature === null).map(({ name }) => name), [
    "text",
    "record",
  ]);
});

test("fromParquet() of damaged files throws and leaves the store as it was, or loads", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "x.parquet");
  const original = readFileSync(fixture("plain.parquet"));
  const columns = Object.keys(expected.plain);
  let state = 7;
  const random = (end: number) => (state = Math.imul(state, 1103515245) + 12345 >>> 0) % end;
  let refused = 0;
  for (let round = 0; round < 150; round++) {
    const bytes = Uint8Array.from(original);
    for (let i = 0; i < 3; i++) bytes[random(bytes.length)] ^= 1 << random(8);
    writeFileSync(path, bytes);
    using store = new StreamStore(fieldsFor(expected.plain), { capacity: 4096 });
    try {
      await store.fromParquet(path, { columns });
    } catch (error) {
      refused++;
      assert.ok(error instanceof Error && /^Cannot /.test(error.message), `round ${round}: ${error}`);
      assert.equal(store.rowCount, 0);
    }
  }
  console.log(`${refused} of 150 damaged Parquet files were refused`);
  assert.ok(refused > 10);
});
