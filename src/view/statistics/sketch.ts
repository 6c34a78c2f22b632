/** Values counted in the buckets of `store.stats`, so that quantiles are the same; and their least and greatest. */
import { momentScales, statisticsPageLength } from "../../native/abi.ts";
import { FieldStats } from "../../statistics/field_stats.ts";

/** The exponent and the upper bits of the mantissa, of which 20 stand in the upper half of a float64. */
const shift = 20 - Math.log2(statisticsPageLength);
const keyMax = 0x7ff * statisticsPageLength;

export class Sketch {
  readonly #counts = new Float64Array(2 * keyMax + 1);
  readonly #float = new Float64Array(1);
  readonly #words = new Uint32Array(this.#float.buffer);
  count = 0;
  notFinite = 0;
  min = Infinity;
  max = -Infinity;
  isWhole = true;
  add(value: number): void {
    if (!Number.isFinite(value)) {
      this.notFinite++;
      return;
    }
    this.#float[0] = value;
    const key = value === 0 ? 0 : 1 + ((this.#words[1] & 0x7fff_ffff) >>> shift);
    this.#counts[keyMax + (value < 0 ? -key : key)]++;
    this.count++;
    if (value < this.min) this.min = value;
    if (value > this.max) this.max = value;
    if (this.isWhole && !Number.isSafeInteger(value)) this.isWhole = false;
  }

  /** As the library's own statistics. */
  stats(rowCount: number, missing: number, moments: Moments): FieldStats {
    const buckets: number[] = [];
    this.#counts.forEach((count, at) => count > 0 && buckets.push(at - keyMax, count));
    const { count, notFinite: nonFinite, min, max } = this;
    return FieldStats.fromJSON({
      rowCount,
      missing,
      nonFinite,
      range: count === 0 ? null : [min + 0, max + 0],
      moments: [count, moments.mean, 0, moments.squares, moments.scale],
      buckets,
    });
  }
}

/** Mean and squared distances from it, in one pass by Welford's method, of values whose squares are no float64 too. */
export class Moments {
  readonly scale: number;
  mean = 0;
  squares = 0;
  #count = 0;

  /** @param most The greatest that a value is, whatever its sign. */
  constructor(most: number) {
    const [large, one, small] = momentScales;
    this.scale = most > 2 ** 400 ? small : most < 2 ** -400 ? large : one;
  }

  add(value: number): void {
    if (!Number.isFinite(value)) return;
    const distance = value * this.scale - this.mean;
    this.mean += distance / ++this.#count;
    this.squares += distance * (value * this.scale - this.mean);
  }
}

/** The rows of the most extreme values, most extreme first; of equal ones the first rows. */
export class Extremes {
  readonly found: { readonly row: number; readonly value: number }[] = [];

  /** @param sign 1 for the greatest, -1 for the least. */
  constructor(private readonly sign: 1 | -1, private readonly countMax: number) {}

  add(value: number, row: number): void {
    const { found, sign, countMax } = this;
    if (!Number.isFinite(value)) return;
    if (found.length === countMax && sign * value <= sign * found[countMax - 1].value) return;
    let at = found.length;
    while (at > 0 && sign * value > sign * found[at - 1].value) at--;
    found.splice(at, 0, { row, value });
    if (found.length > countMax) found.pop();
  }
}

/** A histogram whose bins are of equal width; of a few whole numbers one for each. */
export class Histogram {
  readonly counts: Float64Array;
  readonly firstRows: Float64Array;
  readonly #isEach: boolean;

  constructor(private readonly min: number, private readonly max: number, isWhole: boolean, bins: number) {
    this.#isEach = isWhole && max - min < bins;
    const count = this.#isEach ? max - min + 1 : min === max ? 1 : bins;
    this.counts = new Float64Array(count);
    this.firstRows = new Float64Array(count).fill(NaN);
  }

  add(value: number, row: number): void {
    if (!(value >= this.min && value <= this.max)) return;
    const bin = this.#binOf(value);
    if (this.counts[bin]++ === 0) this.firstRows[bin] = row;
  }

  /** Where a bin begins; the last one ends with the greatest value. */
  edge(bin: number): number {
    const { min, max } = this;
    if (this.#isEach) return min + bin;
    if (bin === this.counts.length) return max;
    // Parts, lest a difference overflows.
    const part = bin / this.counts.length;
    return min * (1 - part) + max * part;
  }

  #binOf(value: number): number {
    if (this.#isEach) return value - this.min;
    const last = this.counts.length - 1;
    if (last === 0) return 0;
    const part = (value / 2 - this.min / 2) / (this.max / 2 - this.min / 2);
    let bin = Math.min(last, Math.floor(part * this.counts.length));
    // Rounding must not put a value into a bin that does not say so.
    while (bin > 0 && value < this.edge(bin)) bin--;
    while (bin < last && value >= this.edge(bin + 1)) bin++;
    return bin;
  }
}
