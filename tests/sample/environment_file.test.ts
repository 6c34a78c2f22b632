/** The file that keeps where the rows of environments stand: used where it is right, and in nobody's way where it is not. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { copyFileSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import { isShareOf } from "../support/runtime.ts";
import { withDirectory } from "../torture/scratch.ts";

/** Just enough for the file to be written. */
const rowCount = 2 ** 20 + 3000;
const fields = { a: 0, env: { type: 1, dtype: "int32" }, done: 2 } as const;

/** Whose a row is: each of five in turn, and then as it comes. */
function envOf(row: number): number {
  return row < rowCount - 50_000 ? row % 5 - 2 : (row * row + (row >> 3)) % 23;
}

const isDone = (row: number) => row % 7919 === 7918;

function append(store: StreamStore<typeof fields>, from: number, to: number): void {
  const step = Float64Array.from({ length: to - from }, (_, i) => from + i);
  store.appendColumns({ step, a: step, env: step.map(envOf), done: step.map((row) => isDone(row) ? 1 : 0) });
}

function makeStore(path: string, rows = rowCount): void {
  using store = StreamStore.open(path, { fields });
  append(store, 0, rows);
}

function fileOf(path: string): string | undefined {
  const name = readdirSync(path).find((entry) => entry.startsWith("environments-"));
  return name === undefined ? undefined : join(path, name);
}

/** The first rows of all windows of so many rows, by the definition. */
function expectedStarts(rows: number, length: number): number[] {
  const known = new Map<number, { episode: number[]; starts: number[] }>();
  for (let row = 0; row < rows; row++) {
    const env = envOf(row);
    if (!known.has(env)) known.set(env, { episode: [], starts: [] });
    const of = known.get(env)!;
    of.episode.push(row);
    if (of.episode.length >= length) of.starts.push(of.episode[of.episode.length - length]);
    if (isDone(row)) of.episode = [];
  }
  return [...known.values()].flatMap(({ starts }) => starts);
}

const options = {
  steps: 4,
  fields: { a: 1 },
  episodes: { end: "done", environment: "env", sessions: "join" },
  order: "sequential",
  batchSize: 8192,
  output: { steps: null },
} as const;

/** The first rows of windows of the store, every one of which is checked to be of one environment. */
function startsOf(path: string, more = 0): number[] {
  using store = StreamStore.open<typeof fields>(path);
  if (more > 0) append(store, rowCount, rowCount + more);
  const starts: number[] = [];
  for (const { size, starts: found, fields: { a } } of store.sampler(options)) {
    for (let i = 0; i < size; i++) {
      starts.push(found[i]);
      const [env] = [envOf(found[i])];
      for (let at = 0; at < 4; at++) if (envOf(a.values[4 * i + at]) !== env) assert.fail(`${found[i]}`);
    }
  }
  return starts;
}

const expected = expectedStarts(rowCount, 4);

test("sampler() finds environments once, and goes on where the search ended", () =>
  withDirectory((directory) => {
    const path = join(directory, "run.stream");
    makeStore(path);
    assert.equal(fileOf(path), undefined);
    assert.deepEqual(startsOf(path), expected);
    const file = fileOf(path)!;
    // Where environments come in turn rows are not kept one by one.
    assert.ok(statSync(file).size < 1_500_000, `${statSync(file).size} bytes`);
    const written = statSync(file).mtimeMs;
    assert.deepEqual(startsOf(path), expected);
    assert.equal(statSync(file).mtimeMs, written);
    assert.deepEqual(startsOf(path, 9000), expectedStarts(rowCount + 9000, 4));
  }));

test("a reader takes what the file says, if its checksum holds", () =>
  withDirectory((directory) => {
    const path = join(directory, "run.stream");
    makeStore(path);
    startsOf(path);
    const gather = () => {
      using store = StreamStore.open<typeof fields>(path, { mode: "read" });
      const { order: _, batchSize: __, ...windows } = options;
      return [...store.gatherRows([0, 1], windows).fields.a.values];
    };
    assert.deepEqual(gather(), [0, 5, 10, 15, 1, 6, 11, 16]);
    const file = fileOf(path)!;
    const words = new BigUint64Array(new Uint8Array(readFileSync(file)).buffer);
    const environments = new Float64Array(words.buffer)[6];
    // The IDs of the first two environments change places: their rows are looked for where they are not.
    const names = 7 + 6 * environments;
    [words[names], words[names + 1]] = [words[names + 1], words[names]];
    const content = words.subarray(0, -4);
    const digest = createHash("sha256").update(content).digest();
    words.set(new BigUint64Array(new Uint8Array(digest).buffer), content.length);
    writeFileSync(file, words);
    assert.throws(gather, /rows\[0\] must be a row with 3 more of its episode after it, got 0/);
  }));

test("sampler() does not believe a file of environments that is damaged, cut, or another store's", () =>
  withDirectory((directory) => {
    const [path, other] = [join(directory, "run.stream"), join(directory, "other.stream")];
    makeStore(path);
    makeStore(other, rowCount + 100);
    startsOf(path);
    startsOf(other);
    const file = fileOf(path)!;
    const whole = readFileSync(file);
    copyFileSync(fileOf(other)!, file);
    assert.deepEqual(startsOf(path), expected);
    for (const [index, at] of [0, 8, 16, 40, 4000, whole.length - 1].entries()) {
      if (!isShareOf(index)) continue;
      const damaged = Uint8Array.from(whole);
      damaged[at] ^= 4;
      writeFileSync(file, damaged);
      assert.deepEqual(startsOf(path), expected, `byte ${at}`);
    }
    for (const [index, length] of [0, 7, 64, whole.length - 8].entries()) {
      if (!isShareOf(index)) continue;
      writeFileSync(file, whole);
      truncateSync(file, length);
      assert.deepEqual(startsOf(path), expected, `${length} bytes`);
    }
  }));
