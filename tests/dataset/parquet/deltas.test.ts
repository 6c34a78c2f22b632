/** Integers as differences, in the widths that writers choose; encoded here bit by bit. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type FieldMap, StreamStore } from "../../../mod.ts";
import { type Column, deltas, encodings, flat, parquetFile, types } from "../../support/parquet.ts";
import { inFolder } from "../../support/saved.ts";
import { Random } from "../../support/support.ts";

const uint32Type = { 6: 13, 10: { 10: { 1: 32, 2: false } } };
const uint64Type = { 6: 14, 10: { 10: { 1: 64, 2: false } } };
const text = { 6: 0, 10: { 1: {} } };

/** What a file of one column holds. */
async function load(
  column: Column,
  rowCount: number,
  dtype: "float64" | "int64" | "uint64",
): Promise<unknown[]> {
  let values: unknown[] = [];
  await inFolder(async (folder) => {
    const path = join(folder, "x.parquet");
    writeFileSync(path, parquetFile([column], rowCount));
    using store = new StreamStore<FieldMap>({ a: { type: 0, dtype } });
    await store.loadDataset(path);
    values = [...store.column("a").values];
  });
  return values;
}

const deltaPage = (values: Uint8Array, count: number) => ({ values, count, encoding: encodings.delta });

test("loadDataset() reads uint32 of a writer that counts its differences in 64 bits", async () => {
  const values = [3_000_000_000n, 5n, 4_000_000_000n, 7n];
  for (const bits of [32, 64] as const) {
    const column = flat("a", types.int32, [deltaPage(deltas(values, { bits }), 4)], uint32Type);
    assert.deepEqual(await load(column, 4, "float64"), values.map(Number), `${bits} bits`);
  }
});

test("loadDataset() reads differences of any width, in blocks of any size, of 32 and 64 bits", async () => {
  const random = new Random(28);
  const integer = (bits: number) => {
    const whole = BigInt(random.below(2 ** 32)) << 32n | BigInt(random.below(2 ** 32));
    return BigInt.asUintN(bits, whole);
  };
  for (let round = 0; round < 80; round++) {
    const isWide = round % 2 === 1;
    const bits = isWide ? 64 : 32;
    const width = 1 + random.below(bits);
    const count = 1 + random.below(400);
    const start = integer(bits);
    // Near each other, so that their differences need about so many bits.
    const values = Array.from({ length: count }, () => BigInt.asUintN(bits, start + integer(width)));
    const [blockSize, parts] = [[128, 4], [128, 1], [256, 8], [1024, 4]][random.below(4)];
    const encoded = deltas(isWide ? values.map((value) => BigInt.asIntN(64, value)) : values, {
      bits: isWide || random.below(2) === 0 ? 64 : 32,
      blockSize,
      parts,
    });
    const type = isWide ? types.int64 : types.int32;
    const column = flat("a", type, [deltaPage(encoded, count)], isWide ? uint64Type : uint32Type);
    const found = await load(column, count, isWide ? "uint64" : "float64");
    assert.deepEqual(found.map(BigInt as (value: unknown) => bigint), values, `round ${round}`);
  }
});

test("loadDataset() refuses differences that do not fit what is said of them", () =>
  inFolder(async (folder) => {
    const path = join(folder, "x.parquet");
    const values = Array.from({ length: 100 }, (_, i) => BigInt(1 + i));
    const whole = deltas(values);
    const widths = whole.slice();
    // Behind the block's size, its parts, the count, the first integer and the least difference, one byte or two each.
    widths[2 + 1 + 1 + 1 + 1] = 65;
    const refused: [Uint8Array, RegExp][] = [
      [deltas(values, { count: 1 }), /differences must be of 100 integers, got 1$/],
      [deltas(values, { count: 101 }), /differences must be of 100 integers, got 101$/],
      [deltas(values.slice(0, 50)), /differences must be of 100 integers, got 50$/],
      [whole.subarray(0, 6), /differences must lie within their 6 bytes, got/],
      [new Uint8Array(0), /differences must lie within their 0 bytes/],
      [Uint8Array.of(100, 4, 100, 2), /must come in blocks of a multiple of 128, .* got 100 in 4$/],
      [Uint8Array.of(128, 1, 0, 100, 2), /must come in blocks of .* got 128 in 0$/],
      [new Uint8Array(20).fill(0xff), /an integer must have at most 10 bytes, got more$/],
      [widths, /differences must have at most 64 bits, got 65$/],
    ];
    using store = new StreamStore({ a: 0 });
    for (const [bytes, message] of refused) {
      writeFileSync(path, parquetFile([flat("a", types.int64, [deltaPage(bytes, 100)])], 100));
      await assert.rejects(store.loadDataset(path), (error) => {
        assert.match((error as Error).message, message);
        assert.match((error as Error).message, /^Cannot read .*x\.parquet, column "a": /);
        return true;
      });
    }
    assert.equal(store.rowCount, 0);
  }));

test("loadDataset() sorts by strings whose lengths are differences, and refuses those that are not theirs", () =>
  inFolder(async (folder) => {
    const path = join(folder, "x.parquet");
    const bytes = (words: string) => new TextEncoder().encode(words);
    const numbers = flat("a", types.int64, [{
      values: new Uint8Array(BigInt64Array.of(1n, 2n, 3n).buffer),
      count: 3,
    }]);
    const page = (encoding: number, ...parts: Uint8Array[]) => ({
      encoding,
      count: 3,
      values: Uint8Array.from(parts.flatMap((part) => [...part])),
    });
    const { deltaLength, deltaBytes } = encodings;
    const sorted: [ReturnType<typeof page>, number[]][] = [
      [page(deltaLength, deltas([5n, 4n, 0n]), bytes("applepear")), [3, 1, 2]],
      [page(deltaBytes, deltas([0n, 3n, 0n]), deltas([4n, 2n, 0n]), bytes("pearch")), [3, 2, 1]],
    ];
    for (const [given, order] of sorted) {
      writeFileSync(path, parquetFile([numbers, flat("b", types.bytes, [given], text)], 3));
      using found = new StreamStore({ a: 0 });
      await found.loadDataset(path, "train", { sortBy: "b" });
      assert.deepEqual([...found.column("a").values], order);
    }
    using store = new StreamStore({ a: 0 });
    const refused: [ReturnType<typeof page>, RegExp][] = [
      [
        page(deltaLength, deltas([5n, 5n, 0n]), bytes("applepear")),
        /strings must lie within their \d+ bytes, got/,
      ],
      [page(deltaLength, deltas([5n, -1n, 0n]), bytes("applepear")), /strings must lie within their/],
      [page(deltaLength, deltas([5n, 4n]), bytes("applepear")), /differences must be of 3 integers, got 2$/],
      [
        page(deltaBytes, deltas([0n, 5n, 0n]), deltas([4n, 2n, 0n]), bytes("pearch")),
        /strings must share at most the 4 bytes of the one before, got 5$/,
      ],
    ];
    for (const [given, message] of refused) {
      writeFileSync(path, parquetFile([numbers, flat("b", types.bytes, [given], text)], 3));
      await assert.rejects(store.loadDataset(path, "train", { sortBy: "b" }), (error) => {
        assert.match((error as Error).message, message);
        assert.match((error as Error).message, /^Cannot read .*, column "b": /);
        return true;
      });
    }
  }));
