/** Draws windows from samplers and says where they begin. */

interface Batch {
  readonly size: number;
  readonly starts: ArrayLike<number>;
}

interface Drawn {
  next(): Batch | null;
}

/** The starts of the next batches, so many windows of them. */
export function drawStarts(sampler: Drawn, count: number): number[] {
  const starts: number[] = [];
  while (starts.length < count) {
    const batch = sampler.next();
    if (batch === null) break;
    starts.push(...Array.from(batch.starts).slice(0, batch.size));
  }
  return starts.slice(0, count);
}

/** How far counts are from what is expected, by Pearson's chi-square. */
export function chiSquare(counts: readonly number[], expected: readonly number[]): number {
  return counts.reduce((sum, count, i) => sum + (count - expected[i]) ** 2 / expected[i], 0);
}

/** A chi-square that by chance is exceeded less than once in 10,000 times (Wilson and Hilferty, 1931). */
export function chiSquareLimit(freedom: number): number {
  const spread = 2 / (9 * freedom);
  return freedom * (1 - spread + 3.719 * Math.sqrt(spread)) ** 3;
}

/** How often each of `size` numbers occurs. */
export function countEach(numbers: readonly number[], size: number): number[] {
  const counts = new Array<number>(size).fill(0);
  for (const number of numbers) counts[number]++;
  return counts;
}
