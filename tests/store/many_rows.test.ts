/**
 * A stream of more than 2 ** 31 rows and 2 ** 32 tokens: its files are holes but for some places, where rows are as they
 * would be there. Whatever reads or appends there computes with numbers of that size.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import { makeManyRows, manyFields, rowTokens, stepOf, types, valueOf } from "../support/many_rows.ts";
import { withDirectory } from "../torture/scratch.ts";

const fields = manyFields;
type Store = StreamStore<typeof fields>;

const rowCount = 2 ** 31 + 10_000;
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
      makeManyRows(path, rowCount, places, hasBlocks);
      using store = StreamStore.open(path, { mode: "read", fields });
      assert.deepEqual([store.rowCount, store.length], [rowCount, tokenCount]);
      for (const place of places) compareAround(store, place);
      compareNewest(store);
    }));

  test(`append() and appendColumns() go on after more than 2 ** 31 rows, with ${known}`, () =>
    withDirectory((directory) => {
      const path = `${directory}/large.stream`;
      makeManyRows(path, rowCount, places, hasBlocks);
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
