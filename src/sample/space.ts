/** What orders draw from: the windows of a store, or of several, by numbers from 0. */
import type { LaterTables } from "../native/runtime.ts";
import type { Connection } from "../store/connection.ts";
import type { Return } from "./episode_starts.ts";
import type { Boundary } from "./options.ts";
import type { Reach } from "./plan.ts";

/**
 * Where windows lie: first position and number of positions. A window's anchor is its first position, or its last where
 * it is padded on the left; or it lies among those that its offsets reach.
 */
export interface Places {
  readonly anchors: Float64Array;
  readonly starts: Float64Array;
  readonly lengths: Int32Array;
  /** The source of each. */
  readonly sources: Int32Array;
}

export interface WindowRule {
  readonly unit: "tokens" | "steps";
  readonly length: number;
  readonly stride: number;
  readonly boundary: Boundary;
  readonly reach: Reach | null;
}

/**
 * Where an epoch stands: its number, the global index of its first draw, and the windows there were when it began.
 * Part of {@linkcode SamplerState}.
 */
export interface EpochState {
  /** The number of the epoch, from 0. */
  readonly epoch: number;
  /** The global index of its first draw: the draws of all epochs before it. */
  readonly base: number;
  /** The position at which the stream ended when it began, a token or row index; of a mixture the sum of all. */
  readonly end: number;
  /** The number of windows there were when it began. */
  readonly windows: number;
  /**
   * Of a mixture, shape `[2 × sources]`: for each source the position at which it ended, a token or row index, and how many
   * windows it had.
   */
  readonly sources?: readonly number[];
}

/** What a moment's store has to draw from: windows by ordinal, in the order of their anchors, from `from` to `total`. */
export interface Population {
  /** The first position that is kept, and the one after the last. A position is a token, or a row. */
  readonly first: number;
  readonly end: number;
  /** Episodes that begin before the end. */
  readonly episodes: number;
  readonly from: number;
  readonly total: number;
}

/** How far a store has come. */
export type Extent = Pick<Connection, "rowCount" | "tokenCount" | "firstRow">;

/** The windows of one store: by ordinals, in the order of their anchors. */
export interface StoreWindows {
  readonly connection: Connection;
  readonly rule: WindowRule;
  /** What changes whenever its windows may. */
  readonly extent: Extent;
  /** What holds the windows, as errors say it. */
  readonly holder: string;
  /** The first position that is held, of what is drawn from or not. */
  readonly heldFrom: number;
  /** What there is to draw from now, or was when the stream ended at `end`. */
  population(end?: number): Population;
  /** Where the first `count` of the windows with these ordinals lie. */
  locateIn(population: Population, ordinals: Float64Array, count: number, places: Places): void;
  /** The ordinal of the first window that is kept, or has its anchor in the newest rows. */
  firstOf(population: Population, newestRows?: number): number;
  /** How many windows have an anchor before a position. */
  rank(population: Population, position: number): number;
  /** The positions with which episodes begin, and how many windows stand before each; there is room for more. */
  readonly origins: BigUint64Array;
  readonly cumulative: BigUint64Array;
  /** Calls back with the runs of anchors, `rule.stride` apart, of the windows with ordinals from `from` on. */
  forEachRun(population: Population, from: number, visit: (firstAnchor: number, count: number) => void): void;
  /** Where the ID of an earlier episode comes back. */
  findReturn(): Return | null;
}

/** How windows are drawn by their age. */
export interface AgeDraw {
  readonly native: LaterTables["sampler"];
  readonly seed: bigint;
  readonly decay: number;
}

/** The windows that there were when an epoch began, numbered from 0. */
export interface EpochWindows {
  /**
   * Finds the windows with the first `count` numbers, less those that were dropped since, and returns how many are left.
   * Overwrites the numbers.
   */
  locate(numbers: Float64Array, count: number, places: Places): number;
}

/** What an epoch is over. */
export type EpochSpan = Pick<EpochState, "end" | "windows" | "sources">;

/** Names windows, and finds those that are named. Sources are places in the list of all. */
export interface WindowIds {
  /** The IDs of the first `count` windows, which were resolved. */
  write(ids: Float64Array, count: number, places: Places): void;
  /** Finds the source and the anchor of each ID, whatever numbers they are. */
  find(ids: Float64Array, sources: Int32Array, anchors: Float64Array): void;
}

export interface WindowSpace {
  /** The stores, one by one. */
  readonly sources: readonly StoreWindows[];
  /** How windows are named, where not by their place in that list. */
  readonly ids?: WindowIds;
  /** Where environments of a store are sources of their own that come in the middle of the list: how many each store has. */
  readonly environmentCounts?: readonly number[];
  /**
   * How many windows there are now, those whose anchor lies in the newest rows of their store. Until the next call they
   * are known by their numbers. @throws {RangeError} If there is none.
   */
  count(newestRows?: number): number;
  /** Where the first `count` of the windows with these numbers lie. */
  locate(numbers: Float64Array, count: number, places: Places): void;
  /** Draws numbers of windows of which those that are newer in their store are more likely. */
  drawByAge(draw: AgeDraw, indices: Float64Array, count: number, numbers: Float64Array): void;
  /** Where the windows with the anchors of the places, and of their sources, lie. */
  resolve(count: number, places: Places): void;
  /** What an epoch that begins now is over. @throws {RangeError} If there is no window. */
  beginEpoch(): EpochSpan;
  epochWindows(span: EpochSpan): EpochWindows;
}

/** Room for the places of so many windows. */
export function allocatePlaces(count: number): Places {
  return {
    anchors: new Float64Array(count),
    starts: new Float64Array(count),
    lengths: new Int32Array(count),
    sources: new Int32Array(count),
  };
}

/** Bytes that the places of a window take. */
export const placeBytes = 24;

/** Room for the places of so many windows in memory from a multiple of 8 on. */
export function placesOver(buffer: SharedArrayBuffer, offset: number, count: number): Places {
  return {
    anchors: new Float64Array(buffer, offset, count),
    starts: new Float64Array(buffer, offset + 8 * count, count),
    lengths: new Int32Array(buffer, offset + 16 * count, count),
    sources: new Int32Array(buffer, offset + 20 * count, count),
  };
}

/** The same places from one on. */
export function placesFrom({ anchors, starts, lengths, sources }: Places, at: number): Places {
  return {
    anchors: anchors.subarray(at),
    starts: starts.subarray(at),
    lengths: lengths.subarray(at),
    sources: sources.subarray(at),
  };
}

/** The windows that a store had when an epoch began. */
export class EpochOfStore implements EpochWindows {
  /** The ordinal of the epoch's first window: noted, for the number of windows before the epoch's end may yet change. */
  #first: number | null = null;

  constructor(private readonly windows: StoreWindows, private readonly span: EpochSpan) {}

  /** At the end there can be fewer, too: when the last row gets the ID of another episode after the epoch has begun. */
  locate(numbers: Float64Array, count: number, places: Places): number {
    const population = this.windows.population(this.span.end);
    const first = this.#first ??= population.total - this.span.windows;
    let kept = 0;
    for (let i = 0; i < count; i++) {
      const ordinal = first + numbers[i];
      if (ordinal >= population.from && ordinal < population.total) numbers[kept++] = ordinal;
    }
    if (kept > 0) this.windows.locateIn(population, numbers, kept, places);
    return kept;
  }
}
