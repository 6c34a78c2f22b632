import { asyncBufferFromFile, parquetReadObjects } from "hyparquet";
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { parquetSchema, StreamStore } from "../../../mod.ts";
import { realData, skipRealData as skip } from "../../support/dataset.ts";

// Files that nobody here wrote. hyparquet's own reader, which shares no code with ours behind the page headers, says
// what is in them.
if (skip) console.log(`Tests of real Parquet files are skipped: ${skip}`);

type Row = Record<string, unknown>;

async function readRows(files: readonly string[]): Promise<Row[]> {
  const parts = await Promise.all(files.map(async (path) => {
    const file = await asyncBufferFromFile(path);
    const parsers = { dateFromDays: (days: number) => days };
    return await parquetReadObjects({ file, parsers }) as Row[];
  }));
  return parts.flat();
}

/** Loads all columns that hold numbers into fields of their own. */
async function loadAll(
  path: string,
): Promise<{ store: StreamStore; names: string[]; files: readonly string[] }> {
  const { columns, files } = await parquetSchema(path);
  const names = columns.filter(({ feature }) => feature !== null).map(({ name }) => name);
  const store = new StreamStore(Object.fromEntries(names.map((name, type) => [name, type])));
  await store.fromParquet(path);
  return { store, names, files };
}

/** A value as the store gives it: numbers, and lists of them flat. */
function plain(entry: unknown): unknown {
  if (entry === null || entry === undefined) return undefined;
  return Array.isArray(entry) ? entry.flat(Infinity).map(Number) : Number(entry);
}

function assertSame(store: StreamStore, names: readonly string[], rows: readonly Row[]): void {
  assert.equal(store.rowCount, rows.length);
  store.rows().forEach((row, i) => {
    for (const name of names) {
      const got = row[name];
      assert.deepEqual(
        ArrayBuffer.isView(got) ? [...got as Float64Array] : got,
        plain(rows[i][name]),
        `${name} at row ${i}`,
      );
    }
  });
}

test("fromParquet() of all episodes of a LeRobot dataset, against another reader", { skip }, async () => {
  const { store, names, files } = await loadAll(join(realData, "lerobot-g1"));
  using _ = store;
  assert.deepEqual([files.length, store.rowCount, store.length], [20, 7844, 447_108]);
  assertSame(store, names, await readRows(files));
  const table = await store.toDataset();
  assert.deepEqual(table.schema.fields.slice(0, 4).map(String), [
    "observation.state: FixedSizeList[26]<Float32>",
    "action: FixedSizeList[26]<Float32>",
    "timestamp: Float32",
    "frame_index: Int64",
  ]);
  const { features } = JSON.parse(table.schema.metadata.get("huggingface")!).info;
  assert.deepEqual(features["observation.state"], {
    feature: { dtype: "float32", _type: "Value" },
    length: 26,
    _type: "Sequence",
  });
  using copy = new StreamStore(Object.fromEntries(store.fields.map(({ name, type }) => [name, type])));
  await copy.fromDataset(table);
  assert.deepEqual(copy.window(0, copy.length).bits, store.window(0, store.length).bits);
});

test("fromParquet() takes steps of a LeRobot dataset from its index", { skip }, async () => {
  using store = new StreamStore({ action: 0 });
  await store.fromParquet(join(realData, "lerobot-g1"), { step: "index" });
  assert.deepEqual([store.rowCount, store.row(7843).step], [7844, 7843]);
  await assert.rejects(
    store.fromParquet(join(realData, "lerobot-g1"), { step: "frame_index" }),
    /the step of row 0 must be > 7843, the step before it, got 0$/,
  );
});

for (
  const folder of ["lerobotv2/data", "lerobotv2-image/data", "lerobotv3/data", "lerobotv3/meta/episodes"]
) {
  test(`fromParquet() of LeRobot Studio's ${folder}, against another reader`, { skip }, async () => {
    const { store, names, files } = await loadAll(join(realData, "lerobot-studio", folder));
    using _ = store;
    assertSame(store, names, await readRows(files));
    assert.ok(names.length >= 7);
  });
}

test(
  "fromParquet() does not load a column of images or text, and refuses it as a field",
  { skip },
  async () => {
    const path = join(realData, "lerobot-studio", "lerobotv2-image");
    using store = new StreamStore({ "observation.images.cam": 0 });
    await assert.rejects(
      store.fromParquet(path),
      /the column of field "observation.images.cam" must be numbers/,
    );
    const tasks = await parquetSchema(join(realData, "lerobot-studio/lerobotv3/meta/tasks.parquet"));
    assert.deepEqual(tasks.columns.map(({ name, feature }) => [name, feature === null]), [
      ["task_index", false],
      ["task", true],
    ]);
  },
);

for (const [name, fields, rowCount] of [["seattle-weather", 5, 1461], ["random-walk", 2, 50_001]] as const) {
  test(`fromParquet() of ${name}.parquet, which DuckDB wrote, against another reader`, { skip }, async () => {
    const path = join(realData, "mosaic", `${name}.parquet`);
    const { store, names } = await loadAll(path);
    using _ = store;
    assert.deepEqual([names.length, store.rowCount], [fields, rowCount]);
    assertSame(store, names, await readRows([path]));
  });
}
