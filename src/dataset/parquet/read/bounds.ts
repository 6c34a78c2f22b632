import { dtypeBytes, type DtypeName } from "../../../read/column.ts";
import { isNullType, numberAt, type ValueType } from "../../value_types.ts";
import type { NumberColumn } from "./layout.ts";
import type { ColumnChunk } from "./metadata.ts";
import type { Struct } from "../thrift.ts";
import type { Chunk, Words } from "./values.ts";

type Extent = readonly [least: number | bigint, largest: number | bigint];

/**
 * Compares the numbers of a column chunk with what its type and the footer say of them: one pass over them, which takes a
 * twentieth of a load. Where checksums have told already that the bytes are those that were written, least and largest
 * values tell nothing new.
 */
export function checkNumbers(
  chunk: Chunk,
  column: NumberColumn,
  meta: ColumnChunk,
  isChecked: boolean,
): void {
  const { words, length } = chunk;
  const { value } = column.layout;
  if (isNullType(value) && words.length > 0) {
    throw new Error(`its values must be null, as their type says, got ${words.length} others`);
  }
  const { statistics } = meta;
  // Writers differ in whether an empty list is a null.
  const nulls = column.lists.length === 0 ? statistics?.integer(3) ?? -1 : -1;
  if (nulls >= 0 && nulls !== length - words.length) {
    throw new Error(`its statistics must be of ${length - words.length} nulls, got ${nulls}`);
  }
  const range = narrowRange(value, column);
  const [least, largest] = statistics === null || isChecked
    ? [null, null]
    : boundsOf(statistics, column, meta);
  if (words.length === 0 || range === null && least === null && largest === null) return;
  const extent = extentOf(words, column);
  if (range !== null) {
    const wrong = extent[0] < range[0] ? extent[0] : extent[1] > range[1] ? extent[1] : null;
    if (wrong !== null) throw new Error(`its values must be ${value.name}, as their type says, got ${wrong}`);
  }
  if (extent[0] > extent[1]) return;
  checkBound(least, extent[0], ">=");
  checkBound(largest, extent[1], "<=");
}

/** A least or a largest value, and whether it is that of a value and not only a bound. */
interface Bound {
  readonly value: number | bigint;
  readonly isExact: boolean;
}

function checkBound(bound: Bound | null, found: number | bigint, relation: ">=" | "<="): void {
  if (bound === null) return;
  const { value, isExact } = bound;
  const isWithin = relation === ">=" ? found >= value : found <= value;
  if (isWithin && (!isExact || found === value)) return;
  const allowed = isExact ? "be" : `be ${relation}`;
  const which = relation === ">=" ? "least" : "largest";
  throw new Error(`its ${which} value must ${allowed} ${value}, as its statistics say, got ${found}`);
}

/**
 * The least and the largest value that the statistics tell of, where the format defines what they mean: that is, in the
 * newer fields where the file says that they are in the order of the type, and in the older ones, which compared all as
 * signed, where the type is a signed integer. Of floats a NaN says nothing, and 0 may be -0.
 */
function boundsOf(
  statistics: Struct,
  { storedDtype: dtype, physical }: NumberColumn,
  { isTypeOrdered }: ColumnChunk,
): readonly [Bound | null, Bound | null] {
  if (physical === "INT96") return [null, null];
  const bound = (field: number, isExact: boolean): Bound | null => {
    const bytes = statistics.bytes(field);
    if (bytes === undefined || bytes.length !== dtypeBytes[dtype]) return null;
    const value = numberAt(bytes, dtype, 0) as number | bigint;
    return Number.isNaN(value) ? null : { value, isExact };
  };
  if (isTypeOrdered && (statistics.has(5) || statistics.has(6))) {
    return [bound(6, statistics.flag(8)), bound(5, statistics.flag(7))];
  }
  return dtype === "int32" || dtype === "int64" ? [bound(2, false), bound(1, false)] : [null, null];
}

/** What values of an integer type may be, where they are stored as integers that could be others. */
function narrowRange(value: ValueType, { storedDtype }: NumberColumn): Extent | null {
  const [narrow, stored] = [integerRange(value.name), integerRange(storedDtype)];
  const isNarrow = narrow !== null && stored !== null && (narrow[0] > stored[0] || narrow[1] < stored[1]);
  return isNarrow ? narrow : null;
}

function integerRange(name: string): Extent | null {
  const integer = /^(u?)int(\d+)$/.exec(name);
  if (integer === null) return null;
  const bits = BigInt(integer[2]);
  return integer[1] ? [0n, 2n ** bits - 1n] : [-(2n ** (bits - 1n)), 2n ** (bits - 1n) - 1n];
}

/** Numbers are compared so many at a time. */
const blockLength = 4096;

/** The least and the largest number; of floats that are all NaN, Infinity and -Infinity. */
function extentOf(words: Words, { storedDtype }: NumberColumn): Extent {
  if (storedDtype === "int64" || storedDtype === "uint64") return wideExtent(words, storedDtype);
  // As numbers of one kind: in a loop for all kinds of arrays, engines look up at every number which kind it is.
  const block = new Float64Array(blockLength);
  let [least, largest] = [Infinity, -Infinity];
  for (let from = 0; from < words.length; from += blockLength) {
    const part = words.subarray(from, from + blockLength);
    block.set(numbersOf(part, storedDtype));
    for (let i = 0, { length } = part; i < length; i++) {
      const number = block[i];
      // No comparison with a NaN is true.
      if (number < least) least = number;
      if (number > largest) largest = number;
    }
  }
  return [least, largest];
}

/** Integers of 64 bits, by their halves: an element of a BigInt64Array would be an object on its way. */
function wideExtent(words: Words, dtype: "int64" | "uint64"): Extent {
  const { buffer, byteOffset, length } = words;
  const lower = new Uint32Array(buffer, byteOffset, 2 * length);
  const upper = dtype === "int64" ? new Int32Array(buffer, byteOffset, 2 * length) : lower;
  let [least, largest] = [0, 0];
  let leastUpper = upper[1];
  let largestUpper = leastUpper;
  for (let i = 2; i < lower.length; i += 2) {
    const high = upper[i + 1];
    if (high < leastUpper || high === leastUpper && lower[i] < lower[least]) {
      least = i;
      leastUpper = high;
    }
    if (high > largestUpper || high === largestUpper && lower[i] > lower[largest]) {
      largest = i;
      largestUpper = high;
    }
  }
  return [numberAt(words, dtype, least / 2) as bigint, numberAt(words, dtype, largest / 2) as bigint];
}

function numbersOf(words: Words, dtype: DtypeName): ArrayLike<number> {
  const { buffer, byteOffset, length } = words;
  switch (dtype) {
    case "float64":
      return new Float64Array(buffer, byteOffset, length);
    case "float32":
      return new Float32Array(buffer, byteOffset, length);
    case "float16":
      return Array.from(words as Uint16Array, (_, i) => numberAt(words, dtype, i) as number);
    case "int32":
      return new Int32Array(buffer, byteOffset, length);
    default:
      // Integers without a sign, and bools, of which a byte each is 0 or 1.
      return words as Uint32Array;
  }
}
