/** Rows of extras on their way from a column of any format into the store. */
import type { ExtraRows } from "../../append/extra_rows.ts";
import { extraValueBytesMax } from "../../native/abi.ts";
import type { ExtraFeature } from "./features.ts";
import type { WantedExtra } from "./wanted.ts";

/** What some rows of a block have of an extra. */
export interface ExtraPiece extends ExtraRows {
  readonly extra: WantedExtra;
  /** The first of them, counted from the block's. */
  readonly firstRow: number;
  /** What the column is, where its type tells it. */
  readonly feature: ExtraFeature | null;
}

/** Rows that have extras. */
export interface ExtraBlock {
  /** Of the wanted extras that the file has a column of, from the block's first row to its last, a piece after another. */
  extras(): Iterable<ExtraPiece> | AsyncIterable<ExtraPiece>;
  /** Where a row is, for errors: `row 7 of x.csv (line 9)`. Without it there is the row's number among all. */
  place?(row: number): string;
  /** The file that it is of; a table is of none. */
  readonly path?: string;
}

/** A value cannot be one of its extra. To be put into words by who knows where its row is. */
export class ExtraError extends Error {
  /** @param row Counted from the block's first. */
  constructor(readonly row: number, readonly allowed: string, readonly found: string) {
    super(`row ${row} must be ${allowed}, got ${found}`);
  }
}

/** Values one by one, as rows. */
export function rowsOfValues(values: readonly (Uint8Array | null)[], firstRow = 0): ExtraRows {
  const lengths = new Int32Array(values.length);
  let byteCount = 0;
  for (let row = 0; row < values.length; row++) {
    const value = values[row];
    lengths[row] = value === null ? -1 : checkLength(firstRow + row, value.length);
    if (value !== null) byteCount += value.length;
  }
  const bytes = new Uint8Array(byteCount);
  let at = 0;
  for (const value of values) {
    if (value === null) continue;
    bytes.set(value, at);
    at += value.length;
  }
  return { lengths, bytes };
}

/** The number of bytes of a value, which no extra holds more of than there can be. */
export function checkLength(row: number, length: number): number {
  if (length <= extraValueBytesMax) return length;
  throw new ExtraError(row, `at most ${extraValueBytesMax} bytes`, String(length));
}
