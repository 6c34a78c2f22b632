/** Values of BYTE_ARRAY and FIXED_LEN_BYTE_ARRAY in a page, as lengths and bytes: an array for each would be an object each. */
import type { ExtraRows } from "../../../append/extra_rows.ts";
import { NotSupported } from "../../decode.ts";
import { rowsOfValues } from "../../extras/pieces.ts";
import { readIndices } from "./runs.ts";
import { outside, readLengths, readPrefixes } from "./texts.ts";

/** The values of a dictionary, and where each begins. */
export interface ByteWords extends ExtraRows {
  readonly starts: Uint32Array;
}

/** @param typeBytes The length of every value, where all have one. */
export function readWords(bytes: Uint8Array, count: number, typeBytes: number | undefined): ByteWords {
  const { lengths, bytes: held } = readByteValues(bytes, "PLAIN", count, null, typeBytes);
  const starts = new Uint32Array(count);
  for (let i = 1; i < count; i++) starts[i] = starts[i - 1] + lengths[i - 1];
  // A copy: the page may lie in bytes that are read into next.
  return { lengths, starts, bytes: held.slice() };
}

/** As many values as there are in a page, in any encoding that Parquet has for them. They are valid as long as the page. */
export function readByteValues(
  bytes: Uint8Array,
  encoding: string,
  count: number,
  words: ByteWords | null,
  typeBytes: number | undefined,
): ExtraRows {
  if (count === 0) return { lengths: new Int32Array(0), bytes: bytes.subarray(0, 0) };
  const isFixed = typeBytes !== undefined;
  switch (encoding) {
    case "PLAIN":
      return isFixed ? readFixed(bytes, count, typeBytes) : readPlain(bytes, count);
    case "PLAIN_DICTIONARY":
    case "RLE_DICTIONARY":
      return lookUp(readIndices(bytes, count, words?.lengths.length ?? 0), words!);
    case "DELTA_LENGTH_BYTE_ARRAY":
      if (isFixed) break;
      return rowsOfValues(readLengths(bytes, count));
    case "DELTA_BYTE_ARRAY":
      return checkFixed(rowsOfValues(readPrefixes(bytes, count)), typeBytes);
  }
  throw new NotSupported(
    `its values must be in an encoding that there is for ${
      isFixed ? "FIXED_LEN_" : ""
    }BYTE_ARRAY, got ${encoding}`,
  );
}

function checkFixed(rows: ExtraRows, typeBytes: number | undefined): ExtraRows {
  const odd = typeBytes === undefined ? undefined : rows.lengths.find((length) => length !== typeBytes);
  if (odd === undefined) return rows;
  throw new Error(`its values must have ${typeBytes} bytes, got ${odd}`);
}

function readFixed(bytes: Uint8Array, count: number, typeBytes: number): ExtraRows {
  const end = count * typeBytes;
  if (end > bytes.length) throw outside(bytes, end);
  return { lengths: new Int32Array(count).fill(typeBytes), bytes: bytes.subarray(0, end) };
}

const lengthBytes = 4;

/** A length in front of every value. */
function readPlain(bytes: Uint8Array, count: number): ExtraRows {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const lengths = new Int32Array(count);
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + lengthBytes > bytes.length) throw outside(bytes, at + lengthBytes);
    const length = view.getUint32(at, true);
    at += lengthBytes + length;
    if (at > bytes.length) throw outside(bytes, at);
    lengths[i] = length;
  }
  const held = new Uint8Array(at - lengthBytes * count);
  at = lengthBytes;
  let end = 0;
  for (let i = 0; i < count; i++) {
    end = copyBytes(bytes, at, lengths[i], held, end);
    at += lengths[i] + lengthBytes;
  }
  return { lengths, bytes: held };
}

function lookUp(indices: ArrayLike<number>, words: ByteWords): ExtraRows {
  const lengths = new Int32Array(indices.length);
  let byteCount = 0;
  for (let i = 0; i < lengths.length; i++) byteCount += lengths[i] = words.lengths[indices[i]];
  const bytes = new Uint8Array(byteCount);
  let end = 0;
  for (let i = 0; i < lengths.length; i++) {
    end = copyBytes(words.bytes, words.starts[indices[i]], lengths[i], bytes, end);
  }
  return { lengths, bytes };
}

/** Fewer are quicker one by one than by an array over them. */
const fewBytes = 24;

function copyBytes(from: Uint8Array, start: number, length: number, to: Uint8Array, at: number): number {
  if (length > fewBytes) to.set(from.subarray(start, start + length), at);
  else for (let i = 0; i < length; i++) to[at + i] = from[start + i];
  return at + length;
}
