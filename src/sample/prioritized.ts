import { describe } from "../fields.ts";
import { isList, type List, readNumbers } from "../typed_array.ts";
import type { AnyBatch } from "./batch.ts";
import { drawNumbers, streams } from "./draws.ts";
import type { Draw, DrawContext } from "./orders.ts";
import { readPriorities, writePriorities } from "./priorities_file.ts";
import type { Places } from "./space.ts";
import { WindowPriorities } from "./window_priorities.ts";

/** A window is known by its anchor, and in a mixture by that and its source: an ID is source × 2 ** 40 + anchor. */
const anchorsPerSource = 2 ** 40;

/** IDs are exact. */
const sourcesMax = 2 ** 13;

/** A unit below 1, whatever rounding did. */
const unitMax = 1 - 2 ** -53;

/** Draws windows in proportion to their priorities, whatever the source. A new one has the highest priority. */
export class PrioritizedDraw implements Draw {
  readonly #sources: WindowPriorities[] = [];
  readonly #indices: Float64Array;
  readonly #units: Float64Array;
  readonly #ids: Float64Array;
  readonly #probabilities: Float64Array;
  /** The sum of the priorities up to each source. */
  #sums = new Float64Array(0);

  constructor(
    private readonly context: DrawContext,
    size: number,
    private readonly options: { readonly alpha: number; readonly beta: number },
  ) {
    this.#indices = new Float64Array(size);
    this.#units = new Float64Array(size);
    this.#ids = new Float64Array(size);
    this.#probabilities = new Float64Array(size);
  }

