/**
 * A stream of so many rows that its files are holes but for some places, where rows are as they would be there: an action
 * and two observations in each, numbered through.
 */
import assert from "node:assert/strict";
import { closeSync, openSync, readdirSync, readFileSync, writeSync } from "node:fs";
import { native } from "../../bench/harness/limits.ts";
import { StreamStore } from "../../mod.ts";
import { xxh64 } from "./xxh64.ts";

export const manyFields = { action: 0, observation: 1 } as const;

/** An action and two observations. */
export const rowTokens = 3;
export const types = Uint8Array.of(0, 1, 1);

const rowsAround = 5000;
const blockRows = 4096;
/** `head` begins with it; it is the seed of what names a layout. */
const magic = new DataView(new TextEncoder().encode("SSTREAM\0").buffer).getBigUint64(0, true);

export const stepOf = (row: number): number => row + 7;
/** Of each token its own number. */
export const valueOf = (token: number): number => token;

/** Makes the store, whole around the places, with what is known of blocks or without. */
export function makeManyRows(
  path: string,
  rowCount: number,
  places: readonly number[],
  hasBlocks: boolean,
): void {
  const tokenCount = rowTokens * rowCount;
  const empty = StreamStore.open(path, { fields: manyFields, mode: "create", capacity: 1_000_000 });
  empty.close();
  const directory = new TextEncoder().encode(path);
  assert.equal(native.sl_store_lengthen(directory, directory.length, tokenCount, rowCount), 0);
  const seed = new DataView(Uint8Array.fromHex(idOf(path)).buffer).getBigUint64(0, true);
  for (const place of places) {
    const [from, to] = [Math.max(0, place - rowsAround), Math.min(rowCount, place + rowsAround)];
    const rows = Array.from({ length: to - from }, (_, i) => from + i);
    const tokens = Array.from({ length: rowTokens * rows.length }, (_, i) => rowTokens * from + i);
    // Where blocks tell, nobody looks at the starts of rows.
    if (!hasBlocks || to === rowCount) {
      write(path, "row.u64", 8 * from, BigUint64Array.from(rows, (row) => BigInt(rowTokens * row)));
    }
    write(path, "step.i64", 8 * from, BigInt64Array.from(rows, (row) => BigInt(stepOf(row))));
    write(path, "type.", rowTokens * from, Uint8Array.from(tokens, (token) => types[token % rowTokens]));
    write(path, "data.", 8 * rowTokens * from, Float64Array.from(tokens, valueOf));
    if (!hasBlocks) continue;
    // Also those around it: whoever looks for a row looks at its neighbours.
    const first = Math.max(0, Math.floor(from / blockRows) - 2);
    for (
      let block = first;
      block < Math.min(to / blockRows + 2, Math.floor((rowCount - 1) / blockRows));
      block++
    ) {
      write(path, "blocks", 32 * block, blockOf(block, seed));
    }
  }
}

function idOf(path: string): string {
  return JSON.parse(readFileSync(`${path}/store.json`, "utf8")).id;
}

function write(path: string, prefix: string, offset: number, content: ArrayBufferView): void {
  const name = readdirSync(path).find((name) => name.startsWith(prefix));
  const file = openSync(`${path}/${name}`, "r+");
  writeSync(
    file,
    new Uint8Array(content.buffer, content.byteOffset, content.byteLength),
    0,
    content.byteLength,
    offset,
  );
  closeSync(file);
}

/** As docs/storage-format.md has it. */
function blockOf(block: number, seed: bigint): Uint8Array {
  const bytes = new Uint8Array(32);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(rowTokens * blockRows * block), true);
  view.setBigUint64(8, xxh64(types, magic), true);
  view.setUint32(16, rowTokens, true);
  view.setUint32(20, block, true);
  view.setBigUint64(24, xxh64(bytes.subarray(0, 24), seed), true);
  return bytes;
}
