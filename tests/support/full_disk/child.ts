/**
 * Run by full_disk.test.ts on a small file system: `child.ts <what> <directory>`. Prints as JSON what it met; a failed
 * assertion or a signal ends it otherwise.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { StreamStore, StreamStoreError } from "../../../mod.ts";
import { saveLeRobot } from "../../../src/dataset/lerobot/lerobot.ts";
import { startHub } from "../hub/server.ts";
import { fields, valuesOf } from "./content.ts";

const [what, directory] = process.argv.slice(2);
/** Freed when the disk is full. */
const ballast = join(directory, "ballast");

function append(store: StreamStore, step: number): void {
  store.append(step, valuesOf(step));
}

function check(store: StreamStore, rowCount: number): void {
  for (let row = 0; row < rowCount; row++) assert.deepEqual(store.row(row), { step: row, ...valuesOf(row) });
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

/** Fills the disk while the store has steps in its tail, reads, appends until there is no room, appends again once there is. */
async function fill(store: StreamStore): Promise<Record<string, unknown>> {
  append(store, 0);
  fillUp();
  for (const read of Object.values(ways)) {
    append(store, store.rowCount);
    await read(store, tokensOf(store.rowCount));
  }
  const [rows, error] = untilError((step) => append(store, step), store.rowCount);
  // The step that failed has left no trace, and comes as often as it is tried.
  for (let attempt = 0; attempt < 2; attempt++) {
    assert.throws(() => append(store, rows), { code: error.code, message: error.message });
    assert.equal(store.rowCount, rows);
    for (const read of Object.values(ways)) await read(store, tokensOf(rows));
  }
  rmSync(ballast);
  for (let step = rows; step < rows + 5000; step++) append(store, step);
  check(store, rows + 5000);
  return { code: error.code, message: error.message, rows };
}

interface Token {
  readonly step: number;
  readonly type: number;
  readonly value: number;
}

/** The tokens of the first rows, one by one. */
function tokensOf(rowCount: number): Token[] {
  return Array.from({ length: rowCount }, (_, step) => {
    const { observation = [], action = [] } = valuesOf(step);
    const tokens = (type: number, values: number | Float64Array | never[]) =>
      (typeof values === "number" ? [values] : [...values]).map((value) => ({ step, type, value }));
    return [...tokens(fields.action, action), ...tokens(fields.observation, observation)];
  }).flat();
}

/** Each way to read the whole store. The first thing that each does is to commit what the tail holds. */
const ways: Record<string, (store: StreamStore, tokens: Token[]) => void | Promise<void>> = {
  window(store, tokens) {
    const { steps, types, values } = store.window(0, tokens.length);
    compare([...steps], [...types], [...values as Float64Array], tokens);
  },
  get(store, tokens) {
    const { steps, types, values } = store.get(tokens.map((_, index) => index));
    compare([...steps], [...types], [...values as Float64Array], tokens);
  },
  gather(store, tokens) {
    const { steps, types, values } = store.gather([0], tokens.length);
    compare([...steps], [...types], [...values as Float64Array], tokens);
  },
  row(store) {
    const last = store.rowCount - 1;
    assert.deepEqual(store.row(last), { step: last, ...valuesOf(last) });
    check(store, store.rowCount);
  },
  rows(store) {
    const expected = Array.from({ length: store.rowCount }, (_, step) => ({ step, ...valuesOf(step) }));
    assert.deepEqual(store.rows(), expected);
    assert.deepEqual(store.rows(1, store.rowCount), expected.slice(1));
  },
  rowOfToken(store, tokens) {
    assert.equal(store.rowOfToken(tokens.length - 1), tokens.at(-1)!.step);
  },
  rowOfStep(store) {
    assert.equal(store.rowOfStep(store.rowCount - 1), store.rowCount - 1);
    assert.equal(store.rowOfStep(store.rowCount), -1);
  },
  column(store, tokens) {
    const expected = tokens.filter(({ type }) => type === fields.observation).map(({ value }) => value);
    assert.deepEqual([...store.column("observation").values], expected);
  },
  async toDataset(store) {
    const table = await store.toDataset();
    const actions = Array.from({ length: store.rowCount }, (_, step) => valuesOf(step).action ?? null);
    assert.deepEqual(table.getChild("action")!.toJSON(), actions);
  },
  async verify(store) {
    assert.deepEqual((await store.verify()).damaged, []);
  },
  inspect(store) {
    const inspect = Reflect.get(store, Symbol.for("nodejs.util.inspect.custom")) as () => string;
    assert.ok(inspect.call(store).includes(String(store.rowCount)));
  },
  flush(store, tokens) {
    store.flush();
    ways.window(store, tokens);
  },
  sync(store, tokens) {
    store.sync();
    ways.window(store, tokens);
  },
};

function compare(steps: bigint[], types: number[], values: number[], tokens: Token[]): void {
  assert.deepEqual(steps, tokens.map(({ step }) => BigInt(step)));
  assert.deepEqual(types, tokens.map(({ type }) => type));
  assert.deepEqual(values, tokens.map(({ value }) => value));
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
    assert.equal(store.rowCount, rows);
    check(store, rows);
  }
  const { bavail, bsize } = statfsSync(directory);
  for (const store of stores) store.close();
  return { rows: counts.map(([rows]) => rows), freeBytes: bavail * bsize };
}

