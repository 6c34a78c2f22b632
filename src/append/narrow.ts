/** Numbers become what a field's dtype holds: floats are rounded, and integers are within their range or refused. */
import type { Dtype } from "../dtypes.ts";
import type { Field } from "../fields.ts";

/** The same memory by three names: numbers, 64-bit integers, and 32-bit halves. */
export interface Cells {
  readonly values: Float64Array;
  readonly bits: BigInt64Array;
  readonly halves: Uint32Array;
}

/** The first `count` cells of a buffer. */
export function cellsOver(buffer: ArrayBuffer, count: number): Cells {
  return {
    values: new Float64Array(buffer, 0, count),
    bits: new BigInt64Array(buffer, 0, count),
    halves: new Uint32Array(buffer, 0, 2 * count),
  };
}

/** A float of the dtype, the nearest; other dtypes leave a number as it is. */
function rounded(dtype: Dtype, value: number): number {
  if (dtype === "float32") return Math.fround(value);
  return dtype === "float16" ? Math.f16round(value) : value;
}

/** Whether numbers are rounded where the tail's values become cells: of floats whose cells are of their own kind. */
export function isRoundedLater({ dtype, element }: Field): boolean {
  return (dtype === "float32" || dtype === "float16") && element === dtype;
}

/** Whether a dtype's floats have a bigint's value: what is written as an integer is never rounded. */
export function isExact(dtype: Dtype, value: bigint): boolean {
  const number = rounded(dtype, Number(value));
  // BigInt(Infinity) would throw, and a bigint beyond a float's range is inexact anyway.
  return Number.isFinite(number) && BigInt(number) === value;
}

/** A number as a field holds it, which has no integers of 64 bits, or null. */
export function narrowNumber({ dtype, range }: Field, value: number): number | null {
  if (range === null) return rounded(dtype, value);
  return isWithin(value, range[0], range[1]) ? value + 0 : null;
}

/** Whether a number is an integer of a range. One of -0 is, and becomes 0 where 0 is added. */
export function isWithin(value: number, least: number, most: number): boolean {
  return value >= least && value <= most && Math.floor(value) === value;
}

/**
 * The same for the numbers of cells `[from, end)`, in place; the bits of a NaN stay as far as the dtype has them.
 *
 * @returns The first cell whose number the field does not hold, or `end`.
 */
export function narrowCells(cells: Cells, from: number, end: number, { dtype, range }: Field): number {
  switch (dtype) {
    case "float64":
      return end;
    case "float32":
      return toFloats32(cells, from, end);
    case "float16":
      return toFloats16(cells, from, end);
    default:
      return toIntegers(cells.values, from, end, range![0], range![1]);
  }
}

function toIntegers(values: Float64Array, from: number, end: number, least: number, most: number): number {
  for (let i = from; i < end; i++) {
    const value = values[i];
    if (!isWithin(value, least, most)) return i;
    values[i] = value + 0;
  }
  return end;
}

function toFloats32({ values, halves }: Cells, from: number, end: number): number {
  for (let i = from; i < end; i++) {
    const value = values[i];
    if (value === value) values[i] = Math.fround(value);
    else narrowNan(halves, 2 * i, "float32");
  }
  return end;
}

function toFloats16({ values, halves }: Cells, from: number, end: number): number {
  for (let i = from; i < end; i++) {
    const value = values[i];
    if (value === value) values[i] = Math.f16round(value);
    else narrowNan(halves, 2 * i, "float16");
  }
  return end;
}

/** The bits of a NaN's two halves that a narrower one has. */
const nanBits = { float32: [0xe0000000, 0xffffffff], float16: [0, 0xfffffc00] } as const;

function narrowNan(halves: Uint32Array, at: number, dtype: "float32" | "float16"): void {
  const [low, high] = nanBits[dtype];
  halves[at] &= low;
  halves[at + 1] &= high;
  // A payload that stood only in the bits that are cut must not turn the NaN into an infinity.
  if (halves[at] === 0 && (halves[at + 1] & 0xfffff) === 0) halves[at + 1] |= 0x80000;
}
