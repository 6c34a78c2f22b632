/** Numbers that are drawn: each is a function of the seed, of what it is for, and of its index in the global order. */
import { drawKey, drawOrder } from "../native/abi.ts";
import { check } from "../native/status.ts";
import type { LaterTables } from "../native/runtime.ts";

/** So that no two uses of one seed and index get the same numbers. */
export const streams = { uniform: 1, recent: 2, prioritized: 3, sources: 4, withinSource: 5 } as const;

/** What drawn numbers depend on besides the index. */
export interface DrawKey {
  readonly seed: bigint;
  /** What they are for, or the epoch of a permutation. */
  readonly stream: number;
  /** How many numbers there are to draw from; 1 where floats are drawn. */
  readonly bound: number;
  /** Of geometric draws. */
  readonly decay?: number;
}

/** Draws a number for each of the first `count` indices; those of an order with `Each` below what `out` holds. */
export function drawNumbers(
  native: LaterTables["sampler"],
  order: keyof typeof drawOrder,
  { seed, stream, bound, decay = 0 }: DrawKey,
  indices: Float64Array,
  count: number,
  out: Float64Array,
): void {
  const key = new Float64Array(drawKey.length);
  key[drawKey.seedLow] = Number(seed & 0xffff_ffffn);
  key[drawKey.seedHigh] = Number(seed >> 32n);
  key[drawKey.stream] = stream;
  key[drawKey.bound] = bound;
  key[drawKey.decay] = decay;
  check(native.ss_numbers_draw(drawOrder[order], key, indices, count, out), "Cannot draw windows");
}
