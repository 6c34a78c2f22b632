import {
  readPriorities,
  type SavedPriorities,
  type SavedSources,
  writePriorities,
} from "./priorities_file.ts";
import { Priorities } from "./priorities.ts";
import type { Population, StoreWindows, WindowSpace } from "./space.ts";
import { sourcesMax } from "./window_ids.ts";

/** The priorities of one store's windows, by their anchors. New windows get the highest priority. */
export class WindowPriorities {
  #priorities: Priorities;
  /** StoreWindows before this ordinal have a priority. */
  #seen = 0;
  #first = 0;
  /** The episodes and the end of the stream that were seen last. */
  #episodes = 0;
  #end = 0;

  constructor(readonly windows: StoreWindows, alpha: number) {
    this.#priorities = new Priorities({ alpha });
  }

  /** As they were when they were last extended, or set. */
  get priorities(): Priorities {
    return this.#priorities;
  }

  /** Gives windows that are new the priority `max`, and forgets those that were dropped. */
  extend(max: number): Population {
    const { windows } = this;
    const population = windows.population();
    const { stride } = windows.rule;
    if (population.first > this.#first) this.#priorities.dropBefore(population.first);
    this.#first = population.first;
    this.#rewind(population);
    const from = Math.max(this.#seen, population.from);
    if (population.total <= from) return population;
    windows.forEachRun(population, from, (anchor, count) => {
      this.#priorities.fill(anchor, anchor + (count - 1) * stride + 1, max, stride);
    });
    this.#seen = population.total;
    return population;
  }

  /** StoreWindows may have been dropped since they were drawn: those are passed over. */
  update(anchors: ArrayLike<number>, priorities: ArrayLike<number>): void {
    this.#priorities.update(anchors, priorities, this.windows.heldFrom);
  }

  /** Priorities that the file `path` has of this store. @throws {RangeError} If they are of a longer stream. */
  static loaded(
    windows: StoreWindows,
    alpha: number,
    path: string,
    saved: SavedPriorities,
  ): WindowPriorities {
    const made = new WindowPriorities(windows, alpha);
    made.#priorities.load(path, saved);
    const { end } = made.#priorities;
    const population = windows.population();
    if (end > population.end) {
      throw new RangeError(
        `Cannot load priorities: ${path} must be of this store with ${population.end} ${windows.rule.unit}, got one of ${end}`,
      );
    }
    const { first } = made.#priorities;
    if (first > population.first) {
      throw new RangeError(
        `Cannot load priorities: ${path} must know the windows from ${population.first} on, got those from ${first} on`,
      );
    }
    made.#priorities.dropBefore(population.first);
    made.#seen = population.episodes === 0 ? 0 : windows.rank(population, end);
    return made;
  }

  /** An episode can begin in a row that was seen before, where its ID came later: windows about there are others then. */
  #rewind(population: Population): void {
    const { windows } = this;
    const begun = population.episodes > this.#episodes ? Number(windows.origins[this.#episodes]) : Infinity;
    if (begun < this.#end) {
      const from = Math.max(population.first, begun - windows.rule.length + 1);
      if (from < this.#priorities.end) this.#priorities.clear(from, this.#priorities.end);
      this.#seen = Math.min(this.#seen, windows.rank(population, from));
    }
    this.#episodes = population.episodes;
    this.#end = population.end;
  }
}

/** The priorities of all sources, in the order in which those stand: more may come, also in the middle. */
export class SourcePriorities {
  #all: readonly WindowPriorities[] = [];
  #of = new Map<StoreWindows, WindowPriorities>();

  constructor(private readonly windows: WindowSpace, private readonly alpha: number) {}

  /** As they were when they were last extended. */
  get all(): readonly WindowPriorities[] {
    return this.#all;
  }

  /** The number of windows. */
  get count(): number {
    return this.#all.reduce((sum, { priorities }) => sum + priorities.count, 0);
  }

  /** Gives windows that are new, and those of new sources, the highest priority of all. */
  extend(): void {
    const { sources } = this.windows;
    if (sources.length > sourcesMax) {
      throw new RangeError(
        `Cannot keep priorities: there must be <= ${sourcesMax} stores or environments, got ${sources.length}`,
      );
    }
    if (this.#all.length !== sources.length) this.#all = sources.map((windows) => this.#make(windows));
    let max = 1;
    for (const { priorities } of this.#all) max = Math.max(max, priorities.max);
    for (const source of this.#all) source.extend(max);
  }

  save(path: string): void {
    this.extend();
    const sources = this.#all.map(({ priorities }) => priorities.saved());
    writePriorities(path, { environments: this.windows.environmentCounts, sources });
  }

  /** Goes on with those of a file. Where that fails, everything stays as it was. */
  load(path: string): void {
    const saved = readPriorities(path);
    const { sources } = this.windows;
    const loaded = new Map<StoreWindows, WindowPriorities>();
    for (const [i, place] of placesOf(saved, this.windows, path).entries()) {
      const windows = sources[place];
      loaded.set(windows, WindowPriorities.loaded(windows, this.alpha, path, saved.sources[i]));
    }
    this.#of = loaded;
    this.#all = [];
    this.extend();
  }

  #make(windows: StoreWindows): WindowPriorities {
    let made = this.#of.get(windows);
    if (made === undefined) this.#of.set(windows, made = new WindowPriorities(windows, this.alpha));
    return made;
  }
}

/** Where the sources of a file stand among those that there are now. */
function placesOf({ environments, sources }: SavedSources, windows: WindowSpace, path: string): number[] {
  const { environmentCounts } = windows;
  const refuse = (allowed: string, got: unknown) =>
    new RangeError(`Cannot load priorities: ${path} must be of ${allowed}, got ${got}`);
  if (environments === undefined || environmentCounts === undefined) {
    if (environments !== undefined) throw refuse("no mixture of environments", "one");
    if (environmentCounts !== undefined) throw refuse("a mixture of environments", "another");
    if (sources.length > windows.sources.length) {
      throw refuse(`${windows.sources.length} stores or fewer`, sources.length);
    }
    return sources.map((_, i) => i);
  }
  if (environments.length > environmentCounts.length) {
    throw refuse(`${environmentCounts.length} stores or fewer`, environments.length);
  }
  let first = 0;
  return environments.flatMap((count, store) => {
    const held = environmentCounts[store];
    if (count > held) throw refuse(`${held} environments of sources[${store}] or fewer`, count);
    const places = Array.from({ length: count }, (_, i) => first + i);
    first += held;
    return places;
  });
}
