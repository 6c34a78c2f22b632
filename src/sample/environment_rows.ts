import type { Connection } from "../store/connection.ts";
import { countBelow, grown, visitRuns } from "./episodes.ts";
import type { Extent, Places, Population, StoreWindows, WindowRule } from "./space.ts";

/** What all environments of a store share. */
export interface EnvironmentStore {
  readonly connection: Connection;
  readonly rule: WindowRule;
  /** The rows that are drawn from: the first, and the one after the last. */
  firstRow(): number;
  endRow(): number;
}

/**
 * The rows of one environment. A position is a row's place among them, from 0; episodes are runs of positions, which end
 * where a field says so, and never change once they have ended.
 */
export class EnvironmentRows implements StoreWindows {
  /** The row of each position from `#base` on. */
  #rows = new Float64Array(16);
  #base = 0;
  #count = 0;
  #origins: BigUint64Array<ArrayBuffer> = new BigUint64Array(4);
  #cumulative: BigUint64Array<ArrayBuffer> = new BigUint64Array(4);
  #episodes = 0;
  #first = { row: -1, position: 0 };

  /** @param holder As errors say it: `environment 3`. */
  constructor(private readonly store: EnvironmentStore, readonly holder: string) {}

  get connection(): Connection {
    return this.store.connection;
  }

  get rule(): WindowRule {
    return this.store.rule;
  }

  get extent(): Extent {
    return {
      rowCount: this.#count,
      tokenCount: this.#positionOf(this.store.endRow()),
      firstRow: this.#firstHeld(),
    };
  }

  get heldFrom(): number {
    return this.#positionOf(this.connection.firstRow);
  }

  /** Adds a row, which comes after all others. */
  add(row: number, beginsEpisode: boolean): void {
    if (this.#count - this.#base === this.#rows.length) this.#makeRoom();
    if (beginsEpisode || this.#count === 0) this.#begin();
    this.#rows[this.#count++ - this.#base] = row;
  }

  /** How far the rows of so many positions are apart, and 0 where that varies. */
  strideAt(start: number, length: number): number {
    if (length < 2) return 1;
    const rows = this.#rows;
    const first = start - this.#base;
    const last = first + length - 1;
    const stride = rows[first + 1] - rows[first];
    // What varies seldom comes out even at its end.
    if (rows[last] - rows[first] !== stride * (length - 1)) return 0;
    for (let i = first + 2; i < last; i++) if (rows[i] - rows[i - 1] !== stride) return 0;
    return stride;
  }

  /** The row of a position. */
  rowOf(position: number): number {
    return this.#rows[position - this.#base];
  }

  /** The row of each position from `start` on, `length` of them, into `out` from `at` on. */
  copyRows(start: number, length: number, out: Float64Array, at: number): void {
    const rows = this.#rows;
    const first = start - this.#base;
    for (let i = 0; i < length; i++) out[at + i] = rows[first + i];
  }

  /** @param end A position. */
  population(end = this.#positionOf(this.store.endRow())): Population {
    const first = this.#firstHeld();
    const episodes = countBelow(this.#origins, this.#episodes, end);
    const population = { first, end, episodes, from: 0, total: 0 };
    if (episodes === 0) return population;
    const last = episodes - 1;
    population.total = Number(this.#cumulative[last]) + this.#windowsOf(end - Number(this.#origins[last]));
    population.from = first > 0 ? this.rank(population, first) : 0;
    return population;
  }

  /** What there was when the store ended at a row. */
  populationAt(endRow: number): Population {
    return this.population(this.#positionOf(Math.min(endRow, this.store.endRow())));
  }

  firstOf(population: Population, newestRows = Infinity): number {
    if (newestRows === Infinity || population.episodes === 0) return population.from;
    const position = this.#positionOf(this.store.endRow() - newestRows);
    return Math.max(population.from, this.rank(population, Math.max(population.first, position)));
  }

  rank({ episodes, end }: Population, position: number): number {
    const after = countBelow(this.#origins, episodes, position);
    if (after === 0) return 0;
    const origin = Number(this.#origins[after - 1]);
    const next = after < episodes ? Number(this.#origins[after]) : end;
    const before = Math.floor((position - origin - 1) / this.rule.stride) + 1;
    return Number(this.#cumulative[after - 1]) + Math.min(this.#windowsOf(next - origin), before);
  }

  originOf(episode: number): number {
    return Number(this.#origins[episode]);
  }

  forEachRun(
    population: Population,
    from: number,
    visit: (firstAnchor: number, count: number) => void,
  ): void {
    visitRuns(this.#origins, this.#cumulative, population, this.rule.stride, from, visit);
  }

  copyEpisodes(
    from: number,
    to: number,
    origins: BigUint64Array,
    cumulative: BigUint64Array,
    at: number,
  ): void {
    origins.set(this.#origins.subarray(from, to), at);
    cumulative.set(this.#cumulative.subarray(from, to), at);
  }

  /** Windows of environments are located by all of them together. */
  locateIn(_population: Population, _ordinals: Float64Array, _count: number, _places: Places): void {
    throw new Error("Cannot locate windows of one environment");
  }

  findReturn(): null {
    return null;
  }

  #begin(): void {
    const episode = this.#episodes++;
    if (this.#episodes > this.#origins.length) {
      this.#origins = grown(this.#origins, this.#episodes);
      this.#cumulative = grown(this.#cumulative, this.#episodes);
    }
    this.#origins[episode] = BigInt(this.#count);
    if (episode === 0) return;
    const length = this.#count - Number(this.#origins[episode - 1]);
    this.#cumulative[episode] = this.#cumulative[episode - 1] + BigInt(this.#windowsOf(length));
  }

  #windowsOf(length: number): number {
    const { boundary, stride } = this.rule;
    if (boundary === "pad-left" || boundary === "pad-right") return Math.ceil(length / stride);
    return length < this.rule.length ? 0 : Math.floor((length - this.rule.length) / stride) + 1;
  }

  #firstHeld(): number {
    const row = this.store.firstRow();
    if (row !== this.#first.row) this.#first = { row, position: this.#positionOf(row) };
    return this.#first.position;
  }

  /** How many rows stand before one of the store; those that were let go among them. */
  #positionOf(row: number): number {
    let [low, high] = [0, this.#count - this.#base];
    if (high > 0 && this.#rows[high - 1] < row) return this.#count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#rows[middle] < row) low = middle + 1;
      else high = middle;
    }
    return this.#base + low;
  }

  /** Rows that were dropped are let go. */
  #makeRoom(): void {
    const dropped = this.#positionOf(this.connection.firstRow) - this.#base;
    const held = this.#rows.subarray(dropped, this.#count - this.#base);
    const rows = new Float64Array(Math.max(16, 2 * held.length));
    rows.set(held);
    this.#rows = rows;
    this.#base += dropped;
  }
}