async function named(): Promise<Record<string, unknown>> {
  const path = join(directory, "run.stream");
  const store = StreamStore.open(path, { fields, capacity: 1000 });
  const found = await fill(store as StreamStore);
  const rows = store.rowCount;
  store.sync();
  store.close();
  using reopened = StreamStore.open(path);
  assert.equal(reopened.rowCount, rows);
  check(reopened, rows);
  return found;
}

/** The store is closed while the disk is full. */
function closedFull(): Record<string, unknown> {
  const path = join(directory, "run.stream");
  const store = StreamStore.open(path, { fields, capacity: 1000 });
  append(store as StreamStore, 0);
  store.flush();
  writeFileSync(ballast, new Uint8Array(3 << 20));
  const [rows, error] = untilError((step) => append(store as StreamStore, step), 1);
  store.close();
  rmSync(ballast);
  using reopened = StreamStore.open(path);
  assert.equal(reopened.rowCount, rows);
  check(reopened, rows);
  return { code: error.code, rows };
}

/** Rows without a token: what says that they are there needs disk space too. */
function rowsWithout(values: { readonly observation?: [] }): Record<string, unknown> {
  using store = StreamStore.open(join(directory, "run.stream"), { fields, capacity: 20_000 });
  store.append(0, values);
  fillUp();
  const [rows, error] = untilError((step) => store.append(step, values), 1);
  store.sync();
  const found = store.rows().map(({ step, ...values }) => [step, Object.entries(values).map(String)]);
  const expected = Object.entries(values).map(([name]) => `${name},`);
  assert.deepEqual(found, Array.from({ length: rows }, (_, step) => [step, expected]));
  return { code: error.code, rows };
}

/** The process ends while the disk is full and the tail holds steps: what was reserved for them is still there. */
function abandoned(): never {
  const options = { fields, capacity: 1000, commitEvery: false } as const;
  const store = StreamStore.open(join(directory, "run.stream"), options);
  for (let step = 0; step < 10; step++) append(store as StreamStore, step);
  const code = fillUp();
  for (let step = 10; step < 20; step++) append(store as StreamStore, step);
  console.log(JSON.stringify({ code }));
  process.exit(0);
}

/** What a timer commits has its disk space reserved: a reader sees it although the disk is full. */
async function live(): Promise<Record<string, unknown>> {
  const path = join(directory, "run.stream");
  using store = StreamStore.open(path, { fields, capacity: 1000 });
  using reader = StreamStore.open(path, { mode: "read" });
  append(store as StreamStore, 0);
  const code = fillUp();
  for (let step = 1; step < 20; step++) {
    append(store as StreamStore, step);
    if (step % 5 === 0) await reader.waitForRows(step + 1, { signal: AbortSignal.timeout(10_000) });
  }
  await reader.waitForRows(20, { signal: AbortSignal.timeout(10_000) });
  check(reader as StreamStore, 20);
  return { code, rows: reader.rowCount };
}

