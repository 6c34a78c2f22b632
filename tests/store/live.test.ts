/** Readers see what a writer appends without any option: while its event loop runs, and where it never yields to it. */
import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { StreamStore, StreamStoreError } from "../../mod.ts";
import { Appender } from "../../src/append/appender.ts";
import { fields, type Store, withPair } from "../support/pair.ts";
import { block, wait } from "../support/time.ts";
import { Child } from "../torture/child.ts";
import { withDirectory } from "../torture/scratch.ts";

/** Long enough for a machine that is busy: what never comes fails. */
const soon = () => ({ signal: AbortSignal.timeout(20_000) });

/** How many timers are set while something runs. */
async function countTimers(use: () => void | Promise<void>): Promise<number> {
  const timers = process.getBuiltinModule("node:timers");
  const { setTimeout: original } = timers;
  let count = 0;
  timers.setTimeout = ((...args: Parameters<typeof original>) => {
    count++;
    return original(...args);
  }) as typeof original;
  try {
    await use();
  } finally {
    timers.setTimeout = original;
  }
  return count;
}

test("append() shows single steps to a waiting reader without any option, however they come", () =>
  withPair({}, async (writer, reader) => {
    const appends = [
      () => writer.append(0, { a: 0 }),
      () => writer.append([1, 1], ["a", "b"], [1, 2]),
      () => writer.append(2n, { a: [1, 2] }),
      () => writer.append(3, {}),
    ];
    for (const [row, append] of appends.entries()) {
      append();
      assert.equal(reader.refresh(), false);
      await reader.waitForRows(row + 1, soon());
      assert.deepEqual(reader.row(row), writer.row(row));
    }
  }));

test("waitForRows() wakes within the lag of a writer that yields, with and without an option", async () => {
  for (
    const [options, msMax] of [[{}, 60], [{ commitEvery: { ms: 10 } }, 25], [
      { commitEvery: { steps: 1 } },
      15,
    ]] as const
  ) {
    await withPair(options, async (writer, reader) => {
      const lags: number[] = [];
      for (let row = 0; row < 20; row++) {
        const woken = reader.waitForRows(row + 1, soon());
        await wait(row % 7);
        const appended = performance.now();
        writer.append(row, { a: row });
        await woken;
        lags.push(performance.now() - appended);
        assert.equal(reader.row(row).a, row);
      }
      // A busy machine delays some, but not most.
      lags.sort((one, other) => one - other);
      assert.ok(lags[6] <= msMax, `${lags.map(Math.round)} ms`);
    });
  }
});

test("append() that goes on with a row which readers have seen shows them the rest", () =>
  withPair({}, async (writer, reader) => {
    writer.append(0, { a: 1 });
    await reader.waitForRows(1, soon());
    writer.append(0, { b: 2 });
    for (let i = 0; i < 1000 && reader.length < 2; i++) {
      await wait(5);
      reader.refresh();
    }
    assert.deepEqual(reader.rows(), [{ step: 0, a: 1, b: 2 }]);
  }));

test("append() in a loop that never yields commits, except for the last steps, which wait until it yields", () =>
  withPair({}, async (writer, reader) => {
    for (const stepMs of [0.1, 5, 80]) {
      const first = writer.rowCount;
      const end = performance.now() + 20_000;
      let commits = 0;
      while (commits < 3 && performance.now() < end) {
        writer.append(writer.rowCount, { a: stepMs });
        if (reader.refresh()) {
          assert.equal(reader.rowCount, writer.rowCount);
          commits++;
        }
        block(stepMs);
      }
      assert.equal(commits, 3, `${stepMs} ms a step`);
      assert.ok(writer.rowCount - first > 3, "not every step is committed");
      writer.append(writer.rowCount, { a: stepMs });
      block(60);
      assert.equal(reader.refresh(), false);
      await reader.waitForRows(writer.rowCount, soon());
    }
  }));

