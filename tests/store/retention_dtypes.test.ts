/** Stores of narrow fields that drop their oldest rows: what is left is read as it was written, by writer and reader. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Dtype, StreamStore } from "../../mod.ts";
import { Random } from "../support/support.ts";
import { cellRule, copiedValue } from "../support/typed/cells.ts";
import { assertSameArray } from "../support/typed/compare.ts";
import type { AnyStore } from "../support/typed/model.ts";
import { arrayOf, cellOf, dtypes } from "../support/typed/values.ts";
import { withDirectory } from "../torture/scratch.ts";

/** Two fields: a number, and a list of three. */
type Pair = readonly [Dtype, Dtype];

const pairs: readonly Pair[] = [["uint16", "uint16"], ["int32", "float32"], ["bool", "int8"], [
  "float16",
  "int64",
]];
const rowsPerBlock = 3000;
const rowsKept = 9000;
const listWidth = 3;
const tokensPerRow = 1 + listWidth;

/** The bits of small numbers, which every dtype but bool has. */
const cells = new Map(
  dtypes.map((dtype) => [dtype, Array.from({ length: 100 }, (_, i) => smallCell(dtype, i))]),
);

function smallCell(dtype: Dtype, number: number): bigint {
  return cellOf(dtype, dtype.endsWith("int64") ? BigInt(number) : number % (dtype === "bool" ? 2 : 100));
}

/** The bits of a token, which follow from its row and place. */
function cellAt([one, many]: Pair, token: number): bigint {
  const [row, place] = [Math.floor(token / tokensPerRow), token % tokensPerRow];
  return cells.get(place === 0 ? one : many)![(7 * row + place) % 100];
}

function cellsBetween(pair: Pair, from: number, to: number, isWanted: (place: number) => boolean): bigint[] {
  const found: bigint[] = [];
  for (let token = from; token < to; token++) {
    if (isWanted(token % tokensPerRow)) found.push(cellAt(pair, token));
  }
  return found;
}

function appendBlock(store: AnyStore, pair: Pair, firstRow: number): void {
  const [from, to] = [tokensPerRow * firstRow, tokensPerRow * (firstRow + rowsPerBlock)];
  store.appendColumns({
    step: Array.from({ length: rowsPerBlock }, (_, i) => firstRow + i),
    one: arrayOf(pair[0], cellsBetween(pair, from, to, (place) => place === 0)),
    many: { values: arrayOf(pair[1], cellsBetween(pair, from, to, (place) => place > 0)), width: listWidth },
  });
}

/** All that is held, through columns, copies of windows and batches. */
function compareHeld(store: AnyStore, pair: Pair, random: Random): void {
  const { firstRow, firstToken, length, rowCount } = store;
  assert.equal(firstToken, tokensPerRow * firstRow);
  assert.equal(length, tokensPerRow * rowCount);
  for (const [name, dtype] of [["one", pair[0]], ["many", pair[1]]] as const) {
    const held = cellsBetween(pair, firstToken, length, (place) => (place === 0) === (name === "one"));
    assertSameArray(store.column(name).values, arrayOf(dtype, held), name);
  }
  const rule = cellRule(pair);
  const starts = Array.from({ length: 20 }, () => firstToken + random.below(length - firstToken - 10));
  const { values } = store.gather(starts, 10);
  starts.flatMap((start) => Array.from({ length: 10 }, (_, i) => start + i)).forEach((token, i) => {
    const dtype = pair[token % tokensPerRow === 0 ? 0 : 1];
    assert.equal(values[i], copiedValue(rule, rule.kind, dtype, cellAt(pair, token)), `token ${token}`);
  });
  const { starts: rows, fields } = store.sampler({ steps: 2, fields: { many: listWidth }, batchSize: 30 })
    .next()!;
  rows.forEach((row, slot) => {
    assert.ok(row >= firstRow, `row ${row} was dropped, the first is ${firstRow}`);
    const at = 2 * listWidth * slot;
    const wanted = arrayOf(
      pair[1],
      cellsBetween(pair, tokensPerRow * row, tokensPerRow * (row + 2), (place) => place > 0),
    );
    assert.deepEqual(
      Array.from(fields.many.values.subarray(at, at + 2 * listWidth)),
      Array.from(wanted, Number),
    );
  });
}

function compareDropped(store: AnyStore): void {
  const { firstToken, firstRow } = store;
  if (firstRow === 0) return;
  const dropped: (() => unknown)[] = [
    () => store.window(firstToken - 1, 2),
    () => store.gather([firstToken, firstToken - 1], 2),
    () => store.get([firstToken - 1]),
    () => store.rows(firstRow - 1),
    () => store.row(0),
  ];
  for (const read of dropped) assert.throws(read, RangeError);
}

for (const pair of pairs) {
  test(`open() with retain keeps the newest rows of ${pair.join(" and ")}, and nothing else can be read`, () =>
    withDirectory((directory) => {
      const random = new Random(5);
      const path = `${directory}/run.stream`;
      const fields = { one: pair[0], many: pair[1] } as const;
      const options = { fields, retain: { rows: rowsKept }, capacity: 4096 };
      let store = StreamStore.open(path, options) as unknown as AnyStore;
      using reader = StreamStore.open(path, { mode: "read" }) as unknown as AnyStore;
      for (let block = 0; block < 15; block++) {
        appendBlock(store, pair, block * rowsPerBlock);
        assert.ok(store.rowCount - store.firstRow >= Math.min(rowsKept, store.rowCount));
        if (block % 3 === 1) {
          store.close();
          store = StreamStore.open(path, options) as unknown as AnyStore;
        }
        if (block % 4 === 2) {
          reader.refresh();
          for (const held of [store, reader]) {
            compareHeld(held, pair, random);
            compareDropped(held);
          }
        }
      }
      assert.ok(store.firstRow > 0, "nothing was dropped");
      store.close();
    }));
}
