import type { Ranks } from "./key_column.ts";

/**
 * The rows in the order of their ranks, those of the first column first; or null where they have it already. Rows of
 * the same ranks stay in the order that they have.
 *
 * Sorted digit by digit from the last of the last column to the first of the first (LSD radix sort): no comparison, and
 * stable by itself.
 */
export function orderOf(columns: readonly Ranks[], rowCount: number): Uint32Array | null {
  if (isInOrder(columns, rowCount)) return null;
  const order: Order = {
    rows: Uint32Array.from({ length: rowCount }, (_, row) => row),
    other: new Uint32Array(rowCount),
  };
  for (const { high, low, classes } of columns.toReversed()) {
    for (const words of [low, high]) {
      pass(order, words, 0, 0xffff);
      pass(order, words, 16, 0xffff);
    }
    if (classes !== null) pass(order, classes, 0, 3);
  }
  return order.rows;
}

interface Order {
  rows: Uint32Array;
  other: Uint32Array;
}

/** Goes by one digit. Most digits of most columns are the same in all rows, and cost one look at each. */
function pass(order: Order, words: Uint32Array | Uint8Array, shift: number, mask: number): void {
  const starts = new Uint32Array(mask + 1);
  for (let row = 0; row < words.length; row++) starts[words[row] >>> shift & mask]++;
  if (words.length === 0 || starts[words[0] >>> shift & mask] === words.length) return;
  let start = 0;
  for (let digit = 0; digit <= mask; digit++) {
    const count = starts[digit];
    starts[digit] = start;
    start += count;
  }
  const { rows, other } = order;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i];
    other[starts[words[row] >>> shift & mask]++] = row;
  }
  order.rows = other;
  order.other = rows;
}

function isInOrder(columns: readonly Ranks[], rowCount: number): boolean {
  for (let row = 1; row < rowCount; row++) {
    for (const { high, low, classes } of columns) {
      const difference = (classes === null ? 0 : classes[row - 1] - classes[row]) ||
        high[row - 1] - high[row] || low[row - 1] - low[row];
      if (difference > 0) return false;
      if (difference < 0) break;
    }
  }
  return true;
}
