/** What is known of the buckets of a series: all from one on, which is built backwards, to the newest that is closed. */
import { type Extent, Part, partBuckets } from "./part.ts";
import { isNarrow, type SeriesElement } from "./element.ts";

export class Pyramid {
  readonly #parts = new Map<number, Part>();
  /** The buckets from `next` to `end` are known. */
  next = 0;
  end = 0;
  /** When it was asked for last, ms. */
  askedAt = 0;

  constructor(readonly series: SeriesElement) {}

  /**
   * There are the buckets from `first` to `end`: those before were dropped. Returns the first of those that are to be built
   * before all else, up to `end`: where more than `gapMax` are new, the newest of them are first, and what was known
   * before them is come upon later.
   */
  follow(first: number, end: number, gapMax: number): number {
    for (const index of this.#parts.keys()) if ((index + 1) * partBuckets <= first) this.#parts.delete(index);
    // Rows that are closed stay, but for a store whose file system has failed.
    if (end < this.end) this.#parts.clear();
    const isFar = end < this.end || end - this.end > gapMax || this.next === this.end;
    if (isFar && end !== this.end) this.next = this.end = end;
    this.next = Math.min(this.end, Math.max(this.next, first));
    this.#skipKnown(first);
    return this.end;
  }

  set(bucket: number, min: number, max: number, count: number): void {
    this.#partOf(bucket).set(bucket % partBuckets, min, max, count);
  }

  /** The buckets `[from, to)`, which adjoin the known ones, are known now. */
  join(from: number, to: number, first: number): void {
    if (from === this.end) this.end = to;
    if (to === this.next) this.next = from;
    this.#skipKnown(first);
  }

  addTo(extent: Extent, first: number, end: number): void {
    for (let at = first; at < end;) {
      const until = Math.min(end, endOfPart(at));
      this.#partOf(at).addTo(extent, at % partBuckets, until - startOfPart(at));
      at = until;
    }
  }

  /** The first bucket of `[first, end)` with a value, or `end`. */
  findFirst(first: number, end: number): number {
    for (let at = first; at < end; at = endOfPart(at)) {
      const [start, until] = [startOfPart(at), Math.min(end, endOfPart(at))];
      const found = start + this.#partOf(at).findFirst(at - start, until - start);
      if (found < until) return found;
    }
    return end;
  }

  /** The last bucket of `[first, end)` with a value, or -1. */
  findLast(first: number, end: number): number {
    for (let at = end - 1; at >= first; at = startOfPart(at) - 1) {
      const start = startOfPart(at);
      const found = this.#partOf(at).findLast(Math.max(first, start) - start, at + 1 - start);
      if (found >= 0) return start + found;
    }
    return -1;
  }

  #partOf(bucket: number): Part {
    const index = Math.floor(bucket / partBuckets);
    let part = this.#parts.get(index);
    if (part === undefined) this.#parts.set(index, part = new Part(isNarrow(this.series)));
    return part;
  }

  #skipKnown(least: number): void {
    while (this.next > least && this.#partOf(this.next - 1).isKnown((this.next - 1) % partBuckets)) {
      this.next--;
    }
  }
}

const startOfPart = (bucket: number) => bucket - bucket % partBuckets;
const endOfPart = (bucket: number) => startOfPart(bucket) + partBuckets;
