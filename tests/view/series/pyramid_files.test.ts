/** The files that keep pyramids: used where they are right, and in nobody's way where they are not. */
import assert from "node:assert/strict";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { StreamStore } from "../../../mod.ts";
import { openDirectory } from "../../../src/store/open.ts";
import { seriesLimits } from "../../../src/view/series/limits.ts";
import { PyramidFiles } from "../../../src/view/series/pyramid_files.ts";
import { Pyramids } from "../../../src/view/series/pyramids.ts";
import { Child } from "../../torture/child.ts";
import { withDirectory } from "../../torture/scratch.ts";
import { columnsOf } from "./oracle.ts";

/** A little more than what is worth a file here. */
const rowCount = 2 ** 16 + 5000;
const limits = { ...seriesLimits, readRowsMax: 0, readValuesMax: 0, unsavedMin: 2 ** 8 };

const valueAt = (row: number) => (row * 7919) % 10_007;

function makeStore(
  path: string,
  { isSynced = true, from = 0, count = rowCount, give = valueAt } = {},
): void {
  using store = StreamStore.open(path, { fields: { value: "uint16", other: "float64" } });
  const step = Float64Array.from({ length: count }, (_, i) => from + i);
  store.appendColumns({
    step,
    value: Uint16Array.from(step, give),
    other: Float64Array.from(step, give),
  });
  if (isSynced) store.sync();
  else store.flush();
}

interface Opened extends Disposable {
  readonly pyramids: Pyramids;
}

function openPyramids(path: string, cacheFolder: string | null = null, given = limits): Opened {
  const { connection, fields } = openDirectory(path, { mode: "read", salvage: false });
  const files = new PyramidFiles(connection, path, cacheFolder);
  const pyramids = new Pyramids(connection, fields, files, given);
  return { pyramids, [Symbol.dispose]: () => connection.close() };
}

/** How many buckets a series has that are closed. */
const bucketsOf = (rows: number) => Math.floor((rows - 1) / 256);

/** Builds what was asked for, and writes it down. */
function finish(pyramids: Pyramids): void {
  while (!pyramids.step()) continue;
  while (pyramids.saveOne(true)) continue;
}

/** The oracle's last answer. */
let last: { rows: number; give: (row: number) => number; expected: number[] } | null = null;

/** By a loop over all rows: kept, since most ask for the same. */
function expectedOf(rows: number, give: (row: number) => number): number[] {
  if (last !== null && last.rows === rows && last.give === give) return last.expected;
  const all = new Map(Array.from({ length: rows }, (_, row) => [row, give(row)]));
  last = { rows, give, expected: columnsOf(all, 0, rows, 7) };
  return last.expected;
}

/** Asks for all rows until all are known, and compares them. Returns how many buckets had to be built. */
function build(
  path: string,
  { cacheFolder = null as string | null, rows = rowCount, give = valueAt } = {},
) {
  using opened = openPyramids(path, cacheFolder);
  const query = { series: ["value", "other"], from: 0, to: rows, columns: 7 };
  opened.pyramids.query(query);
  finish(opened.pyramids);
  const { knownFrom, values } = opened.pyramids.query(query)!;
  assert.equal(knownFrom, 0);
  for (const each of values) assert.deepEqual([...each], expectedOf(rows, give));
  return opened.pyramids.builtCount;
}

const filesOf = (path: string) => readdirSync(path).filter((name) => name.startsWith("series-")).sort();

test("pyramids are kept beside the store, and gone on with from there", () =>
  withDirectory((directory) => {
    const path = join(directory, "run.stream");
    makeStore(path);
    assert.equal(build(path), 2 * bucketsOf(rowCount));
    assert.deepEqual(filesOf(path), ["series-0-0-0", "series-1-0-0"]);
    const stored = readdirSync(path).filter((name) => !name.startsWith("series-"));
    const bytes = (names: readonly string[]) =>
      names.reduce((sum, name) => sum + statSync(join(path, name)).size, 0);
    assert.ok(
      bytes(filesOf(path)) <= 0.01 * bytes(stored),
      `${bytes(filesOf(path))} of ${bytes(stored)} bytes`,
    );
    assert.equal(build(path), 0);
    makeStore(path, { from: rowCount, count: 3000 });
    assert.equal(
      build(path, { rows: rowCount + 3000 }),
      2 * (bucketsOf(rowCount + 3000) - bucketsOf(rowCount)),
    );
  }));

test("pyramids are kept of rows only that a failure of the system leaves", () =>
  withDirectory((directory) => {
    const path = join(directory, "run.stream");
    makeStore(path);
    const durable = bucketsOf(rowCount);
    {
      using store = StreamStore.open(path, { commitEvery: false });
      const step = Float64Array.from({ length: 5000 }, (_, i) => rowCount + i);
      store.appendColumns({
        step,
        value: Uint16Array.from(step, valueAt),
        other: Float64Array.from(step, valueAt),
      });
      store.flush();
      assert.equal(build(path, { rows: rowCount + 5000 }), 2 * bucketsOf(rowCount + 5000));
    }
    // Closing the store has made the others durable, too.
    assert.equal(build(path, { rows: rowCount + 5000 }), 2 * (bucketsOf(rowCount + 5000) - durable));
  }));

