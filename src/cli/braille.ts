/** Lines drawn with the eight dots of Braille's characters: two columns and four rows of them in each. */
import type { Bucket } from "./buckets.ts";

/** The bit of a dot, by its row and column. */
const dots = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]] as const;
const blank = 0x2800;

export const dotColumns = 2;
export const dotRows = 4;

/** A line through the buckets, one for each column of dots, from `low` at the bottom to `high` at the top: lines of text. */
export function brailleLines(
  buckets: readonly Bucket[],
  low: number,
  high: number,
  height: number,
): string[] {
  const width = Math.ceil(buckets.length / dotColumns);
  const cells = Array.from({ length: height }, () => new Uint8Array(width));
  const rows = height * dotRows;
  const rowOf = (value: number) => {
    // Halves, lest a difference overflows.
    const share = high === low ? 0.5 : (value / 2 - low / 2) / (high / 2 - low / 2);
    return Math.round((1 - share) * (rows - 1));
  };
  const draw = (column: number, one: number, other: number) => {
    for (let row = Math.min(one, other); row <= Math.max(one, other); row++) {
      cells[Math.floor(row / dotRows)][Math.floor(column / dotColumns)] |=
        dots[row % dotRows][column % dotColumns];
    }
  };
  for (const [column, bucket] of buckets.entries()) {
    if (Number.isNaN(bucket.first)) continue;
    draw(column, rowOf(bucket.min), rowOf(bucket.max));
    const before = buckets[column - 1];
    if (before !== undefined && !Number.isNaN(before.last)) {
      connect(column, rowOf(before.last), rowOf(bucket.first), draw);
    }
  }
  return cells.map((line) => Array.from(line, (bits) => String.fromCodePoint(blank + bits)).join(""));
}

/** From the last value of the column before to the first of this one: half of the way in each. */
function connect(
  column: number,
  from: number,
  to: number,
  draw: (column: number, one: number, other: number) => void,
): void {
  if (Math.abs(from - to) < 2) return;
  const middle = Math.floor((from + to) / 2);
  draw(column - 1, from, middle);
  draw(column, middle, to);
}
