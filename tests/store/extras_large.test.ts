/** Text and bytes beyond 2 ** 32 bytes: a store whose file begins with a hole that no value is in. */
import assert from "node:assert/strict";
import { readFileSync, statfsSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import { withDirectory } from "../torture/scratch.ts";
import { xxh64 } from "../support/xxh64.ts";

const fields = { action: 0 } as const;
const extra = { frame: "bytes" } as const;

/** Whole chunks, so that no checksum of a last one stands in the commit. */
const holeBytes = 5 * 2 ** 30;

/** Makes the bytes of a closed, empty store begin with a hole, as docs/storage-format.md has its head. */
function addHole(path: string): void {
  const head = readFileSync(`${path}/head`);
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  const [records, values, words] = [12, 16, 100].map((at) => view.getUint32(at, true));
  const tablesAt = Math.ceil((4096 + 16 * records + 8 * (values + words)) / 512) * 512;
  const table = new BigUint64Array(8);
  table.set([0n, BigInt(holeBytes), 0n, BigInt(holeBytes)]);
  const bytes = new Uint8Array(table.buffer);
  const hash = xxh64(bytes, view.getBigUint64(48, true));
  for (let slot = 0; slot < 4; slot++) head.set(bytes, tablesAt + 512 * slot);
  for (const at of [512, 1024, 1536, 2048]) {
    if (view.getBigUint64(at, true) === 0n) continue;
    view.setBigUint64(at + 8 * 18, hash === 0n ? 1n : hash, true);
    view.setBigUint64(at + 8 * 19, xxh64(head.subarray(at, at + 8 * 19), view.getBigUint64(0, true)), true);
  }
  writeFileSync(`${path}/head`, head);
  truncateSync(`${path}/extra.0.bytes`, holeBytes);
}

/** Each says its row; some are too long for the tail. */
const frameOf = (row: number) => new Uint8Array(row % 4 === 0 ? 6000 : row % 9).fill(row % 251);

test("append() and extra() go beyond 2 ** 32 bytes, through the tail and past it", () =>
  withDirectory((directory) => {
    const path = `${directory}/run.stream`;
    StreamStore.open(path, { fields, extra }).close();
    addHole(path);
    const open = () => StreamStore.open(path, { fields, extra, commitEvery: false });
    for (let round = 0; round < 2; round++) {
      using store = open();
      const first = store.rowCount;
      for (let row = first; row < first + 40; row++) {
        store.append(row, { action: row }, { frame: frameOf(row) });
      }
      const step = Array.from({ length: 40 }, (_, i) => first + 40 + i);
      store.appendColumns({ step, action: step }, { extra: { frame: step.map(frameOf) } });
      for (let row = 0; row < store.rowCount; row++) {
        assert.deepEqual(store.extra("frame").get(row), frameOf(row), `${row}`);
        assert.deepEqual(Uint8Array.from(store.extra("frame").bytes(row)!), frameOf(row), `${row}`);
      }
      const batch = store.sampler({ steps: 1, batchSize: 20, extra: ["frame"], seed: 1 }).next()!;
      for (const [slot, [frame]] of batch.extra.frame.entries()) {
        assert.deepEqual(frame, frameOf(batch.starts[slot]));
      }
    }
    using reader = StreamStore.open(path, { mode: "read" });
    assert.equal(reader.rowCount, 160);
    assert.deepEqual(
      reader.extra("frame").slice(150),
      Array.from({ length: 10 }, (_, i) => frameOf(150 + i)),
    );
  }));

const bytesMax = 2 ** 30;
const free = statfsSync(tmpdir());
/** It writes 2 GiB, of which others shall not notice anything. */
const skipLargest = free.bavail * free.bsize < 8 * bytesMax && "less than 8 GiB of the disk are free";

test("append(), appendColumns() and extra() take a value of exactly 1 GiB", { skip: skipLargest }, () => {
  using store = new StreamStore(fields, { extra });
  const frame = new Uint8Array(bytesMax);
  for (let at = 0; at < bytesMax; at += 2 ** 20) frame[at] = 7 * (at >> 20) + 1;
  frame[bytesMax - 1] = 255;
  store.append(0, { action: 1 }, { frame });
  const offsets = BigInt64Array.of(0n, BigInt(bytesMax));
  store.appendColumns({ step: [1], action: [2] }, { extra: { frame: { offsets, data: frame } } });
  store.append(2, { action: 3 }, { frame: frame.subarray(bytesMax - 2) });
  for (const row of [0, 1]) {
    assert.equal(Buffer.compare(store.extra("frame").bytes(row)!, frame), 0, `${row}`);
  }
  assert.equal(Buffer.compare(store.extra("frame").get(1)!, frame), 0);
  assert.deepEqual(store.extra("frame").get(2), Uint8Array.of(0, 255));
});

test("append() refuses a value of more than 1 GiB, before anything is written", () => {
  using store = new StreamStore(fields, { extra: { ...extra, note: "string" } });
  const frame = new Uint8Array(2 ** 30 + 1);
  const refused = {
    name: "RangeError",
    message: /"frame" must have at most 1073741824 bytes, got 1073741825$/,
  };
  assert.throws(() => store.append(0, { action: 1 }, { frame, note: "a" }), refused);
  assert.throws(
    () => store.appendColumns({ step: [0], action: [1] }, { extra: { frame: [frame] } }),
    refused,
  );
  const data = { offsets: BigInt64Array.of(0n, 2n ** 30n + 1n), data: frame };
  assert.throws(() => store.appendColumns({ step: [0], action: [1] }, { extra: { frame: data } }), refused);
  assert.equal(store.rowCount, 0);
});
