import { describe } from "../fields.ts";
import { isList } from "../typed_array.ts";
import type { AnyBatch } from "./batch.ts";
import { drawNumbers, streams } from "./draws.ts";
import { checkAny, type Draw, type DrawContext } from "./orders.ts";
import { Priorities } from "./priorities.ts";
import type { Places, Population } from "./windows.ts";

/** Draws windows in proportion to their priorities. A window is known by its anchor; a new one has the highest priority. */
export class PrioritizedDraw implements Draw {
  #priorities: Priorities;
  /** Windows before this ordinal have a priority. */
  #seen = 0;
  #first = 0;
  /** The episodes and the end of the stream that were seen last. */
  #episodes = 0;
  #end = 0;
  readonly #indices: Float64Array;
  readonly #units: Float64Array;
  readonly #ids: Float64Array;
  readonly #probabilities: Float64Array;

  constructor(
    private readonly context: DrawContext,
    size: number,
    private readonly options: { readonly alpha: number; readonly beta: number },
  ) {
    this.#priorities = new Priorities({ alpha: options.alpha });
    this.#indices = new Float64Array(size);
    this.#units = new Float64Array(size);
    this.#ids = new Float64Array(size);
    this.#probabilities = new Float64Array(size);
  }

  draw(count: number, places: Places): number {
    const { native, windows, cursor, seed } = this.context;
    const population = this.#extend();
    checkAny(windows, population, population.from);
    if (this.#priorities.total === 0) {
      throw new RangeError("Cannot sample: a window must have a priority above 0, got none");
    }
    cursor.fill(this.#indices, count);
    const key = { seed, stream: streams.prioritized, bound: 1 };
    drawNumbers(native, "unit", key, this.#indices, count, this.#units);
    const ids = this.#ids.subarray(0, count);
    this.#priorities.draw(this.#units.subarray(0, count), ids, this.#probabilities.subarray(0, count));
    places.anchors.set(ids);
    windows.resolve(population, count, places);
    cursor.advance(count);
    return count;
  }

  /** Says of the windows just drawn what training wants to know. */
  describe(batch: AnyBatch, size: number): void {
    const { ids, probabilities, weights } = batch as unknown as Readonly<Record<string, Float64Array>>;
    ids.set(this.#ids);
    probabilities.set(this.#probabilities);
    const { count } = this.#priorities;
    let largest = 0;
    for (let i = 0; i < size; i++) {
      weights[i] = (count * probabilities[i]) ** -this.options.beta;
      largest = Math.max(largest, weights[i]);
    }
    for (let i = 0; i < size; i++) weights[i] /= largest;
  }

  update(ids: ArrayLike<number>, priorities: ArrayLike<number>): void {
    for (const [name, list] of Object.entries({ ids, priorities })) {
      if (isList(list)) continue;
      throw new TypeError(
        `Cannot update priorities: ${name} must be a list or typed array, got ${describe(list)}`,
      );
    }
    this.#extend();
    // Windows may have been dropped since they were drawn.
    this.#priorities.update(ids, priorities, this.context.windows.heldFrom);
  }

  save(path: string): void {
    checkPath("save priorities", path);
    this.#extend();
    this.#priorities.save(path);
  }

  load(path: string): void {
    checkPath("load priorities", path);
    const loaded = new Priorities({ alpha: this.options.alpha });
    loaded.load(path);
    const population = this.context.windows.population();
    if (loaded.end > population.end) {
      throw new RangeError(
        `Cannot load priorities: ${path} must be of this store with ${population.end} ${this.context.windows.rule.unit}, got one of ${loaded.end}`,
      );
    }
    if (loaded.first > population.first) {
      throw new RangeError(
        `Cannot load priorities: ${path} must know the windows from ${population.first} on, got those from ${loaded.first} on`,
      );
    }
    loaded.dropBefore(population.first);
    this.#priorities = loaded;
    this.#seen = population.episodes === 0 ? 0 : this.context.windows.rank(population, loaded.end);
    this.#extend();
  }

  /** An episode can begin in a row that was seen before, where its ID came later: windows about there are others then. */
  #rewind(population: Population): void {
    const { windows } = this.context;
    const begun = population.episodes > this.#episodes ? windows.originOf(this.#episodes) : Infinity;
    if (begun < this.#end) {
      const from = Math.max(population.first, begun - windows.rule.length + 1);
      if (from < this.#priorities.end) this.#priorities.clear(from, this.#priorities.end);
      this.#seen = Math.min(this.#seen, windows.rank(population, from));
    }
    this.#episodes = population.episodes;
    this.#end = population.end;
  }

  /** Gives windows that are new the highest priority, and forgets those that were dropped. */
  #extend(): Population {
    const { windows } = this.context;
    const population = windows.population();
    const { stride } = windows.rule;
    if (population.first > this.#first) this.#priorities.dropBefore(population.first);
    this.#first = population.first;
    this.#rewind(population);
    const from = Math.max(this.#seen, population.from);
    if (population.total <= from) return population;
    windows.forEachRun(population, from, (anchor, count) => {
      this.#priorities.fill(anchor, anchor + (count - 1) * stride + 1, this.#priorities.max, stride);
    });
    this.#seen = population.total;
    return population;
  }
}

function checkPath(action: string, path: unknown): void {
  if (typeof path === "string") return;
  throw new TypeError(`Cannot ${action}: path must be a string, got ${describe(path)}`);
}
