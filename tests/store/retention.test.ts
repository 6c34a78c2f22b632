import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import { Appender } from "../../src/append/appender.ts";
import { Connection } from "../../src/store/connection.ts";
import { parseFields } from "../../src/fields.ts";
import { Retention } from "../../src/store/retention.ts";
import { withDirectory } from "../torture/scratch.ts";

/** 11 tokens a row, chunks of 4,096 tokens. */
function fill(store: StreamStore<{ a: 0; list: 1 }>, rows: number): void {
  const first = store.rowCount;
  for (let row = first; row < first + rows; row++) {
    store.append(row, { a: row, list: Float64Array.of(row, 1, 2, 3, 4, 5, 6, 7, 8, 9) });
  }
  store.flush();
}

const fields = { a: 0, list: 1 } as const;

test("append() with retain drops whole chunks, keeps enough rows, and leaves indices as they were", () => {
  using store = new StreamStore(fields, { capacity: 4096, retain: { rows: 1000 } });
  fill(store, 20_000);
  assert.equal(store.rowCount, 20_000);
  assert.equal(store.length, 220_000);
  assert.ok(
    store.firstRow <= 19_000 && store.firstRow > 19_000 - 4096 / 11 - 1,
    `firstRow is ${store.firstRow}`,
  );
  assert.equal(store.firstToken, 11 * store.firstRow);
  const { firstRow, firstToken } = store;
  assert.equal(store.row(firstRow).a, firstRow);
  assert.equal(store.rows().length, 20_000 - firstRow);
  assert.deepEqual(
    store.column("a").values,
    Float64Array.from({ length: 20_000 - firstRow }, (_, i) => firstRow + i),
  );
  assert.equal(store.window(firstToken, 2).values[1], firstRow);
  assert.equal(store.gather([firstToken + 11], 1).values[0], firstRow + 1);
  assert.equal(store.rowOfStep(firstRow), firstRow);
  assert.equal(store.rowOfStep(firstRow - 1), -1);
  assert.equal(store.rowOfToken(firstToken + 12), firstRow + 1);
});

test("window(), get() and rows() of what was dropped say where the stream starts", () => {
  using store = new StreamStore(fields, { capacity: 4096, retain: { rows: 1 } });
  fill(store, 5000);
  const { firstRow, firstToken } = store;
  assert.ok(firstRow > 4000);
  const cases: [() => unknown, string][] = [
    [
      () => store.window(0, 1),
      `Cannot read window: start must be >= ${firstToken}, where the stream now starts, got 0`,
    ],
    [
      () => store.gather([firstToken - 1], 2),
      `Cannot gather: starts[0] must be a whole number from ${firstToken} to 54998, got ${firstToken - 1}`,
    ],
    [
      () => store.get([5]),
      `Cannot get tokens: indices[0] must be a whole number from ${firstToken} to 54999, got 5`,
    ],
    [() => store.row(0), `Cannot read rows: a range must lie within ${firstRow} to 5000, got 0 to 1`],
    [
      () => store.rows(firstRow - 1),
      `Cannot read rows: a range must lie within ${firstRow} to 5000, got ${firstRow - 1} to 5000`,
    ],
    [
      () => store.rowOfToken(1),
      `Cannot find a row: a token index must be from ${firstToken} to 54999, got 1`,
    ],
  ];
  for (const [read, message] of cases) assert.throws(read, { name: "RangeError", message });
});

test("retain by bytes and by time", async () => {
  using bytes = new StreamStore(fields, { capacity: 4096, retain: { bytes: 20 * 11_000 } });
  fill(bytes, 10_000);
  assert.ok(bytes.firstRow <= 9000 && bytes.firstRow > 9000 - 374, `firstRow is ${bytes.firstRow}`);
  using time = new StreamStore(fields, { capacity: 4096, retain: { ms: 200 } });
  fill(time, 2000);
  assert.equal(time.firstRow, 0);
  await new Promise((resolve) => setTimeout(resolve, 300));
  fill(time, 1000);
  assert.ok(time.firstRow > 1500 && time.firstRow <= 2000, `firstRow is ${time.firstRow}`);
});

test("retain by time takes no notice of the time of day", () => {
  const { now } = Date;
  using store = new StreamStore(fields, { capacity: 4096, retain: { ms: 3_600_000 } });
  try {
    for (const hours of [0, 2, 4, -3, 0]) {
      Date.now = () => now() + hours * 3_600_000;
      fill(store, 2000);
      assert.equal(store.firstRow, 0, `${hours} hours off`);
    }
  } finally {
    Date.now = now;
  }
});

