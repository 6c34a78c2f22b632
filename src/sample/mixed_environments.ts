import type { LaterTables } from "../native/runtime.ts";
import { type EnvironmentRows, type EnvironmentWindows, storeOf } from "./environment_windows.ts";
import { EpochOfMany, MixedWindows } from "./mixed_windows.ts";
import { drawnNothing, noWindow, whyNone } from "./no_window.ts";
import type { PartTable } from "./part_table.ts";
import type { EpochSpan, EpochWindows, Places, WindowIds, WindowRule } from "./space.ts";
import { IdsByRow } from "./window_ids.ts";

/**
 * The windows of several stores whose rows are those of several environments in turn: those of the first store come first,
 * environment by environment. Environments may appear in any of them: so the source of a place is no place in a list, but
 * tells store and environment.
 */
export class MixedEnvironments extends MixedWindows {
  readonly ids: WindowIds;
  #all: readonly EnvironmentRows[] = [];
  /** Of each store the windows that are drawn from, for the table with a version. */
  #counts = { version: -1, stores: [] as number[] };

  /** @param stores More may be added at the end. */
  constructor(
    private readonly stores: readonly EnvironmentWindows[],
    private readonly rule: WindowRule,
    native: LaterTables["sampler"],
  ) {
    super([], rule, native);
    this.ids = new IdsByRow(stores);
  }

  get environmentCounts(): readonly number[] {
    return this.stores.map(({ sources }) => sources.length);
  }

  override get sources(): readonly EnvironmentRows[] {
    const count = this.stores.reduce((sum, store) => sum + store.sources.length, 0);
    if (count !== this.#all.length) this.#all = this.stores.flatMap(({ sources }) => sources);
    return this.#all;
  }

  override locateIn(
    table: PartTable,
    name: number,
    numbers: Float64Array,
    count: number,
    places: Places,
  ): void {
    super.locateIn(table, name, numbers, count, places);
    const { sources } = places;
    for (let i = 0; i < count; i++) sources[i] = (table.sources[sources[i]] as EnvironmentRows).code;
  }

  override beginEpoch(): EpochSpan {
    const windows = this.count();
    const sources = this.stores.flatMap(({ endRow }, store) => [endRow, this.#countOf(store)]);
    const end = this.stores.reduce((sum, { endRow }) => sum + endRow, 0);
    return { end, windows, sources };
  }

  override epochWindows({ sources }: EpochSpan): EpochWindows {
    const stores = this.stores.slice(0, sources!.length / 2);
    const spans = stores.flatMap((store, i) => store.spansAt(sources![2 * i], sources![2 * i + 1]));
    return new EpochOfMany(this, spans, stores.flatMap((store) => store.sources));
  }

  override empty(newestRows = Infinity): { readonly source: number; readonly reason: string }[] {
    this.update(newestRows);
    return this.stores.flatMap(({ sources }, source) => {
      if (this.#countOf(source) > 0) return [];
      if (sources.length === 0) return [{ source, reason: "the store holds no steps" }];
      const [first] = sources;
      return [{ source, reason: whyNone(first, first.population(), newestRows) }];
    });
  }

  /** A store's weight is shared by its environments as the windows are. */
  override weightOf(part: number, weights: readonly number[]): number {
    const store = storeOf(this.#all[part].code);
    return weights[store] * this.table.countOf(part) / this.#countOf(store);
  }

  protected override none(newestRows: number): RangeError {
    if (this.#all.length === 0) return noWindow(this.rule, "the stores hold no steps");
    return drawnNothing(this.rule, this.#all, newestRows, "environments", "the store");
  }

  #countOf(store: number): number {
    if (this.#counts.version !== this.table.version) {
      const stores = this.stores.map(() => 0);
      this.#all.forEach(({ code }, part) => stores[storeOf(code)] += this.table.countOf(part));
      this.#counts = { version: this.table.version, stores };
    }
    return this.#counts.stores[store];
  }
}
