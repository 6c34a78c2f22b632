import { windowIndex, windowName } from "../native/abi.ts";
import type { LaterTables } from "../native/runtime.ts";
import { check, status } from "../native/status.ts";
import { updates } from "../store/connection.ts";
import { drawNumbers, streams } from "./draws.ts";
import { drawnNothing, whyNone } from "./no_window.ts";
import { EpisodeArena, PartTable } from "./part_table.ts";
import { Shares } from "./shares.ts";
import type { AgeDraw, EpochSpan, EpochWindows, Places, StoreWindows, WindowSpace } from "./space.ts";
import { policies } from "./windows.ts";

/** The windows of several stores as one: those of the first store come first. */
export class MixedWindows implements WindowSpace {
  readonly #arena = new EpisodeArena();
  readonly #table = new PartTable(this.#arena);
  readonly #ages = new Shares();
  /** What `updates` was when the table was made of the sources. */
  #seenUpdates = -1;
  readonly #index = new Float64Array(windowIndex.length);
  readonly #native: LaterTables["sampler"];

  /** @param sources More may be added at the end. */
  constructor(
    private readonly all: readonly StoreWindows[],
    rule = all[0].rule,
    native = all[0].connection.tables.sampler,
  ) {
    this.#native = native;
    this.#index[windowIndex.windowLength] = rule.length + (rule.reach?.after ?? 0);
    this.#index[windowIndex.before] = rule.reach?.before ?? 0;
    this.#index[windowIndex.stride] = rule.stride;
    this.#index[windowIndex.policy] = policies[rule.boundary];
  }

  get sources(): readonly StoreWindows[] {
    return this.all;
  }

  get arena(): EpisodeArena {
    return this.#arena;
  }

  /** What is drawn from. */
  get table(): PartTable {
    return this.#table;
  }

  count(newestRows = Infinity): number {
    if (this.update(newestRows) === 0) throw this.none(newestRows);
    return this.#table.total;
  }