/** As a store has them, with a clock that the test sets: appends so many rows of a token, and commits. */
function timedStore(connection: Connection, clock: { ms: number }): (rows: number) => void {
  const retention = new Retention(connection, { ms: 1000 }, () => clock.ms);
  const appender = new Appender(connection, parseFields({ a: 0 }), { onFlush: () => retention.apply() });
  return (rows) => {
    for (let row = 0; row < rows; row++) {
      appender.write((writer) => writer.writeStep(appender.rowCount, { a: row }));
    }
    appender.flush();
  };
}

test("retain by time keeps a row for as long as it says, to the last commit, and drops it then", () => {
  const capacity = 512;
  const connection = Connection.temporary(capacity, parseFields({ a: 0 }));
  const clock = { ms: 1e6 };
  const append = timedStore(connection, clock);
  // 128 rows every 100 ms.
  for (let commit = 1; commit <= 100; commit++) {
    clock.ms += 100;
    append(128);
    // Those of the last ten commits are younger than a second; the chunk that the first of them stands in is kept.
    const youngest = 128 * Math.max(0, commit - 10);
    assert.equal(connection.firstRow, youngest - youngest % capacity, `commit ${commit}`);
  }
  connection.close();
});

test("open() keeps what the store holds for as long as retain says from then on", () =>
  withDirectory((directory) => {
    const path = join(directory, "run.stream");
    {
      using store = StreamStore.open(path, { fields: { a: 0 }, capacity: 512 });
      for (let row = 0; row < 4096; row++) store.append(row, { a: row });
    }
    // A clock that counts from the start of its process: the one before may have said more.
    const clock = { ms: 5 };
    const connection = Connection.existing(path, "write", { fields: parseFields({ a: 0 }) });
    const append = timedStore(connection, clock);
    clock.ms += 999;
    append(1024);
    assert.equal(connection.firstRow, 0);
    clock.ms += 2;
    append(1024);
    assert.equal(connection.firstRow, 4096);
    clock.ms += 1000;
    append(1);
    assert.equal(connection.firstRow, 4096 + 2048);
    connection.close();
  }));

test("toDataset() of a bounded stream has the rows that are kept", async () => {
  using store = new StreamStore(fields, { capacity: 4096, retain: { rows: 10 } });
  fill(store, 3000);
  store.append(3000, { list: [] });
  const table = await store.toDataset({ step: "time" });
  assert.equal(table.numRows, 3001 - store.firstRow);
  assert.equal(table.getChild("a")!.get(0), store.firstRow);
  assert.equal(table.getChild("a")!.get(table.numRows - 1), null);
  assert.equal(table.getChild("time")!.get(0), BigInt(store.firstRow));
  assert.equal(table.getChild("list")!.get(table.numRows - 1).length, 0);
});

test("append() with retain frees disk space, and the store is the same when it is opened again", async () => {
  const folder = mkdtempSync(join(tmpdir(), "retention-"));
  try {
    const path = join(folder, "run.stream");
    let firstRow = 0;
    {
      using store = StreamStore.open(path, { fields, capacity: 65_536, retain: { rows: 1000 } });
      fill(store, 100_000);
      firstRow = store.firstRow;
      assert.deepEqual((await store.verify()).damaged, []);
    }
    const { size, blocks } = statSync(join(path, "data.f64"));
    assert.equal(size, 8 * 1_100_000);
    assert.ok(512 * blocks < size / 4, `${512 * blocks} bytes on disk`);
    using reader = StreamStore.open(path, { mode: "read" });
    assert.equal(reader.firstRow, firstRow);
    assert.equal(reader.row(firstRow).a, firstRow);
    assert.throws(() => reader.row(firstRow - 1), RangeError);
    assert.deepEqual((await reader.verify()).damaged, []);
    using salvaged = StreamStore.open(path, { salvage: true });
    assert.equal(salvaged.rowCount, 100_000);
    assert.equal(salvaged.row(99_999).a, 99_999);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a writer that only syncs drops as much as one that flushes", () => {
  using flushed = new StreamStore(fields, { capacity: 4096, retain: { rows: 1000 } });
  using synced = new StreamStore(fields, { capacity: 4096, retain: { rows: 1000 } });
  for (let row = 0; row < 20_000; row++) {
    for (const store of [flushed, synced]) store.append(row, { a: row });
    if (row % 500 !== 499) continue;
    flushed.flush();
    synced.sync();
    assert.equal(synced.firstRow, flushed.firstRow);
  }
  assert.ok(synced.firstRow > 0);
});

test("StreamStore() refuses limits of retain that are none", () => {
  for (const retain of [{ rows: 0 }, { bytes: -1 }, { ms: 1.5 }, { hours: 1 }]) {
    assert.throws(() => new StreamStore(fields, { retain: retain as never }), {
      name: "RangeError",
      message: /^Cannot open a store: retain must be \{ rows, bytes, ms \} of positive integers, got /,
    });
  }
});
