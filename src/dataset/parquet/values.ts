import { deltaBinaryUnpack } from "hyparquet/src/delta.js";
import { dtypeBytes } from "../../column.ts";
import type { NumberColumn } from "./layout.ts";
import { readRuns } from "./runs.ts";

/** Numbers as the integers of their bits: so NaN payloads pass, which arithmetic may change. */
export type Words = Uint8Array | Uint16Array | Uint32Array | BigUint64Array;

/** Room for numbers as a column's file has them; a bool takes a byte. */
export function newWords({ dtype }: NumberColumn, count: number): Words {
  const Kind = { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array, 8: BigUint64Array }[dtypeBytes[dtype]]!;
  return new Kind(count);
}

/** Reads the values of a page, in any encoding that Parquet has for numbers, as many as `words` has room for. */
export function readValues(
  bytes: Uint8Array,
  encoding: string,
  column: NumberColumn,
  dictionary: Words | null,
  words: Words,
): void {
  const count = words.length;
  if (count === 0) return;
  const isBool = column.path.at(-1)!.element.type === "BOOLEAN";
  const byteCount = isBool ? Math.ceil(count / 8) : words.byteLength;
  switch (encoding) {
    case "PLAIN":
    case "BYTE_STREAM_SPLIT":
      if (bytes.length < byteCount) {
        throw new Error(`values must have ${byteCount} bytes, got ${bytes.length}`);
      }
      if (isBool) unpackBits(bytes, words as Uint8Array);
      else if (encoding === "PLAIN") asBytes(words).set(bytes.subarray(0, byteCount));
      else joinStreams(bytes, asBytes(words), words.BYTES_PER_ELEMENT);
      return;
    case "RLE":
      if (!isBool) break;
      readRuns(bytes.subarray(4), 1, words as Uint8Array);
      return;
    case "PLAIN_DICTIONARY":
    case "RLE_DICTIONARY":
      lookUp(bytes, dictionary, words);
      return;
    case "DELTA_BINARY_PACKED": {
      const integers = words.BYTES_PER_ELEMENT === 4
        ? new Int32Array(words.buffer, words.byteOffset, count)
        : new BigInt64Array(words.buffer, words.byteOffset, count);
      deltaBinaryUnpack(
        { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset: 0 },
        count,
        integers,
      );
      return;
    }
  }
  throw new Error(`its numbers are in an encoding that is not supported, ${encoding}`);
}

/** Makes seconds of milliseconds, in place. */
export function toSeconds(words: Words): void {
  const { buffer, byteOffset, length } = words;
  const isWide = words.BYTES_PER_ELEMENT === 8;
  const integers = isWide
    ? new BigInt64Array(buffer, byteOffset, length)
    : new Int32Array(buffer, byteOffset, length);
  for (let i = 0; i < length; i++) {
    const value = integers[i];
    const seconds = typeof value === "bigint" ? value / 1000n : Math.trunc(value / 1000);
    const rest = typeof value === "bigint" ? value % 1000n : value % 1000;
    if (rest) throw new Error(`its times must be whole seconds, as their type says, got ${value} ms`);
    integers[i] = seconds;
  }
}

function asBytes(words: Words): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}

function unpackBits(bytes: Uint8Array, words: Uint8Array): void {
  for (let i = 0; i < words.length; i++) words[i] = bytes[i >> 3] >> (i & 7) & 1;
}

/** First bytes of all values, then their second bytes, and so on. */
function joinStreams(bytes: Uint8Array, out: Uint8Array, width: number): void {
  const count = out.length / width;
  for (let stream = 0; stream < width; stream++) {
    for (let i = 0; i < count; i++) out[i * width + stream] = bytes[stream * count + i];
  }
}

function lookUp(bytes: Uint8Array, dictionary: Words | null, words: Words): void {
  const indices = new Uint32Array(words.length);
  // The width stands in front; one of 0 says that all indices are.
  if (bytes[0] > 0) readRuns(bytes.subarray(1), bytes[0], indices);
  const entryCount = dictionary?.length ?? 0;
  let last = 0;
  for (let i = 0; i < indices.length; i++) if (indices[i] > last) last = indices[i];
  if (words.length > 0 && last >= entryCount) {
    throw new Error(`its dictionary must have an entry ${last}, has ${entryCount}`);
  }
  if (words.BYTES_PER_ELEMENT === 8) copyPairs(halvesOf(dictionary!), indices, halvesOf(words));
  else copyWords(dictionary as Uint32Array, indices, words as Uint32Array);
}

/** 64 bits as two halves: an element of a BigUint64Array would be an object on its way. */
function copyPairs(from: Uint32Array, indices: Uint32Array, to: Uint32Array): void {
  for (let i = 0; i < indices.length; i++) {
    to[2 * i] = from[2 * indices[i]];
    to[2 * i + 1] = from[2 * indices[i] + 1];
  }
}

function copyWords(from: Uint32Array, indices: Uint32Array, to: Uint32Array): void {
  for (let i = 0; i < indices.length; i++) to[i] = from[indices[i]];
}

function halvesOf(words: Words): Uint32Array {
  return new Uint32Array(words.buffer, words.byteOffset, 2 * words.length);
}
