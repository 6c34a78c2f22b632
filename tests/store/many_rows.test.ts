/**
 * A stream of more than 2 ** 31 rows and 2 ** 32 tokens: its files are holes but for some places, where rows are as they
 * would be there. Whatever reads or appends there computes with numbers of that size.
 */
import assert from "node:assert/strict";
import { closeSync, openSync, readdirSync, readFileSync, writeSync } from "node:fs";
import { test } from "node:test";
import { native } from "../../bench/harness/limits.ts";
import { StreamStore } from "../../mod.ts";
import { xxh64 } from "../support/xxh64.ts";
import { withDirectory } from "../torture/scratch.ts";

const fields = { action: 0, observation: 1 } as const;
type Store = StreamStore<typeof fields>;

const rowCount = 2 ** 31 + 10_000;
/** An action and two observations. */
const rowTokens = 3;
const types = Uint8Array.of(0, 1, 1);
const tokenCount = rowTokens * rowCount;

/** The rows in the midst of what is not a hole. */
const places = [
  0,
  2 ** 30 - 1,
  Math.floor(2 ** 31 / rowTokens),
  Math.floor(2 ** 32 / rowTokens),
  2 ** 31,
  rowCount - 1,
];
const rowsAround = 5000;
const blockRows = 4096;
/** `head` begins with it; it is the seed of what names a layout. */
const magic = new DataView(new TextEncoder().encode("SSTREAM\0").buffer).getBigUint64(0, true);

const stepOf = (row: number) => row + 7;
/** Of each token its own number. */
const valueOf = (token: number) => token;

/** Makes the store, with what is known of blocks or without. */
function make(path: string, hasBlocks: boolean): void {
  const empty = StreamStore.open(path, { fields, mode: "create", capacity: 1_000_000 });
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

/** Everything that reads at a place, around a row. */
function compareAround(store: Store, row: number): void {
  const rows = [row - 2, row - 1, row, row + 1].filter((each) => each >= 0 && each < store.rowCount);
  assert.deepEqual(
    store.rows(rows[0], rows.at(-1)! + 1),
    rows.map((each) => {
      const [action, ...observation] = tokensOf(each).map(valueOf);
      return { step: stepOf(each), action, observation: Float64Array.from(observation) };
    }),
  );
  const tokens = rows.flatMap(tokensOf);
  for (const token of tokens) assert.equal(store.rowOfToken(token), Math.floor(token / rowTokens));
  const expected = {
    values: tokens.map(valueOf),
    types: tokens.map((token) => types[token % rowTokens]),
    steps: tokens.map((token) => stepOf(Math.floor(token / rowTokens))),
  };
  const window = store.window(tokens[0], tokens.length);
  assert.deepEqual([...window.values], expected.values);
  assert.deepEqual([...window.types], expected.types);
  assert.deepEqual([...window.steps].map(Number), expected.steps);
  for (const found of [store.get(tokens), store.gather([tokens[0]], tokens.length)]) {
    assert.deepEqual([...found.values], expected.values);
    assert.deepEqual([...found.types], expected.types);
    assert.deepEqual([...found.steps].map(Number), expected.steps);
  }
}

function tokensOf(row: number): number[] {
  return Array.from(types, (_, i) => rowTokens * row + i);
}

/** Windows of the newest rows, drawn and as a context. */
function compareNewest(store: Store): void {
  const dense = { steps: 2, fields: { action: 1, observation: 2 } } as const;
  const sampler = store.sampler({ ...dense, batchSize: 64, seed: 3, order: { kind: "recent", steps: 1000 } });
  for (const batch of [sampler.next()!, store.context(dense)]) {
    const { action, observation } = batch.fields;
    for (const [index, value] of action.values.entries()) {
      // A float32 holds of such a number what it can.
      const row = Math.round(Number(batch.steps![index])) - 7;
      assert.ok(row >= store.rowCount - 1001 && row < store.rowCount);
      assert.equal(value, Math.fround(valueOf(rowTokens * row)));
      const expected = tokensOf(row).slice(1).map((token) => Math.fround(valueOf(token)));
      assert.deepEqual([...observation.values.subarray(2 * index, 2 * index + 2)], expected);
    }
  }
}

for (const hasBlocks of [true, false]) {
  const known = hasBlocks ? "blocks of one layout" : "nothing known of blocks";
  test(`window(), gather(), get() and rows() read more than 2 ** 31 rows, with ${known}`, () =>
    withDirectory((directory) => {
      const path = `${directory}/large.stream`;
      make(path, hasBlocks);
      using store = StreamStore.open(path, { mode: "read", fields });
      assert.deepEqual([store.rowCount, store.length], [rowCount, tokenCount]);
      for (const place of places) compareAround(store, place);
      compareNewest(store);
    }));

  test(`append() and appendColumns() go on after more than 2 ** 31 rows, with ${known}`, () =>
    withDirectory((directory) => {
      const path = `${directory}/large.stream`;
      make(path, hasBlocks);
      {
        using store = StreamStore.open(path, { fields });
        let row = rowCount;
        for (; row < rowCount + 5000; row++) {
          const [action, ...observation] = tokensOf(row).map(valueOf);
          store.append(stepOf(row), { action, observation });
        }
        const rows = Array.from({ length: 5000 }, (_, i) => row + i);
        const values = rows.flatMap((each) => tokensOf(each).slice(1).map(valueOf));
        store.appendColumns({
          step: rows.map(stepOf),
          action: rows.map((each) => valueOf(rowTokens * each)),
          observation: { values, width: 2 },
        });
        assert.deepEqual(store.sessions, [rowCount]);
      }
      using store = StreamStore.open(path, { mode: "read", fields });
      assert.equal(store.rowCount, rowCount + 10_000);
      assert.deepEqual(store.sessions, [rowCount]);
      for (let row = rowCount - 2; row < store.rowCount; row += 500) compareAround(store, row);
      compareAround(store, store.rowCount - 1);
      compareNewest(store);
    }));
}
