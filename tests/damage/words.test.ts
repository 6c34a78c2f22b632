/** Whatever is damaged in files of Parquet and Arrow: who reads the error learns which file it is, and what must be there. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import { mutate } from "./dataset/mutations.ts";
import { expected, fieldsFor, fixture } from "../support/dataset.ts";
import { bytesOf, flat, parquetFile, types } from "../support/parquet.ts";
import { inFolder } from "../support/saved.ts";
import { Random } from "../support/support.ts";
import { keepInMemory } from "../support/in_memory.ts";

keepInMemory();

// More with DAMAGED_FILES=20000, others with DAMAGED_SEED=7.
const count = Number(process.env.DAMAGED_FILES ?? 80);
const seed = Number(process.env.DAMAGED_SEED ?? 1);

const files: readonly [string, string][] = [
  ["features.parquet", "features"],
  ["pages.parquet", "pages"],
  ["plain.parquet", "plain"],
  ["features.arrow", "features"],
];
const compressed = ["zstd.arrow", "zstd.arrows", "lz4.arrow", "uncompressed.arrow"] as const;

/** A file, then perhaps its column, then what must be where something else is. No engine says "must". */
const ownWords =
  /^Cannot (read .*\/x\.(parquet|arrows?)(, column ".*?")?|load a dataset( from .*)?): [^]*\bmust\b/;
/** What V8 and JavaScriptCore, thrift, the decompressors and apache-arrow say. */
const othersWords =
  /thrift|undefined|null \(|not a function|not an object|destructure|properties|Offset is|bounds|[Ii]nvalid|Unrecognized|TypeError|RangeError/;

test("damage in any place is told in words that say the file and what must be there", () =>
  inFolder(async (folder) => {
    const random = new Random(seed);
    const samples = [
      ...files.map(([name, columns]) => ({ name, fields: fieldsFor(expected[columns]) })),
      ...compressed.map((name) => ({ name, fields: { reward: 0, pose: 1, label: 2 } })),
    ];
    const messages: string[] = [];
    let refused = 0;
    for (const { name, fields } of samples) {
      const whole = new Map([[name, new Uint8Array(readFileSync(fixture(name)))]]);
      const path = join(folder, `x.${name.split(".")[1]}`);
      const key = Object.keys(fields)[0];
      // One for all that are refused: they leave no trace.
      let store = new StreamStore(fields, { capacity: 512 });
      for (let i = 0; i < count; i++) {
        const [mutant, what] = mutate(whole, [whole], random);
        const bytes = mutant.get(name);
        if (bytes === undefined) continue;
        writeFileSync(path, bytes);
        try {
          await store.loadDataset(path, "train", { nullInList: "nan", ...(i % 4 === 0 && { sortBy: key }) });
          store.close();
          store = new StreamStore(fields, { capacity: 512 });
        } catch (error) {
          refused++;
          const { message } = error as Error;
          // A damaged type is quoted as apache-arrow has it.
          const found = message.replaceAll(path, "").replace(/, got \w+<.*>;/, "");
          if (!ownWords.test(message) || othersWords.test(found)) {
            messages.push(`${name}, ${what}: ${message}`);
          }
        }
      }
    }
    assert.deepEqual(messages, []);
    assert.ok(refused > samples.length * count / 4, `${refused} were refused`);
  }));

test("any bit of a footer and of a page's header that is wrong is told in such words", () =>
  inFolder(async (folder) => {
    const path = join(folder, "x.parquet");
    const column = (name: string) => ({
      ...flat(name, types.double, [{ values: bytesOf(Float64Array.of(1, 2, 3)), count: 3 }]),
      statistics: { 3: 0n, 5: bytesOf(Float64Array.of(3)), 6: bytesOf(Float64Array.of(1)) },
    });
    const whole = parquetFile([column("first"), column("second")], 3);
    const messages: string[] = [];
    let [refused, named] = [0, 0];
    let store = new StreamStore({ first: 0, second: 1 }, { capacity: 512 });
    // Every third: of each byte two or three, and of all bytes every place in one.
    for (let bit = 0; bit < 8 * whole.length; bit += 3) {
      const damaged = Buffer.from(whole);
      damaged[bit >> 3] ^= 1 << (bit & 7);
      writeFileSync(path, damaged);
      try {
        await store.loadDataset(path);
        store.close();
        store = new StreamStore({ first: 0, second: 1 }, { capacity: 512 });
      } catch (error) {
        refused++;
        const { message } = error as Error;
        if (/column "(first|second)"/.test(message)) named++;
        const found = message.replaceAll(path, "");
        if (!ownWords.test(message) || othersWords.test(found)) messages.push(`bit ${bit}: ${message}`);
      }
    }
    store.close();
    assert.deepEqual(messages, []);
    // Some of the footer is of the whole file; all else is of one column.
    assert.ok(refused > 170 && named > refused / 3, `${refused} were refused, ${named} with their column`);
  }));
