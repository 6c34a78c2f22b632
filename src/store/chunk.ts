import { bytesOf } from "../dtypes.ts";
import { describe, type Field, tokenForm } from "../fields.ts";
import { segmentPageBytes } from "../native/abi.ts";
import { cellOf } from "./cells.ts";
import type { Retain } from "./retention.ts";
import type { Chunk } from "./state.ts";

const defaultCapacity = 1_000_000;
const capacityEnd = 2 ** 32;

/** So many segments hold what `retain` keeps: one more or less of them is 3 % of it. */
const segmentsWanted = 32;

/** Throws for a capacity that is none, before anything is opened. */
export function checkCapacity(capacity: number | undefined): void {
  if (capacity === undefined || Number.isInteger(capacity) && capacity > 0 && capacity < capacityEnd) return;
  throw new RangeError(
    `Cannot create a store: capacity must be a positive integer of tokens below ${capacityEnd}, got ${
      describe(capacity)
    }`,
  );
}

/** The chunk of a new store. One that drops its oldest rows drops whole chunks, so that those must suit what it keeps. */
export function chunkOf(
  capacity: number | undefined,
  retain: Retain | undefined,
  fields: readonly Field[],
): Chunk {
  if (retain === undefined) return { capacity: capacity ?? defaultCapacity, isSegmented: false };
  const kept = tokensKept(retain, fields);
  const wanted = capacity ?? (kept === Infinity ? defaultCapacity : kept / segmentsWanted);
  const pages = Math.ceil(wanted / segmentPageBytes);
  return {
    capacity: Math.min(pages * segmentPageBytes, capacityEnd - segmentPageBytes),
    isSegmented: true,
  };
}

/** How many tokens are kept at least, if every field is a single value. How many come in a time nobody knows. */
function tokensKept({ rows = Infinity, bytes = Infinity }: Retain, fields: readonly Field[]): number {
  const tokenBytes = tokenForm(fields).typeBytes + bytesOf(cellOf(fields).kind);
  return Math.min(rows * fields.length, bytes / tokenBytes);
}
