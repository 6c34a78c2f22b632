/** What is known of the buckets of a series: all from one on, which is built backwards, to the newest that is closed. */
import { type Extent, Part, partBuckets } from "./part.ts";
import { isNarrow, type SeriesElement } from "./element.ts";

/** What is known of parts of pyramids is kept by files. */
export interface PartFiles {
  load(series: SeriesElement, index: number): Part;
  save(series: SeriesElement, index: number, part: Part): boolean;
}

/** A part that was let go of, since a file keeps it, is not in that file any more. Asking again finds it unknown. */
export class LostPart extends Error {}

/** So many new buckets are written down before there is time for it. */
const unsavedMax = 2 ** 16;

/** How often any part has been looked at. */
let looks = 0;

export class Pyramid {
  readonly #parts = new Map<number, Part>();
  /** Parts that were let go of: so much was known of each. */
  readonly #released = new Map<number, readonly [first: number, end: number]>();
  /** The buckets from `next` to `end` are known. */
  next = 0;
  end = 0;
  /** When it was asked for last, ms. */
  askedAt = 0;

  constructor(readonly series: SeriesElement, private readonly files: PartFiles | null = null) {}

  /**
   * There are the buckets from `first` to `end`: those before were dropped. Returns the first of those that are to be built
   * before all else, up to `end`: where more than `gapMax` are new, the newest of them are first, and what was known
   * before them is come upon later.
   */
  follow(first: number, end: number, gapMax: number): number {
    for (const index of this.#parts.keys()) if ((index + 1) * partBuckets <= first) this.#parts.delete(index);
    // Rows that are closed stay, but for a store whose file system has failed.
    if (end < this.end) this.#forget();
    const isFar = end < this.end || end - this.end > gapMax || this.next === this.end;
    if (isFar && end !== this.end) this.next = this.end = end;
    this.next = Math.min(this.end, Math.max(this.next, first));
    this.#skipKnown(first);
    return this.end;
  }

  has(bucket: number): boolean {
    return bucket >= this.next && bucket < this.end;
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

  /** The first of the buckets before the known ones, and from `first` on, of which none is known. */
  gapFrom(first: number): number {
    for (let at = this.next; at > first; at--) if (this.#isKnown(at - 1)) return at;
    return first;
  }

  /**
   * Writes a part down of which so many buckets are new that it pays, and returns whether there was one; `isIdle`: there is
   * nothing else to do.
   */
  saveOne(unsavedMin: number, isIdle: boolean): boolean {
    for (const [index, part] of this.#parts) {
      const [first, end] = part.known;
      const isFull = first === 0 && end === partBuckets;
      const due = isFull ? 1 : isIdle ? Math.max(unsavedMin, (end - first) / 4) : unsavedMax;
      if (part.unsavedCount >= due && this.files?.save(this.series, index, part)) return true;
    }
    return false;
  }

  get parts(): ReadonlyMap<number, Part> {
    return this.#parts;
  }

  /** Lets go of a part, if a file keeps it. */
  release(index: number): boolean {
    const part = this.#parts.get(index);
    if (part === undefined || part.unsavedCount > 0) return false;
    this.#released.set(index, part.known);
    return this.#parts.delete(index);
  }

  #partOf(bucket: number): Part {
    const index = Math.floor(bucket / partBuckets);
    const part = this.#parts.get(index) ?? this.#load(index);
    part.usedAt = ++looks;
    return part;
  }

  #load(index: number): Part {
    const part = this.files === null ? new Part(isNarrow(this.series)) : this.files.load(this.series, index);
    const known = this.#released.get(index);
    this.#parts.set(index, part);
    this.#released.delete(index);
    if (known !== undefined && (part.known[0] > known[0] || part.known[1] < known[1])) {
      this.#forget();
      throw new LostPart("a part of a pyramid was lost");
    }
    return part;
  }

  #forget(): void {
    this.#parts.clear();
    this.#released.clear();
    this.next = this.end;
  }

  #isKnown(bucket: number): boolean {
    return this.#partOf(bucket).isKnown(bucket % partBuckets);
  }

  #skipKnown(least: number): void {
    while (this.next > least) {
      const start = startOfPart(this.next - 1);
      const known = start + this.#partOf(start).firstKnown(this.next - start);
      if (known === this.next) return;
      this.next = Math.max(least, known);
      if (known > start) return;
    }
  }
}

const startOfPart = (bucket: number) => bucket - bucket % partBuckets;
const endOfPart = (bucket: number) => startOfPart(bucket) + partBuckets;
