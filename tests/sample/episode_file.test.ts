/** The file that keeps where episodes begin: used where it is right, and in nobody's way where it is not. */
import assert from "node:assert/strict";
import { copyFileSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import { withDirectory } from "../torture/scratch.ts";

/** Just enough for the file to be written. */
const rowCount = 2 ** 20 + 1000;
const rowsPerEpisode = 300;

function makeStore(path: string, rowsOf = rowsPerEpisode): void {
  using store = StreamStore.open(path, { fields: { done: 0 } });
  const done = new Uint8Array(rowCount);
  for (let row = rowsOf - 1; row < rowCount; row += rowsOf) done[row] = 1;
  store.appendColumns({ step: Float64Array.from(done, (_, row) => row), done });
}

function fileOf(path: string): string | undefined {
  const name = readdirSync(path).find((entry) => entry.startsWith("episodes-"));
  return name === undefined ? undefined : join(path, name);
}

/** All first rows of windows that just fit an episode: one an episode. It may go on in the next opening of the store. */
function wholeEpisodes(path: string, length = rowsPerEpisode, more: readonly boolean[] = []): number[] {
  using store = StreamStore.open<{ done: 0 }>(path);
  more.forEach((done, i) => store.append(rowCount + i, { done }));
  const options = {
    steps: length,
    tokens: length,
    episodes: { end: "done", sessions: "join" },
    order: "sequential",
  } as const;
  const starts: number[] = [];
  for (const batch of store.sampler({ ...options, output: { values: null } })) starts.push(...batch.starts);
  return starts;
}

const expected = Array.from({ length: Math.floor(rowCount / rowsPerEpisode) }, (_, i) => i * rowsPerEpisode);

test("sampler() finds episodes once, and goes on where the search ended", () =>
  withDirectory((directory) => {
    const path = join(directory, "run.stream");
    makeStore(path);
    assert.equal(fileOf(path), undefined);
    assert.deepEqual(wholeEpisodes(path), expected);
    const file = fileOf(path)!;
    const written = statSync(file).mtimeMs;
    assert.deepEqual(wholeEpisodes(path), expected);
    assert.equal(statSync(file).mtimeMs, written);
    const rest = rowCount % rowsPerEpisode;
    const more = Array.from({ length: 2 * rowsPerEpisode - rest }, (_, i) =>
      (i + rest + 1) % rowsPerEpisode === 0);
    const last = expected.at(-1)!;
    assert.deepEqual(wholeEpisodes(path, rowsPerEpisode, more), [...expected, last + 300, last + 600]);
  }));

test("sampler() keeps no episodes up to a row that is open again where the power fails", () =>
  withDirectory((directory) => {
    const path = join(directory, "run.stream");
    makeStore(path);
    {
      using store = StreamStore.open<{ done: 0 }>(path);
      store.append(rowCount, { done: false });
      store.sync();
      // It closes the row before it, and can be lost: then that one may yet be the end of an episode.
      store.append(rowCount + 1, { done: false });
      store.flush();
      const sampler = store.sampler({ steps: 2, fields: { done: 1 }, episodes: { end: "done" } });
      assert.ok(sampler.next()!.size > 0);
      assert.equal(fileOf(path), undefined);
    }
    assert.deepEqual(wholeEpisodes(path), expected);
    assert.notEqual(fileOf(path), undefined);
  }));

test("sampler() does not believe a file of episodes that is damaged, cut, or another store's", () =>
  withDirectory((directory) => {
    const [path, other] = [join(directory, "run.stream"), join(directory, "other.stream")];
    makeStore(path);
    makeStore(other, 200);
    wholeEpisodes(path);
    assert.equal(wholeEpisodes(other, 200).length, Math.floor(rowCount / 200));
    const file = fileOf(path)!;
    const whole = readFileSync(file);
    copyFileSync(fileOf(other)!, file);
    assert.deepEqual(wholeEpisodes(path), expected);
    for (const at of [0, 8, 16, 32, 40, 64, 800, whole.length - 1]) {
      const damaged = Uint8Array.from(whole);
      damaged[at] ^= 4;
      writeFileSync(file, damaged);
      assert.deepEqual(wholeEpisodes(path), expected, `byte ${at}`);
    }
    for (const length of [0, 7, 8, 64, whole.length - 8]) {
      writeFileSync(file, whole);
      truncateSync(file, length);
      assert.deepEqual(wholeEpisodes(path), expected, `${length} bytes`);
    }
  }));