  draw(count: number, places: Places): number {
    const { native, windows, cursor, seed } = this.context;
    windows.count();
    this.#extend();
    const total = this.#sum();
    if (total === 0) {
      throw new RangeError("Cannot sample: a window must have a priority above 0, got none");
    }
    cursor.fill(this.#indices, count);
    const key = { seed, stream: streams.prioritized, bound: 1 };
    drawNumbers(native, "unit", key, this.#indices, count, this.#units);
    if (this.#sources.length === 1) this.#drawFrom(0, 0, count);
    else this.#drawFromEach(total, count);
    for (let i = 0; i < count; i++) {
      const source = Math.floor(this.#ids[i] / anchorsPerSource);
      places.sources[i] = source;
      places.anchors[i] = this.#ids[i] - source * anchorsPerSource;
    }
    windows.resolve(count, places);
    cursor.advance(count);
    return count;
  }

  /** Says of the windows just drawn what training wants to know. */
  describe(batch: AnyBatch, size: number): void {
    const { ids, probabilities, weights } = batch as unknown as Readonly<Record<string, Float64Array>>;
    ids.set(this.#ids);
    probabilities.set(this.#probabilities);
    const count = this.#sources.reduce((sum, { priorities }) => sum + priorities.count, 0);
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
    if (this.#sources.length === 1) this.#sources[0].update(ids, priorities);
    else this.#updateEach(ids, priorities);
  }

  save(path: string): void {
    checkPath("save priorities", path);
    this.#extend();
    writePriorities(path, this.#sources.map(({ priorities }) => priorities.saved()));
  }

  load(path: string): void {
    checkPath("load priorities", path);
    const saved = readPriorities(path);
    const { sources } = this.context.windows;
    if (saved.length > sources.length) {
      throw new RangeError(
        `Cannot load priorities: ${path} must be of ${sources.length} stores or fewer, got ${saved.length}`,
      );
    }
    const loaded = saved.map((one, i) => WindowPriorities.loaded(sources[i], this.options.alpha, path, one));
    this.#sources.splice(0, Infinity, ...loaded);
    this.#extend();
  }

  /** Gives windows that are new, and those of new sources, the highest priority of all. */
  #extend(): void {
    const { sources } = this.context.windows;
    if (sources.length > sourcesMax) {
      throw new RangeError(
        `Cannot keep priorities: there must be <= ${sourcesMax} stores or environments, got ${sources.length}`,
      );
    }
    while (this.#sources.length < sources.length) {
      this.#sources.push(new WindowPriorities(sources[this.#sources.length], this.options.alpha));
    }
    let max = 1;
    for (const { priorities } of this.#sources) max = Math.max(max, priorities.max);
    for (const source of this.#sources) source.extend(max);
  }

  /** The sum of all priorities. */
  #sum(): number {
    if (this.#sums.length < this.#sources.length) this.#sums = new Float64Array(2 * this.#sources.length);
    let sum = 0;
    for (let i = 0; i < this.#sources.length; i++) this.#sums[i] = sum += this.#sources[i].priorities.total;
    return sum;
  }

  /** Finds the source of each draw; what its unit is then within the source tells the window. */
  #drawFromEach(total: number, count: number): void {
    const places = new Map<number, number[]>();
    for (let i = 0; i < count; i++) {
      const share = this.#units[i] * total;
      const source = this.#sourceOf(share);
      const before = source === 0 ? 0 : this.#sums[source - 1];
      this.#units[i] = Math.min(unitMax, (share - before) / (this.#sums[source] - before));
      const found = places.get(source);
      if (found === undefined) places.set(source, [i]);
      else found.push(i);
    }
    const units = this.#units.slice(0, count);
    const [ids, probabilities] = [new Float64Array(count), new Float64Array(count)];
    let first = 0;
    for (const [source, slots] of places) {
      slots.forEach((slot, i) => this.#units[first + i] = units[slot]);
      this.#drawFrom(source, first, first + slots.length);
      const share = this.#sources[source].priorities.total / total;
      slots.forEach((slot, i) => {
        ids[slot] = this.#ids[first + i] + source * anchorsPerSource;
        probabilities[slot] = this.#probabilities[first + i] * share;
      });
      first += slots.length;
    }
    this.#ids.set(ids);
    this.#probabilities.set(probabilities);
  }

  /** The first source with a sum above a share; should rounding leave none, the last with any. */
  #sourceOf(share: number): number {
    let [low, high] = [0, this.#sources.length - 1];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (share < this.#sums[middle]) high = middle;
      else low = middle + 1;
    }
    while (low > 0 && this.#sums[low] === this.#sums[low - 1]) low--;
    return low;
  }

  #drawFrom(source: number, from: number, to: number): void {
    this.#sources[source].priorities.draw(
      this.#units.subarray(from, to),
      this.#ids.subarray(from, to),
      this.#probabilities.subarray(from, to),
    );
  }

  /** Nothing is set before all is checked. */
  #updateEach(givenIds: ArrayLike<number>, givenPriorities: ArrayLike<number>): void {
    const refuse = (what: string, allowed: string, got: unknown): never => {
      throw new RangeError(`Cannot update priorities: ${what} must be ${allowed}, got ${describe(got)}`);
    };
    const badId = (id: unknown, i: number) => refuse(`ids[${i}]`, "that of a window that was drawn", id);
    const badPriority = (value: unknown, i: number) =>
      refuse(`priorities[${i}]`, "a finite number >= 0", value);
    const ids = readNumbers("Cannot update priorities: ids", givenIds as List, badId);
    const values = readNumbers("Cannot update priorities: priorities", givenPriorities as List, badPriority);
    if (values.length !== ids.length) {
      throw new RangeError(
        `Cannot update priorities: there must be as many priorities as ids, got ${values.length} for ${ids.length}`,
      );
    }
    const updates = new Map<number, { anchors: number[]; values: number[] }>();
    for (let i = 0; i < ids.length; i++) {
      const number = Math.floor(ids[i] / anchorsPerSource);
      const anchor = ids[i] - number * anchorsPerSource;
      if (!(values[i] >= 0 && values[i] < Infinity)) badPriority(values[i], i);
      const source = this.#sources[number];
      const isDropped = source !== undefined && Number.isInteger(anchor) && anchor < source.windows.heldFrom;
      if (isDropped) continue;
      if (source === undefined || !source.priorities.has(anchor)) badId(ids[i], i);
      if (!updates.has(number)) updates.set(number, { anchors: [], values: [] });
      updates.get(number)!.anchors.push(anchor);
      updates.get(number)!.values.push(values[i]);
    }
    for (const [number, { anchors, values }] of updates) this.#sources[number].update(anchors, values);
  }
}

function checkPath(action: string, path: unknown): void {
  if (typeof path === "string") return;
  throw new TypeError(`Cannot ${action}: path must be a string, got ${describe(path)}`);
}