test("a file that is damaged, cut, longer, another store's or of rows that are not there is not believed", () =>
  withDirectory((directory) => {
    const [path, other] = [join(directory, "run.stream"), join(directory, "other.stream")];
    makeStore(path);
    const give = (row: number) => row % 17;
    makeStore(other, { give });
    build(other, { give });
    build(path);
    const [file] = filesOf(path).map((name) => join(path, name));
    const whole = readFileSync(file);
    const foreign = readFileSync(join(other, filesOf(other)[0]));
    const isRebuilt = (bytes: Uint8Array, what: string) => {
      writeFileSync(file, bytes);
      assert.equal(build(path), bucketsOf(rowCount), what);
      assert.deepEqual(readFileSync(file), whole, what);
    };
    const flipped = (at: number) => {
      const bytes = Uint8Array.from(whole);
      bytes[at] ^= 0x10;
      return bytes;
    };
    // Magic, version, store, type ID, element, kind, part, first, count, minima, maxima, counts, checksum.
    const places = [
      ...Array.from({ length: 10 }, (_, word) => 8 * word + 1),
      90,
      1000,
      2400,
      whole.length - 9,
    ];
    for (const at of places) isRebuilt(flipped(at), `byte ${at}`);
    for (const length of [0, 8, 80, 112, 1500, whole.length - 8, whole.length - 1]) {
      isRebuilt(whole.subarray(0, length), `${length} bytes`);
    }
    isRebuilt(Uint8Array.from([...whole, ...new Uint8Array(8)]), "a word more");
    isRebuilt(foreign, "another store's");
    isRebuilt(readFileSync(join(path, filesOf(path)[1])), "another field's");
  }));

test("a file of more rows than the store has is not believed", () =>
  withDirectory((directory) => {
    const [path, copy] = [join(directory, "run.stream"), join(directory, "copy.stream")];
    makeStore(path);
    mkdirSync(copy);
    for (const name of readdirSync(path)) copyFileSync(join(path, name), join(copy, name));
    makeStore(copy, { from: rowCount, count: 2000, give: () => 60_000 });
    build(copy, { rows: rowCount + 2000, give: (row) => row < rowCount ? valueAt(row) : 60_000 });
    for (const name of filesOf(copy)) copyFileSync(join(copy, name), join(path, name));
    assert.equal(build(path), 2 * bucketsOf(rowCount));
  }));

test("a folder in the place of a file, and a file that goes while it is in use", () =>
  withDirectory((directory) => {
    const path = join(directory, "run.stream");
    makeStore(path);
    mkdirSync(join(path, "series-0-0-0"));
    assert.equal(build(path), 2 * bucketsOf(rowCount));
    rmSync(join(path, "series-0-0-0"), { recursive: true });
    build(path);
    // So little memory that each part is let go of after each call.
    using opened = openPyramids(path, null, { ...limits, bytesMax: 0 });
    const query = { series: ["value"], from: 0, to: rowCount, columns: 7 };
    const expected = expectedOf(rowCount, valueAt);
    for (let round = 0; round < 3; round++) {
      assert.deepEqual([...opened.pyramids.query(query)!.values[0]], expected);
      assert.equal(opened.pyramids.builtCount, 0);
    }
    truncateSync(join(path, "series-0-0-0"), 100);
    assert.equal(opened.pyramids.query(query)!.knownFrom > 0, true);
    finish(opened.pyramids);
    assert.deepEqual([...opened.pyramids.query(query)!.values[0]], expected);
    assert.equal(opened.pyramids.builtCount, bucketsOf(rowCount));
  }));

test("pyramids of a store that this process may not write into are kept in the folder for caches", (context) =>
  withDirectory((directory) => {
    const [path, cacheFolder] = [join(directory, "run.stream"), join(directory, "cache", "series")];
    makeStore(path);
    chmodSync(path, 0o555);
    try {
      writeFileSync(join(path, "probe"), "");
      rmSync(join(path, "probe"));
      // As this user everything may be written: a file where the folder for it cannot be made stands for that.
      chmodSync(path, 0o755);
      for (const name of ["series-0-0-0", "series-1-0-0"]) {
        mkdirSync(join(path, name, "full"), { recursive: true });
      }
      context.diagnostic("this user may write everywhere: folders stand in the places of the files");
    } catch {
      // As it should be.
    }
    try {
      assert.equal(build(path, { cacheFolder }), 2 * bucketsOf(rowCount));
      assert.equal(readdirSync(cacheFolder).length, 2);
      assert.equal(build(path, { cacheFolder }), 0);
    } finally {
      chmodSync(path, 0o755);
    }
  }));

test("several processes that build, write and remove files at once, and are killed, do not spoil each other's", () =>
  withDirectory(async (directory) => {
    const path = join(directory, "run.stream");
    makeStore(path);
    const expected = JSON.stringify(expectedOf(rowCount, valueAt));
    const children = Array.from(
      { length: 2 },
      () => new Child("../support/children/pyramid_builder.ts", { path, rows: rowCount }),
    );
    try {
      for (const child of children) {
        await child.waitForLines(25);
        assert.equal(child.errors, "");
      }
    } finally {
      for (const child of children) await child.kill();
    }
    for (const { firstLine, line } of children) assert.deepEqual([firstLine, line], [expected, expected]);
    build(path);
    assert.equal(build(path), 0);
  }));
