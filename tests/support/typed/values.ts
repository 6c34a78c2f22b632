/** Values of every dtype as their own bits, by typed arrays alone, and numbers to try that others are likely to change. */
import type { Dtype, DtypeArray, Scalar } from "../../../mod.ts";
import { roundTo } from "../sampler/rounding.ts";
import type { Random } from "../support.ts";

type ArrayClass = new (buffer: ArrayBuffer) => DtypeArray;

/** The array of each dtype, and the array of as wide words that hold its bits. */
const classes: Readonly<Record<Dtype, readonly [ArrayClass, ArrayClass]>> = {
  float64: [Float64Array, BigUint64Array],
  float32: [Float32Array, Uint32Array],
  float16: [Float16Array, Uint16Array],
  int64: [BigInt64Array, BigUint64Array],
  uint64: [BigUint64Array, BigUint64Array],
  int32: [Int32Array, Uint32Array],
  uint32: [Uint32Array, Uint32Array],
  int16: [Int16Array, Uint16Array],
  uint16: [Uint16Array, Uint16Array],
  int8: [Int8Array, Uint8Array],
  uint8: [Uint8Array, Uint8Array],
  bool: [Uint8Array, Uint8Array],
};

export const dtypes = Object.keys(classes) as Dtype[];

export function bytesOf(dtype: Dtype): number {
  return dtype === "bool" ? 1 : Number(dtype.replace(/\D/g, "")) / 8;
}

export const isFloat = (dtype: Dtype): boolean => dtype.startsWith("float");

/** An array of a dtype with exactly these bits. */
export function arrayOf(dtype: Dtype, cells: readonly bigint[]): DtypeArray {
  const [Values, Words] = classes[dtype];
  const buffer = new ArrayBuffer(bytesOf(dtype) * cells.length);
  const words = new Words(buffer);
  cells.forEach((cell, i) => words[i] = bytesOf(dtype) === 8 ? cell : Number(cell));
  return new Values(buffer);
}

/** The bits of an array's values, each without a sign. */
export function cellsOf(dtype: Dtype, array: DtypeArray): bigint[] {
  const Words = classes[dtype][1];
  const words = new Words(array.slice().buffer as ArrayBuffer);
  return Array.from(words as ArrayLike<number | bigint>, BigInt);
}

export function valueOf(dtype: Dtype, cell: bigint): number | bigint {
  return arrayOf(dtype, [cell])[0];
}

export function cellOf(dtype: Dtype, value: number | bigint): bigint {
  const array = arrayOf(dtype, [0n]);
  array[0] = value as never;
  return cellsOf(dtype, array)[0];
}

/** The least and the most of a dtype of integers. */
function rangeOf(dtype: Dtype): readonly [bigint, bigint] {
  if (dtype === "bool") return [0n, 1n];
  const bits = BigInt(8 * bytesOf(dtype));
  return dtype.startsWith("u") ? [0n, 2n ** bits - 1n] : [-(2n ** (bits - 1n)), 2n ** (bits - 1n) - 1n];
}

/** Fraction bits of a float, and its bits without the sign. */
const floatForms: Readonly<Record<string, readonly [fraction: bigint, magnitude: bigint]>> = {
  float64: [52n, 63n],
  float32: [23n, 31n],
  float16: [10n, 15n],
};

/** Bits at the borders of a dtype: its ends, and of a float zeros, subnormals, infinities and NaNs with a payload. */
export function borderCells(dtype: Dtype): bigint[] {
  const form = floatForms[dtype];
  if (form === undefined) {
    const [least, most] = rangeOf(dtype);
    const around53 = [2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n, -(2n ** 53n) - 1n];
    return [least, least + 1n, 0n, 1n, most - 1n, most, ...around53]
      .filter((value) => value >= least && value <= most)
      .map((value) => BigInt.asUintN(8 * bytesOf(dtype), value));
  }
  const [fraction, magnitude] = form;
  const infinity = 2n ** magnitude - 2n ** fraction;
  const positive = [0n, 1n, 2n ** fraction - 1n, 2n ** fraction, infinity - 1n, infinity];
  const nans = [infinity + 1n, infinity + 2n ** (fraction - 1n), infinity + 2n ** fraction - 1n];
  return [...positive, ...nans].flatMap((cell) => [cell, cell + 2n ** magnitude]);
}

/** Whether bits are those of a NaN, whose payload lives in arrays only. */
export function isNan(dtype: Dtype, cell: bigint): boolean {
  const value = valueOf(dtype, cell);
  return value !== value;
}

export function drawCell(random: Random, dtype: Dtype): bigint {
  if (dtype === "bool") return BigInt(random.below(2));
  const borders = borderCells(dtype);
  if (random.below(3) === 0) return borders[random.below(borders.length)];
  const word = BigInt(random.below(2 ** 32)) << 32n | BigInt(random.below(2 ** 32));
  const cell = BigInt.asUintN(8 * bytesOf(dtype), word);
  return isFloat(dtype) || random.below(3) > 0 ? cell : cell >> BigInt(random.below(8 * bytesOf(dtype)));
}

