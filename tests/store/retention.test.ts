import assert from "node:assert/strict";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import { Appender } from "../../src/append/appender.ts";
import { Connection } from "../../src/store/connection.ts";
import { parseFields } from "../../src/fields.ts";
import { chunkOf } from "../../src/store/chunk.ts";
import { checkRetain, Retention } from "../../src/store/retention.ts";
import { withDirectory } from "../torture/scratch.ts";

/** 11 tokens a row: a chunk of 65,536 tokens, the smallest that there is, holds 5,957. */
function fill(store: StreamStore<{ a: 0; list: 1 }>, rows: number): void {
  const first = store.rowCount;
  for (let row = first; row < first + rows; row++) {
    store.append(row, { a: row, list: Float64Array.of(row, 1, 2, 3, 4, 5, 6, 7, 8, 9) });
  }
  store.flush();
}

const fields = { a: 0, list: 1 } as const;

const chunkRows = Math.floor(65_536 / 11);

test("append() with retain drops whole chunks, keeps enough rows, and leaves indices as they were", () => {
  using store = new StreamStore(fields, { retain: { rows: 1000 } });
  fill(store, 40_000);
  assert.equal(store.rowCount, 40_000);
  assert.equal(store.length, 440_000);
  assert.ok(
    store.firstRow <= 39_000 && store.firstRow >= 39_000 - chunkRows,
    `firstRow is ${store.firstRow}`,
  );
  assert.equal(store.firstToken, 11 * store.firstRow);
  const { firstRow, firstToken } = store;
  assert.equal(store.row(firstRow).a, firstRow);
  assert.equal(store.rows().length, 40_000 - firstRow);
  assert.deepEqual(
    store.column("a").values,
    Float64Array.from({ length: 40_000 - firstRow }, (_, i) => firstRow + i),
  );
  assert.equal(store.window(firstToken, 2).values[1], firstRow);
  assert.equal(store.gather([firstToken + 11], 1).values[0], firstRow + 1);
  assert.equal(store.rowOfStep(firstRow), firstRow);
  assert.equal(store.rowOfStep(firstRow - 1), -1);
  assert.equal(store.rowOfToken(firstToken + 12), firstRow + 1);
});

test("window(), get() and rows() of what was dropped say where the stream starts", () => {
  using store = new StreamStore(fields, { retain: { rows: 1 } });
  fill(store, 1);
  const early = store.window(0, 2);
  const { values } = early;
  fill(store, 19_999);
  const { firstRow, firstToken } = store;
  assert.ok(firstRow > 13_000);
  const dropped = `Cannot read window: start must be >= ${firstToken}, where the stream now starts, got 0`;
  const cases: [() => unknown, string][] = [
    [() => store.window(0, 1), dropped],
    [() => early.types, dropped],
    [() => early.bits, dropped],
    [() => early.steps, dropped],
    [
      () => store.gather([firstToken - 1], 2),
      `Cannot gather: starts[0] must be a whole number from ${firstToken} to 219998, got ${firstToken - 1}`,
    ],
    [
      () => store.get([5]),
      `Cannot get tokens: indices[0] must be a whole number from ${firstToken} to 219999, got 5`,
    ],
    [() => store.row(0), `Cannot read rows: a range must lie within ${firstRow} to 20000, got 0 to 1`],
    [
      () => store.rows(firstRow - 1),
      `Cannot read rows: a range must lie within ${firstRow} to 20000, got ${firstRow - 1} to 20000`,
    ],
    [
      () => store.rowOfToken(1),
      `Cannot find a row: a token index must be from ${firstToken} to 219999, got 1`,
    ],
  ];
  for (const [read, message] of cases) assert.throws(read, { name: "RangeError", message });
  // What the documentation of a window says of arrays that were taken before.
  assert.deepEqual([...early.values], [0, 0]);
  assert.equal(early.values, values);
});

test("retain by bytes and by time", async () => {
  // A byte for the type and 8 for the value of each of 11 tokens, and 16 for the row.
  using bytes = new StreamStore(fields, { retain: { bytes: 115 * 10_000 } });
  fill(bytes, 40_000);
  assert.ok(
    bytes.firstRow <= 30_000 && bytes.firstRow >= 30_000 - chunkRows,
    `firstRow is ${bytes.firstRow}`,
  );
  using time = new StreamStore(fields, { capacity: 4096, retain: { ms: 200 } });
  assert.equal(time.firstRow, 0);
  fill(time, 20_000);
  assert.equal(time.firstRow, 0);
  await new Promise((resolve) => setTimeout(resolve, 300));
  fill(time, 10_000);
  assert.ok(
    time.firstRow > 20_000 - 2 * chunkRows && time.firstRow <= 20_000,
    `firstRow is ${time.firstRow}`,
  );
});

