/**
 * A part of the pyramid over a series: of buckets of 256 rows each the least and the greatest finite value, and how many
 * rows have one. Buckets of 16 and of 256 of those are made of them when they are first asked for.
 *
 * The first and the last value of a bucket stand in its rows, where two looks find them: kept here, they would double the
 * size.
 */

/** Rows of a bucket. */
export const bucketRows = 256;

/** Buckets of a part: 67,108,864 rows. */
export const partBuckets: number = 2 ** 18;

/** What a bucket takes of memory, at most: two numbers and a count, and a 16th of what one of 16 takes. */
export const bucketBytes = 20;

/** How many buckets of one level make one of the next. */
const fanOut = 16;

type Numbers = Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;

/** What many rows have in common. */
export interface Extent {
  min: number;
  max: number;
  count: number;
}

/** Buckets of one size. `counts` are greater by 1, so that the 0 of a new array says that nothing is known. */
class Level {
  readonly counts: Uint32Array<ArrayBuffer>;

  constructor(readonly minima: Numbers, readonly maxima: Numbers, length: number) {
    this.counts = new Uint32Array(length);
  }

  add(place: number, to: Extent): void {
    const count = this.counts[place] - 1;
    if (count === 0) return;
    to.count += count;
    if (this.minima[place] < to.min) to.min = this.minima[place];
    if (this.maxima[place] > to.max) to.max = this.maxima[place];
  }
}

/** So many buckets from the first of the part on. */
export class Part {
  readonly minima: Numbers;
  readonly maxima: Numbers;
  /** Greater by 1: 0 where a bucket is not known. */
  readonly counts: Uint16Array<ArrayBuffer> = new Uint16Array(partBuckets);
  /** Known buckets stand from the first of these to before the second; between them some may not be known. */
  #first = partBuckets;
  #end = 0;
  /** Buckets that no file has, and those that one has. */
  unsavedCount = 0;
  saved: readonly [first: number, end: number] = [partBuckets, 0];
  /** When it was looked at last, by the count of looks at all parts. */
  usedAt = 0;
  readonly #groups: Level;
  readonly #regions: Level;

  /** @param isNarrow Whether a float32 holds every value. */
  constructor(readonly isNarrow: boolean) {
    const make = (length: number): Numbers => isNarrow ? new Float32Array(length) : new Float64Array(length);
    // Pages of an array that nobody has written to take no memory.
    [this.minima, this.maxima] = [make(partBuckets), make(partBuckets)];
    const [groups, regions] = [partBuckets / fanOut, partBuckets / fanOut ** 2];
    this.#groups = new Level(make(groups), make(groups), groups);
    this.#regions = new Level(make(regions), make(regions), regions);
  }

  get known(): readonly [first: number, end: number] {
    return [this.#first, this.#end];
  }

  /** Bytes that have been written to. */
  get byteLength(): number {
    return Math.max(0, this.#end - this.#first) * (this.isNarrow ? bucketBytes / 2 : bucketBytes);
  }

  noteLoaded(first: number, end: number): void {
    [this.#first, this.#end] = [first, end];
    this.noteSaved(first, end);
  }

  noteSaved(first: number, end: number): void {
    this.saved = [first, end];
    this.unsavedCount = first - this.#first + this.#end - end;
  }

  isKnown(bucket: number): boolean {
    return this.counts[bucket] > 0;
  }

  /** The first of the known buckets that end with the one before `end`; `end` where there is none. */
  firstKnown(end: number): number {
    let first = end;
    while (first > 0 && this.counts[first - 1] > 0) first--;
    return first;
  }

  set(bucket: number, min: number, max: number, count: number): void {
    this.minima[bucket] = min;
    this.maxima[bucket] = max;
    this.counts[bucket] = count + 1;
    this.#first = Math.min(this.#first, bucket);
    this.#end = Math.max(this.#end, bucket + 1);
    this.unsavedCount++;
  }

  /** Adds the buckets `[first, end)`, all of which are known. */
  addTo(extent: Extent, first: number, end: number): void {
    for (let at = first; at < end;) {
      const size = sizeAt(at, end);
      if (size === 1) this.#addBucket(at, extent);
      else if (size === fanOut) this.#group(at / fanOut).add(at / fanOut, extent);
      else this.#region(at / size).add(at / size, extent);
      at += size;
    }
  }

  /** The first of the buckets `[first, end)` that has a value, or `end`. */
  findFirst(first: number, end: number): number {
    for (let at = first; at < end;) {
      const size = sizeAt(at, end);
      if (this.#countOf(at, size) === 0) at += size;
      else if (size === 1) return at;
      else return this.#findWithin(at, at + size, 1);
    }
    return end;
  }

  /** The last of the buckets `[first, end)` that has a value, or -1. */
  findLast(first: number, end: number): number {
    for (let at = end; at > first;) {
      const size = sizeBefore(first, at);
      if (this.#countOf(at - size, size) === 0) at -= size;
      else if (size === 1) return at - 1;
      else return this.#findWithin(at - 1, at - size - 1, -1);
    }
    return -1;
  }

  #findWithin(from: number, to: number, direction: number): number {
    for (let at = from; at !== to; at += direction) if (this.counts[at] > 1) return at;
    return to;
  }

  #countOf(at: number, size: number): number {
    if (size === 1) return this.counts[at] - 1;
    const place = at / size;
    return (size === fanOut ? this.#group(place) : this.#region(place)).counts[place] - 1;
  }

  #addBucket(bucket: number, to: Extent): void {
    const count = this.counts[bucket] - 1;
    if (count === 0) return;
    to.count += count;
    if (this.minima[bucket] < to.min) to.min = this.minima[bucket];
    if (this.maxima[bucket] > to.max) to.max = this.maxima[bucket];
  }

  /** The level of groups, once it has the one at a place. */
  #group(place: number): Level {
    if (this.#groups.counts[place] === 0) {
      const extent = noExtent();
      for (let i = 0; i < fanOut; i++) this.#addBucket(fanOut * place + i, extent);
      keep(this.#groups, place, extent);
    }
    return this.#groups;
  }

  #region(place: number): Level {
    if (this.#regions.counts[place] === 0) {
      const extent = noExtent();
      for (let i = 0; i < fanOut; i++) this.#group(fanOut * place + i).add(fanOut * place + i, extent);
      keep(this.#regions, place, extent);
    }
    return this.#regions;
  }
}

export const noExtent = (): Extent => ({ min: Infinity, max: -Infinity, count: 0 });

function keep(level: Level, place: number, { min, max, count }: Extent): void {
  level.minima[place] = min;
  level.maxima[place] = max;
  level.counts[place] = count + 1;
}

/** Of the buckets of all levels that begin at a place the largest that ends no later than `end`. */
function sizeAt(at: number, end: number): number {
  if (at % fanOut !== 0 || at + fanOut > end) return 1;
  return at % fanOut ** 2 === 0 && at + fanOut ** 2 <= end ? fanOut ** 2 : fanOut;
}

/** Of those that end at a place the largest that begins no earlier than `first`. */
function sizeBefore(first: number, at: number): number {
  if (at % fanOut !== 0 || at - fanOut < first) return 1;
  return at % fanOut ** 2 === 0 && at - fanOut ** 2 >= first ? fanOut ** 2 : fanOut;
}
