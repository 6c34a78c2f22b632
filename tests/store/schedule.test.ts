/** How far readers and the disk may lag behind a writer, and what becomes of failures that nobody waited for. */
import { tableFromArrays } from "apache-arrow";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { StreamStore, StreamStoreError } from "../../mod.ts";
import { Appender } from "../../src/append/appender.ts";
import { Schedule } from "../../src/store/schedule.ts";
import { fields, type Store, withPair } from "../support/pair.ts";
import { wait } from "../support/time.ts";
import { Child } from "../torture/child.ts";
import { withDirectory } from "../torture/scratch.ts";

/** Rows in the newest synced commit: zig/src/format/format.zig says where it stands. */
function syncedRows(path: string): number {
  const head = readFileSync(`${path}/head`);
  const slots = [1536, 2048].map((at) => [head.readBigUInt64LE(at), head.readBigUInt64LE(at + 16)]);
  return Number(slots[0][0] > slots[1][0] ? slots[0][1] : slots[1][1]);
}

test("flush() shows rows to readers, and sync() leaves them on the disk, where no option does", () =>
  withPair({ commitEvery: false }, (writer, reader, path) => {
    for (let step = 0; step < 1000; step++) writer.append(step, { a: 1 });
    assert.equal(reader.refresh(), false);
    writer.flush();
    assert.equal(reader.refresh(), true);
    assert.equal(reader.rowCount, 1000);
    assert.equal(syncedRows(path), 0);
    writer.sync();
    assert.equal(syncedRows(path), 1000);
  }));

test("commitEvery steps bounds how many rows a reader lags behind", async () => {
  for (const steps of [1, 2, 7, 100]) {
    await withPair({ commitEvery: { steps } }, (writer, reader) => {
      for (let step = 0; step < 500; step++) {
        if (step % 3 === 0) writer.append(step, { a: step });
        else if (step % 3 === 1) writer.append([step, step], ["a", "b"], [1, 2]);
        else writer.append(BigInt(step), { b: step });
        reader.refresh();
        const lag = writer.rowCount - reader.rowCount;
        assert.ok(lag < steps, `${lag} rows behind at step ${step}`);
      }
      assert.ok(reader.rowCount > 500 - steps);
    });
  }
});

test("commitEvery ms shows rows to readers without another append", () =>
  withPair({ commitEvery: { ms: 20 } }, async (writer, reader) => {
    for (let round = 0; round < 3; round++) {
      writer.append(round, { a: round });
      assert.equal(reader.rowCount, round);
      await reader.waitForRows(round + 1, { signal: AbortSignal.timeout(10_000) });
      assert.equal(reader.row(round).a, round);
    }
  }));

test("syncEvery bounds how many rows the disk lags behind", async () => {
  await withPair({ syncEvery: { steps: 10 }, commitEvery: { steps: 3 } }, (writer, reader, path) => {
    for (let step = 0; step < 60; step++) {
      writer.append(step, { a: step });
      reader.refresh();
      assert.ok(writer.rowCount - syncedRows(path) < 10);
      assert.ok(writer.rowCount - reader.rowCount < 3);
    }
  });
  await withPair({ syncEvery: { ms: 20 } }, async (writer, _, path) => {
    writer.append(0, { a: 0 });
    for (let i = 0; i < 500 && syncedRows(path) < 1; i++) await wait(20);
    assert.equal(syncedRows(path), 1);
  });
});

test("syncEvery counts rows that come by columns and from datasets", () =>
  withPair({ syncEvery: { steps: 10 } }, async (writer, _, path) => {
    writer.appendColumns({ step: Array.from({ length: 9 }, (_, i) => i), a: new Float64Array(9) });
    assert.equal(syncedRows(path), 0);
    writer.appendColumns({ step: [9], a: [1] });
    assert.equal(syncedRows(path), 10);
    await writer.fromDataset(tableFromArrays({ b: new Float64Array(25) }));
    assert.equal(syncedRows(path), 35);
    for (let step = 35; step < 44; step++) writer.append(step, { a: 1 });
    assert.equal(syncedRows(path), 35);
    writer.append(44, { a: 1 });
    assert.equal(syncedRows(path), 45);
  }));

