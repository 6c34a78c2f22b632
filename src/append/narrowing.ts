import { type Dtype, isWideInteger, type Range } from "../dtypes.ts";
import type { Field } from "../fields.ts";
import type { Cells } from "./narrow.ts";

/** How a field takes a number. */
const asItIs = 0, asFloat32 = 1, asFloat16 = 2, asInteger = 3, asWideInteger = 4;

const twoTo32 = 2 ** 32;

/** What the fields of a store make of single numbers, laid out for the loop that appends. */
export class Narrowing {
  /** By position in field order. */
  readonly #rules: Uint8Array;
  readonly #leasts: Float64Array;
  readonly #mosts: Float64Array;

  constructor(fields: readonly Field[]) {
    const ranges = fields.map(rangeOf);
    this.#rules = Uint8Array.from(fields, ({ dtype }) => ruleOf(dtype));
    this.#leasts = Float64Array.from(ranges, ([least]) => least);
    this.#mosts = Float64Array.from(ranges, ([, most]) => most);
  }

  /** Makes the number in a cell what the field holds, or returns false for one that it does not hold. */
  apply({ values, halves }: Cells, at: number, position: number): boolean {
    const rule = this.#rules[position];
    if (rule === asItIs) return true;
    const number = values[at];
    if (rule <= asFloat16) {
      // The bits of a NaN are those of a list of one value, or nobody's.
      if (number === number) values[at] = rule === asFloat32 ? Math.fround(number) : Math.f16round(number);
      return true;
    }
    if (!(number >= this.#leasts[position] && number <= this.#mosts[position])) return false;
    if (Math.floor(number) !== number) return false;
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

function ruleOf(dtype: Dtype): number {
  if (dtype === "float64") return asItIs;
  if (dtype === "float32") return asFloat32;
  if (dtype === "float16") return asFloat16;
  return isWideInteger(dtype) ? asWideInteger : asInteger;
}
