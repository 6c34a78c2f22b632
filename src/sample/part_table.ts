import { windowPart } from "../native/abi.ts";
import { grown } from "./episode_starts.ts";
import type { Population, StoreWindows } from "./space.ts";

/** Where the episodes of several sources begin, in arrays that one call of the library takes. */
export class EpisodeArena {
  origins = new BigUint64Array(256);
  cumulative = new BigUint64Array(256);
  #end = 0;
  /** Of each source: where its episodes stand, for how many there is room, and how many are there. */
  readonly #slices = new Map<StoreWindows, { at: number; room: number; count: number }>();

  /** Copies the episodes that are new, and returns where the first of the source stands. */
  take(windows: StoreWindows, count: number): number {
    let slice = this.#slices.get(windows);
    if (slice === undefined) this.#slices.set(windows, slice = { at: 0, room: 0, count: 0 });
    if (count > slice.room) this.#move(slice, 2 * count);
    if (count > slice.count) {
      const at = slice.at + slice.count;
      this.origins.set(windows.origins.subarray(slice.count, count), at);
      this.cumulative.set(windows.cumulative.subarray(slice.count, count), at);
      slice.count = count;
    }
    return slice.at;
  }

  /** What was moved leaves a gap. Each time it has twice the room, so that gaps are half of all at the most. */
  #move(slice: { at: number; room: number; count: number }, room: number): void {
    if (this.#end + room > this.origins.length) {
      this.origins = grown(this.origins, this.#end + room);
      this.cumulative = grown(this.cumulative, this.#end + room);
    }
    for (const array of [this.origins, this.cumulative]) {
      array.copyWithin(this.#end, slice.at, slice.at + slice.count);
    }
    slice.at = this.#end;
    slice.room = room;
    this.#end += room;
  }
}

/**
 * Which windows of several sources are drawn from, as the library takes it. Windows are numbered from 0, those of the
 * first source first.
 */
export class PartTable {
  parts: Float64Array<ArrayBuffer> = new Float64Array(windowPart.length);
  /** For every 2 ** `shift` windows the source of the first, for `bucketCount` such runs. */
  buckets: Uint32Array<ArrayBuffer> = new Uint32Array(1);
  shift = 0;
  bucketCount = 0;
  /** Windows of all. */
  total = 0;
  size = 0;
  /** What it was made of last. */
  sources: readonly StoreWindows[] = [];
  /** What changes whenever the windows do. */
  version = 0;
  #counts: Float64Array<ArrayBuffer> = new Float64Array(1);
  /** What each source held when it was looked at last. */
  #seen: Float64Array<ArrayBuffer> = new Float64Array(seenNumbers);

  constructor(private readonly arena: EpisodeArena) {}

  /** How many windows a source has. */
  countOf(source: number): number {
    return this.#counts[source];
  }

  /** The number of a source's first window. */
  baseOf(source: number): number {
    return this.parts[source * windowPart.length + windowPart.base];
  }

  /** The source of a window. */
  sourceOf(number: number): number {
    let [low, high] = [0, this.size];
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if (this.baseOf(middle) <= number) low = middle;
      else high = middle;
    }
    return low;
  }

  /**
   * Looks at the sources that have changed. `drawn` says what of a source is drawn from: the ordinal of the first window,
   * and how many.
   */
  update(
    sources: readonly StoreWindows[],
    populationOf: (windows: StoreWindows, source: number) => Population,
    drawn: (population: Population, windows: StoreWindows, source: number) => readonly [number, number],
  ): void {
    this.#makeRoom(sources.length);
    // Another list may have others in the middle.
    if (sources !== this.sources) this.#seen.fill(0);
    this.sources = sources;
    let changed = Infinity;
    for (let source = 0; source < sources.length; source++) {
      if (!this.#hasChanged(source, sources[source])) continue;
      changed = Math.min(changed, source);
      const windows = sources[source];
      const population = populationOf(windows, source);
      const [first, count] = drawn(population, windows, source);
      const at = source * windowPart.length;
      this.parts[at + windowPart.skipped] = first;
      this.parts[at + windowPart.episodeFirst] = this.arena.take(windows, population.episodes);
      this.parts[at + windowPart.episodeCount] = population.episodes;
      this.parts[at + windowPart.first] = population.first;
      this.parts[at + windowPart.end] = population.end;
      this.#counts[source] = count;
    }
    this.size = sources.length;
    if (changed < Infinity) this.#number(changed);
  }

  #number(from: number): void {
    const stride = windowPart.length;
    let base = from === 0 ? 0 : this.baseOf(from - 1) + this.#counts[from - 1];
    for (let source = from; source < this.size; source++) {
      this.parts[source * stride + windowPart.base] = base;
      base += this.#counts[source];
    }
    this.total = base;
    this.version++;
    this.#fillBuckets();
  }

  /** One to two for each source: so a search among them is short, whatever share of the windows each has. */
  #fillBuckets(): void {
    this.shift = Math.max(0, Math.floor(Math.log2(Math.max(1, this.total / this.size))));
    const run = 2 ** this.shift;
    this.bucketCount = Math.ceil(this.total / run);
    if (this.buckets.length < this.bucketCount) this.buckets = new Uint32Array(2 * this.bucketCount);
    for (let source = 0, bucket = 0; source < this.size; source++) {
      const end = this.baseOf(source) + this.#counts[source];
      for (; bucket * run < end; bucket++) this.buckets[bucket] = source;
    }
  }

  #hasChanged(source: number, { extent }: StoreWindows): boolean {
    const { rowCount, tokenCount, firstRow } = extent;
    const at = source * seenNumbers;
    const seen = this.#seen;
    if (seen[at] === rowCount + 1 && seen[at + 1] === tokenCount && seen[at + 2] === firstRow) return false;
    // One more, so that nothing was seen of a source that is new.
    seen[at] = rowCount + 1;
    seen[at + 1] = tokenCount;
    seen[at + 2] = firstRow;
    return true;
  }

  #makeRoom(sources: number): void {
    if (sources <= this.#counts.length) return;
    const room = 2 * sources;
    this.parts = enlarged(this.parts, room * windowPart.length);
    this.#counts = enlarged(this.#counts, room);
    this.#seen = enlarged(this.#seen, room * seenNumbers);
  }
}

const seenNumbers = 3;

function enlarged(from: Float64Array, length: number): Float64Array<ArrayBuffer> {
  const to = new Float64Array(length);
  to.set(from);
  return to;
}
