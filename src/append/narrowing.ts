import { isWideInteger, type Range } from "../dtypes.ts";
import type { Field } from "../fields.ts";
import { type Cells, isRoundedLater } from "./narrow.ts";

/** How a field takes a number. */
const asItIs = 0, asInteger = 1, asFloat32 = 2, asFloat16 = 3, asWideInteger = 4;

/** The last of those that write a boolean as the number 1 or 0. */
export const takesBooleans = asFloat16;

const twoTo32 = 2 ** 32;

/** What the fields of a store make of single numbers, laid out for the loop that appends. */
export class Narrowing {
  /** By position in field order, 0 for the fields whose numbers are written as they are. */
  readonly rules: Uint8Array;
  /** Whole numbers of 32 bits from here to there are written as they are; a range of none where more is to be done. */
  readonly leasts: Int32Array;
  readonly mosts: Int32Array;
  readonly #ranges: readonly Range[];

  /** Whether any field's numbers are not written as they are. */
  get isNeeded(): boolean {
    return this.rules.some((rule) => rule !== asItIs);
  }

  constructor(fields: readonly Field[]) {
    this.rules = Uint8Array.from(fields, ruleOf);
    this.#ranges = fields.map(rangeOf);
    const plain = this.#ranges.map((range, i) => this.rules[i] === asInteger ? range : [1, 0]);
    this.leasts = Int32Array.from(plain, ([least]) => Math.max(least, -(2 ** 31)));
    this.mosts = Int32Array.from(plain, ([, most]) => Math.min(most, 2 ** 31 - 1));
  }

  /** Writes what the field holds of a number, or returns false for one that it does not hold. */
  write({ values, halves }: Cells, at: number, position: number, number: number): boolean {
    const rule = this.rules[position];
    if (rule === asFloat32 || rule === asFloat16) {
      values[at] = rule === asFloat32 ? Math.fround(number) : Math.f16round(number);
      return true;
    }
    const [least, most] = this.#ranges[position];
    if (!(number >= least && number <= most) || Math.floor(number) !== number) return false;
    if (rule === asInteger) {
      values[at] = number + 0;
    } else {
      halves[2 * at] = number;
      halves[2 * at + 1] = Math.floor(number / twoTo32);
    }
    return true;
  }
}

/** Of the integers that numbers hold. */
function rangeOf({ dtype, range }: Field): Range {
  if (dtype === "int64") return [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER];
  if (dtype === "uint64") return [0, Number.MAX_SAFE_INTEGER];
  return range ?? [0, 0];
}

function ruleOf(field: Field): number {
  const { dtype } = field;
  if (dtype === "float64" || isRoundedLater(field)) return asItIs;
  if (dtype === "float32") return asFloat32;
  if (dtype === "float16") return asFloat16;
  return isWideInteger(dtype) ? asWideInteger : asInteger;
}
