/** What Parquet files of ours tell of their own bytes: no damage to them gives other values. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Int64, Table, vectorFromArray } from "apache-arrow";
import { parquetMetadata } from "hyparquet";
import { parquetHeader } from "hyparquet/src/column.js";
import { type Feature, StreamStore } from "../../../mod.ts";
import { writeParquet } from "../../../src/dataset/parquet/write/file.ts";
import { isShareOf } from "../../support/runtime.ts";
import { assertSameStore, inFolder, list, value } from "../../support/saved.ts";

const int64 = (type: number) => ({ type, dtype: "int64" }) as const;
const fields = { id: int64(0), done: 1, varied: 2 };
const fieldFeatures = {
  id: value("timestamp[us]"),
  done: value("bool"),
  varied: list(value("float64")),
} satisfies Record<string, Feature>;

function edgeStore(): StreamStore<typeof fields> {
  const store = new StreamStore(fields);
  store.append(0, { id: 2n ** 53n + 1n, varied: [] });
  store.append(1, { id: -(2n ** 63n), done: true, varied: [NaN, -0, 5e-324] });
  store.append(2, {});
  store.append(3, { done: false, varied: [0.1, 7, 7, 7] });
  return store;
}

test("loadDataset() of Parquet with any byte changed throws or gives the very same rows", () =>
  inFolder(async (folder) => {
    const [path, mutant] = [join(folder, "x.parquet"), join(folder, "mutant.parquet")];
    using store = edgeStore();
    await store.saveDataset(path, "train", { fieldFeatures });
    const whole = new Uint8Array(readFileSync(path));
    let [refused, loaded] = [0, 0];
    let found = new StreamStore(fields, { capacity: 512 });
    for (let at = 0; at < whole.length; at++) {
      if (!isShareOf(at)) continue;
      const damaged = whole.slice();
      damaged[at] ^= 1 << (at % 8);
      writeFileSync(mutant, damaged);
      try {
        await found.loadDataset(mutant);
      } catch (error) {
        assert.match((error as Error).message, /^Cannot (read|load)/, `at ${at}`);
        assert.equal(found.rowCount, 0, `at ${at}`);
        refused++;
        continue;
      }
      loaded++;
      assert.deepEqual(found.window(0, found.length).bits, store.window(0, store.length).bits, `at ${at}`);
      assert.deepEqual(found.rows(), store.rows(), `at ${at}`);
      assert.deepEqual(await featuresOf(found), { info: { features: fieldFeatures } }, `at ${at}`);
      found.close();
      found = new StreamStore(fields, { capacity: 512 });
    }
    found.close();
    // Only the indexes of pages, which nothing here reads, and the mark in front are of no account.
    assert.ok(refused > 4 * loaded, `${refused} refused`);
    assert.ok(loaded > 2, `${loaded} loaded`);
  }));

async function featuresOf(store: StreamStore): Promise<unknown> {
  return JSON.parse((await store.toDataset()).schema.metadata.get("huggingface")!);
}

test("loadDataset() refuses a footer whose checksum cannot be found any more", () =>
  inFolder(async (folder) => {
    const path = join(folder, "x.parquet");
    using store = edgeStore();
    await store.saveDataset(path, "train", { fieldFeatures });
    const whole = readFileSync(path);
    using found = new StreamStore(fields);
    for (const part of ["streamstore (", "footer crc32"]) {
      const bytes = Buffer.from(whole);
      bytes[bytes.lastIndexOf(part)] ^= 1;
      writeFileSync(path, bytes);
      await assert.rejects(
        found.loadDataset(path),
        /footer must name its writer with a checksum, got ".*crc32 \w{8}\)"$/,
      );
    }
  }));

test("loadDataset() refuses a page in another encoding than the footer has of its column", () =>
  inFolder(async (folder) => {
    const path = join(folder, "x.parquet");
    using store = edgeStore();
    await store.saveDataset(path, "train", { fieldFeatures });
    const bytes = readFileSync(path);
    // In a page's header, its 4 values and their encoding: PLAIN, for which BYTE_STREAM_SPLIT would fit as well.
    const at = bytes.indexOf(Uint8Array.of(0x15, 2 * 4, 0x15, 2 * 0));
    assert.ok(at > 0);
    bytes[at + 3] = 2 * 9;
    writeFileSync(path, bytes);
    using found = new StreamStore(fields);
    await assert.rejects(
      found.loadDataset(path),
      /column "id": a page must have one of its column's encodings \(PLAIN\), got BYTE_STREAM_SPLIT$/,
    );
  }));

test("saveDataset() gives every page a checksum, in row groups that stand where the footer says", () =>
  inFolder(async (folder) => {
    const path = join(folder, "x.parquet");
    using store = new StreamStore({ a: 0, b: 1 });
    for (let step = 0; step < 60_000; step++) store.append(step, { a: step, b: [step, -step] });
    await store.saveDataset(path);
    const { buffer } = new Uint8Array(readFileSync(path));
    const metadata = parquetMetadata(buffer);
    let [pages, at] = [0, 4];
    for (const { columns, file_offset, total_compressed_size } of metadata.row_groups) {
      assert.equal(Number(file_offset), at);
      for (const { meta_data: meta } of columns) {
        const reader = { view: new DataView(buffer), offset: Number(meta!.data_page_offset) };
        assert.equal(reader.offset, at);
        at += Number(meta!.total_compressed_size);
        for (; reader.offset < at; pages++) {
          const { crc, compressed_page_size } = parquetHeader(reader);
          assert.notEqual(crc, undefined);
          reader.offset += compressed_page_size;
        }
        assert.equal(reader.offset, at);
      }
      assert.equal(Number(file_offset) + Number(total_compressed_size), at);
    }
    assert.ok(pages > 4, `${pages} pages`);
  }));

const times = {
  instant: value("timestamp[s]"),
  clock: value("time32[s]"),
  day: value("date64"),
  instants: list(value("timestamp[s, tz=UTC]")),
  pairs: list(value("time32[s]"), 2),
} satisfies Record<string, Feature>;

const timeFields = { instant: int64(0), clock: int64(1), day: int64(2), instants: int64(3), pairs: int64(4) };
const secondsMax = (2n ** 63n - 1n) / 1000n;

test("saveDataset() keeps seconds and dates in Parquet, which has milliseconds for them", () =>
  inFolder(async (folder) => {
    using store = new StreamStore(timeFields);
    store.append(0, {
      instant: secondsMax,
      clock: 86_399,
      day: 86_400_000n,
      instants: [1n, -secondsMax],
      pairs: [1, 2],
    });
    store.append(1, { instant: -secondsMax, instants: [] });
    store.append(2, { pairs: [0, 2_147_483], day: -86_400_000n });
    const path = join(folder, "x.parquet");
    await store.saveDataset(path, "train", { fieldFeatures: times });
    using found = new StreamStore(timeFields);
    await found.loadDataset(path);
    assertSameStore(found, store);
    const { info } = await featuresOf(found) as { info: { features: unknown } };
    assert.deepEqual(info.features, times);
    const logical = parquetMetadata(new Uint8Array(readFileSync(path)).buffer).schema.map((element) =>
      element.logical_type?.type
    );
    assert.deepEqual(logical.filter((type) => type !== undefined && type !== "LIST"), [
      "TIMESTAMP",
      "TIME",
      "DATE",
      "TIMESTAMP",
      "TIME",
    ]);
  }));

test("writeParquet() takes tables with schemas of their own that mean the same", () =>
  inFolder(async (folder) => {
    const path = join(folder, "x.parquet");
    const numbers = () => new Table({ a: vectorFromArray([1n, 2n], new Int64()) });
    await writeParquet(path, [numbers(), numbers()]);
    using found = new StreamStore({ a: 0 });
    await found.loadDataset(path);
    assert.deepEqual([...found.column("a").values], [1, 2, 1, 2]);
  }));

test("saveDataset() to Parquet refuses seconds too many for milliseconds, and dates that are no days", () =>
  inFolder(async (folder) => {
    const path = join(folder, "x.parquet");
    using store = new StreamStore(timeFields);
    store.append(0, { instant: 0, instants: [0, secondsMax + 1n] });
    await assert.rejects(store.saveDataset(path, "train", { fieldFeatures: times }), {
      name: "RangeError",
      message:
        `Cannot save "instants" as Parquet, which has milliseconds: seconds must be >= -${secondsMax} and <= ${secondsMax}, got ${
          secondsMax + 1n
        }`,
    });
    using clocks = new StreamStore(timeFields);
    clocks.append(0, { clock: -2_147_484 });
    await assert.rejects(
      clocks.saveDataset(path, "train", { fieldFeatures: times }),
      /"clock" as Parquet.* >= -2147483 and <= 2147483, got -2147484$/,
    );
    await clocks.saveDataset(join(folder, "x.arrow"), "train", { fieldFeatures: times });
    for (const day of [86_400_001n, 86_400_000n * 2n ** 31n]) {
      using days = new StreamStore(timeFields);
      days.append(0, { day });
      await assert.rejects(days.saveDataset(path, "train", { fieldFeatures: times }), {
        name: "RangeError",
        message:
          `Cannot save "day" as Parquet, which has days: dates must be whole days of 86400000 ms that fit int32, got ${day} ms`,
      });
    }
  }));