test("close() drops nothing of what retain lets go, and the next writer's first commit drops it", () =>
  withDirectory((directory) => {
    const path = join(directory, "run.stream");
    const options = {
      fields: { a: 0 },
      capacity: 65_536,
      retain: { rows: 1000 },
      commitEvery: false,
    } as const;
    const rows = 70_000;
    {
      using store = StreamStore.open(path, { ...options, retain: { rows: 1e6 } });
      for (let step = 0; step < rows; step++) store.append(step, { a: step });
    }
    {
      using store = StreamStore.open(path, options);
      assert.equal(store.firstRow, 0);
    }
    using store = StreamStore.open(path, options);
    assert.equal(store.firstRow, 0);
    store.append(rows, { a: rows });
    store.flush();
    assert.equal(store.firstRow, 65_536);
    assert.equal(store.row(65_536).a, 65_536);
  }));

test("retain by bytes counts rows without tokens, and their empty lists", () => {
  using store = new StreamStore(fields, { retain: { bytes: 32 * 5000 } });
  for (let step = 0; step < 400_000; step++) store.append(step, { list: [] });
  store.flush();
  // Segments of 4,096 marks are the first that can be dropped.
  assert.ok(store.firstRow <= 395_000 && store.firstRow >= 395_000 - 4096, `firstRow is ${store.firstRow}`);
  assert.deepEqual(store.row(store.firstRow), { step: store.firstRow, list: new Float64Array(0) });
});

