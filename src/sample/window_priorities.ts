import type { SavedPriorities } from "./priorities_file.ts";
import { Priorities } from "./priorities.ts";
import type { Population, StoreWindows } from "./space.ts";

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
    const begun = population.episodes > this.#episodes ? windows.originOf(this.#episodes) : Infinity;
    if (begun < this.#end) {
      const from = Math.max(population.first, begun - windows.rule.length + 1);
      if (from < this.#priorities.end) this.#priorities.clear(from, this.#priorities.end);
      this.#seen = Math.min(this.#seen, windows.rank(population, from));
    }
    this.#episodes = population.episodes;
    this.#end = population.end;
  }
}
