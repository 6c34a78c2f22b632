import { dtypeBytes, type DtypeName } from "../../../read/column.ts";
import { NotSupported } from "../../decode.ts";
import { readDeltas } from "./deltas.ts";
import type { NumberColumn } from "./layout.ts";
import { readIndices, readRuns, unpackBits } from "./runs.ts";

/** Numbers as the integers of their bits: so NaN payloads pass, which arithmetic may change. */
export type Words = Uint8Array | Uint16Array | Uint32Array | BigUint64Array;

/** A column chunk: its numbers without nulls, and the levels that tell where they stand. */
export interface Chunk {
  readonly words: Words;
  /** null where no value is null. */
  readonly definitions: Uint8Array | null;
  /** null where there are no lists. */
  readonly repetitions: Uint8Array | null;
  /** Values, nulls and empty lists. */
  readonly length: number;
}

/** Room for numbers; a bool takes a byte. */
export function newWords(dtype: DtypeName, count: number): Words {
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
  const { physical } = column;
  const isBool = physical === "BOOLEAN";
  switch (encoding) {
    case "PLAIN":
      checkBytes(bytes, isBool ? Math.ceil(count / 8) : physical === "INT96" ? 12 * count : words.byteLength);
      if (isBool) unpackBits(bytes, 0, 1, words as Uint8Array);
      else if (physical === "INT96") readInstants(bytes, words as BigUint64Array);
      else asBytes(words).set(bytes.subarray(0, words.byteLength));
      return;
    case "BYTE_STREAM_SPLIT":
      if (isBool || physical === "INT96") break;
      checkBytes(bytes, words.byteLength);
      joinStreams(bytes, asBytes(words), words.BYTES_PER_ELEMENT);
      return;
    case "RLE": {
      if (!isBool) break;
      checkBytes(bytes, 4);
      const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
      readRuns(bytes.subarray(4, 4 + length), 1, words as Uint8Array);
      return;
    }
    case "PLAIN_DICTIONARY":
    case "RLE_DICTIONARY":
      lookUp(bytes, dictionary, words);
      return;
    case "DELTA_BINARY_PACKED":
      if (physical !== "INT32" && physical !== "INT64") break;
      readDeltas(bytes, halvesOf(words), physical === "INT32" ? 1 : 2);
      return;
  }
  throw new NotSupported(`its numbers must be in an encoding that there is for ${physical}, got ${encoding}`);
}

function checkBytes(bytes: Uint8Array, count: number): void {
  if (bytes.length < count) throw new Error(`values must have ${count} bytes, got ${bytes.length}`);
}

/** Of the Julian day number, which counts from noon, the day on which 1970 began. */
const epochDay = 2_440_588n;
const dayNanoseconds = 86_400_000_000_000n;

/** Nanoseconds since 1970 of those since midnight, in 8 bytes, and the Julian day, in 4. */
function readInstants(bytes: Uint8Array, words: BigUint64Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let i = 0; i < words.length; i++) {
    const [ofDay, day] = [view.getBigInt64(12 * i, true), view.getInt32(12 * i + 8, true)];
    const instant = (BigInt(day) - epochDay) * dayNanoseconds + ofDay;
    if (BigInt.asIntN(64, instant) !== instant) {
      throw new Error(
        `its timestamps must be within nanoseconds in int64, from 1677 to 2262, got the Julian day ${day}`,
      );
    }
    words[i] = BigInt.asUintN(64, instant);
  }
}

/** The numbers that a column's layout tells of, in place of those that the file has; in place where they are as wide. */
export function converted(words: Words, { conversion }: NumberColumn): Words {
  if (conversion === "days to milliseconds") return daysToMilliseconds(words as Uint32Array);
  if (conversion === "milliseconds to seconds") toSeconds(words);
  return words;
}

function daysToMilliseconds(words: Uint32Array): BigUint64Array {
  const milliseconds = new BigInt64Array(words.length);
  for (let i = 0; i < words.length; i++) milliseconds[i] = 86_400_000n * BigInt(words[i] | 0);
  return new BigUint64Array(milliseconds.buffer);
}

function toSeconds(words: Words): void {
  const { buffer, byteOffset, length } = words;
  const isWide = words.BYTES_PER_ELEMENT === 8;
  const integers = isWide
    ? new BigInt64Array(buffer, byteOffset, length)
    : new Int32Array(buffer, byteOffset, length);
  for (let i = 0; i < length; i++) {
    const value = BigInt(integers[i]);
    if (value % 1000n) {
      throw new Error(`its times must be whole seconds, as their type says, got ${value} ms`);
    }
    integers[i] = isWide ? value / 1000n : Number(value / 1000n);
  }
}

function asBytes(words: Words): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}

/** First bytes of all values, then their second bytes, and so on. */
function joinStreams(bytes: Uint8Array, out: Uint8Array, width: number): void {
  const count = out.length / width;
  for (let stream = 0; stream < width; stream++) {
    for (let i = 0; i < count; i++) out[i * width + stream] = bytes[stream * count + i];
  }
}

/** 64 bits as two halves: an element of a BigUint64Array would be an object on its way. */
function lookUp(bytes: Uint8Array, dictionary: Words | null, words: Words): void {
  const indices = readIndices(bytes, words.length, dictionary?.length ?? 0);
  if (words.BYTES_PER_ELEMENT < 8) {
    for (let i = 0; i < indices.length; i++) words[i] = dictionary![indices[i]];
    return;
  }
  const [from, to] = [halvesOf(dictionary!), halvesOf(words)];
  for (let i = 0; i < indices.length; i++) {
    to[2 * i] = from[2 * indices[i]];
    to[2 * i + 1] = from[2 * indices[i] + 1];
  }
}

function halvesOf(words: Words): Uint32Array {
  return new Uint32Array(words.buffer, words.byteOffset, words.byteLength / 4);
}
