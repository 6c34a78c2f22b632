/**
 * Rows in as many buckets as there are columns to draw: the first, last, least and greatest value of each draw the same
 * line as all of them. Method: M4, Jugel, Jerzak, Hackenbroich and Markl, "M4: a visualization-oriented time series data
 * aggregation", PVLDB 7, 2014.
 */
import type { StreamStore } from "../store.ts";
import { rowValues } from "./row_values.ts";

/** NaN where no row of the bucket has a value. */
export interface Bucket {
  readonly row: number;
  first: number;
  last: number;
  min: number;
  max: number;
}

/** Element `element` of a field over rows `[from, to)`, in at most `count` buckets of rows. */
export function bucketsOf(
  store: StreamStore,
  name: string,
  element: number,
  [from, to]: readonly [number, number],
  count: number,
): Bucket[] {
  const length = to - from;
  const size = Math.max(1, length / count);
  const buckets = Array.from({ length: Math.min(count, length) }, (_, i): Bucket => ({
    row: from + Math.ceil(i * size),
    first: NaN,
    last: NaN,
    min: NaN,
    max: NaN,
  }));
  for (const { from: first, values } of rowValues(store, name, element, [from, to])) {
    for (let i = 0; i < values.length; i++) {
      const at = Math.floor((first + i - from) / size);
      add(buckets[Math.min(at, buckets.length - 1)], values[i]);
    }
  }
  return buckets;
}

/** What is not finite cannot be drawn. */
function add(bucket: Bucket, value: number): void {
  if (!Number.isFinite(value)) return;
  if (Number.isNaN(bucket.first)) bucket.first = bucket.min = bucket.max = value;
  bucket.last = value;
  if (value < bucket.min) bucket.min = value;
  if (value > bucket.max) bucket.max = value;
}
