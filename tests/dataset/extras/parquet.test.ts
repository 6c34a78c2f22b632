/** Columns of text and bytes in Parquet files that say what no writer would. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { StreamStore } from "../../../mod.ts";
import { compareExtras, extra, type ExtrasStore, fields, numbersAt, valuesAt } from "../../support/extras.ts";
import {
  bytesOf,
  type Column,
  deltas,
  encodings,
  flat,
  joined,
  type Page,
  parquetFile,
  runs,
  type Struct,
  types,
  uint32,
} from "../../support/parquet.ts";
import { inFolder } from "../../support/saved.ts";
import { Random } from "../../support/support.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);

function plain(...values: (string | Uint8Array)[]): Uint8Array {
  return joined(
    ...values.map((value) => typeof value === "string" ? utf8(value) : value)
      .flatMap((bytes) => [uint32(bytes.length), bytes]),
  );
}

const rowCount = 4;
const action = flat("action", types.int32, [{ values: bytesOf(Int32Array.of(1, 2, 3, 4)), count: rowCount }]);
/** Text, as the field 6 of an element says. */
const isText: Struct = { 6: 0 };

function text(...pages: Page[]): Column {
  return flat("it", types.bytes, pages, isText);
}

/** Loads a column into a store that has a row, which is all that it has after a refusal. */
async function load(
  columns: readonly Column[],
  kind: "string" | "bytes" = "string",
  footer: Struct = {},
): Promise<unknown[]> {
  let found: unknown[] = [];
  await inFolder(async (folder) => {
    const path = join(folder, "x.parquet");
    writeFileSync(path, parquetFile([action, ...columns], rowCount, footer));
    using store = new StreamStore({ action: 0 }, { extra: { it: kind } });
    store.append(0, { action: 0 }, { it: (kind === "string" ? "kept" : Uint8Array.of(1)) as never });
    try {
      await store.loadDataset(path, "train", { extra: ["it"] });
      found = store.extra("it").slice(1);
    } catch (error) {
      assert.deepEqual([store.rowCount, store.extra("it").length], [1, 1]);
      store.append(1, { action: 1 }, {});
      throw error;
    }
  });
  return found;
}

test("loadDataset() reads text of every encoding, over pages", async () => {
  const words = ["a", "", "ø\0", "x".repeat(100)];
  const lengths = words.map((word) => BigInt(utf8(word).length));
  const dictionary = { values: plain("a", "", words[2], words[3]), count: 4, isDictionary: true };
  const ways: readonly (readonly Page[])[] = [
    [{ values: plain(...words), count: 4 }],
    [{ values: plain(...words.slice(0, 1)), count: 1 }, { values: plain(...words.slice(1)), count: 3 }],
    [dictionary, {
      values: joined(Uint8Array.of(2), runs([0, 1, 2, 3])),
      count: 4,
      encoding: encodings.dictionary,
    }],
    [{
      values: joined(deltas(lengths), ...words.map(utf8)),
      count: 4,
      encoding: encodings.deltaLength,
    }],
  ];
  for (const [i, pages] of ways.entries()) {
    for (const isV2 of [false, true]) {
      const shown = pages.map((page) => page.isDictionary ? page : { ...page, isV2 });
      try {
        assert.deepEqual(await load([text(...shown)]), words);
      } catch (error) {
        throw new Error(`way ${i}, ${isV2}`, { cause: error });
      }
    }
  }
});

