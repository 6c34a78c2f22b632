/** What the values of a field can be: the number types that a field may have, and which of them holds which. */
import { kindOf, type TypedArrayName } from "./typed_array.ts";

/**
 * What the values of a field are. Numbers and booleans are kept exactly, and what the dtype does not hold is refused;
 * only `float32` and `float16` round, to the nearest, as a `Float32Array` does. `bool` takes true, false, 1 and 0. Part
 * of {@linkcode FieldType}.
 */
export type Dtype = keyof ArrayOfDtype;

/**
 * The array of a dtype's values. A bool is 0 or 1.
 *
 * @internal
 */
export interface ArrayOfDtype {
  readonly float64: Float64Array;
  readonly float32: Float32Array;
  readonly float16: Float16Array;
  readonly int64: BigInt64Array;
  readonly uint64: BigUint64Array;
  readonly int32: Int32Array;
  readonly uint32: Uint32Array;
  readonly int16: Int16Array;
  readonly uint16: Uint16Array;
  readonly int8: Int8Array;
  readonly uint8: Uint8Array;
  readonly bool: Uint8Array;
}

/** The values of a field, in the array of its dtype. Part of {@linkcode Column} and {@linkcode RowValue}. */
export type DtypeArray = ArrayOfDtype[Dtype];

/** Bits of a value, and whether it is a float, a signed or an unsigned integer. A bool stands in a byte. */
interface DtypeKind {
  readonly bits: 8 | 16 | 32 | 64;
  readonly kind: "float" | "signed" | "unsigned" | "bool";
}

export const dtypeKinds: Readonly<Record<Dtype, DtypeKind>> = {
  float64: { bits: 64, kind: "float" },
  float32: { bits: 32, kind: "float" },
  float16: { bits: 16, kind: "float" },
  int64: { bits: 64, kind: "signed" },
  uint64: { bits: 64, kind: "unsigned" },
  int32: { bits: 32, kind: "signed" },
  uint32: { bits: 32, kind: "unsigned" },
  int16: { bits: 16, kind: "signed" },
  uint16: { bits: 16, kind: "unsigned" },
  int8: { bits: 8, kind: "signed" },
  uint8: { bits: 8, kind: "unsigned" },
  bool: { bits: 8, kind: "bool" },
};

/** Bytes of a value in an array of its dtype. */
export function bytesOf(dtype: Dtype): number {
  return dtypeKinds[dtype].bits / 8;
}

export const dtypeNames: readonly Dtype[] = Object.keys(dtypeKinds) as Dtype[];

/** The most bits of an integer, without its sign, of which a float of so many bits holds every one. */
const exactBits = { 64: 53, 32: 24, 16: 11, 8: 0 } as const;

/** Whether one dtype has every value of another. */
export function holds(holder: Dtype, held: Dtype): boolean {
  if (holder === held || held === "bool") return true;
  const [to, from] = [dtypeKinds[holder], dtypeKinds[held]];
  if (to.kind === "bool") return false;
  const fromBits = from.bits - (from.kind === "signed" ? 1 : 0);
  if (to.kind === "float") {
    return from.kind === "float" ? to.bits >= from.bits : exactBits[to.bits] >= fromBits;
  }
  if (from.kind === "float" || (from.kind === "signed" && to.kind === "unsigned")) return false;
  return to.bits - (to.kind === "signed" ? 1 : 0) >= fromBits;
}

/** Whether a dtype has integers that a float64 does not hold. */
export function isWideInteger(dtype: Dtype): dtype is "int64" | "uint64" {
  return dtype === "int64" || dtype === "uint64";
}

/** The least and the most value. */
export type Range = readonly [least: number, most: number];

const ranges: ReadonlyMap<Dtype, Range> = new Map(
  dtypeNames.filter((dtype) => dtypeKinds[dtype].kind !== "float" && !isWideInteger(dtype))
    .map((dtype) => [dtype, rangeOf(dtypeKinds[dtype])]),
);

function rangeOf({ bits, kind }: DtypeKind): Range {
  if (kind === "bool") return [0, 1];
  return kind === "signed" ? [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1] : [0, 2 ** bits - 1];
}

/** The range of a dtype of integers that numbers hold; null for the others. */
export function integerRange(dtype: Dtype): Range | null {
  return ranges.get(dtype) ?? null;
}

/** What a value of a dtype must be, as errors say it. */
export function allowedValues(dtype: Dtype): string {
  if (dtype === "bool") return "true, false, 0 or 1";
  const range = integerRange(dtype);
  if (range !== null) return `an integer from ${range[0]} to ${range[1]}`;
  return dtypeKinds[dtype].kind === "float" ? `exact in ${dtype}` : `an integer that fits ${dtype}`;
}

