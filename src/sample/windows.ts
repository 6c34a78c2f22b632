import type { Connection } from "../store/connection.ts";
import { windowIndex, windowName, windowPolicy } from "../native/abi.ts";
import { check, status } from "../native/status.ts";
import type { EpisodeStarts, Return } from "./episode_starts.ts";
import { countBelow, grown, visitRuns } from "./episode_starts.ts";
import type { DrawSource } from "./batch_plan.ts";
import { drawNumbers, streams } from "./draws.ts";
import { noWindow, whyNone } from "./no_window.ts";
import type { Boundary } from "./options.ts";
import { Part } from "./part.ts";
import type { SamplerPlan } from "./plan.ts";
import {
  type AgeDraw,
  EpochOfStore,
  type EpochSpan,
  type EpochWindows,
  type Extent,
  type Places,
  type Population,
  type StoreWindows,
  type WindowRule,
  type WindowSpace,
} from "./space.ts";

/** As the library knows boundaries. */
export const policies: Readonly<Record<Boundary, number>> = {
  within: windowPolicy.within,
  cross: windowPolicy.within,
  "pad-left": windowPolicy.padLeft,
  "pad-right": windowPolicy.padRight,
  edge: windowPolicy.around,
  zero: windowPolicy.around,
};

/**
 * Which windows of a store are valid, and where they lie. Windows have ordinals, and those of an episode that has ended
 * never change: so all that is kept is how many windows stand before each episode, and growth only adds to it.
 */
export class Windows implements StoreWindows, WindowSpace {
  /** The positions with which episodes begin. */
  #origins: BigUint64Array<ArrayBuffer> = new BigUint64Array(64);
  /** Windows in the episodes before each. */
  #cumulative: BigUint64Array<ArrayBuffer> = new BigUint64Array(64);
  #count = 0;
  /** For each run of so many ordinals, a power of two, the episode of the first: where a search begins. */
  #buckets: Uint32Array = new Uint32Array(64);
  /** What the library is told of them with every call; it notes how many buckets are filled. */
  readonly #index = new Float64Array(windowIndex.length);
  readonly #out = new Float64Array(1);
  /** What is drawn from, and the ordinal of the first window that is. */
  #drawn: Population = { first: 0, end: 0, episodes: 0, from: 0, total: 0 };
  #drawnFrom = 0;

  constructor(
    readonly connection: Connection,
    readonly rule: WindowRule,
    private readonly episodes: EpisodeStarts,
    readonly part: Part | null = null,
  ) {
    this.#index[windowIndex.windowLength] = rule.length + (rule.reach?.after ?? 0);
    this.#index[windowIndex.before] = rule.reach?.before ?? 0;
    this.#index[windowIndex.stride] = rule.stride;
    this.#index[windowIndex.policy] = policies[rule.boundary];
  }

  get sources(): readonly Windows[] {
    return [this];
  }

  count(newestRows = Infinity): number {
    const population = this.#drawn = this.population();
    const first = this.#drawnFrom = this.firstOf(population, newestRows);
    if (population.total <= first) throw noWindow(this.rule, whyNone(this, population, newestRows));
    return population.total - first;
  }

  get extent(): Extent {
    return this.connection;
  }

  get holder(): string {
    return this.part === null ? "the store" : "the part that between says";
  }