test("loadDataset() refuses lengths that lie, other bytes than text's, and columns that are not whole", async () => {
  const refused = async (column: Column, message: RegExp) => {
    await assert.rejects(load([column]), (error: Error) => {
      assert.match(error.message, message);
      assert.match(error.message, /x\.parquet/);
      assert.match(error.message, /"it"/);
      assert.equal((error as { code?: string }).code, "damaged");
      return true;
    }, String(message));
  };
  const good = plain("a", "b", "c", "d");
  const long = good.slice();
  new DataView(long.buffer).setUint32(0, 0xffffffff, true);
  await refused(text({ values: long, count: 4 }), /must lie within their 20 bytes/);
  await refused(text({ values: good.subarray(0, 18), count: 4 }), /must lie within their 18 bytes/);
  await refused(
    text({ values: plain("a", "b", Uint8Array.of(0xff), "d"), count: 4 }),
    /at row 2 .*must be UTF-8, got the bytes ff at 0$/,
  );
  // Together they are a character, and each alone is none.
  await refused(
    text({ values: plain("a", Uint8Array.of(0xc3), Uint8Array.of(0xa4), "d"), count: 4 }),
    /at row 1 .*must be UTF-8, got the bytes c3 at 0$/,
  );
  await refused(
    text({ values: plain("a", "b"), count: 2 }, { values: plain("c", Uint8Array.of(0x80)), count: 2 }),
    /at row 3 .*must be UTF-8/,
  );
  await refused(text({ values: plain("a", "b", "c"), count: 3 }), /row group 0 must have 4 rows, has 3/);
  const indices = {
    values: joined(Uint8Array.of(3), runs([0, 1, 2, 7])),
    count: 4,
    encoding: encodings.dictionary,
  };
  await refused(text({ values: good, count: 4, isDictionary: true }, indices), /7/);
  await refused(text(indices), /0/);
  const deltaLengths = {
    values: joined(deltas([1n, 1n, 1n, 9n]), utf8("abcd")),
    count: 4,
    encoding: encodings.deltaLength,
  };
  await refused(text(deltaLengths), /must lie within/);
  await refused({ ...text({ values: good, count: 4 }), path: ["other"] }, /it must be in all row groups/);
  await assert.rejects(load([text({ values: good, count: 4, encoding: encodings.split })]), {
    code: "unsupported",
    message: /its values must be in an encoding that there is for BYTE_ARRAY, got BYTE_STREAM_SPLIT/,
  });
});

test("loadDataset() takes the bytes of pictures, and refuses a path alone with its row", async () => {
  // Levels of definition: 0 a null struct, 1 a null within it, 2 a value.
  const leaf = (name: string, values: Uint8Array, levels: readonly number[]): Column => ({
    schema: [],
    path: ["it", name],
    type: types.bytes,
    pages: [{ values, count: 4, definitions: runs(levels) }],
  });
  const schema = [
    { 4: "schema", 5: 2 },
    ...action.schema,
    { 3: 1, 4: "it", 5: 2 },
    { 1: types.bytes, 3: 1, 4: "bytes" },
    { 1: types.bytes, 3: 1, 4: "path", ...isText },
  ];
  const columns = (pathLevels: readonly number[], paths: string[]) => [
    leaf("bytes", plain("a", "b"), [2, 0, 1, 2]),
    leaf("path", plain(...paths), pathLevels),
  ];
  const footer = { 2: schema };
  assert.deepEqual(await load(columns([2, 0, 1, 1], ["p"]), "bytes", footer), [
    utf8("a"),
    null,
    null,
    utf8("b"),
  ]);
  assert.deepEqual(await load(columns([2, 0, 2, 1], ["p", "q"]), "string", footer), ["p", null, "q", null]);
  await assert.rejects(load(columns([2, 0, 2, 1], ["p", "q"]), "bytes", footer), {
    code: "damaged",
    message: /"it" at row 2 .*must be bytes, got a path alone; as an extra of "string" the paths are kept$/,
  });
});

test("loadDataset() takes no damaged file of extras for another: all or nothing", async () => {
  await inFolder(async (folder) => {
    const random = new Random(14);
    const path = join(folder, "x.parquet");
    {
      using store: ExtrasStore = new StreamStore(fields, { extra });
      for (let step = 0; step < 40; step++) store.append(step, numbersAt(step), valuesAt(step));
      await store.saveDataset(path, "train", { fieldFeatures: { frame: { _type: "Image" } } });
    }
    const whole = readFileSync(path);
    let refusals = 0;
    for (let round = 0; round < 25; round++) {
      const bytes = Uint8Array.from(whole);
      bytes[random.below(bytes.length)] ^= 1 << random.below(8);
      writeFileSync(path, random.below(5) === 0 ? bytes.subarray(0, random.below(bytes.length)) : bytes);
      using store: ExtrasStore = new StreamStore(fields, { extra });
      try {
        await store.loadDataset(path);
        compareExtras(store, 0, 40);
      } catch (error) {
        if ((error as Error).name === "AssertionError") throw error;
        refusals++;
        assert.deepEqual([store.rowCount, store.extra("frame").length], [0, 0]);
      }
    }
    assert.ok(refusals > 15, `${refusals}`);
  });
});