/** A value as somebody hands it over, and the bits that a field has of it. */
export interface Given<Value> {
  readonly value: Value;
  readonly cells: readonly bigint[];
}

/** The one NaN that a single number is known to be. */
const plainNan: Readonly<Record<string, bigint>> = {
  float64: 0x7ff8n << 48n,
  float32: 0x7fc0n << 16n,
  float16: 0x7e00n,
};

/** A single number, in one of the ways to write it. */
export function drawScalar(random: Random, dtype: Dtype): Given<Scalar> {
  const cell = drawCell(random, dtype);
  const value = valueOf(dtype, cell);
  if (value !== value) return { value: NaN, cells: [plainNan[dtype]] };
  const way = random.below(6);
  if (way === 0) {
    return { value: true, cells: [cellOf(dtype, bytesOf(dtype) === 8 && !isFloat(dtype) ? 1n : 1)] };
  }
  if (way === 1 && Number.isInteger(Number(value)) && !Object.is(value, -0)) {
    const integer = BigInt(value);
    return { value: integer, cells: [cell] };
  }
  if (way === 2 && isFloat(dtype)) return drawRounded(random, dtype, Number(value));
  // A number stands for a wide integer where it is exact.
  if (typeof value === "bigint" && Number.isSafeInteger(Number(value))) {
    return { value: Number(value), cells: [cell] };
  }
  return { value, cells: [cell] };
}

/** Where rounding begins to give an infinity, and just below. */
const overflows = [65519.99, 65520, 3.4028235677973362e38, 3.4028235677973366e38, 1e300];

/** A number between two floats of a dtype, at the middle where only the even one is right, and just beside it. */
function drawRounded(random: Random, dtype: Dtype, value: number): Given<number> {
  const next = valueOf(dtype, cellOf(dtype, value) + 1n) as number;
  const middle = value + (next - value) / 2;
  const between = Number.isFinite(middle)
    ? middle * [1, 1 + 2 ** -52, 1 - 2 ** -53][random.below(3)]
    : overflows[random.below(overflows.length)];
  const rounded = dtype === "float64" ? between : roundTo(between, dtype as "float32");
  return { value: between, cells: [cellOf(dtype, rounded)] };
}

type List = readonly Scalar[] | DtypeArray;

/** What a narrower float has of a float64's NaN: the upper bits of its payload, and a quiet NaN where those are none. */
function narrowedNan(dtype: Dtype, cell: bigint): bigint {
  const [fraction, magnitude] = floatForms[dtype];
  const payload = (cell & (2n ** 52n - 1n)) >> (52n - fraction);
  const infinity = 2n ** magnitude - 2n ** fraction;
  return (cell >> 63n << magnitude) + infinity + (payload === 0n ? 2n ** (fraction - 1n) : payload);
}

/** Any bits of float64 in a field of narrower floats, NaNs among them. */
function drawWide(random: Random, dtype: Dtype, length: number): Given<DtypeArray> {
  const wide = Array.from({ length }, () => {
    const isNan = random.below(3) === 0;
    return isNan
      ? 0x7ff0000000000000n + (1n << BigInt(random.below(52))) + (BigInt(random.below(2)) << 63n)
      : drawCell(random, "float64");
  });
  const cells = wide.map((cell) =>
    isNan("float64", cell)
      ? narrowedNan(dtype, cell)
      : cellOf(dtype, roundTo(valueOf("float64", cell), dtype as "float32"))
  );
  return { value: arrayOf("float64", wide), cells };
}

/** A list: plain, of the dtype's own array with any bits, or of an array that is wider. */
export function drawList(random: Random, dtype: Dtype, length: number): Given<List> {
  const way = random.below(4);
  if (way === 3 && (dtype === "float32" || dtype === "float16")) return drawWide(random, dtype, length);
  if (way === 0) {
    const items = Array.from({ length }, () => drawScalar(random, dtype));
    return { value: items.map(({ value }) => value), cells: items.flatMap(({ cells }) => cells) };
  }
  const cells = Array.from({ length }, () => drawCell(random, dtype));
  const own = arrayOf(dtype, cells);
  const isWide = bytesOf(dtype) === 8;
  if (way === 1 || isWide || cells.some((cell) => isNan(dtype, cell))) return { value: own, cells };
  return { value: Float64Array.from(own as Float32Array), cells };
}

/** A value that the dtype does not hold, or null where every number has one. */
export function drawRefused(random: Random, dtype: Dtype): Scalar | null {
  if (isFloat(dtype)) return dtype === "float64" ? 2n ** 53n + 1n : 2n ** 24n + 1n;
  const [least, most] = rangeOf(dtype);
  const outside = [least - 1n, most + 1n, 0.5, NaN, Infinity, most + 2n ** 60n];
  return outside[random.below(outside.length)];
}