test("retain by time takes no notice of the time of day", () => {
  const { now } = Date;
  using store = new StreamStore(fields, { capacity: 4096, retain: { ms: 3_600_000 } });
  try {
    for (const hours of [0, 2, 4, -3, 0]) {
      Date.now = () => now() + hours * 3_600_000;
      fill(store, 8000);
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
  const capacity = 65_536;
  const connection = Connection.temporary({ capacity, isSegmented: true }, parseFields({ a: 0 }));
  const clock = { ms: 1e6 };
  const append = timedStore(connection, clock);
  // A quarter of a chunk every 100 ms.
  for (let commit = 1; commit <= 40; commit++) {
    clock.ms += 100;
    append(capacity / 4);
    // Those of the last ten commits are younger than a second; the chunk that the first of them stands in is kept.
    const youngest = capacity / 4 * Math.max(0, commit - 10);
    assert.equal(connection.firstRow, youngest - youngest % capacity, `commit ${commit}`);
  }
  connection.close();
});

test("open() keeps what the store holds for as long as retain says from then on", () =>
  withDirectory((directory) => {
    const path = join(directory, "run.stream");
    const capacity = 65_536;
    {
      using store = StreamStore.open(path, { fields: { a: 0 }, capacity, retain: { rows: 1e6 } });
      for (let row = 0; row < 2 * capacity; row++) store.append(row, { a: row });
    }
    // A clock that counts from the start of its process: the one before may have said more.
    const clock = { ms: 5 };
    const connection = Connection.existing(path, "write", { fields: parseFields({ a: 0 }) });
    const append = timedStore(connection, clock);
    clock.ms += 999;
    append(capacity / 2);
    assert.equal(connection.firstRow, 0);
    clock.ms += 2;
    append(capacity / 2);
    assert.equal(connection.firstRow, 2 * capacity);
    clock.ms += 1000;
    append(1);
    assert.equal(connection.firstRow, 3 * capacity);
    connection.close();
  }));

test("toDataset() of a bounded stream has the rows that are kept", async () => {
  using store = new StreamStore(fields, { retain: { rows: 10 } });
  fill(store, 13_000);
  assert.ok(store.firstRow > 0);
  store.append(13_000, { list: [] });
  const table = await store.toDataset({ step: "time" });
  assert.equal(table.numRows, 13_001 - store.firstRow);
  assert.equal(table.getChild("a")!.get(0), store.firstRow);
  assert.equal(table.getChild("a")!.get(table.numRows - 1), null);
  assert.equal(table.getChild("time")!.get(0), BigInt(store.firstRow));
  assert.equal(table.getChild("list")!.get(table.numRows - 1).length, 0);
});

test("append() with retain frees disk space, and the store is the same when it is opened again", () =>
  withDirectory(async (directory) => {
    const path = join(directory, "run.stream");
    let firstRow = 0;
    {
      using store = StreamStore.open(path, { fields, retain: { rows: 1000 } });
      fill(store, 100_000);
      firstRow = store.firstRow;
      assert.deepEqual((await store.verify()).damaged, []);
    }
    const names = readdirSync(path).filter((name) => name.startsWith("data.f64."));
    assert.deepEqual(names, ["data.f64.00016"]);
    assert.equal(statSync(join(path, names[0])).size, 8 * (1_100_000 - 16 * 65_536));
    const size = readdirSync(path).reduce((sum, name) => sum + statSync(join(path, name)).size, 0);
    assert.ok(size < 4e6, `${size} bytes`);
    using reader = StreamStore.open(path, { mode: "read" });
    assert.equal(reader.firstRow, firstRow);
    assert.equal(reader.row(firstRow).a, firstRow);
    assert.throws(() => reader.row(firstRow - 1), RangeError);
    const verified = await reader.verify();
    assert.deepEqual(verified.damaged, []);
    assert.ok(verified.chunkCount < 10, `${verified.chunkCount} chunks`);
    using salvaged = StreamStore.open(path, { salvage: true });
    assert.equal(salvaged.rowCount, 100_000);
    assert.equal(salvaged.firstRow, firstRow);
    assert.equal(salvaged.row(99_999).a, 99_999);
  }));

test("a writer that only syncs drops as much as one that flushes", () => {
  using flushed = new StreamStore({ a: 0 }, { retain: { rows: 1000 } });
  using synced = new StreamStore({ a: 0 }, { retain: { rows: 1000 } });
  for (let row = 0; row < 200_000; row++) {
    for (const store of [flushed, synced]) store.append(row, { a: row });
    if (row % 5000 !== 4999) continue;
    flushed.flush();
    synced.sync();
    assert.equal(synced.firstRow, flushed.firstRow);
  }
  assert.ok(synced.firstRow > 0);
});

test("open() with retain refuses a store that was made without it, and leaves it as it was", () =>
  withDirectory((directory) => {
    const path = join(directory, "run.stream");
    StreamStore.open(path, { fields }).close();
    assert.throws(() => StreamStore.open(path, { retain: { rows: 1000 } }), {
      name: "RangeError",
      message:
        `Cannot open the store ${path}: retain must be left out, since the store was made without it and keeps ` +
        'all rows, got {"rows":1000}; a new store made with retain drops its oldest rows',
    });
    // It is not locked, and a reader drops nothing anyway.
    StreamStore.open(path).close();
    StreamStore.open(path, { mode: "read", retain: { rows: 1000 } }).close();
  }));

test("open() of a store made with retain drops nothing without it, and goes on where it is given again", () =>
  withDirectory((directory) => {
    const path = join(directory, "run.stream");
    {
      using store = StreamStore.open(path, { fields, retain: { rows: 1000 } });
      fill(store, 10_000);
    }
    {
      using store = StreamStore.open(path);
      const { firstRow } = store;
      fill(store as never, 20_000);
      assert.equal(store.firstRow, firstRow);
    }
    using store = StreamStore.open(path, { retain: { rows: 1000 } });
    fill(store as never, 10);
    assert.ok(store.firstRow >= 30_010 - 1000 - chunkRows, `firstRow is ${store.firstRow}`);
    assert.equal(store.row(store.firstRow).a, store.firstRow);
  }));

test("StreamStore() chooses a chunk that suits what it keeps", () => {
  const chunks: [Record<string, number>, number | undefined, number][] = [
    [{ rows: 1000 }, undefined, 65_536],
    [{ rows: 32 * 65_536 }, undefined, 2 * 65_536],
    [{ bytes: 9 * 32 * 3 * 65_536 }, undefined, 3 * 65_536],
    [{ rows: 1e9, bytes: 1 }, undefined, 65_536],
    [{ ms: 1000 }, undefined, 16 * 65_536],
    [{ ms: 1000 }, 1, 65_536],
    [{ rows: 1 }, 65_537, 2 * 65_536],
    [{ rows: 1 }, 2 ** 32 - 1, 2 ** 32 - 65_536],
    [{ rows: 1e15 }, undefined, 2 ** 32 - 65_536],
  ];
  for (const [retain, capacity, expected] of chunks) {
    checkRetain(retain);
    const chunk = chunkOf(capacity, retain, parseFields(fields), 0);
    assert.deepEqual(chunk, { capacity: expected, isSegmented: true }, JSON.stringify(retain));
  }
  assert.deepEqual(chunkOf(undefined, undefined, [], 0), { capacity: 1_000_000, isSegmented: false });
});

test("StreamStore() with text and bytes makes their files suit what it keeps, too", () => {
  const mebibyte = 2 ** 20;
  // What is kept, the capacity, and how many MiB a file of bytes has.
  const chunks: [Record<string, number>, number | undefined, number, number][] = [
    [{ bytes: 1 }, undefined, 65_536, 1],
    [{ bytes: 32 * 5 * mebibyte }, undefined, 5 * 65_536, 5],
    [{ bytes: 32 * 5 * mebibyte, rows: 10 }, undefined, 65_536, 5],
    [{ bytes: 32 * 5 * mebibyte }, 65_536, 65_536, 5],
    [{ bytes: 1e12 }, undefined, 29_803 * 65_536, 1024],
    [{ rows: 10 }, undefined, 65_536, 16],
    [{ rows: 32 * 20 * 65_536 }, undefined, 40 * 65_536, 40],
    [{ ms: 10 }, 65_536, 65_536, 16],
  ];
  for (const [retain, capacity, expected, segmentChunks] of chunks) {
    const chunk = chunkOf(capacity, retain, parseFields(fields), 1);
    assert.deepEqual(chunk, { capacity: expected, isSegmented: true, segmentChunks }, JSON.stringify(retain));
  }
});

test("StreamStore() refuses limits of retain that are none", () => {
  for (const retain of [{ rows: 0 }, { bytes: -1 }, { ms: 1.5 }, { hours: 1 }]) {
    assert.throws(() => new StreamStore(fields, { retain: retain as never }), {
      name: "RangeError",
      message: /^Cannot open a store: retain must be \{ rows, bytes, ms \} of positive integers, got /,
    });
  }
});
