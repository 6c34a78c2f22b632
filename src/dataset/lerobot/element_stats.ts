/** Numbers of many frames, one after another. */
export type Numbers = Float64Array | BigInt64Array | BigUint64Array;

/** What LeRobot keeps of a feature: each a number for every element, but `count`, which is the number of frames. */
export type StatsOf = Readonly<Record<string, readonly number[]>>;

const quantiles = { q01: 0.01, q10: 0.1, q50: 0.5, q90: 0.9, q99: 0.99 } as const;

export const statNames: readonly string[] = ["min", "max", "mean", "std", "count", ...Object.keys(quantiles)];

/** How many values are kept for quantiles; where there are more, an even share of them. */
const keptMax = 1 << 18;

/**
 * Statistics of a feature by the element. As LeRobot does it, the elements are those of the last dimension: an array of
 * 2 × 3 is two vectors of 3. Values that are not finite do not count.
 */
export class ElementStats {
  readonly #counts: Float64Array;
  readonly #means: Float64Array;
  /** Sums of squared distances from the mean. */
  readonly #squares: Float64Array;
  readonly #mins: Float64Array;
  readonly #maxs: Float64Array;
  readonly #perFrame: number;
  #frameCount = 0;
  #stride = 1;
  #kept = new Float64Array(0);
  /** Room to sort in. */
  #sorted = new Float64Array(0);
  #vectors = 0;
  #keptVectors = 0;

  /** @param frameCount How many frames there will be. */
  constructor(shape: readonly number[], frameCount: number) {
    const size = shape.at(-1)!;
    this.#perFrame = shape.slice(0, -1).reduce((product, length) => product * length, 1);
    this.#counts = new Float64Array(size);
    this.#means = new Float64Array(size);
    this.#squares = new Float64Array(size);
    this.#mins = new Float64Array(size);
    this.#maxs = new Float64Array(size);
    this.begin(frameCount);
  }

  /** Begins anew, in the same memory: an object an episode would be gigabytes for a collector that takes its time. */
  begin(frameCount: number): void {
    const total = frameCount * this.#perFrame;
    const size = this.#means.length;
    let stride = Math.ceil(total * size / keptMax);
    // Else it would be the same places of every frame again and again.
    while (commonDivisor(stride, this.#perFrame) > 1) stride++;
    const keptMost = Math.ceil(total / stride);
    if (this.#kept.length < keptMost * size) this.#kept = new Float64Array(keptMost * size);
    if (this.#sorted.length < keptMost) this.#sorted = new Float64Array(keptMost);
    this.#frameCount = frameCount;
    this.#stride = stride;
    this.#vectors = this.#keptVectors = 0;
    for (const sums of [this.#counts, this.#means, this.#squares]) sums.fill(0);
    this.#mins.fill(Infinity);
    this.#maxs.fill(-Infinity);
  }

  /** Whole frames. Method: Welford 1962, as numbers of an episode come in parts, and those of all in many. */
  add(numbers: Numbers): void {
    const values = toFloats(numbers);
    const size = this.#means.length;
    for (let element = 0; element < size; element++) {
      let [count, mean, squares] = [this.#counts[element], this.#means[element], this.#squares[element]];
      let [min, max] = [this.#mins[element], this.#maxs[element]];
      for (let i = element; i < values.length; i += size) {
        const value = values[i];
        if (!Number.isFinite(value)) continue;
        const distance = value - mean;
        mean += distance / ++count;
        squares += distance * (value - mean);
        if (value < min) min = value;
        if (value > max) max = value;
      }
      this.#counts[element] = count;
      this.#means[element] = mean;
      this.#squares[element] = squares;
      this.#mins[element] = min;
      this.#maxs[element] = max;
    }
    this.#keep(values);
  }

  #keep(values: Float64Array): void {
    const size = this.#means.length;
    const vectors = values.length / size;
    // The next vector whose number is a multiple of the stride.
    const first = (this.#stride - this.#vectors % this.#stride) % this.#stride;
    if (this.#stride === 1) {
      this.#kept.set(values, size * this.#keptVectors);
      this.#keptVectors += vectors;
    } else {
      for (let vector = first; vector < vectors; vector += this.#stride, this.#keptVectors++) {
        const [from, to] = [size * vector, size * this.#keptVectors];
        for (let element = 0; element < size; element++) this.#kept[to + element] = values[from + element];
      }
    }
    this.#vectors += vectors;
  }

  result(): StatsOf {
    const each = (value: (element: number) => number) =>
      Array.from(this.#counts, (count, element) => count === 0 ? NaN : value(element));
    const stats: Record<string, number[]> = {
      min: each((element) => this.#mins[element]),
      max: each((element) => this.#maxs[element]),
      // A mean beyond the values is one of rounding.
      mean: each((element) =>
        Math.min(this.#maxs[element], Math.max(this.#mins[element], this.#means[element]))
      ),
      std: each((element) => Math.sqrt(this.#squares[element] / this.#counts[element])),
      count: [this.#frameCount],
    };
    for (const name of Object.keys(quantiles)) stats[name] = [];
    for (let element = 0; element < this.#counts.length; element++) {
      const sorted = this.#sortedElement(element);
      for (const [name, share] of Object.entries(quantiles)) stats[name].push(quantileOf(sorted, share));
    }
    return stats;
  }

  /** Valid until the next one is asked for. */
  #sortedElement(element: number): Float64Array {
    const size = this.#means.length;
    const values = this.#sorted;
    let count = 0;
    for (let i = element; i < size * this.#keptVectors; i += size) {
      if (Number.isFinite(this.#kept[i])) values[count++] = this.#kept[i];
    }
    return values.subarray(0, count).sort();
  }
}

function toFloats(numbers: Numbers): Float64Array {
  if (numbers instanceof Float64Array) return numbers;
  const values = new Float64Array(numbers.length);
  for (let i = 0; i < values.length; i++) values[i] = Number(numbers[i]);
  return values;
}

/** The least value that so large a share of all does not exceed: what LeRobot's histograms come near to. */
function quantileOf(sorted: Float64Array, share: number): number {
  return sorted.length === 0 ? NaN : sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}
