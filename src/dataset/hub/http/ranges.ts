/** A run of bytes of a file. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** What lies between two ranges is read with them where that costs less than another request. */
const gapBytesMax = 64 << 10;
/** Larger ranges are asked for in several requests, so that they come at the same time. */
const requestBytesMax = 16 << 20;

/** The requests by which ranges are read: sorted, none overlapping, near ones joined and large ones parted. */
export function planRequests(ranges: readonly Range[]): Range[] {
  const sorted = ranges.filter(({ start, end }) => end > start).sort((a, b) => a.start - b.start);
  const joined: { start: number; end: number }[] = [];
  for (const { start, end } of sorted) {
    const last = joined.at(-1);
    if (last !== undefined && start <= last.end + gapBytesMax) last.end = Math.max(last.end, end);
    else joined.push({ start, end });
  }
  return joined.flatMap(({ start, end }) => {
    const count = Math.ceil((end - start) / requestBytesMax);
    const size = Math.ceil((end - start) / count);
    return Array.from({ length: count }, (_, i) => ({
      start: start + i * size,
      end: Math.min(end, start + (i + 1) * size),
    }));
  });
}

/** The first of the ranges, as many as have so many bytes together at most. */
export function withinBytes(ranges: readonly Range[], bytesMax: number): Range[] {
  let bytes = 0;
  return ranges.filter(({ start, end }) => (bytes += end - start) <= bytesMax);
}

/** Lets so many tasks run at the same time; the others wait for their turn. */
export class Semaphore {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  async run<Result>(task: () => Promise<Result>): Promise<Result> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await task();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next();
    }
  }
}
