/** Rows that tell their own number by every value: what is read of one is checked without knowing what was written. */
import assert from "node:assert/strict";
import type { Row, StreamStore } from "../../mod.ts";

export const fields = { a: 0, list: 1 } as const;
export const extra = { note: "string", blob: "bytes" } as const;
export type Store = StreamStore<typeof fields, typeof extra>;

const listMax = 8;

export function valuesOf(row: number): { a: number; list: Float64Array } {
  return { a: row, list: Float64Array.from({ length: row % 5 }, (_, i) => listMax * row + i) };
}

/** Every third row has a note, and most a blob: now and then one that is too long for the tail. */
export function extrasOf(row: number): { note?: string; blob?: Uint8Array } {
  const note = row % 3 === 0 ? { note: `row ${row}` } : {};
  const length = row % 500 === 7 ? 5000 : row % 60;
  return row % 7 === 3 ? note : { ...note, blob: new Uint8Array(length).fill(row) };
}

export function checkRows(rows: readonly Row[], from: number, hasExtras = true): void {
  rows.forEach((row, i) => {
    const beside = hasExtras ? { extra: extrasOf(from + i) } : {};
    assert.deepEqual(row, { step: from + i, ...valuesOf(from + i), ...beside });
  });
}

/** Consecutive tokens, each of the row that its step names. */
export function checkTokens(
  steps: ArrayLike<bigint | number>,
  types: ArrayLike<number>,
  values: ArrayLike<number>,
): void {
  for (let i = 0; i < values.length; i++) {
    const row = types[i] === fields.a ? values[i] : Math.floor(values[i] / listMax);
    assert.equal(row, Number(steps[i]), `token ${i} of type ${types[i]} has ${values[i]}`);
    if (i > 0) assert.ok(Number(steps[i]) - Number(steps[i - 1]) <= 1, `steps ${steps[i - 1]}, ${steps[i]}`);
  }
}
