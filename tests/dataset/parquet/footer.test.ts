/** Footers that somebody has spoilt, by chance or on purpose: our own errors, soon, and without much memory. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { StreamStoreError } from "../../../mod.ts";
import { ParquetFile } from "../../../src/dataset/parquet/read/file.ts";
import { fixture, realData } from "../../support/dataset.ts";
import { flat, joined, parquetFile, types, uint32 } from "../../support/parquet.ts";
import { Random } from "../../support/support.ts";

const magic = Buffer.from("PAR1");

/** Reads a file out of memory, all of it or what it takes to refuse it. Returns the error's code, or null. */
async function read(bytes: Uint8Array): Promise<string | null> {
  const source = {
    path: "x.parquet",
    byteLength: bytes.length,
    slice: (start: number, end = bytes.length) => Promise.resolve(bytes.slice(start, end).buffer),
    close: () => {},
  };
  try {
    const file = await ParquetFile.read(source);
    for (const [group, rowCount] of file.groupRows.entries()) {
      for (const [name, column] of file.columns) {
        if (rowCount > 1e6) continue;
        if (column !== null) await file.read(group, column);
        else if (file.textDepth(name) !== undefined) await file.readText(group, name);
      }
    }
    return null;
  } catch (error) {
    assert.ok(error instanceof StreamStoreError, String(error));
    assert.match(error.message, /^Cannot read x\.parquet.*: .* must .*/, error.message);
    return error.code;
  }
}

/** A file with another footer, whose length is right. */
function withFooter(file: Uint8Array, change: (footer: Uint8Array) => Uint8Array): Uint8Array {
  const end = file.length - 8;
  const start = end - new DataView(file.buffer, file.byteOffset).getUint32(end, true);
  const footer = change(file.slice(start, end));
  return joined(file.subarray(0, start), footer, uint32(footer.length), magic);
}

const varints = [0, 1, 2, 15, 127, 128, 2 ** 15 * 2 - 2, 2 ** 31, 2 ** 32 - 1, 2 ** 52].map(varint);

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push(value % 128 | 128);
  return [...bytes, value];
}

function mutate(footer: Uint8Array, random: Random): Uint8Array {
  const at = random.below(footer.length);
  const to = Math.min(footer.length, at + 1 + random.below(12));
  const before = footer.subarray(0, at);
  switch (random.below(6)) {
    case 0:
    case 1:
      footer[at] ^= 1 << random.below(8);
      return footer;
    case 2:
      footer[at] = random.below(256);
      return footer;
    case 3:
      return joined(before, Uint8Array.from(varints[random.below(varints.length)]), footer.subarray(at + 1));
    case 4:
      return joined(before, footer.subarray(to));
    default:
      return joined(before, footer.subarray(at, to), footer.subarray(at));
  }
}

/** Files whose footers have no checksum of their own, which would tell of everything at once. */
function samples(): [name: string, bytes: Uint8Array][] {
  const real = [
    "mosaic/seattle-weather.parquet",
    "lerobot-studio/lerobotv2/data/chunk-000/episode_000000.parquet",
  ]
    .map((name) => join(realData, name)).filter((path) => existsSync(path));
  const own = ["features", "pages", "rare", "shapes"].map((name) => fixture(`${name}.parquet`));
  return [...own, ...real].map((path) => [path, new Uint8Array(readFileSync(path))]);
}

test("loadDataset() gets an error of ours, or rows, out of any footer", async () => {
  const codes = new Map<string | null, number>();
  const rssBefore = process.memoryUsage().rss;
  for (const [name, file] of samples()) {
    assert.equal(await read(file), null, name);
    for (let seed = 0; seed < 200; seed++) {
      const random = new Random(seed);
      const mutant = withFooter(file, (footer) => {
        for (let i = random.below(3); i >= 0; i--) footer = mutate(footer, random);
        return footer;
      });
      const started = performance.now();
      const code = await read(mutant).catch((error) => {
        throw new Error(`${name}, seed ${seed}`, { cause: error });
      });
      assert.ok(performance.now() - started < 5000, `${name}, seed ${seed}`);
      codes.set(code, 1 + (codes.get(code) ?? 0));
    }
  }
  assert.ok(codes.get("damaged")! > 240 && codes.get(null)! > 80, JSON.stringify([...codes]));
  const grownBytes = process.memoryUsage().rss - rssBefore;
  assert.ok(grownBytes < 1.5e9, `${grownBytes} bytes more`);
});

const whole = parquetFile([flat("a", types.int32, [{ values: new Uint8Array(8), count: 2 }])], 2);

/** A footer that ends with a field more, of a number that has no use. */
const withField = (type: number, value: readonly Uint8Array[]) =>
  withFooter(whole, (footer) => {
    const head = Uint8Array.from([type, ...varint(2 * 60)]);
    return joined(footer.subarray(0, -1), head, ...value, Uint8Array.of(0));
  });

const [list, struct] = [9, 12];

test("loadDataset() refuses footers that would take much more memory than they have bytes", async () => {
  const listOf = (count: number, type: number) => Uint8Array.from([0xf0 | type, ...varint(count)]);
  assert.equal(await read(whole), null);
  // What is there without a use is passed over.
  assert.equal(await read(withField(list, [listOf(1000, struct), new Uint8Array(1000)])), null);
  const rssBefore = process.memoryUsage().rss;
  // Structs of a byte.
  assert.equal(await read(withField(list, [listOf(1.1e7, struct), new Uint8Array(1.1e7)])), "file-too-large");
  // And bytes, in lists of which none has too many.
  const bytes = joined(...Array(11).fill(joined(listOf(1e6, 3), new Uint8Array(1e6))));
  assert.equal(await read(withField(list, [listOf(11, list), bytes])), "file-too-large");
  assert.ok(process.memoryUsage().rss - rssBefore < 1e9);
  // Structs with a field of the largest number.
  const one = [1, ...varint(2 * 32767), 0];
  const far = Uint8Array.from({ length: 200_000 * one.length }, (_, i) => one[i % one.length]);
  const started = process.memoryUsage().rss;
  assert.equal(await read(withField(list, [listOf(200_000, struct), far])), null);
  assert.ok(process.memoryUsage().rss - started < 1e9);
  // Counts that are of nothing.
  for (const type of [1, 3, 5, 7, 8, list, struct]) {
    assert.equal(await read(withField(list, [listOf(2 ** 31, type)])), "damaged");
  }
  assert.equal(await read(withField(8, [Uint8Array.from(varint(2 ** 40))])), "damaged");
});

test("loadDataset() refuses footers that are nested without an end, and paths that are longer together than all else", async () => {
  for (const byte of [0x1c, 0x19, 0xcc, 0x99]) {
    const nested = withFooter(whole, () => new Uint8Array(3e6).fill(byte));
    assert.equal(await read(nested), "damaged");
  }
  const group = { ...flat("a", types.int32, []), schema: [{ 4: "x".repeat(1e6), 5: 200 }] };
  const columns = Array.from({ length: 200 }, (_, i) => flat(`c${i}`, types.int32, []));
  const schema = [{ 4: "schema", 5: 1 }, ...group.schema, ...columns.flatMap((column) => column.schema)];
  assert.equal(await read(parquetFile([], 0, { 2: schema })), "file-too-large");
});
