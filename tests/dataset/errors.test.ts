import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { type ErrorCode, StreamStore, StreamStoreError } from "../../mod.ts";

/** What a file may hold that is not what its name says, and what programs are told of it. */
const files: readonly (readonly [name: string, bytes: string | Uint8Array, code: ErrorCode])[] = [
  ["no.parquet", "words", "damaged"],
  ["empty.parquet", "", "damaged"],
  ["encrypted.parquet", "PAR1\0\0\0\0PARE", "unsupported"],
  ["no.arrow", "ARROW1\0\0words", "damaged"],
  ["no.arrows", new Uint8Array([255, 255, 255, 255, 16, 0, 0, 0, 1, 2, 3]), "damaged"],
  ["no.jsonl", "{", "damaged"],
  ["list.jsonl", '{"a": 1}\n[2]\n', "damaged"],
  ["latin1.jsonl", new Uint8Array([0x7b, 0x22, 0xe4, 0x22, 0x7d, 10]), "damaged"],
  ["open.json", '[{"a": 1}', "damaged"],
  ["more.json", '[{"a": 1}] 2', "damaged"],
  ["ragged.csv", "a,b\n1,2\n3\n", "damaged"],
  ["quote.csv", 'a,b\n"1,2\n', "damaged"],
  ["no.csv.gz", "a,b\n1,2\n", "damaged"],
  ["cut.csv.gz", new Uint8Array([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]), "damaged"],
];

async function inFolder(task: (folder: string, store: StreamStore) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "streamstore-test-"));
  using store = new StreamStore({ a: 0, b: 1 });
  try {
    await task(folder, store);
    assert.equal(store.rowCount, 0);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function has(code: ErrorCode, what: RegExp): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof StreamStoreError, `${error}`);
    assert.equal(error.code, code, error.message);
    assert.match(error.message, /^Cannot (read|load|save) /);
    assert.match(error.message, what);
    return true;
  };
}

for (const [name, bytes, code] of files) {
  test(`loadDataset() says of ${name} that it is ${code}`, async () => {
    await inFolder(async (folder, store) => {
      const path = join(folder, name);
      writeFileSync(path, bytes);
      await assert.rejects(store.loadDataset(path), has(code, new RegExp(name)));
    });
  });
}

test("fromParquet() says not-found of a file that is not there, and of a folder without Parquet", async () => {
  await inFolder(async (folder, store) => {
    await assert.rejects(
      store.fromParquet(join(folder, "none.parquet")),
      has("not-found", /none\.parquet|there/),
    );
    await assert.rejects(store.fromParquet(folder), has("not-found", /must hold files named \*\.parquet/));
  });
});

test("loadDataset() says damaged of a folder whose state.json lists no files", async () => {
  await inFolder(async (folder, store) => {
    writeFileSync(join(folder, "state.json"), "{}");
    await assert.rejects(store.loadDataset(folder), has("damaged", /must list _data_files/));
  });
});

test("saveDataset() says already-exists of a folder that is one dataset itself", async () => {
  await inFolder(async (folder, store) => {
    mkdirSync(join(folder, "own"));
    writeFileSync(join(folder, "own", "state.json"), "{}");
    await assert.rejects(
      store.saveDataset(join(folder, "own"), "train", { format: "disk" }),
      has("already-exists", /must be a folder of splits/),
    );
  });
});
