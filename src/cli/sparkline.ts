/** Numbers as a line of small bars. */

const bars = "▁▂▃▄▅▆▇█";

/** A bar for each number, from the smallest to the largest; a space where there is none. */
export function sparkline(values: ArrayLike<number>): string {
  const finite = Array.from(values).filter(Number.isFinite);
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  return Array.from(values, (value) => {
    if (!Number.isFinite(value)) return " ";
    if (high === low) return bars[0];
    // Halves, lest a difference overflows.
    const share = (value / 2 - low / 2) / (high / 2 - low / 2);
    return bars[Math.min(bars.length - 1, Math.floor(share * bars.length))];
  }).join("");
}

/** The means of numbers that come one after another, in so many equal parts; NaN where a part has none. */
export class PartMeans {
  readonly #sums: Float64Array;
  readonly #counts: Float64Array;

  constructor(private readonly total: number, parts: number) {
    this.#sums = new Float64Array(Math.min(parts, Math.max(1, total)));
    this.#counts = new Float64Array(this.#sums.length);
  }

  /** Adds a number that stands at a place below the total. */
  add(place: number, value: number): void {
    if (!Number.isFinite(value)) return;
    const part = Math.floor(place / this.total * this.#sums.length);
    this.#sums[part] += value;
    this.#counts[part]++;
  }

  get means(): Float64Array {
    return this.#sums.map((sum, part) => sum / this.#counts[part]);
  }
}
