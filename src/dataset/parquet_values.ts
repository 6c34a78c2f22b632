import { deltaBinaryUnpack } from "hyparquet/src/delta.js";
import { dtypeBytes } from "../column.ts";
import type { NumberColumn } from "./parquet_layout.ts";
import { readRuns } from "./parquet_runs.ts";

/** Numbers as the integers of their bits: so NaN payloads pass, which arithmetic may change. */
export type Words = Uint8Array | Uint16Array | Uint32Array | BigUint64Array;

/** Room for numbers as a column's file has them; a bool takes a byte. */
export function newWords({ dtype }: NumberColumn, count: number): Words {
  const Kind = { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array, 8: BigUint64Array }[dtypeBytes[dtype]]!;
  return new Kind(count);
}

/** The values of a page, in any encoding that Parquet has for numbers. */
export function readValues(
  bytes: Uint8Array,
  encoding: string,
  count: number,
  column: NumberColumn,
  dictionary: Words | null,
): Words {
  const words = newWords(column, count);
  if (count === 0) return words;
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
      return words;
    case "RLE":
      if (!isBool) break;
      readRuns(bytes.subarray(4), 1, words as Uint8Array);
      return words;
    case "PLAIN_DICTIONARY":
    case "RLE_DICTIONARY":
      lookUp(bytes, dictionary, words);
      return words;
    case "DELTA_BINARY_PACKED": {
      const integers = words.BYTES_PER_ELEMENT === 4
        ? new Int32Array(words.buffer as ArrayBuffer)
        : new BigInt64Array(words.buffer as ArrayBuffer);
      deltaBinaryUnpack(
        { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset: 0 },
        count,
        integers,
      );
      return words;
    }
  }
  throw new Error(`its numbers are in an encoding that is not supported, ${encoding}`);
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
  for (let i = 0; i < words.length; i++) {
    const index = indices[i];
    if (index >= entryCount) throw new Error(`its dictionary must have an entry ${index}, has ${entryCount}`);
    words[i] = dictionary![index];
  }
}
