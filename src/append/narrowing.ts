/** How the loop of single numbers writes what a field makes of them. */
import { isWideInteger, type Range } from "../dtypes.ts";
import type { Field } from "../fields.ts";
import { type Cells, isRoundedLater, isWithin } from "./narrow.ts";

const twoTo32 = 2 ** 32;

/** Whether a field's numbers are written as they are. */
export function isAsItIs(field: Field): boolean {
  return field.dtype === "float64" || isRoundedLater(field);
}

/** The whole numbers of 32 bits that a field takes as they are, from the least to the most, or null where there are none. */
export function int32RangeOf({ range }: Field): Range | null {
  return range === null ? null : [Math.max(range[0], -(2 ** 31)), Math.min(range[1], 2 ** 31 - 1)];
}

/** Writes what a field holds of a number, or returns false for one that it does not hold. */
export function writeNarrowed(cells: Cells, at: number, field: Field, number: number): boolean {
  const { dtype } = field;
  if (dtype === "float32" || dtype === "float16") {
    cells.values[at] = dtype === "float32" ? Math.fround(number) : Math.f16round(number);
    return true;
  }
  const [least, most] = rangeOf(field);
  if (!isWithin(number, least, most)) return false;
  if (!isWideInteger(dtype)) {
    cells.values[at] = number + 0;
  } else {
    cells.halves[2 * at] = number;
    cells.halves[2 * at + 1] = Math.floor(number / twoTo32);
  }
  return true;
}

/** Of the integers that numbers hold. */
function rangeOf({ dtype, range }: Field): Range {
  if (dtype === "int64") return wideRange;
  if (dtype === "uint64") return unsignedRange;
  return range!;
}

const wideRange: Range = [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER];
const unsignedRange: Range = [0, Number.MAX_SAFE_INTEGER];
