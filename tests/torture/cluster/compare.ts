/**
 * The oracle. It knows nothing of messages: what a row must be follows from its number, and what the files of a replica
 * must be is what those of its collector's store are.
 */
import assert from "node:assert/strict";
import { closeSync, openSync, readdirSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import { StreamStore } from "../../../mod.ts";
import { compareColumns, compareRows, type Content, countWhole } from "../content.ts";
import { compareExtras } from "../extras_content.ts";

/** The rows of a store, as it is now. */
export function rowCountOf(path: string): number {
  using store = StreamStore.open(path, { mode: "read" });
  return store.rowCount;
}

/** What a collector that was killed has left becomes part of its store by the next that opens it; returns its rows. */
export function recover(path: string): number {
  using store = StreamStore.open(path);
  return store.rowCount;
}

/** A replica has the rows that were written, and is the same as its collector's store; returns how many were compared. */
export async function compareReplica(storePath: string, replicaPath: string): Promise<number> {
  using store: Content = StreamStore.open(storePath, { mode: "read" });
  using replica: Content = StreamStore.open(replicaPath, { mode: "read" });
  assert.deepEqual([replica.rowCount, replica.length], [store.rowCount, store.length], replicaPath);
  const wholeCount = countWhole(replica);
  compareRows(replica, 0, wholeCount);
  if (replica.extras.length > 0) compareExtras(replica, 0, wholeCount);
  if (wholeCount === replica.rowCount) compareColumns(replica, 0, wholeCount);
  assert.deepEqual(replica.sessions, store.sessions, `beginnings of writers in ${replicaPath}`);
  assert.deepEqual((await replica.verify()).damaged, []);
  compareFiles(storePath, replicaPath, store.rowCount, store.length);
  return store.rowCount;
}

/** The columns are the same, byte for byte: those of tokens, and those of rows. */
function compareFiles(storePath: string, replicaPath: string, rowCount: number, tokenCount: number): void {
  const columns = readdirSync(storePath).filter((name) => /^(data|type|step|row)\.[a-z]\d+$/.test(name));
  assert.ok(columns.length >= 3, columns.join());
  for (const name of columns) {
    const width = Number(/\d+$/.exec(name)![0]) / 8;
    const byteLength = width * (/^(step|row)/.test(name) ? rowCount : tokenCount);
    const [ours, theirs] = [storePath, replicaPath].map((path) => readFileOf(join(path, name), byteLength));
    assert.ok(ours.equals(theirs), `${name} of ${replicaPath} is not that of ${storePath}`);
  }
  const [ours, theirs] = [storePath, replicaPath].map((path) =>
    JSON.parse(readFileSync(join(path, "store.json"), "utf8"))
  );
  assert.deepEqual([theirs.fields, theirs.extras], [ours.fields, ours.extras]);
}

function readFileOf(path: string, byteLength: number): Buffer {
  const file = openSync(path, "r");
  try {
    const bytes = Buffer.alloc(byteLength);
    assert.equal(readSync(file, bytes, 0, byteLength, 0), byteLength, path);
    return bytes;
  } finally {
    closeSync(file);
  }
}
