/** Strings, and lists of them, as the lists of LeRobot's episodes have them. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { openBytes } from "../../../src/dataset/files/byte_source.ts";
import { ParquetFile } from "../../../src/dataset/parquet/read/file.ts";
import {
  type Column,
  deltas,
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

const bytesOf = (text: string) => new TextEncoder().encode(text);

function plain(...texts: string[]): Uint8Array {
  return joined(...texts.map(bytesOf).flatMap((bytes) => [uint32(bytes.length), bytes]));
}

/** Lists that may be null, of strings that may be. */
function lists(pages: readonly Page[]): Column {
  return {
    schema: [
      { 3: 1, 4: "a", 5: 1, 6: 3 },
      { 3: 2, 4: "list", 5: 1 },
      { 1: types.bytes, 3: 1, 4: "element", 6: 0 },
    ],
    path: ["a", "list", "element"],
    type: types.bytes,
    pages,
  };
}

async function read(column: Column, rowCount: number): Promise<unknown[]> {
  let rows: unknown[] = [];
  await inFolder(async (folder) => {
    const path = join(folder, "x.parquet");
    writeFileSync(path, parquetFile([column], rowCount));
    const file = await ParquetFile.read(await openBytes(path));
    try {
      assert.equal(file.textDepth("a"), column.schema.length > 1 ? 1 : 0);
      const decode = (text: Uint8Array | null) => text && new TextDecoder().decode(text);
      rows = (await file.readText(0, "a")).map((text) =>
        text === null || text instanceof Uint8Array ? decode(text) : text.map(decode)
      );
    } finally {
      await file.close();
    }
  });
  return rows;
}

// Levels of definition: 0 a null list, 1 an empty one, 2 a null in one, 3 a string.
const levels = { repetitions: runs([0, 0, 0, 1, 1, 0]), definitions: runs([0, 1, 3, 2, 3, 3]), count: 6 };

test("readText() reads lists of strings: null, empty, with nulls, and over pages", async () => {
  const more = { repetitions: runs([1, 0]), definitions: runs([3, 3]), count: 2 };
  const rows = [null, [], ["walk", null, "ø"], ["run", "walk"], [""]];
  for (const isV2 of [false, true]) {
    const pages = [
      { ...levels, isV2, values: plain("walk", "ø", "run") },
      { ...more, isV2, values: plain("walk", "") },
    ];
    assert.deepEqual(await read(lists(pages), 5), rows);
  }
  const dictionary = { values: plain("run", "walk", "ø"), count: 3, isDictionary: true };
  const indexed = {
    ...levels,
    values: joined(Uint8Array.of(8), runs([1, 2, 0])),
    encoding: encodings.dictionary,
  };
  assert.deepEqual(await read(lists([dictionary, indexed]), 4), [...rows.slice(0, 3), ["run"]]);
  assert.deepEqual(
    await read(
      flat("a", types.bytes, [{ values: plain("x"), count: 2, definitions: runs([0, 1]) }], {
        3: 1,
        6: 0,
      }),
      2,
    ),
    [null, "x"],
  );
});

test("readText() refuses lists of strings that contradict themselves, and makes no room for what is said only", async () => {
  const lengths = (count: number) => ({
    ...levels,
    values: joined(deltas([4n, 2n, 3n], { count }), bytesOf("walkørun")),
    encoding: encodings.deltaLength,
  });
  assert.deepEqual((await read(lists([lengths(3)]), 4))[3], ["run"]);
  const first = { ...levels, repetitions: runs([1, 0, 0, 1, 1, 0]), values: plain("a", "b", "c") };
  const cases: [Page, number, RegExp][] = [
    [lengths(2 ** 31), 4, /differences must be of 3 integers, got 2147483648$/],
    [first, 4, /the first of its repetition levels must be 0, got 1$/],
    [{ ...levels, values: plain("a", "b") }, 4, /strings must lie within their 10 bytes, got an end at 14$/],
    [{ ...levels, values: plain("a", "b", "c") }, 5, /row group 0 must have 5 rows, has 4$/],
  ];
  for (const [page, rowCount, message] of cases) {
    await assert.rejects(read(lists([page]), rowCount), (error: Error) => {
      assert.match(error.message, /^Cannot read .*x\.parquet, column "a": /);
      assert.match(error.message, message);
      return true;
    });
  }
});
