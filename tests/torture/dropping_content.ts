/** Rows that tell their own number by every value: what is read of one is checked without knowing what was written. */
import assert from "node:assert/strict";
import type { Row, StreamStore } from "../../mod.ts";

export const fields = { a: 0, list: 1 } as const;
export type Store = StreamStore<typeof fields>;

const listMax = 8;

export function valuesOf(row: number): { a: number; list: Float64Array } {
  return { a: row, list: Float64Array.from({ length: row % 5 }, (_, i) => listMax * row + i) };
}

export function checkRows(rows: readonly Row[], from: number): void {
  rows.forEach((row, i) => assert.deepEqual(row, { step: from + i, ...valuesOf(from + i) }));
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
