/**
 * Run by dropping.ts: reads a store in every way while its writer drops rows, with what it has taken before, and checks every
 * value. One of the readers never refreshes.
 */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { StreamStore } from "../../mod.ts";
import { Random } from "../support/support.ts";
import { checkRows, checkTokens, extrasOf, type Store } from "./dropping_content.ts";

const { path, milliseconds, seed, refreshes, hasExtras } = JSON.parse(process.argv[2]);
const random = new Random(seed);
const store = StreamStore.open(path, { mode: "read" }) as Store;
const end = performance.now() + milliseconds;
const windowLength = 64;
let checkCount = 0;

/** A place in what is held where so much fits. */
const within = (first: number, count: number, length: number) =>
  first + random.below(count - first - length + 1);

function gather(): void {
  const starts = Array.from({ length: 8 }, () => within(store.firstToken, store.length, windowLength));
  const { steps, types, values } = store.gather(starts, windowLength);
  for (let at = 0; at < values.length; at += windowLength) {
    const part = [at, at + windowLength] as const;
    checkTokens(steps.slice(...part), types.slice(...part), values.slice(...part));
  }
}

function takeRows(): void {
  const from = within(store.firstRow, store.rowCount, 20);
  checkRows(store.rows(from, from + 20), from, hasExtras);
}

function column(): void {
  const { values } = store.column("a");
  assert.equal(values.length, store.rowCount - store.firstRow);
  values.forEach((value, i) => assert.equal(value, store.firstRow + i));
}

function stats(): void {
  assert.equal(store.stats({ fields: ["a"] }).a.max, store.rowCount - 1);
}

const sampler = store.sampler({
  steps: 4,
  fields: { a: 1 },
  order: "uniform",
  seed,
  batchSize: 32,
  extra: hasExtras ? ["note", "blob"] : [],
});

function sample(): void {
  const batch = sampler.next();
  assert.ok(batch !== null);
  const { values } = batch.fields.a;
  assert.equal(values.length, 4 * batch.starts.length);
  values.forEach((value, i) => assert.equal(value, Math.fround(batch.starts[i >> 2] + (i & 3))));
  if (!hasExtras) return;
  batch.extra.note.flat().forEach((note, i) => {
    const { note: wanted = null, blob = null } = extrasOf(batch.starts[i >> 2] + (i & 3));
    assert.deepEqual([note, batch.extra.blob[i >> 2][i & 3]], [wanted, blob]);
  });
}

/** A window that was taken before is right until it is dropped; then it is an error, or zeros where an array was taken. */
function holdWindow(): void {
  const start = within(store.firstToken, store.length, windowLength);
  const [looked, later] = [store.window(start, windowLength), store.window(start, windowLength)];
  checkTokens(looked.steps, looked.types, looked.values);
  const copy = looked.values.slice();
  if (refreshes) store.refresh();
  if (start >= store.firstToken) return checkTokens(later.steps, later.types, later.values);
  for (const read of [() => later.values, () => later.types, () => later.steps, () => later.bits]) {
    assert.throws(read, { name: "RangeError", message: /where the stream now starts/ });
  }
  looked.values.forEach((value, i) =>
    assert.ok(value === 0 || value === copy[i], `${value}, not ${copy[i]}`)
  );
}

/** What the store began with when it was opened is still there: whatever came first, it is to be read when that has gone. */
const segmentTokens = 65_536;
const first = String(Math.floor(store.firstToken / segmentTokens)).padStart(5, "0");
const isThere = () => existsSync(join(path, `data.f64.${first}`));

// A sampler goes to the newest commit by itself.
const checks = [gather, takeRows, holdWindow, stats, ...(refreshes ? [sample] : [])];
console.log("open");
for (
  let after = 0;
  performance.now() < end || after < 5 && performance.now() < 4 * end;
  after += isThere() ? 0 : 1
) {
  if (store.rowCount - store.firstRow > 200) {
    for (const check of checks) check();
    if (checkCount % 8 === 0) column();
    checkCount++;
  }
  if (refreshes) store.refresh();
  await new Promise((resolve) => setTimeout(resolve, 0));
}
const { firstRow } = store;
store.close();
console.log(JSON.stringify({ checkCount, firstRow }));
