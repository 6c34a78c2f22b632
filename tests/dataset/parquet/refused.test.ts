/** Parquet files that may be whole, and are not read: of a kind, or a size, that there is no reading for. */
import assert from "node:assert/strict";
import { truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type ErrorCode, parquetSchema, StreamStore } from "../../../mod.ts";
import { has } from "../../support/errors.ts";
import {
  bytesOf,
  type Column,
  encodings,
  flat,
  joined,
  type Page,
  parquetFile,
  runs,
  types,
  uint32,
} from "../../support/parquet.ts";
import { inFolder } from "../../support/saved.ts";

const page = (more: Partial<Page> = {}): Page => ({
  values: bytesOf(Int32Array.of(1, 2)),
  count: 2,
  ...more,
});

/** Loads a file of one column named a, of two rows, which must be refused. */
async function assertRefused(column: Column, code: ErrorCode, message: RegExp): Promise<void> {
  await inFolder(async (folder) => {
    const path = join(folder, "x.parquet");
    writeFileSync(path, parquetFile([column], 2));
    using store = new StreamStore({ a: 0 });
    await assert.rejects(store.loadDataset(path), has(code, message));
    assert.equal(store.rowCount, 0);
  });
}

test("loadDataset() says unsupported of encodings and codecs that there is no reading for", async () => {
  const optional = { 3: 1 };
  const levels = { definitions: runs([1, 1]), kind: { 3: encodings.bitPacked } };
  const dictionary = page({ isDictionary: true, kind: { 2: encodings.deltaBytes } });
  const cases: [Column, RegExp][] = [
    [
      flat("a", types.int32, [page({ encoding: encodings.deltaBytes })]),
      /numbers must be in an encoding that there is for INT32, got DELTA_BYTE_ARRAY$/,
    ],
    [flat("a", types.int32, [page({ encoding: 99 })]), /an encoding that there is for INT32, got number 99$/],
    [flat("a", types.int32, [page(levels)], optional), /levels must be in the encoding RLE, got BIT_PACKED$/],
    [
      flat("a", types.int32, [dictionary, page()]),
      /a dictionary must be in the encoding PLAIN, got DELTA_BYTE/,
    ],
  ];
  for (const [codec, name] of [[3, "LZO"], [42, "number 42"]] as const) {
    cases.push([
      { ...flat("a", types.int32, [page()]), metadata: { 4: codec } },
      new RegExp(`its pages must be compressed by one of SNAPPY, .*, got ${name}$`),
    ]);
  }
  for (const [column, message] of cases) await assertRefused(column, "unsupported", message);
});

test("loadDataset() says unsupported of strings to sort by in an encoding that there is no reading for", () =>
  inFolder(async (folder) => {
    const path = join(folder, "x.parquet");
    const text = flat("text", types.bytes, [page({ encoding: encodings.split })], { 6: 0 });
    writeFileSync(path, parquetFile([flat("a", types.int32, [page()]), text], 2));
    using store = new StreamStore({ a: 0 });
    await assert.rejects(
      store.loadDataset(path, "train", { sortBy: "text" }),
      has(
        "unsupported",
        /column "text": its strings must be in an encoding that there is for BYTE_ARRAY, got BYTE_ST/,
      ),
    );
  }));

test("loadDataset() says file-too-large of more values in a row group than an array has, and of a footer of 270 MB", async () => {
  await assertRefused(
    { ...flat("a", types.int32, [page()]), valueCount: 2 ** 31 },
    "file-too-large",
    /column "a": a row group must have at most 2147483647 values of a column, got 2147483648$/,
  );
  await inFolder(async (folder) => {
    const path = join(folder, "x.parquet");
    const footerBytes = 270_000_000;
    // All but its end takes no room on the disk.
    writeFileSync(path, "PAR1");
    truncateSync(path, footerBytes + 4);
    writeFileSync(path, joined(uint32(footerBytes), new TextEncoder().encode("PAR1")), { flag: "a" });
    await assert.rejects(
      parquetSchema(path),
      has("file-too-large", /its footer must have at most 256000000 bytes, got 270000000$/),
    );
  });
});

test("loadDataset() says that a file is encrypted, and reads its plain columns", () =>
  inFolder(async (folder) => {
    const path = join(folder, "x.parquet");
    const page = { values: bytesOf(Float64Array.of(1, 2)), count: 2 };
    const [a, b] = ["a", "b"].map((name) => flat(name, types.double, [page]));
    const whole = parquetFile([a], 2);
    whole.set(new TextEncoder().encode("PARE"), whole.length - 4);
    writeFileSync(path, whole);
    using store = new StreamStore({ a: 0 });
    const footerRefused = has("unsupported", /^Cannot read .*: it must not be encrypted, but its footer is$/);
    await assert.rejects(store.loadDataset(path), footerRefused);
    await assert.rejects(parquetSchema(path), footerRefused);
    // With the footer in the clear a column tells by its key, and may hide its metadata.
    for (const chunk of [{ 8: { 1: {} } }, { 3: undefined, 8: { 2: { 1: ["a"] } }, 9: new Uint8Array(20) }]) {
      writeFileSync(path, parquetFile([{ ...a, chunk }, b], 2));
      assert.equal((await parquetSchema(path)).columns.length, 2);
      await assert.rejects(
        store.loadDataset(path),
        has("unsupported", /column "a": it must not be encrypted, but is$/),
      );
      using plain = new StreamStore({ b: 0 });
      await plain.loadDataset(path);
      assert.deepEqual([...plain.column("b").values], [1, 2]);
    }
    assert.equal(store.rowCount, 0);
  }));
