/**
 * The oracle. It knows nothing of messages: what a row must be follows from its number, and what the files of a replica
 * must be is what those of its collector's store are.
 */
import assert from "node:assert/strict";
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import { StreamStore } from "../../../mod.ts";
import { compareColumns, compareRows, type Content, countWhole } from "../content.ts";
import { compareExtras } from "../extras_content.ts";

/** The replicas of a subject, one after another: `steps.0.stream`, `steps.0@5000.stream`. */
export function replicasIn(directory: string, subject: string): string[] {
  const name = new RegExp(`^${subject.replaceAll(".", "\\.")}(?:@(\\d+))?\\.stream$`);
  const names = existsSync(directory) ? readdirSync(directory) : [];
  return names.map((text) => ({ text, match: name.exec(text) })).filter(({ match }) => match !== null)
    .sort((a, b) => Number(a.match![1] ?? 0) - Number(b.match![1] ?? 0)).map(({ text }) =>
      join(directory, text)
    );
}

/** The row after the last that the replicas of a subject have, as it is now. */
export function endRowOf(directory: string, subject: string): number {
  const path = replicasIn(directory, subject).at(-1);
  if (path === undefined) return 0;
  using store = StreamStore.open(path, { mode: "read" });
  return store.rowCount;
}

/** What a collector that was killed has left becomes part of its store by the next that opens it; returns its rows. */
export function recover(path: string): number {
  using store = StreamStore.open(path);
  return store.rowCount;
}

/**
 * The replicas of a store have the rows that were written, and all of them, unless the log has dropped some; returns how
 * many were compared.
 */
export async function compareReplicas(
  storePath: string,
  directory: string,
  subject: string,
  mayHaveGaps: boolean,
): Promise<number> {
  using store: Content = StreamStore.open(storePath, { mode: "read" });
  const paths = replicasIn(directory, subject);
  let [compared, end] = [0, 0];
  for (const path of paths) {
    using replica: Content = StreamStore.open(path, { mode: "read" });
    const { firstRow, rowCount } = replica;
    const isPlaced = mayHaveGaps ? firstRow >= end : firstRow === end && paths.length === 1;
    assert.ok(isPlaced, `${path} begins with row ${firstRow} behind ${end}`);
    await compareReplica(store, replica, path);
    if (firstRow === 0 && rowCount === store.rowCount) compareFiles(storePath, path, rowCount, store.length);
    compared += rowCount - firstRow;
    end = rowCount;
  }
  assert.equal(end, store.rowCount, `the end of the replicas of ${subject} in ${directory}`);
  return compared;
}

/** By content, and token by token with the store. */
async function compareReplica(store: Content, replica: Content, path: string): Promise<void> {
  const { firstRow, rowCount, firstToken, length } = replica;
  const wholeCount = countWhole(replica);
  compareRows(replica, firstRow, wholeCount);
  if (replica.extras.length > 0) compareExtras(replica, firstRow, wholeCount);
  if (wholeCount === rowCount) compareColumns(replica, firstRow, wholeCount);
  if (rowCount === store.rowCount) assert.equal(length, store.length, `tokens in ${path}`);
  const [theirs, ours] = [replica, store].map((one) => one.window(firstToken, length - firstToken));
  for (const column of ["steps", "types", "bits"] as const) {
    const found = theirs[column];
    const isSame = ours[column].every((value: number | bigint, i: number) => value === found[i]);
    assert.ok(isSame, `${column} of ${path} are not those of its store`);
  }
  const sessions = store.sessions.filter((row) => row >= firstRow && row < rowCount);
  assert.deepEqual(replica.sessions, sessions, `beginnings of writers in ${path}`);
  assert.deepEqual((await replica.verify()).damaged, []);
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