/** A class of typed arrays. */
export interface ArrayClass<Elements = DtypeArray> {
  new (length: number): Elements;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): Elements;
}

/** Not every runtime has Float16Array. */
const classes: Readonly<Record<Dtype, ArrayClass>> = {
  float64: Float64Array,
  float32: Float32Array,
  float16: Reflect.get(globalThis, "Float16Array") as ArrayClass,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  bool: Uint8Array,
};

export function arrayClass(dtype: Dtype): ArrayClass {
  return classes[dtype];
}

/** An array of a dtype's class over so many values of a buffer. */
export function arrayOver(
  dtype: Dtype,
  buffer: ArrayBufferLike,
  byteOffset: number,
  length: number,
): DtypeArray {
  return new classes[dtype](buffer, byteOffset, length);
}

/** A new array of a dtype's class. */
export function newArray<Name extends Dtype>(dtype: Name, length: number): ArrayOfDtype[Name] {
  return new classes[dtype](length) as ArrayOfDtype[Name];
}

/** The bits of a dtype's values, as unsigned integers of their width. */
export type BitsArray = BigUint64Array | Uint32Array | Uint16Array | Uint8Array;

export function bitsClass(dtype: Dtype): ArrayClass<BitsArray> {
  return classes[`uint${dtypeKinds[dtype].bits}`] as ArrayClass<BitsArray>;
}

export function bitsOver(
  dtype: Dtype,
  buffer: ArrayBufferLike,
  byteOffset: number,
  length: number,
): BitsArray {
  return new (bitsClass(dtype))(buffer, byteOffset, length);
}

/**
 * Numbers that a dtype holds, in an array of its own, out of one of a dtype that has all of them; NaNs by their bits, of
 * which an engine may change some.
 */
export function toDtype(dtype: Dtype, held: Dtype, numbers: DtypeArray): DtypeArray {
  const { buffer, byteOffset, length } = numbers;
  if (bytesOf(dtype) === bytesOf(held)) return arrayOver(dtype, buffer, byteOffset, length);
  const array = arrayOver(dtype, new ArrayBuffer(length * bytesOf(dtype)), 0, length);
  if (held === "int64") array.set(Array.from(numbers as BigInt64Array, Number) as never);
  else array.set(numbers as never);
  if (dtypeKinds[dtype].kind === "float") copyNans(numbers as Floats, array as Floats);
  return array;
}

/** Whether a value of a dtype is what it was made of, by `toDtype`: no cell that was written is another. */
export function isOfDtype(dtype: Dtype, value: number | bigint, held: number | bigint): boolean {
  if (dtype === "bool") return held == 0 || held == 1;
  return value == held || value !== value;
}

type Floats = ArrayOfDtype["float64" | "float32" | "float16"];

/** Exponent and mantissa of a float, in bits. */
const floatBits = { 8: [11n, 52n], 4: [8n, 23n], 2: [5n, 10n] } as const;

function copyNans(from: Floats, to: Floats): void {
  for (let i = 0; i < from.length; i++) if (from[i] !== from[i]) copyNan(from, to, i);
}

/** Keeps the sign, and the upper bits of the mantissa. */
function copyNan(from: Floats, to: Floats, at: number): void {
  const [fromBits, toBits] = [from, to].map(({ buffer, byteOffset, BYTES_PER_ELEMENT }) =>
    bitsOver(`float${8 * BYTES_PER_ELEMENT}` as Dtype, buffer, byteOffset, from.length)
  );
  const [[exponent, mantissa], [toExponent, toMantissa]] = [from, to].map(({ BYTES_PER_ELEMENT }) =>
    floatBits[BYTES_PER_ELEMENT as keyof typeof floatBits]
  );
  const bits = BigInt(fromBits[at]);
  const kept = (bits & ((1n << mantissa) - 1n)) >> (mantissa - toMantissa);
  const made = (bits >> (exponent + mantissa)) << (toExponent + toMantissa) |
    ((1n << toExponent) - 1n) << toMantissa | kept;
  toBits[at] = (toBits instanceof BigUint64Array ? made : Number(made)) as never;
}

const dtypesOfArrays: Readonly<Record<TypedArrayName, Dtype>> = {
  Float64Array: "float64",
  Float32Array: "float32",
  Float16Array: "float16",
  BigInt64Array: "int64",
  BigUint64Array: "uint64",
  Int32Array: "int32",
  Uint32Array: "uint32",
  Int16Array: "int16",
  Uint16Array: "uint16",
  Int8Array: "int8",
  Uint8Array: "uint8",
  Uint8ClampedArray: "uint8",
};

/** The dtype of a typed array's numbers. */
export function dtypeOf(values: ArrayBufferView): Dtype {
  return dtypesOfArrays[kindOf(values)!];
}
