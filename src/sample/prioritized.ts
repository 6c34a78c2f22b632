import { describe } from "../fields.ts";
import { isList, type List, readNumbers } from "../typed_array.ts";
import type { AnyBatch } from "./batch.ts";
import { drawNumbers, streams } from "./draws.ts";
import type { Draw, DrawContext } from "./orders.ts";
import type { Places, WindowIds } from "./space.ts";
import { IdsByPlace, unnamed } from "./window_ids.ts";
import { SourcePriorities, type WindowPriorities } from "./window_priorities.ts";

/** A unit below 1, whatever rounding did. */
const unitMax = 1 - 2 ** -53;

/** Draws windows in proportion to their priorities, whatever the source. A new one has the highest priority. */
export class PrioritizedDraw implements Draw {
  readonly #sources: SourcePriorities;
  readonly #names: WindowIds;
  readonly #indices: Float64Array;
  readonly #units: Float64Array;
  readonly #ids: Float64Array;
  /** Of each draw: its source, and the anchor of its window. */
  readonly #drawn: { readonly sources: Int32Array; readonly anchors: Float64Array };
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
    this.#drawn = { sources: new Int32Array(size), anchors: new Float64Array(size) };
    this.#sources = new SourcePriorities(context.windows, options.alpha);
    this.#names = context.windows.ids ?? new IdsByPlace(() => context.windows.sources);
    this.#probabilities = new Float64Array(size);
  }

  draw(count: number, places: Places): number {
    const { native, windows, cursor, seed } = this.context;
    windows.count();
    this.#sources.extend();
    const total = this.#sum();
    if (total === 0) {
      throw new RangeError("Cannot sample: a window must have a priority above 0, got none");
    }
    cursor.fill(this.#indices, count);
    const key = { seed, stream: streams.prioritized, bound: 1 };
    drawNumbers(native, "unit", key, this.#indices, count, this.#units);
    this.#drawn.sources.fill(0);
    if (this.#sources.all.length === 1) this.#drawFrom(0, 0, count);
    else this.#drawFromEach(total, count);
    places.sources.set(this.#drawn.sources);
    places.anchors.set(this.#drawn.anchors);
    windows.resolve(count, places);
    this.#names.write(this.#ids, count, places);
    cursor.advance(count);
    return count;
  }

  /** Says of the windows just drawn what training wants to know. */
  describe(batch: AnyBatch, size: number): void {
    const { ids, probabilities, weights } = batch as unknown as Readonly<Record<string, Float64Array>>;
    ids.set(this.#ids);
    probabilities.set(this.#probabilities);
    const { count } = this.#sources;
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
    this.#sources.extend();
    const { all } = this.#sources;
    // Where there is but one source and it needs no name, an ID is an anchor.
    if (all.length === 1 && this.context.windows.ids === undefined) all[0].update(ids, priorities);
    else this.#updateEach(all, ids, priorities);
  }

  save(path: string): void {
    checkPath("save priorities", path);
    this.#sources.save(path);
  }

  load(path: string): void {
    checkPath("load priorities", path);
    this.#sources.load(path);
  }

  /** The sum of all priorities. */
  #sum(): number {
    const { all } = this.#sources;
    if (this.#sums.length < all.length) this.#sums = new Float64Array(2 * all.length);
    let sum = 0;
    for (let i = 0; i < all.length; i++) this.#sums[i] = sum += all[i].priorities.total;
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
      const slots = places.get(source);
      if (slots === undefined) places.set(source, [i]);
      else slots.push(i);
    }
    const units = this.#units.slice(0, count);
    const [anchors, probabilities] = [new Float64Array(count), new Float64Array(count)];
    const { sources, anchors: found } = this.#drawn;
    let first = 0;
    for (const [source, slots] of places) {
      slots.forEach((slot, i) => this.#units[first + i] = units[slot]);
      this.#drawFrom(source, first, first + slots.length);
      const share = this.#sources.all[source].priorities.total / total;
      slots.forEach((slot, i) => {
        sources[slot] = source;
        anchors[slot] = found[first + i];
        probabilities[slot] = this.#probabilities[first + i] * share;
      });
      first += slots.length;
    }
    found.set(anchors);
    this.#probabilities.set(probabilities);
  }

  /** The first source with a sum above a share; should rounding leave none, the last with any. */
  #sourceOf(share: number): number {
    let [low, high] = [0, this.#sources.all.length - 1];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (share < this.#sums[middle]) high = middle;
      else low = middle + 1;
    }
    while (low > 0 && this.#sums[low] === this.#sums[low - 1]) low--;
    return low;
  }

  #drawFrom(source: number, from: number, to: number): void {
    this.#sources.all[source].priorities.draw(
      this.#units.subarray(from, to),
      this.#drawn.anchors.subarray(from, to),
      this.#probabilities.subarray(from, to),
    );
  }

  /** Nothing is set before all is checked. */
  #updateEach(
    all: readonly WindowPriorities[],
    givenIds: ArrayLike<number>,
    givenPriorities: ArrayLike<number>,
  ): void {
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
    const [sources, anchors] = [new Int32Array(ids.length), new Float64Array(ids.length)];
    this.#names.find(ids, sources, anchors);
    const updates = new Map<number, { anchors: number[]; values: number[] }>();
    for (const [i, number] of sources.entries()) {
      if (!(values[i] >= 0 && values[i] < Infinity)) badPriority(values[i], i);
      if (number === unnamed.dropped) continue;
      if (number === unnamed.none || !all[number].priorities.has(anchors[i])) badId(ids[i], i);
      if (!updates.has(number)) updates.set(number, { anchors: [], values: [] });
      updates.get(number)!.anchors.push(anchors[i]);
      updates.get(number)!.values.push(values[i]);
    }
    for (const [number, { anchors, values }] of updates) all[number].update(anchors, values);
  }
}

function checkPath(action: string, path: unknown): void {
  if (typeof path === "string") return;
  throw new TypeError(`Cannot ${action}: path must be a string, got ${describe(path)}`);
}
