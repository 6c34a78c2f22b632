import { dtypeBytes } from "../../../read/column.ts";
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

/** The least and the largest number; of floats that are all NaN, Infinity and -Infinity. */
function extentOf(words: Words, { storedDtype }: NumberColumn): Extent {
  const { buffer, byteOffset, length } = words;
  switch (storedDtype) {
    case "float64":
      return doubleExtent(new Float64Array(buffer, byteOffset, length));
    case "float32":
      return floatExtent(new Float32Array(buffer, byteOffset, length));
    case "float16":
      return halfExtent(words as Uint16Array);
    case "int32":
      return integerExtent(new Int32Array(buffer, byteOffset, length), 0);
    case "uint32": {
      const [least, largest] = integerExtent(new Int32Array(buffer, byteOffset, length), signBit);
      return [Number(least) + 2 ** 31, Number(largest) + 2 ** 31];
    }
    case "int64":
      return pairExtent(new Int32Array(buffer, byteOffset, 2 * length), 0);
    case "uint64": {
      const [least, largest] = pairExtent(new Int32Array(buffer, byteOffset, 2 * length), signBit);
      return [BigInt(least) + 2n ** 63n, BigInt(largest) + 2n ** 63n];
    }
    default:
      return byteExtent(words as Uint8Array);
  }
}

// Each kind of array has a loop of its own: in one for all, engines look up at every number which kind it is, which takes
// several times as long. No comparison with a NaN is true.

function doubleExtent(numbers: Float64Array): Extent {
  const { length } = numbers;
  let i = firstNumber(numbers);
  if (i === length) return nothing;
  let least = numbers[i];
  let largest = least;
  for (; i < length; i++) {
    const number = numbers[i];
    if (number < least) least = number;
    else if (number > largest) largest = number;
  }
  return [least, largest];
}

function floatExtent(numbers: Float32Array): Extent {
  const { length } = numbers;
  let i = firstNumber(numbers);
  if (i === length) return nothing;
  let least = numbers[i];
  let largest = least;
  for (; i < length; i++) {
    const number = numbers[i];
    if (number < least) least = number;
    else if (number > largest) largest = number;
  }
  return [least, largest];
}

const nothing: Extent = [Infinity, -Infinity];

function firstNumber(numbers: Float64Array | Float32Array): number {
  let i = 0;
  while (i < numbers.length && Number.isNaN(numbers[i])) i++;
  return i;
}

/** Bools, of which a byte each is 0 or 1. */
function byteExtent(bytes: Uint8Array): Extent {
  return [bytes.includes(0) ? 0 : 1, bytes.includes(1) ? 1 : 0];
}

/** With its sign bit flipped, an unsigned integer is in the order of signed ones. */
const signBit = 1 << 31;

function integerExtent(integers: Int32Array, flipped: number): Extent {
  const { length } = integers;
  let least = integers[0] ^ flipped;
  let largest = least;
  for (let i = 0; i < length; i++) {
    const integer = integers[i] ^ flipped;
    if (integer < least) least = integer;
    else if (integer > largest) largest = integer;
  }
  return [least, largest];
}

/** Integers of 64 bits by their halves: the lower one counts only where the upper ones are the same. */
function pairExtent(halves: Int32Array, flipped: number): Extent {
  const { length } = halves;
  let [least, largest] = [0, 0];
  let leastUpper = halves[1] ^ flipped;
  let largestUpper = leastUpper;
  for (let i = 0; i < length; i += 2) {
    const upper = halves[i + 1] ^ flipped;
    if (upper <= leastUpper) {
      if (upper < leastUpper || halves[i] >>> 0 < halves[least] >>> 0) {
        least = i;
        leastUpper = upper;
      }
    }
    if (upper >= largestUpper) {
      if (upper > largestUpper || halves[i] >>> 0 > halves[largest] >>> 0) {
        largest = i;
        largestUpper = upper;
      }
    }
  }
  const pair = (upper: number, at: number) => (BigInt(upper) << 32n) | BigInt(halves[at] >>> 0);
  return [pair(leastUpper, least), pair(largestUpper, largest)];
}

/** Bits of halves as integers in the order of the numbers that they are. */
function halfExtent(words: Uint16Array): Extent {
  const infinity = 0x7c00;
  let least = Infinity;
  let largest = -Infinity;
  for (let i = 0; i < words.length; i++) {
    const magnitude = words[i] & 0x7fff;
    if (magnitude > infinity) continue;
    const key = words[i] > 0x7fff ? -magnitude : magnitude;
    if (key < least) least = key;
    if (key > largest) largest = key;
  }
  const half = (key: number) =>
    numberAt(Uint16Array.of(key < 0 ? 0x8000 | -key : key), "float16", 0) as number;
  return least > largest ? [least, largest] : [half(least), half(largest)];
}
