/** What few Parquet files have: checksums, times in seconds and in 12 bytes, very many columns. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { parquetMetadata } from "hyparquet";
import { parquetHeader } from "hyparquet/src/column.js";
import { type FieldMap, StreamStore } from "../../../mod.ts";
import { fixture } from "../../support/dataset.ts";
import {
  bytesOf,
  encodings,
  flat,
  joined,
  type Page,
  parquetFile,
  runs,
  types,
} from "../../support/parquet.ts";
import { inFolder, value } from "../../support/saved.ts";

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

test("loadDataset() sees every changed bit of a page that has a checksum", () =>
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

test("loadDataset() makes seconds again of times that lie in a file as milliseconds", async () => {
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

/** Nanoseconds of a day in 8 bytes, and the Julian day in 4, of an instant in nanoseconds since 1970. */
function instants(...given: bigint[]): Uint8Array {
  const day = 86_400_000_000_000n;
  return joined(...given.map((instant) => {
    const ofDay = (instant % day + day) % day;
    const days = Number((instant - ofDay) / day) + 2_440_588;
    return joined(bytesOf(BigInt64Array.of(ofDay)), bytesOf(Int32Array.of(days)));
  }));
}

test("loadDataset() makes nanoseconds since 1970 of timestamps in 12 bytes, as Spark, Impala and Hive write", () =>
  inFolder(async (folder) => {
    const path = join(folder, "x.parquet");
    const given = [0n, -1n, 1_704_141_296_123_456_000n, 2n ** 63n - 1n, -(2n ** 63n)];
    const plain: Page = {
      values: instants(...given),
      count: 6,
      definitions: runs([1, 1, 1, 0, 1, 1]),
    };
    const dictionary: Page = { values: instants(...given), count: 5, isDictionary: true };
    // A width of 8 bits, and a run of one for each index.
    const indexed: Page = {
      values: joined(Uint8Array.of(8), runs([4, 0, 3])),
      count: 3,
      encoding: encodings.dictionary,
    };
    const fields = { a: { type: 0, dtype: "int64" } } as const;
    using store = new StreamStore(fields);
    writeFileSync(path, parquetFile([flat("a", types.int96, [plain], { 3: 1 })], 6));
    await store.loadDataset(path);
    assert.deepEqual(store.rows().map(({ a }) => a), [...given.slice(0, 3), undefined, ...given.slice(3)]);
    const { features } = JSON.parse((await store.toDataset()).schema.metadata.get("huggingface")!).info;
    assert.deepEqual(features, { a: value("timestamp[ns]") });
    using other = new StreamStore(fields);
    writeFileSync(path, parquetFile([flat("a", types.int96, [dictionary, indexed])], 3));
    await other.loadDataset(path);
    assert.deepEqual([...other.column("a").values], [given[4], given[0], given[3]]);
    for (const outside of [2n ** 63n, -(2n ** 63n) - 1n]) {
      writeFileSync(
        path,
        parquetFile([flat("a", types.int96, [{ values: instants(outside), count: 1 }])], 1),
      );
      await assert.rejects(
        other.loadDataset(path),
        /column "a": its timestamps must be within nanoseconds in int64, from 1677 to 2262, got the Julian day \d+$/,
      );
    }
    writeFileSync(path, parquetFile([flat("a", types.int96, [{ values: new Uint8Array(11), count: 1 }])], 1));
    await assert.rejects(other.loadDataset(path), /column "a": values must have 12 bytes, got 11$/);
  }));

test("loadDataset() makes milliseconds again of dates that Python's files have as days", () =>
  inFolder(async (folder) => {
    const path = join(folder, "x.parquet");
    const day = 86_400_000n;
    const page = { values: bytesOf(Int32Array.of(-1, 0, 2 ** 31 - 1)), count: 3 };
    const features = { a: value("date64") };
    const metadata = [{ 1: "huggingface", 2: JSON.stringify({ info: { features } }) }];
    writeFileSync(path, parquetFile([flat("a", types.int32, [page], { 6: 6 })], 3, { 5: metadata }));
    using store = new StreamStore({ a: { type: 0, dtype: "int64" } });
    await store.loadDataset(path);
    assert.deepEqual([...store.column("a").values], [-day, 0n, (2n ** 31n - 1n) * day]);
    const found = JSON.parse((await store.toDataset()).schema.metadata.get("huggingface")!).info.features;
    assert.deepEqual(found, features);
    writeFileSync(path, parquetFile([flat("a", types.int32, [page], { 6: 6 })], 3));
    using plain = new StreamStore({ a: 0 });
    await plain.loadDataset(path);
    assert.deepEqual([...plain.column("a").values], [-1, 0, 2 ** 31 - 1]);
  }));

test("loadDataset() of four times as many columns takes some four times as long", () =>
  inFolder(async (folder) => {
    const path = join(folder, "x.parquet");
    const page = { values: bytesOf(Float64Array.of(1, 2, 3)), count: 3 };
    const secondsOf = async (columnCount: number): Promise<number> => {
      const names = Array.from({ length: columnCount }, (_, i) => `column ${i}`);
      writeFileSync(path, parquetFile(names.map((name) => flat(name, types.double, [page])), 3));
      using store = new StreamStore<FieldMap>(Object.fromEntries(names.map((name, type) => [name, type])));
      // Of this process only: others take their time too.
      const start = process.cpuUsage();
      await store.loadDataset(path);
      const { user, system } = process.cpuUsage(start);
      const seconds = (user + system) / 1e6;
      assert.equal(store.length, 3 * columnCount);
      return seconds;
    };
    // The best of some runs: the first ones compile.
    const best = async (columnCount: number) =>
      Math.min(...[await secondsOf(columnCount), await secondsOf(columnCount), await secondsOf(columnCount)]);
    const [few, many] = [await best(1_500), await best(6_000)];
    console.log(`1,500 columns take ${few.toFixed(3)} s, 6,000 ${many.toFixed(3)} s`);
    assert.ok(many < 10 * few, `${many} s is not below 10 × ${few} s`);
  }));
