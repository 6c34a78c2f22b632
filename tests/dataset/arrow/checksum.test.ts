/** No byte of an Arrow file that was written here can be another and give other values. */
import { tableFromIPC, tableToIPC } from "apache-arrow";
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import {
  closeSync,
  copyFileSync,
  openSync,
  readFileSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { checkMessage } from "../../../src/dataset/arrow/flatbuffer_check.ts";
import { type ArrowForm, writeArrow } from "../../../src/dataset/arrow/write/file.ts";
import { writeDisk } from "../../../src/dataset/arrow/write/folder.ts";
import type { TableQueue } from "../../../src/dataset/files/tables.ts";
import { isShareOf } from "../../support/runtime.ts";
import { schema, tables, Target } from "../../support/arrow.ts";
import { filesIn, inFolder } from "../../support/saved.ts";

// All eight bits of every byte with ARROW_BITS=8.
const bitsPerByte = Number(process.env.ARROW_BITS ?? 1);

/** Loads a dataset with bits of one of its files flipped, one after another. */
async function flipAll(
  path: string,
  file: string,
): Promise<{ refused: number; right: number }> {
  using target = new Target();
  const whole = await target.load(path);
  assert.ok(whole.length > 100);
  const bytes = readFileSync(file);
  const handle = openSync(file, "r+");
  const counts = { refused: 0, right: 0 };
  for (let at = 0; at < bytes.length; at++) {
    if (!isShareOf(at)) continue;
    for (let i = 0; i < bitsPerByte; i++) {
      const bit = (at + 3 * i) % 8;
      writeSync(handle, Uint8Array.of(bytes[at] ^ (1 << bit)), 0, 1, at);
      const found = await target.try(path);
      const isError = found instanceof Error;
      if (!isError) assert.equal(found, whole, `bit ${bit} of byte ${at} of ${file}`);
      counts[isError ? "refused" : "right"]++;
    }
    writeSync(handle, bytes, at, 1, at);
  }
  closeSync(handle);
  assert.equal(await target.load(path), whole);
  return counts;
}

const forms = [["x.arrows", "stream"], ["x.arrow", "file"]] as const satisfies [string, ArrowForm][];

for (const [name, form] of forms) {
  test(`loadDataset() of a ${form} with any byte flipped throws or gives the same values`, () =>
    inFolder(async (folder) => {
      const path = join(folder, name);
      await writeArrow(path, schema, tables, form);
      const { refused, right } = await flipAll(path, path);
      console.log(`${form}: ${refused} flips were refused, ${right} changed no value`);
      // A file's index is not needed to read it.
      assert.ok(form === "stream" ? right === 0 : refused > 2 * right);
    }));
}

/** A folder of two files, as `saveDataset` writes it from as many rows as make two. */
async function writeFolder(folder: string): Promise<string[]> {
  const parts = [tables.slice(0, 2), tables.slice(2)];
  const queue = {
    schema,
    features: new Map(),
    get isDone() {
      return parts.length === 0;
    },
    take: () => parts.shift()!,
  };
  await writeDisk(folder, "train", queue as unknown as TableQueue, 1);
  return filesIn(folder);
}

test("loadDataset() of a folder with any byte flipped throws or gives the same values", () =>
  inFolder(async (folder) => {
    const path = join(folder, "disk");
    const files = await writeFolder(path);
    assert.equal(files.length, 5, files.join());
    for (const file of files) {
      const { refused, right } = await flipAll(path, join(path, file));
      console.log(`${file}: ${refused} flips were refused, ${right} changed no value`);
      if (file.endsWith("arrow")) assert.equal(right, 0);
    }
  }));

/** The messages of a stream, with their prefixes, and the marker of its end. */
function messagesOf(bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const messages = [];
  for (let at = 0; at < bytes.length;) {
    const length = view.getInt32(at + 4, true);
    const body = length === 0 ? 0 : checkMessage(bytes.subarray(at + 8, at + 8 + length)).bodyLength;
    messages.push(bytes.subarray(at, at + 8 + length + body));
    at += 8 + length + body;
  }
  return messages;
}

test("loadDataset() refuses a message that is missing, stands twice, elsewhere or in another file", () =>
  inFolder(async (folder) => {
    using target = new Target();
    const path = join(folder, "x.arrows");
    const foreignPath = join(folder, "y.arrows");
    await writeArrow(foreignPath, schema, [tables[1], tables[0], tables[2]], "stream");
    const foreign = messagesOf(readFileSync(foreignPath));
    await writeArrow(path, schema, tables, "stream");
    const whole = messagesOf(readFileSync(path));
    assert.equal(whole.length, 6, "a schema, a dictionary, three batches and the end");
    for (let i = 0; i < whole.length; i++) {
      const [before, after] = [whole.slice(0, i), whole.slice(i + 1)];
      const variants = [
        [...before, ...after],
        [...before, whole[i], whole[i], ...after],
        [...before, whole[5], whole[i], ...after],
      ];
      // Schema and dictionary are the same, but for the last checksum that the schema has.
      if (i < 5 && i !== 1) variants.push([...before, foreign[i], ...after]);
      if (i < 5) variants.push([...before, after[0], whole[i], ...after.slice(1)]);
      for (const variant of variants) {
        writeFileSync(path, Buffer.concat(variant));
        await target.refusal(path);
      }
    }
  }));

for (const [name, form] of forms) {
  test(`loadDataset() refuses a ${form} that is cut off anywhere, or goes on`, () =>
    inFolder(async (folder) => {
      using target = new Target();
      const path = join(folder, name);
      await writeArrow(path, schema, tables, form);
      const bytes = readFileSync(path);
      // Where the end is, at every byte; before, at every third, which is each of the places in eight bytes in turn.
      for (let length = bytes.length - 1; length >= 0; length -= bytes.length - length > 400 ? 3 : 1) {
        if (!isShareOf(length)) continue;
        truncateSync(path, length);
        await target.refusal(path);
      }
      for (const more of [1, 4, 8, 1000]) {
        writeFileSync(path, Buffer.concat([bytes, new Uint8Array(more)]));
        await target.refusal(path);
      }
    }));
}

test("loadDataset() says what must have which checksum", () =>
  inFolder(async (folder) => {
    using target = new Target();
    const path = join(folder, "x.arrows");
    await writeArrow(path, schema, tables, "stream");
    const bytes = readFileSync(path);
    bytes[bytes.length - 16] ^= 1;
    writeFileSync(path, bytes);
    assert.match(
      await target.refusal(path),
      /^Cannot read .*x\.arrows: rows at \d+ must have the checksum [0-9a-f]{8}, got [0-9a-f]{8}$/,
    );
  }));

test("loadDataset() takes only the files of a folder that were saved with it", () =>
  inFolder(async (folder) => {
    using target = new Target();
    const path = join(folder, "disk");
    await writeFolder(path);
    const [first, second] = [0, 1].map((i) => join(path, "train", `data-0000${i}-of-00002.arrow`));
    const bytes = readFileSync(first);
    copyFileSync(second, first);
    assert.match(await target.refusal(path), /must be the file with the checksum .{8}, got that with .{8}$/);
    writeFileSync(first, bytes);
    await target.load(path);
    // Elsewhere it is a file like any other.
    copyFileSync(second, join(folder, "alone.arrow"));
    await target.load(join(folder, "alone.arrow"));
  }));

test("loadDataset() refuses batches that another program copied with their checksums, with what to do", () =>
  inFolder(async (folder) => {
    using target = new Target();
    const path = join(folder, "x.arrows");
    await writeArrow(path, schema, tables, "stream");
    const table = tableFromIPC(readFileSync(path));
    writeFileSync(path, tableToIPC(table, "stream"));
    assert.match(await target.refusal(path), /must leave out their custom metadata$/);
    for (const batch of table.batches) batch.metadata.clear();
    writeFileSync(path, tableToIPC(table, "stream"));
    assert.equal(JSON.parse(await target.load(path)).length, table.numRows);
  }));

test("loadDataset() takes a stream without checksums that ends where a message does, as Arrow has it", () =>
  inFolder(async (folder) => {
    using target = new Target();
    const path = join(folder, "x.arrows");
    const whole = messagesOf(tableToIPC(tables[0].concat(tables[1], tables[2]), "stream"));
    assert.equal(whole.length, 6);
    for (const [length, rowCount] of [[6, 10], [5, 10], [4, 7], [3, 3], [2, 0]]) {
      writeFileSync(path, Buffer.concat(whole.slice(0, length)));
      assert.equal(JSON.parse(await target.load(path)).length, rowCount);
    }
  }));

test("writeArrow() writes what the library's own reader takes", () =>
  inFolder(async (folder) => {
    for (const [name, form] of forms) {
      await writeArrow(join(folder, name), schema, tables, form);
      const table = tableFromIPC(readFileSync(join(folder, name)));
      assert.deepEqual(table.schema.metadata, schema.metadata);
      assert.equal(table.numRows, 10);
      assert.deepEqual([...table.getChild("task")!].slice(3, 6), ["reach", "grasp", "reach"]);
    }
  }));
