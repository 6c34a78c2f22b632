/**
 * Run by full_disk.test.ts on a small file system: `child.ts <what> <directory>`. Prints as JSON what it met; a failed
 * assertion or a signal ends it otherwise.
 */
import assert from "node:assert/strict";
import { existsSync, readdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { StreamStore, StreamStoreError } from "../../mod.ts";

const [what, directory] = process.argv.slice(2);
const fields = { action: 3, observation: 1 };
/** Freed when the disk is full. */
const ballast = join(directory, "ballast");

function observation(step: number): Float64Array {
  return Float64Array.from({ length: 30 }, (_, i) => step * 100 + i);
}

function append(store: StreamStore, step: number): void {
  store.append(step, { action: step, observation: observation(step) });
}

function check(store: StreamStore, rowCount: number): void {
  for (let row = 0; row < rowCount; row++) {
    assert.deepEqual(store.row(row), { step: row, action: row, observation: observation(row) });
  }
}

/** Calls until it throws; returns how often it did not, and the error. */
function untilError(call: (index: number) => void, first: number): [number, StreamStoreError] {
  for (let index = first;; index++) {
    try {
      call(index);
    } catch (error) {
      if (!(error instanceof StreamStoreError)) throw error;
      return [index, error];
    }
  }
}

/** Appends until there is no room, reads, appends again once there is some. */
function fill(store: StreamStore): Record<string, unknown> {
  append(store, 0);
  store.flush();
  writeFileSync(ballast, new Uint8Array(3 << 20));
  const [rows, error] = untilError((step) => append(store, step), 1);
  // The step that failed has left no trace, and comes as often as it is tried.
  assert.equal(store.rowCount, rows);
  assert.equal(store.length, 31 * rows);
  assert.throws(() => append(store, rows), { code: error.code });
  assert.throws(() => store.flush(), { code: error.code });
  assert.equal(store.rowCount, rows);
  // What is committed can be read, each way that reads a part.
  assert.deepEqual(store.row(0), { step: 0, action: 0, observation: observation(0) });
  assert.deepEqual([...store.window(1, 30).values], [...observation(0)]);
  assert.deepEqual([...store.gather([1], 30).values], [...observation(0)]);
  rmSync(ballast);
  for (let step = rows; step < rows + 500; step++) append(store, step);
  check(store, rows + 500);
  return { code: error.code, message: error.message, rows, free: statfsSync(directory).bavail };
}

/** Growth until not one more chunk goes in, in several stores with ever smaller chunks: the last byte is used. */
function fillToTheLast(): Record<string, unknown> {
  const stores = [20_000, 1000, 100, 1].map((capacity) => new StreamStore(fields, { capacity }));
  const counts = stores.map((store) => {
    return untilError((step) => {
      append(store, step);
      store.flush();
    }, 0);
  });
  for (const [index, store] of stores.entries()) {
    const [rows, error] = counts[index];
    assert.equal(error.code, "storage-full");
    // The step that could not be committed stands in the tail.
    assert.equal(store.rowCount, rows + 1);
    check(store, rows - 1);
  }
  const { bavail, bsize } = statfsSync(directory);
  for (const store of stores) closeFull(store);
  return { rows: counts.map(([rows]) => rows), freeBytes: bavail * bsize };
}

function closeFull(store: StreamStore): void {
  try {
    store.close();
  } catch (error) {
    assert.equal((error as StreamStoreError).code, "storage-full");
  }
}

function named(): Record<string, unknown> {
  const path = join(directory, "run.stream");
  const store = StreamStore.open(path, { fields, capacity: 1000 });
  const found = fill(store as StreamStore);
  const rows = store.rowCount;
  store.sync();
  store.close();
  using reopened = StreamStore.open(path);
  assert.equal(reopened.rowCount, rows);
  check(reopened, rows);
  return found;
}

/** The store is closed while the disk is full: the steps of the tail are found by the next open. */
function closedFull(): Record<string, unknown> {
  const path = join(directory, "run.stream");
  const store = StreamStore.open(path, { fields, capacity: 1000 });
  append(store as StreamStore, 0);
  store.flush();
  writeFileSync(ballast, new Uint8Array(3 << 20));
  const [rows, error] = untilError((step) => append(store as StreamStore, step), 1);
  closeFull(store as StreamStore);
  rmSync(ballast);
  using reopened = StreamStore.open(path);
  assert.equal(reopened.rowCount, rows);
  check(reopened, rows);
  return { code: error.code, rows };
}

/** A field becomes a list while not even store.json can be written anew. */
function firstList(): Record<string, unknown> {
  const path = join(directory, "run.stream");
  using store = StreamStore.open(path, { fields, capacity: 1000 });
  store.append(0, { action: 1 });
  const error = fillUp();
  const rows = store.rowCount;
  let thrown = "nothing";
  try {
    store.append(1, { observation: [1] });
  } catch (error) {
    thrown = (error as StreamStoreError).code;
  }
  assert.equal(store.rowCount, rows + (thrown === "nothing" ? 1 : 0), `after ${thrown}`);
  rmSync(ballast);
  return { thrown, error };
}

/** Writes until there is no room for one more byte. */
function fillUp(): string {
  for (let size = 1 << 20; size >= 1; size >>= 1) {
    try {
      while (true) writeFileSync(ballast, new Uint8Array(size), { flag: "a" });
    } catch (error) {
      if (size === 1) return (error as { code: string }).code;
    }
  }
  return "none";
}

/** Creating fails as a whole: nothing is left of it. */
function create(): Record<string, unknown> {
  const before = readdirSync(directory).sort();
  const [, error] = untilError((index) => {
    StreamStore.open(join(directory, `run-${index}.stream`), { fields, capacity: 1000 }).close();
    before.push(`run-${index}.stream`);
  }, 0);
  assert.deepEqual(readdirSync(directory).sort(), before.sort());
  return { code: error.code, message: error.message };
}

/** Appending is refused, reading is not. */
function readOnly(): Record<string, unknown> {
  const path = join(directory, "run.stream");
  const [, error] = untilError(() => StreamStore.open(path, { mode: "append" }).close(), 0);
  using reader = StreamStore.open(path, { mode: "read" });
  assert.equal(reader.rowCount, 10);
  check(reader, 10);
  return { code: error.code };
}

function limited(): Record<string, unknown> {
  using store = new StreamStore(fields, { capacity: 1000 });
  append(store as StreamStore, 0);
  store.flush();
  const [rows, error] = untilError((step) => append(store as StreamStore, step), 1);
  assert.equal(store.rowCount, rows);
  assert.deepEqual(store.row(0), { step: 0, action: 0, observation: observation(0) });
  console.log(JSON.stringify({ code: error.code, rows }));
  process.exit(0);
}

const cases: Record<string, () => Record<string, unknown>> = {
  temporary: () => {
    const store = new StreamStore(fields, { capacity: 1000 });
    const found = fill(store as StreamStore);
    store.close();
    return found;
  },
  fillToTheLast,
  named,
  closedFull,
  firstList,
  create,
  readOnly,
  limited,
};

assert.ok(existsSync(directory));
console.log(JSON.stringify(cases[what]()));