async function reopened(): Promise<Record<string, unknown>> {
  const path = join(directory, "run.stream");
  {
    using reader = StreamStore.open(path, { mode: "read" });
    assert.equal(reader.rowCount, 0);
  }
  using store = StreamStore.open(path);
  assert.equal(store.recovery.recoveredRows, 20);
  for (const read of Object.values(ways)) await read(store as StreamStore, tokensOf(20));
  const [rows, error] = untilError((step) => append(store as StreamStore, step), 20);
  for (const read of Object.values(ways)) await read(store as StreamStore, tokensOf(rows));
  using reader = StreamStore.open(path, { mode: "read" });
  check(reader as StreamStore, rows);
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

/** A list of a field that was none: it can be committed, synced and closed, and is one when the store is opened again. */
function firstListSynced(isCommitted: boolean): Record<string, unknown> {
  const path = join(directory, `run-${isCommitted}.stream`);
  const files = () => readdirSync(path).sort();
  {
    using store = StreamStore.open(path, { fields, capacity: 1000 });
    store.append(0, { action: 1 });
    if (isCommitted) store.flush();
    const before = files();
    fillUp();
    store.append(1, { observation: [5] });
    store.sync();
    assert.deepEqual(files(), before);
  }
  for (const isFull of [true, true, false]) {
    // What a store has no need of any more it gives back when it is closed.
    if (isFull) fillUp();
    else rmSync(ballast);
    using store = StreamStore.open(path);
    assert.deepEqual(store.row(1), { step: 1, observation: Float64Array.of(5) });
    store.sync();
    const { fields: noted } = JSON.parse(readFileSync(join(path, "store.json"), "utf8"));
    assert.equal(noted[1].isList, !isFull);
  }
  return {};
}

/** Whatever writes files says that the disk is full, and leaves what was there before. */
async function writers(): Promise<Record<string, unknown>> {
  const path = join(directory, "run.stream");
  using store = StreamStore.open(path, { fields, capacity: 1000 });
  const steps = Array.from({ length: 20_000 }, (_, step) => step);
  const action = Float64Array.from(steps, (step) => step % 1000 === 999 ? 1 : Math.sqrt(step));
  store.appendColumns({ step: steps, action });
  const sampler = store.sampler({ tokens: 64, order: { kind: "prioritized" }, batchSize: 8 });
  sampler.next();
  const ways: Record<string, (name: string) => void | Promise<void>> = {
    priorities: (name) => sampler.savePriorities(join(directory, name)),
    lerobot: (name) =>
      saveLeRobot(store, join(directory, name), {
        fps: 10,
        episodes: { starts: [0, 500] },
        tasks: ["Go."],
        fields: ["action"],
      }),
  };
  for (const name of ["runs", "runs.parquet", "runs.arrow", "runs.arrows", "runs.jsonl", "runs.csv"]) {
    ways[name] = (prefix) => store.saveDataset(join(directory, prefix + name));
  }
  for (const format of ["parquet", "arrow", "jsonl", "csv"] as const) {
    ways[`folder of ${format}`] = (name) => store.saveDataset(join(directory, name), "train", { format });
  }
  // Its shards are made in the folder for temporary files, which is here.
  const hub = await startHub();
  const { endpoint, token } = hub;
  ways.hub = (name) => store.saveDataset(`user/${name}`, "train", { endpoint, token, progress: false });
  store.sync();
  const messages: Record<string, string> = {};
  for (const [way, save] of Object.entries(ways)) {
    // At once, and in the middle of it.
    for (const left of [0, 48 << 10]) {
      writeFileSync(ballast, "");
      fillUp();
      truncateSync(ballast, statSync(ballast).size - left);
      const before = readdirSync(directory, { recursive: true }).sort();
      const rejected = async () => await save(`full ${way}`.replaceAll(/\W/g, "_"));
      await assert.rejects(rejected, (error: StreamStoreError) => {
        assert.equal(error.code, "storage-full", `${way}: ${error.stack}`);
        messages[way] = error.message;
        return true;
      });
      assert.deepEqual(readdirSync(directory, { recursive: true }).sort(), before, way);
      rmSync(ballast);
    }
    await save(`room ${way}`.replaceAll(/\W/g, "_"));
    for (const name of readdirSync(directory)) {
      if (name.startsWith("room")) rmSync(join(directory, name), { recursive: true });
    }
  }
  await hub.close();
  return { code: "storage-full", messages };
}

/** Episodes are found, though the file that would keep them cannot be written. */
function episodes(): Record<string, unknown> {
  const path = join(directory, "run.stream");
  using store = StreamStore.open(path, { fields, capacity: 1000 });
  const steps = Array.from({ length: 5000 }, (_, step) => step);
  store.appendColumns({ step: steps, action: Float64Array.from(steps, (step) => Number(step % 50 === 49)) });
  store.sync();
  fillUp();
  const before = readdirSync(path).sort();
  const options = { steps: 10, tokens: 10, episodes: { end: "action" }, batchSize: 9000 } as const;
  assert.equal(store.sampler({ ...options, order: "sequential" }).next()!.size, 100 * 41);
  assert.deepEqual(readdirSync(path).sort(), before);
  return {};
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

/** The limit comes once a store is open: what the runtime writes into its own caches before may go over it too. */
async function limited(): Promise<Record<string, unknown>> {
  using store = new StreamStore(fields, { capacity: 1000 });
  execFileSync("prlimit", ["--pid", String(process.pid), `--fsize=${2 << 20}`]);
  append(store as StreamStore, 0);
  store.flush();
  const [rows, error] = untilError((step) => append(store as StreamStore, step), 1);
  assert.equal(store.rowCount, rows);
  check(store as StreamStore, rows);
  const path = join(directory, "runs.jsonl");
  await assert.rejects(store.saveDataset(path), {
    code: "file-too-large",
    message: "Cannot save a dataset: a file has reached the size that the system allows",
  });
  assert.ok(!readdirSync(directory).some((name) => name.includes("runs")));
  return { code: error.code, rows };
}

const cases: Record<string, () => Record<string, unknown> | Promise<Record<string, unknown>>> = {
  temporary: async () => {
    using store = new StreamStore(fields, { capacity: 1000 });
    return await fill(store as StreamStore);
  },
  fillToTheLast,
  named,
  closedFull,
  bareRows: () => rowsWithout({}),
  emptyLists: () => rowsWithout({ observation: [] }),
  abandoned,
  live,
  reopened,
  firstList,
  firstListSynced: () => ({ ...firstListSynced(true), ...firstListSynced(false) }),
  writers,
  episodes,
  create,
  readOnly,
  limited,
};

assert.ok(existsSync(directory));
console.log(JSON.stringify(await cases[what]()));