test("open() refuses intervals that are none before a store is made", () =>
  withDirectory((directory) => {
    const wrong = [
      5,
      null,
      "often",
      { steps: 0 },
      { steps: -1 },
      { steps: 1.5 },
      { ms: "1" },
      { ms: 2 ** 31 },
      {
        seconds: 1,
      },
      { ms: NaN },
      { seconds: undefined },
    ];
    for (const name of ["commitEvery", "syncEvery"]) {
      for (const interval of wrong) {
        const options = { fields, [name]: interval as { steps: number } };
        assert.throws(() => StreamStore.open(`${directory}/run.stream`, options), {
          name: "RangeError",
          message: new RegExp(`^Cannot open a store: ${name} must be \\{ steps, ms \\} of positive integers`),
        });
      }
    }
    const right = { steps: undefined, ms: 2 ** 31 - 1 };
    StreamStore.open(`${directory}/run.stream`, { fields, commitEvery: right, syncEvery: {} }).close();
  }));

/** An appender whose commits and syncs do what a test says. */
function doubleOf(act: () => void): Appender {
  const double = { rowCount: 0, dueRow: Infinity, isFlushed: false, flush: act, sync: act };
  return double as unknown as Appender;
}

test("what a timer could not do is thrown once, by the next call that asks", async () => {
  const failure = new StreamStoreError("storage-full", "no space");
  let attempts = 0;
  const appender = doubleOf(() => {
    if (++attempts === 1) throw failure;
  });
  const schedule = new Schedule(appender, { commitEvery: { ms: 1 } });
  appender.rowCount = 1;
  schedule.runDue();
  for (let i = 0; i < 1000 && attempts < 1; i++) await wait(1);
  // An append asks as soon as this many rows are there.
  assert.ok(appender.dueRow < appender.rowCount);
  assert.throws(() => schedule.check(), failure);
  schedule.check();
  for (let i = 0; i < 1000 && attempts < 2; i++) await wait(1);
  schedule.check();
  // And the first append after a commit, which is what arms the timer.
  assert.equal(appender.dueRow, 0);
  appender.rowCount = 2;
  schedule.runDue();
  schedule.stop();
  await wait(20);
  assert.equal(attempts, 2);
});

test("append() throws what failed in a commit that was due, and tries it again", () => {
  const failure = new StreamStoreError("storage-full", "no space");
  let isFull = true;
  const appender = doubleOf(() => {
    if (isFull) throw failure;
  });
  const schedule = new Schedule(appender, { commitEvery: { steps: 2 } });
  appender.rowCount = 2;
  schedule.run();
  assert.throws(() => schedule.check(), failure);
  isFull = false;
  assert.ok(appender.rowCount > appender.dueRow);
  schedule.run();
  schedule.check();
  assert.equal(appender.dueRow, 3);
});

test("a timer that comes while rows are loaded waits for its next turn", async () => {
  let attempts = 0;
  const appender = doubleOf(() => {
    if (++attempts < 3) throw new StreamStoreError("busy", "rows are being loaded");
  });
  const schedule = new Schedule(appender, { commitEvery: false, syncEvery: { ms: 1 } });
  appender.rowCount = 1;
  schedule.runDue();
  for (let i = 0; i < 1000 && attempts < 3; i++) await wait(1);
  assert.equal(attempts, 3);
  schedule.check();
  schedule.stop();
});

test("append(), flush(), appendColumns() and close() throw what a timer could not do", () =>
  withDirectory((directory) => {
    const calls: ((store: Store) => void)[] = [
      (store) => store.append(1, { a: 1 }),
      (store) => store.flush(),
      (store) => store.sync(),
      (store) => store.appendColumns({ step: [1], a: [1] }),
      (store) => store.close(),
    ];
    for (const [i, call] of calls.entries()) {
      using store = StreamStore.open(`${directory}/${i}.stream`, {
        fields,
        commitEvery: { steps: 1 },
      }) as Store;
      whileCommitsFail(() => store.append(0, { a: 0 }));
      assert.throws(() => call(store), { message: "no space" });
      if (store.isClosed) continue;
      store.append(2, { a: 2 });
      assert.deepEqual(store.rows(), [{ step: 0, a: 0 }, { step: 2, a: 2 }]);
    }
  }));

function whileCommitsFail(act: () => void): void {
  const { flush } = Appender.prototype;
  Appender.prototype.flush = () => {
    throw new StreamStoreError("storage-full", "no space");
  };
  try {
    act();
  } finally {
    Appender.prototype.flush = flush;
  }
}

test("open() with timers lets the process end, and its steps are kept", () =>
  withDirectory(async (directory) => {
    const path = `${directory}/run.stream`;
    const minute = { ms: 60_000 };
    const child = new Child("idle_writer.ts", { path, options: { commitEvery: minute, syncEvery: minute } });
    assert.equal(await child.exited, 0, child.errors);
    using store: StreamStore = StreamStore.open(path);
    assert.deepEqual(store.rows(), [{ step: 0, a: 1 }]);
    assert.equal(store.recovery.recoveredRows, 1);
  }));