  /** How many windows there are now, or none. */
  update(newestRows = Infinity): number {
    const { sources } = this;
    if (this.#seenUpdates !== updates.count || this.#table.size !== sources.length) {
      this.#table.update(sources, (windows) => windows.population(), (population, windows) => {
        const first = windows.firstOf(population, newestRows);
        return [first, Math.max(0, population.total - first)];
      });
      this.#seenUpdates = updates.count;
    }
    return this.#table.total;
  }

  /** The sources that have no window, and why. */
  empty(newestRows = Infinity): { readonly source: number; readonly reason: string }[] {
    return this.sources.flatMap((windows, source) => {
      const population = windows.population();
      if (population.total > windows.firstOf(population, newestRows)) return [];
      return [{ source, reason: whyNone(windows, population, newestRows) }];
    });
  }

  locate(numbers: Float64Array, count: number, places: Places): void {
    this.locateIn(this.#table, windowName.ordinal, numbers, count, places);
  }

  resolve(count: number, places: Places): void {
    this.locateIn(this.#table, windowName.anchor, places.anchors, count, places);
  }

  /** The same of anchors that somebody else has chosen: false where one is none. */
  resolves(count: number, places: Places): boolean {
    const code = this.#locate(this.#table, windowName.anchor, places.anchors, count, places);
    if (code !== status.outOfRange) check(code, "Cannot locate windows");
    return code === status.ok;
  }

  /** How often a source is drawn from, by the weights of the stores. */
  weightOf(source: number, weights: readonly number[]): number {
    return weights[source];
  }

  /** By age every window is as likely as those of the same age in other stores. */
  drawByAge(
    { native, seed, decay }: AgeDraw,
    indices: Float64Array,
    count: number,
    numbers: Float64Array,
  ): void {
    const table = this.#table;
    this.#ages.update(table, (source) => 1 - power(decay, table.countOf(source)));
    const chosen = this.#ages.draw(native, seed, indices, count);
    for (let i = 0; i < count; i++) numbers[i] = table.countOf(chosen[i]);
    const key = { seed, stream: streams.recent, bound: 1, decay };
    drawNumbers(native, "geometricEach", key, indices, count, numbers);
    for (let i = 0; i < count; i++) {
      numbers[i] = table.baseOf(chosen[i]) + table.countOf(chosen[i]) - 1 - numbers[i];
    }
  }

  beginEpoch(): EpochSpan {
    const windows = this.count();
    const sources = this.sources.flatMap((source, i) => [source.population().end, this.#table.countOf(i)]);
    const end = sources.reduce((sum, number, i) => i % 2 === 0 ? sum + number : sum, 0);
    return { end, windows, sources };
  }

  epochWindows(span: EpochSpan): EpochWindows {
    return new EpochOfMany(this, span.sources!);
  }

  locateIn(table: PartTable, name: number, numbers: Float64Array, count: number, places: Places): void {
    check(this.#locate(table, name, numbers, count, places), "Cannot locate windows");
  }

  #locate(table: PartTable, name: number, numbers: Float64Array, count: number, places: Places): number {
    const { sources, anchors, starts, lengths } = places;
    this.#index[windowIndex.end] = table.total;
    this.#index[windowIndex.episodeCount] = this.#arena.origins.length;
    this.#index[windowIndex.bucketShift] = table.shift;
    this.#index[windowIndex.bucketCount] = table.bucketCount;
    return this.#native.ss_mixed_windows_locate(
      this.#index,
      table.parts,
      table.size,
      table.buckets,
      name,
      this.#arena.origins,
      this.#arena.cumulative,
      numbers,
      count,
      sources,
      anchors,
      starts,
      lengths,
    );
  }

  protected none(newestRows: number): RangeError {
    return drawnNothing(this.sources[0].rule, this.sources, newestRows, "stores", "sources");
  }
}

/** The windows that several stores had when an epoch began; those of stores that were added since are not among them. */
export class EpochOfMany implements EpochWindows {
  readonly #table: PartTable;
  /** The ordinal of each source's first window in the epoch: noted, as for one store. */
  readonly #firsts: number[] = [];
  /** How many windows of the epoch each source has no more at its beginning, and how many up to where it still has them. */
  readonly #held: [number, number][] = [];
  #hasLost = false;
  readonly #sources: readonly StoreWindows[];

  constructor(
    private readonly windows: MixedWindows,
    private readonly spans: readonly number[],
    sources = windows.sources,
  ) {
    this.#table = new PartTable(windows.arena);
    this.#sources = sources.slice(0, spans.length / 2);
  }

  locate(numbers: Float64Array, count: number, places: Places): number {
    this.#table.update(
      this.#sources,
      (windows, source) => windows.population(this.spans[2 * source]),
      (population, _, source) => {
        const windows = this.spans[2 * source + 1];
        const first = this.#firsts[source] ??= population.total - windows;
        const held = [population.from - first, population.total - first] as [number, number];
        this.#held[source] = held;
        if (held[0] > 0 || held[1] < windows) this.#hasLost = true;
        return [first, windows];
      },
    );
    const kept = this.#hasLost ? this.#keepHeld(numbers, count) : count;
    if (kept > 0) this.windows.locateIn(this.#table, windowName.ordinal, numbers, kept, places);
    return kept;
  }

  #keepHeld(numbers: Float64Array, count: number): number {
    let kept = 0;
    for (let i = 0; i < count; i++) {
      const source = this.#table.sourceOf(numbers[i]);
      const number = numbers[i] - this.#table.baseOf(source);
      const [from, to] = this.#held[source];
      if (number >= from && number < to) numbers[kept++] = numbers[i];
    }
    return kept;
  }
}

/** A power by multiplications alone, whose result is the same in every engine. */
function power(base: number, exponent: number): number {
  let result = 1;
  for (let rest = exponent, square = base; rest > 0; rest = Math.floor(rest / 2), square *= square) {
    if (rest % 2 === 1) result *= square;
  }
  return result;
}
