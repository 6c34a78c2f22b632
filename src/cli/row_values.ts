/** One number a row of a field, block by block: the first of a list, or the one at a place. */
import type { StreamStore } from "../store.ts";
import { blockEnd } from "./blocks.ts";

/** The numbers of rows from `from` on; NaN where a row has none. Those of 64 bits are the nearest float64. */
export interface RowValues {
  readonly from: number;
  readonly values: Float64Array;
}

export function* rowValues(
  store: StreamStore,
  name: string,
  element: number,
  [from, to]: readonly [number, number],
): Generator<RowValues> {
  for (let at = from, end: number; at < to; at = end) {
    end = blockEnd(store, at, to);
    yield { from: at, values: valuesOf(store, name, element, at, end) };
  }
}

export function valuesOf(
  store: StreamStore,
  name: string,
  element: number,
  from: number,
  to: number,
): Float64Array {
  const { values, width, offsets } = store.column(name, from, to);
  const found = new Float64Array(to - from).fill(NaN);
  for (let row = 0; row < found.length; row++) {
    const first = offsets === null ? row * width! : offsets[row];
    const end = offsets === null ? first + width! : offsets[row + 1];
    if (first + element < end) found[row] = Number(values[first + element]);
  }
  return found;
}
