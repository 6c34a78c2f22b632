/** Text and bytes are dropped with their rows. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import { withDirectory } from "../torture/scratch.ts";

const fields = { action: 0 } as const;
const extra = { frame: "bytes", note: "string" } as const;
type Store = StreamStore<typeof fields, typeof extra>;

/** A segment of frames: 512 of them. One of tokens, or of notes' ends, has 65,536. */
const segmentBytes = 16 * 2 ** 20;
const frameBytes = 32 * 1024;
const segmentFrames = segmentBytes / frameBytes;

const scratch = new Uint8Array(frameBytes);

/** A frame says its row by every byte. */
const frameOf = (row: number) => scratch.fill(row % 251);

function fill(store: Store, rows: number): void {
  for (let i = 0; i < rows; i++) {
    const row = store.rowCount;
    store.append(row, { action: row }, { frame: frameOf(row), ...(row % 3 === 0 ? { note: `${row}` } : {}) });
  }
  store.flush();
}

function compare(store: Store): void {
  const { firstRow, rowCount } = store;
  for (let row = firstRow; row < rowCount; row++) {
    assert.equal(Buffer.compare(store.extra("frame").get(row)!, frameOf(row)), 0, `${row}`);
    assert.equal(store.extra("note").get(row), row % 3 === 0 ? `${row}` : null);
  }
}

test("append() with retain drops text and bytes with their rows, and rows for their sake", () => {
  using store: Store = new StreamStore(fields, { extra, retain: { rows: 100 } });
  fill(store, 10);
  const early = store.extra("frame").bytes(0)!;
  assert.equal(early[5], 0);
  const other = store.extra("frame").bytes(9)!;
  for (let round = 0; round < 5; round++) {
    fill(store, 300);
    const { firstRow, rowCount } = store;
    assert.ok(firstRow <= rowCount - 100 && firstRow > rowCount - 100 - segmentFrames || firstRow === 0);
    assert.equal(firstRow % segmentFrames, 0);
    assert.equal(store.firstToken, firstRow);
  }
  assert.equal(store.firstRow, 2 * segmentFrames);
  compare(store);
  assert.equal(store.extra("frame").slice().length, store.rowCount - store.firstRow);
  assert.equal(store.rows().length, store.rowCount - store.firstRow);
  for (const read of [() => store.extra("frame").get(0), () => store.extra("note").slice(0, 1200)]) {
    assert.throws(read, { name: "RangeError", message: /rows must lie within 1024 to 1510, got 0/ });
  }
  // An array that was taken before reads zeros where its row was dropped, or still what it was.
  assert.ok([0, 9].includes(other[7]), `${other[7]}`);
  const sampler = store.sampler({ steps: 2, fields: { action: 1 }, extra: ["frame", "note"], seed: 4 });
  const { starts, extra: { frame } } = sampler.next()!;
  for (const [slot, frames] of frame.entries()) {
    assert.deepEqual(frames.map((bytes) => bytes![9]), [starts[slot] % 251, (starts[slot] + 1) % 251]);
  }
  for (const bad of [{ rows: 0 }, { frames: 1 }]) {
    assert.throws(() => new StreamStore(fields, { extra, retain: bad as never }), { name: "RangeError" });
  }
});

test("retain by bytes counts text and bytes too", () => {
  const kept = 32 * 2 ** 20;
  // Files of frames are a 32nd of it, a MiB, and so many of them drop little more than they must.
  const frames = kept / frameBytes;
  using store: Store = new StreamStore(fields, { extra, retain: { bytes: kept } });
  fill(store, 5 * frames);
  // A frame with its end takes 16 bytes more, and as much a row, its token, and a note: that is two frames in 1,024.
  const most = store.rowCount - (frames - 3);
  assert.ok(store.firstRow <= most && store.firstRow > most - 36, `${store.firstRow} of ${most}`);
  assert.equal(store.firstRow % 32, 0);
  compare(store);
});

test("a store that keeps few bytes of frames takes little more of the disk, also without a flush", () =>
  withDirectory((directory) => {
    const path = `${directory}/run.stream`;
    const kept = 8 * 2 ** 20;
    using store = StreamStore.open(path, {
      fields,
      extra: { frame: "bytes" },
      retain: { bytes: kept },
      commitEvery: false,
    });
    let most = 0;
    for (let row = 0; row < 2000; row++) {
      store.append(row, { action: row }, { frame: frameOf(row) });
      if (row % 8 !== 0) continue;
      const blocks = readdirSync(path).map((name) => statSync(`${path}/${name}`).blocks);
      most = Math.max(most, 512 * blocks.reduce((sum, count) => sum + count, 0));
    }
    // Beside it there are 2 MiB of the head, 3 MiB of rows, tokens and ends, and a file that is filled, and one that is next.
    assert.ok(most > kept && most < kept + 10 * 2 ** 20, `${most}`);
    store.flush();
    assert.ok((store.rowCount - store.firstRow) * frameBytes < kept + 2 * 2 ** 20, `${store.firstRow}`);
    for (let row = store.firstRow; row < store.rowCount; row++) {
      assert.equal(store.extra("frame").get(row)![7], row % 251);
    }
  }));

test("open() goes on with a store that drops text and bytes; readers keep what they have, and verify() and salvage know", () =>
  withDirectory(async (directory) => {
    const path = `${directory}/run.stream`;
    const open = (): Store => StreamStore.open(path, { fields, extra, retain: { rows: 100 } });
    let store = open();
    fill(store, 400);
    using reader: Store = StreamStore.open(path, { mode: "read" }) as never;
    using lasting: Store = StreamStore.open(path, { mode: "read" }) as never;
    for (let round = 0; round < 4; round++) {
      fill(store, 300);
      reader.refresh();
      compare(reader);
      assert.equal(reader.firstRow, store.firstRow);
      assert.deepEqual((await reader.verify()).damaged, []);
      store.close();
      store = open();
      compare(store);
    }
    // What it has mapped stays whole, although its files are gone.
    assert.deepEqual([lasting.firstRow, lasting.rowCount], [0, 400]);
    assert.equal(existsSync(`${path}/extra.0.bytes.00000`), false);
    compare(lasting);
    store.close();
    const bytes = readdirSync(path).filter((name) => name.startsWith("extra.0.bytes."));
    assert.deepEqual(bytes.sort(), ["extra.0.bytes.00002", "extra.0.bytes.00003"]);
    assert.equal(statSync(`${path}/extra.0.bytes.00003`).size, 64 * frameBytes);
    rmSync(`${path}/extra.0.bytes.00003`);
    assert.throws(() => StreamStore.open(path, { mode: "read" }), { code: "damaged" });
    using salvaged: Store = StreamStore.open(path, { salvage: true }) as never;
    assert.deepEqual([salvaged.firstRow, salvaged.rowCount], [1024, 1536]);
    compare(salvaged);
  }));
