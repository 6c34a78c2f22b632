import { bytesOf } from "../dtypes.ts";
import { describe, type Field, tokenForm } from "../fields.ts";
import { extraChunkBytes, extraEndBytes, segmentPageBytes } from "../native/abi.ts";
import { cellOf } from "./cells.ts";
import type { Retain } from "./retention.ts";
import { type Chunk, segmentChunks } from "./state.ts";

const defaultCapacity = 1_000_000;
const capacityEnd = 2 ** 32;

/** So many segments hold what `retain` keeps: one more or less of them is 3 % of it. */
const segmentsWanted = 32;

/** A file of a GiB is dropped soon enough, whatever is kept. */
const segmentChunksMax = 1024;

/** Throws for a capacity that is none, before anything is opened. */
export function checkCapacity(capacity: number | undefined): void {
  if (capacity === undefined || Number.isInteger(capacity) && capacity > 0 && capacity < capacityEnd) return;
  throw new RangeError(
    `Cannot create a store: capacity must be a positive integer of tokens below ${capacityEnd}, got ${
      describe(capacity)
    }`,
  );
}

/**
 * The chunk of a new store. One that drops its oldest rows drops whole chunks, so that those must suit what it keeps: with
 * text and bytes beside the rows, their files too.
 */
export function chunkOf(
  capacity: number | undefined,
  retain: Retain | undefined,
  fields: readonly Field[],
  extraCount: number,
): Chunk {
  if (retain === undefined) return { capacity: capacity ?? defaultCapacity, isSegmented: false };
  const kept = tokensKept(retain, fields, extraCount);
  const wanted = capacity ?? (kept === Infinity ? defaultCapacity : kept / segmentsWanted);
  const pages = Math.min(Math.ceil(wanted / segmentPageBytes), capacityEnd / segmentPageBytes - 1);
  const chunk = { capacity: pages * segmentPageBytes, isSegmented: true };
  return extraCount === 0 ? chunk : { ...chunk, segmentChunks: segmentChunksOf(retain, pages) };
}

/** How many tokens are kept at least, if every field is a single value. How many come in a time nobody knows. */
function tokensKept(
  { rows = Infinity, bytes = Infinity }: Retain,
  fields: readonly Field[],
  extraCount: number,
): number {
  const tokenBytes = tokenForm(fields).typeBytes + bytesOf(cellOf(fields).kind);
  // A file of where values end has as many as there are tokens in one of those.
  const elementBytes = extraCount > 0 ? Math.max(tokenBytes, extraEndBytes) : tokenBytes;
  return Math.min(rows * fields.length, bytes / elementBytes);
}

/** Values may be of any size: only who says how many bytes are kept has said how many of them. */
function segmentChunksOf({ bytes }: Retain, pages: number): number {
  const wanted = bytes === undefined
    ? Math.max(segmentChunks, pages)
    : bytes / segmentsWanted / extraChunkBytes;
  return Math.min(Math.max(1, Math.ceil(wanted)), segmentChunksMax);
}
