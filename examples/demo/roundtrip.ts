import { Buffer } from "node:buffer";
import { StreamStore } from "../../mod.ts";
import type { Source } from "./source.ts";
import type { Store } from "./layout.ts";

const TOKENS_PER_WINDOW = 65_536;

/** What a round trip took, and whether it lost anything. */
export interface RoundTrip {
  readonly toMilliseconds: number;
  readonly fromMilliseconds: number;
  /** What is different, or undefined where every bit is the same. */
  readonly difference: string | undefined;
}

/** Converts a store to a dataset, reads that into a second store, and compares the two. */
export async function roundTrip({ store, fields, features }: Source): Promise<RoundTrip> {
  await import("apache-arrow"); // the first conversion would load it, and that is no part of what is measured
  const started = performance.now();
  const dataset = await store.toDataset({ fieldFeatures: features });
  const converted = performance.now();
  using copy = new StreamStore(fields, { capacity: 1 << 20 });
  await copy.fromDataset(dataset);
  const finished = performance.now();
  return {
    toMilliseconds: converted - started,
    fromMilliseconds: finished - converted,
    difference: findDifference(store, copy),
  };
}

/** Compares all tokens of two stores bit by bit: the steps, the types and the values' 64 bits. */
export function findDifference(store: Store, copy: Store): string | undefined {
  if (copy.length !== store.length) return `${store.length} tokens became ${copy.length}`;
  if (copy.rowCount !== store.rowCount) return `${store.rowCount} rows became ${copy.rowCount}`;
  for (let start = 0; start < store.length; start += TOKENS_PER_WINDOW) {
    const length = Math.min(TOKENS_PER_WINDOW, store.length - start);
    const before = store.window(start, length), after = copy.window(start, length);
    for (const column of ["steps", "types", "bits"] as const) {
      if (Buffer.compare(bytesOf(before[column]), bytesOf(after[column])) === 0) continue;
      const index = before[column].findIndex((value, index) => value !== after[column][index]);
      return `token ${start + index} had ${column} ${before[column][index]} and now has ${
        after[column][index]
      }`;
    }
  }
  return undefined;
}

function bytesOf(column: ArrayBufferView): Uint8Array {
  return new Uint8Array(column.buffer, column.byteOffset, column.byteLength);
}
