/** What few Parquet files have: checksums, times in seconds, and pages without a value that are compressed all the same. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parquetMetadata } from "hyparquet";
import { parquetHeader } from "hyparquet/src/column.js";
import { StreamStore } from "../mod.ts";
import { fixture } from "./dataset_support.ts";
import { inFolder } from "./saved_support.ts";

/** Where the bytes of a file's pages are, without their headers. */
function pageRanges(bytes: Uint8Array): [number, number][] {
  const buffer = new Uint8Array(bytes).buffer;
  const ranges: [number, number][] = [];
  for (const { columns } of parquetMetadata(buffer).row_groups) {
    for (const { meta_data: meta } of columns) {
      const reader = { view: new DataView(buffer), offset: Number(meta!.data_page_offset) };
      const end = reader.offset + Number(meta!.total_compressed_size);
      while (reader.offset < end) {
        const { compressed_page_size: size } = parquetHeader(reader);
        ranges.push([reader.offset, reader.offset += size]);
      }
    }
  }
  return ranges;
}

test("no bit of a page that has a checksum can change unseen", () =>
  inFolder(async (folder) => {
    const whole = new Uint8Array(readFileSync(fixture("checksums.parquet")));
    const path = join(folder, "x.parquet");
    const ranges = pageRanges(whole);
    assert.ok(ranges.length > 4);
    using store = new StreamStore({ values: 0, lists: 1 });
    for (const [from, to] of ranges) {
      for (let at = from; at < to; at++) {
        const damaged = whole.slice();
        damaged[at] ^= 1 << (at % 8);
        writeFileSync(path, damaged);
        await assert.rejects(
          store.loadDataset(path),
          /must have the bytes that its checksum is of/,
          `at ${at}`,
        );
      }
    }
    assert.equal(store.rowCount, 0);
    await store.loadDataset(fixture("checksums.parquet"));
    assert.deepEqual(store.row(59), { step: 59, values: 59, lists: Float64Array.of(59, -59) });
  }));

test("times in seconds, which lie in a file as milliseconds, are seconds again", async () => {
  const int64 = (type: number) => ({ type, dtype: "int64" }) as const;
  using store = new StreamStore({ instant: int64(0), clock: 1, instants: int64(2), nothing: 3 });
  await store.loadDataset(fixture("rare.parquet"));
  assert.deepEqual(store.rows(), [
    { step: 0, instant: 0n, clock: 0, instants: BigInt64Array.of(1n, -2n) },
    { step: 1, instant: -1n, clock: 1, instants: new BigInt64Array(0) },
    { step: 2 },
    { step: 3, instant: 2n ** 40n, clock: 86_399, instants: BigInt64Array.of(2n ** 40n) },
  ]);
  const { features } = JSON.parse((await store.toDataset()).schema.metadata.get("huggingface")!).info;
  assert.deepEqual(features.instant, { dtype: "timestamp[s]", _type: "Value" });
  assert.deepEqual(features.clock, { dtype: "time32[s]", _type: "Value" });
});