test("append() never leaves more than 8,000 steps uncommitted, or as many as an interval says", async () => {
  for (const [options, most] of [[{}, 8000], [{ commitEvery: { steps: 100 } }, 100]] as const) {
    await withPair(options, (writer, reader) => {
      let lagMax = 0;
      for (let step = 0; step < 30_000; step++) {
        writer.append(step, { a: 1 });
        if (step % 50 > 0 && most > 100) continue;
        reader.refresh();
        lagMax = Math.max(lagMax, writer.rowCount - reader.rowCount);
      }
      assert.ok(lagMax > 0 && lagMax < most, `${lagMax} rows behind`);
    });
  }
});

test("commitEvery false commits nothing by itself, and steps alone nothing by the clock", async () => {
  for (const commitEvery of [false, { steps: 100 }, { ms: 60_000 }] as const) {
    await withPair({ commitEvery }, async (writer, reader) => {
      for (let step = 0; step < 3; step++) {
        writer.append(step, { a: 1 });
        block(40);
      }
      await wait(120);
      assert.equal(reader.refresh(), false);
      writer.flush();
      assert.equal(reader.refresh(), true);
    });
  }
  await withPair({ commitEvery: {} }, async (writer, reader) => {
    writer.append(0, { a: 1 });
    await reader.waitForRows(1, soon());
  });
});

test("open() sets no timer for a store that is idle, and one for what is appended to it", () =>
  withPair({}, async (writer, reader) => {
    assert.equal(
      await countTimers(async () => {
        await wait(60);
        writer.flush();
        writer.sync();
        writer.appendColumns({ step: [0], a: [1] });
        await wait(60);
      }),
      0,
    );
    assert.equal(
      await countTimers(async () => {
        for (let step = 1; step < 100; step++) writer.append(step, { a: 1 });
        await reader.waitForRows(100, soon());
        await wait(120);
      }),
      1,
    );
    assert.equal(
      await countTimers(async () => {
        for (let step = 100; step < 110; step++) {
          writer.append(step, { a: 1 });
          writer.flush();
        }
        await wait(120);
      }),
      1,
    );
  }));

test("append() to a temporary store sets no timer", async () => {
  using store = new StreamStore(fields);
  const timers = await countTimers(() => {
    for (let step = 0; step < 20_000; step++) store.append(step, { a: 1 });
    block(60);
    store.append(20_000, { a: 1 });
  });
  assert.equal(timers, 0);
});

test("open() without an option lets the process end with a step that is not yet committed", () =>
  withDirectory(async (directory) => {
    const path = `${directory}/run.stream`;
    const child = new Child("idle_writer.ts", { path, options: {} });
    assert.equal(await child.exited, 0, child.errors);
    using store: StreamStore = StreamStore.open(path);
    assert.deepEqual(store.rows(), [{ step: 0, a: 1 }]);
    assert.equal(store.recovery.recoveredRows, 1);
  }));

test("a commit that is due while a getter runs waits until its step is whole", () =>
  withPair({}, async (writer, reader) => {
    writer.append(0, { a: 0 });
    let refusal: unknown;
    writer.append(1, {
      a: 1,
      get b() {
        block(60);
        try {
          writer.flush();
        } catch (error) {
          refusal = error;
        }
        assert.equal(reader.refresh(), false);
        return 2;
      },
    });
    assert.equal((refusal as StreamStoreError).code, "busy");
    await reader.waitForRows(2, soon());
    assert.deepEqual(reader.row(1), { step: 1, a: 1, b: 2 });
  }));

