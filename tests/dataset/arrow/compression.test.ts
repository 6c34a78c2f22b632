/** Arrow files whose buffers are compressed. */
import { compressionRegistry, CompressionType, tableToIPC } from "apache-arrow";
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { zstdCompressSync } from "node:zlib";
import { StreamStore } from "../../../mod.ts";
import { Flatbuffer } from "../../../src/dataset/arrow/flatbuffer.ts";
import { writeArrow } from "../../../src/dataset/arrow/write/file.ts";
import { schema, tables, Target } from "../../support/arrow.ts";
import { fixture } from "../../support/dataset.ts";
import { countRefused } from "../../support/errors.ts";
import { assertSameStore, inFolder } from "../../support/saved.ts";
import { keepInMemory, smallChunks } from "../../support/in_memory.ts";

keepInMemory();

const fields = { id: { type: 0, dtype: "int64" }, reward: 1, pose: 2, label: 3, done: 4 } as const;

for (const name of ["zstd.arrow", "zstd.arrows", "lz4.arrow", "lz4.arrows"]) {
  test(`loadDataset() of ${name} gives the values that it has uncompressed`, async () => {
    using expected = new StreamStore(fields, smallChunks);
    using found = new StreamStore(fields, smallChunks);
    await expected.loadDataset(fixture("uncompressed.arrow"));
    await found.loadDataset(fixture(name));
    assert.equal(found.rowCount, 300);
    assert.equal(found.row(299).label, 50);
    assertSameStore(found, expected);
    using sorted = new StreamStore(fields, smallChunks);
    await sorted.loadDataset(fixture(name), "train", { sortBy: ["task", "id"], columns: ["label"] });
    assert.equal(sorted.row(0).label, 0);
  });
}

test("loadDataset() reads blocks of lz4 that go back to those before", async () => {
  using store = new StreamStore({ phase: 0, noise: 1 }, smallChunks);
  await store.loadDataset(fixture("lz4_blocks.arrow"));
  const count = 200_000;
  assert.equal(store.rowCount, count);
  const expected = Float64Array.from({ length: count }, (_, i) => i % 1000 / 8);
  assert.deepEqual(store.column("phase").values, expected);
  const noise = Float64Array.from({ length: count }, (_, i) => {
    return i % 512 === 0 ? Number(BigInt(i) * 2654435761n % 2n ** 32n % 251n) : 0;
  });
  assert.deepEqual(store.column("noise").values, noise);
});

test("loadDataset() reads buffers that no compression makes shorter", () =>
  inFolder(async (folder) => {
    using target = new Target();
    const path = join(folder, "x.arrows");
    await writeArrow(path, schema, tables, "stream");
    const expected = await target.load(path);
    let count = 0;
    compressionRegistry.set(CompressionType.ZSTD, {
      encode: (bytes) => (count++, new Uint8Array(zstdCompressSync(bytes))),
    });
    const table = tables[0].concat(tables[1], tables[2]);
    writeFileSync(path, tableToIPC(table, "stream", CompressionType.ZSTD));
    assert.ok(count > 10, `${count} buffers`);
    assert.equal(await target.load(path), expected);
  }));

/** Where the first batch of a stream lists its buffers, and where its body begins. */
function firstBatch(
  bytes: Uint8Array,
): { readonly buffers: number; readonly count: number; readonly body: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  for (let at = 0;;) {
    const body = at + 8 + view.getInt32(at + 4, true);
    const message = new Flatbuffer(bytes.subarray(at + 8, body)).root;
    if (message.byte(1) === 3) {
      const { start, count } = message.child(2)!.vector(2, 16);
      return { buffers: at + 8 + start, count, body };
    }
    at = body + message.integer(3);
  }
}

test("loadDataset() refuses a length that is not a buffer's, and takes no memory for it", () =>
  inFolder(async (folder) => {
    const path = join(folder, "x.arrows");
    using store = new StreamStore(fields, smallChunks);
    let tried = 0;
    for (const name of ["zstd.arrows", "lz4.arrows"]) {
      const whole = readFileSync(fixture(name));
      const { buffers, count, body } = firstBatch(whole);
      for (let i = 0; i < count; i++) {
        const offset = Number(whole.readBigInt64LE(buffers + 16 * i));
        if (whole.readBigInt64LE(buffers + 16 * i + 8) === 0n) continue;
        const length = whole.readBigInt64LE(body + offset);
        for (
          const wrong of [length - 1n, length + 1n, length * 1000n, 2n ** 31n, 2n ** 53n, 2n ** 62n, -2n]
        ) {
          const bytes = Uint8Array.from(whole);
          new DataView(bytes.buffer).setBigInt64(body + offset, wrong, true);
          writeFileSync(path, bytes);
          const start = performance.now();
          await assert.rejects(() => store.loadDataset(path), /rows at \d+ cannot be decompressed: /);
          assert.ok(performance.now() - start < 5000);
          tried++;
        }
      }
    }
    assert.ok(tried > 60, `${tried} lengths`);
    assert.equal(store.rowCount, 0);
  }));

test("loadDataset() of a damaged compressed file throws or loads, as of any other", () =>
  inFolder(async (folder) => {
    using store = new StreamStore(fields, smallChunks);
    const refused = await countRefused(store, folder, [
      "zstd.arrow",
      "zstd.arrows",
      "lz4.arrow",
      "lz4.arrows",
    ], 300);
    assert.ok(refused > 200, `${refused} of 1200`);
  }));