  /** The ordinal of the first window that is kept, or has its anchor in the newest rows. */
  firstOf(population: Population, newestRows = Infinity): number {
    if (newestRows === Infinity || population.episodes === 0) return population.from;
    const position = Math.max(population.first, this.#newest(newestRows));
    return Math.max(population.from, this.rank(population, position));
  }

  locate(numbers: Float64Array, count: number, places: Places): void {
    for (let i = 0; i < count; i++) numbers[i] += this.#drawnFrom;
    this.locateIn(this.#drawn, numbers, count, places);
  }

  drawByAge(
    { native, seed, decay }: AgeDraw,
    indices: Float64Array,
    count: number,
    numbers: Float64Array,
  ): void {
    const bound = this.#drawn.total - this.#drawnFrom;
    drawNumbers(native, "geometric", { seed, stream: streams.recent, bound, decay }, indices, count, numbers);
    for (let i = 0; i < count; i++) numbers[i] = bound - 1 - numbers[i];
  }

  beginEpoch(): EpochSpan {
    const windows = this.count();
    return { end: this.#drawn.end, windows };
  }

  epochWindows(span: EpochSpan): EpochWindows {
    return new EpochOfStore(this, span);
  }

  resolve(count: number, places: Places): void {
    this.resolveIn(this.population(), count, places);
  }

  /** What there is to draw from now, or was when the stream ended at `end`. */
  population(end = this.#endNow()): Population {
    this.#extend();
    const episodes = countBelow(this.#origins, this.#count, end);
    const population = { first: this.#firstNow(), end, episodes, from: 0, total: 0 };
    if (episodes === 0) return population;
    const last = Number(this.#origins[episodes - 1]);
    population.total = Number(this.#cumulative[episodes - 1]) + this.#windowsOf(end - last);
    population.from = population.first > Number(this.#origins[0])
      ? this.rank(population, population.first)
      : 0;
    return population;
  }

  /** How many windows have an anchor before a position. */
  rank(population: Population, position: number): number {
    const { tables: { sampler } } = this.connection;
    const code = sampler.ss_windows_rank(
      this.#indexFor(population),
      this.#origins,
      this.#cumulative,
      position,
      this.#out,
    );
    check(code, "Cannot count windows");
    return this.#out[0];
  }

  /** Where the first `count` of the windows with these ordinals lie. */
  locateIn(population: Population, ordinals: Float64Array, count: number, places: Places): void {
    check(this.#locate(population, windowName.ordinal, ordinals, count, places), "Cannot locate windows");
  }

  /** Where the windows with these anchors lie. */
  resolveIn(population: Population, count: number, places: Places): void {
    check(this.#resolve(population, count, places), "Cannot locate windows");
  }

  /** The same of anchors that somebody else has chosen: the place of the first that is none, or null. */
  findBad(population: Population, places: Places): number | null {
    const { anchors, starts, lengths } = places;
    const code = this.#resolve(population, anchors.length, places);
    if (code !== status.outOfRange) {
      check(code, "Cannot locate windows");
      return null;
    }
    const part = (at: number) => ({
      anchors: anchors.subarray(at, at + 1),
      starts: starts.subarray(at, at + 1),
      lengths: lengths.subarray(at, at + 1),
      sources: places.sources,
    });
    return anchors.findIndex((_, at) => this.#resolve(population, 1, part(at)) === status.outOfRange);
  }

  #resolve(population: Population, count: number, places: Places): number {
    return this.#locate(population, windowName.anchor, places.anchors, count, places);
  }

  #locate(
    population: Population,
    name: number,
    given: Float64Array,
    count: number,
    { anchors, starts, lengths }: Places,
  ): number {
    return this.connection.tables.sampler.ss_windows_locate(
      this.#indexFor(population),
      name,
      this.#origins,
      this.#cumulative,
      this.#buckets,
      given,
      count,
      anchors,
      starts,
      lengths,
    );
  }

  /** The first position of the newest rows that are drawn from, so many of them. */
  #newest(rows: number): number {
    const { firstRow, rowCount } = this.connection;
    return this.#positionOf(Math.max(firstRow, (this.part?.endRow ?? rowCount) - rows));
  }

  /** The first position of a row that is held, or of the one after the last. */
  #positionOf(row: number): number {
    if (this.rule.unit === "steps") return row;
    const { tables: { sampler }, store } = this.connection;
    const token = new BigUint64Array(1);
    check(sampler.ss_rows_start(store, BigUint64Array.of(BigInt(row)), 1, token), "Cannot sample");
    return Number(token[0]);
  }

  /** Where the ID of an earlier episode comes back, as `Episodes` finds it. */
  findReturn(): Return | null {
    return this.episodes.findReturn();
  }

  get origins(): BigUint64Array {
    return this.#origins;
  }

  get cumulative(): BigUint64Array {
    return this.#cumulative;
  }

  /** Calls back with the runs of anchors, `rule.stride` apart, of the windows with ordinals from `from` on. */
  forEachRun(
    population: Population,
    from: number,
    visit: (firstAnchor: number, count: number) => void,
  ): void {
    visitRuns(this.#origins, this.#cumulative, population, this.rule.stride, from, visit);
  }

  #endNow(): number {
    if (this.part !== null) return this.#positionOf(this.part.endRow);
    return this.rule.unit === "steps" ? this.connection.rowCount : this.connection.tokenCount;
  }

  #firstNow(): number {
    return this.part === null ? this.heldFrom : this.#positionOf(this.part.firstRow);
  }

  /** The first position that is held, of the part that is drawn from or not. */
  get heldFrom(): number {
    return this.rule.unit === "steps" ? this.connection.firstRow : this.connection.firstToken;
  }

  /** Windows of an episode of `length` positions. */
  #windowsOf(length: number): number {
    const { boundary, stride } = this.rule;
    if (boundary !== "within" && boundary !== "cross") return Math.ceil(length / stride);
    return length < this.rule.length ? 0 : Math.floor((length - this.rule.length) / stride) + 1;
  }

  #indexFor({ first, end, episodes }: Omit<Population, "from" | "total">): Float64Array {
    const index = this.#index;
    index[windowIndex.first] = first;
    index[windowIndex.end] = end;
    index[windowIndex.episodeCount] = episodes;
    return index;
  }

  /** Takes in the episodes that have begun since the last call. */
  #extend(): void {
    this.episodes.extend();
    const count = this.episodes.countBefore(this.connection.rowCount);
    if (count <= this.#count) return;
    if (count > this.#origins.length) {
      this.#origins = grown(this.#origins, count);
      this.#cumulative = grown(this.#cumulative, count);
    }
    this.#findOrigins(this.#count, count);
    const from = this.#count;
    this.#count = count;
    this.#countWindows(from);
    const total = Number(this.#cumulative[count - 1]);
    // Buckets that would hold too many episodes are made smaller, or too few larger: each time at twice as many.
    const shift = Math.max(0, Math.floor(Math.log2(Math.max(1, total / count))));
    if (
      Math.abs(shift - this.#index[windowIndex.bucketShift]) <= 1 && total / 2 ** shift < this.#buckets.length
    ) return;
    this.#buckets = new Uint32Array(64 + 2 * Math.ceil(total / 2 ** shift));
    this.#index[windowIndex.bucketShift] = shift;
    this.#index[windowIndex.bucketCount] = 0;
    this.#countWindows(count);
  }

  #findOrigins(from: number, to: number): void {
    const rows = this.episodes.startsBetween(from, to);
    const origins = this.#origins.subarray(from, to);
    if (this.rule.unit === "steps") return origins.set(rows);
    const { tables: { sampler }, store, firstRow } = this.connection;
    // Where the tokens of dropped rows were is not known, but for the first row: their episodes begin where the store does.
    const dropped = countBelow(rows, rows.length, firstRow);
    const held = dropped === 0 ? rows : rows.slice().fill(BigInt(firstRow), 0, dropped);
    check(sampler.ss_rows_start(store, held, held.length, origins), "Cannot find the episodes");
    if (rows[0] === 0n) origins[0] = 0n;
  }

  #countWindows(from: number): void {
    const { tables: { sampler } } = this.connection;
    const code = sampler.ss_windows_count(
      this.#indexFor({ first: 0, end: Number(this.#origins[this.#count - 1]), episodes: this.#count }),
      this.#origins,
      from,
      this.#cumulative,
      this.#buckets,
      this.#buckets.length,
    );
    check(code, "Cannot count windows");
  }
}

/** The windows of a store that a sampler draws from. */
export function windowsOf(
  { connection, index }: DrawSource,
  plan: Pick<SamplerPlan, "boundary" | "stride" | "window" | "between">,
): Windows {
  const { boundary, stride, between, window: { unit, length, episodes, reach } } = plan;
  const found = index.episodes(boundary === "cross" ? { kind: "none" } : episodes);
  const part = between === null ? null : new Part(connection, between);
  return new Windows(connection, { unit, length, stride, boundary, reach }, found, part);
}