test("a commit that is due while rows are loaded comes with them, or after a step that interrupts them", () =>
  withPair({}, async (writer, reader, path) => {
    const folder = `${path}.dataset`;
    using source = new StreamStore(fields);
    source.appendColumns({
      step: Array.from({ length: 300_000 }, (_, i) => i),
      a: new Float64Array(300_000),
    });
    await source.saveDataset(folder, "train");
    writer.append(0, { a: 0 });
    await writer.loadDataset(folder, "train");
    await reader.waitForRows(300_001, soon());
    writer.append(1e9, { a: 1 });
    // A load may be over before the first step comes between.
    for (let round = 1, codes: unknown[] = []; !codes.includes("busy"); round++) {
      assert.ok(round <= 20, "no load was interrupted");
      writer.loadDataset(folder, "train").then(() => codes.push(null), ({ code }) => codes.push(code));
      while (codes.length < round) {
        await wait(0);
        writer.append(1e9 * round + writer.rowCount, { a: 2 });
        block(5);
      }
      assert.ok(codes.every((code) => code === null || code === "busy"), String(codes));
    }
    await reader.waitForRows(writer.rowCount, soon());
    assert.deepEqual(reader.row(reader.rowCount - 1), writer.row(writer.rowCount - 1));
    assert.deepEqual((await reader.verify()).damaged, []);
  }));

test("a timer's commit that fails is told by the next call, and tried again meanwhile", async () => {
  const calls: ((store: Store) => void)[] = [
    (store) => store.append(2, { a: 2 }),
    (store) => store.flush(),
    (store) => store.close(),
  ];
  for (const call of calls) {
    await withPair({}, async (writer, reader) => {
      const { flush } = Appender.prototype;
      let failures = 0;
      Appender.prototype.flush = () => {
        failures++;
        throw new StreamStoreError("input-output", "Cannot flush the store: the disk has an error");
      };
      try {
        writer.append(0, { a: 0 });
        for (let i = 0; i < 1000 && failures < 2; i++) await wait(5);
      } finally {
        Appender.prototype.flush = flush;
      }
      assert.ok(failures >= 2);
      await reader.waitForRows(1, soon());
      assert.throws(() => call(writer), { message: /the disk has an error/ });
      if (writer.isClosed) return;
      writer.append(1, { a: 1 });
      await reader.waitForRows(2, soon());
      assert.deepEqual(reader.rows(), [{ step: 0, a: 0 }, { step: 1, a: 1 }]);
    });
  }
});

test("close() ends the timer of a step that is not yet committed", () =>
  withDirectory(async (directory) => {
    const path = `${directory}/run.stream`;
    const { flush } = Appender.prototype;
    let flushes = 0;
    const writer = StreamStore.open(path, { fields });
    writer.append(0, { a: 1 });
    block(60);
    writer.close();
    Appender.prototype.flush = function (this: Appender) {
      flushes++;
      flush.call(this);
    };
    try {
      await wait(120);
    } finally {
      Appender.prototype.flush = flush;
    }
    assert.equal(flushes, 0);
    using store: StreamStore = StreamStore.open(path);
    assert.deepEqual(store.rows(), [{ step: 0, a: 1 }]);
    assert.equal(store.recovery.recoveredRows, 0);
  }));

test("append() to two stores of one process shows each to its reader", () =>
  withPair({}, (writer, reader) =>
    withPair({}, async (other, otherReader) => {
      for (let step = 0; step < 5; step++) {
        writer.append(step, { a: step });
        if (step % 2 === 0) other.append(step, { b: step });
        await wait(15);
      }
      await Promise.all([reader.waitForRows(5, soon()), otherReader.waitForRows(3, soon())]);
      assert.equal(reader.row(4).a, 4);
      assert.equal(otherReader.row(2).b, 4);
    })));

test("append() in a Worker shows its steps to a reader outside", () =>
  withDirectory(async (directory) => {
    const path = `${directory}/run.stream`;
    const url = new URL("../support/children/live_worker.ts", import.meta.url);
    const worker = new Worker(url.href, { type: "module" });
    try {
      await new Promise<void>((resolve, reject) => {
        worker.onerror = (event) => reject(new Error(event.message));
        worker.onmessage = ({ data }) => data === "ready" ? worker.postMessage(path) : resolve();
      });
      using reader = StreamStore.open(path, { mode: "read" });
      await reader.waitForRows(1, soon());
      assert.deepEqual(reader.row(0), { step: 0, a: 1 });
    } finally {
      worker.terminate();
    }
  }));
