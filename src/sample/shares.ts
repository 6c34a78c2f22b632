import type { LaterTables } from "../native/runtime.ts";
import { drawNumbers, streams } from "./draws.ts";
import type { PartTable } from "./part_table.ts";

/** How often each of several sources is drawn from. */
export class Shares {
  /** The shares of all sources up to each, as parts of 1. */
  #limits = new Float64Array(0);
  #size = 0;
  #version = -1;
  #units = new Float64Array(0);
  #chosen = new Int32Array(0);

  /** Sources without a window have no share, whatever `shareOf` says. */
  update(table: PartTable, shareOf: (source: number) => number): void {
    if (table.version === this.#version) return;
    this.#version = table.version;
    this.#size = table.size;
    if (this.#limits.length < table.size) this.#limits = new Float64Array(2 * table.size);
    const limits = this.#limits;
    let sum = 0;
    let last = 0;
    for (let source = 0; source < table.size; source++) {
      if (table.countOf(source) > 0) {
        sum += shareOf(source);
        last = source;
      }
      limits[source] = sum;
    }
    for (let source = 0; source < table.size; source++) {
      limits[source] = source < last ? limits[source] / sum : 1;
    }
  }

  /** The source of each draw. They are valid until the next call. */
  draw(native: LaterTables["sampler"], seed: bigint, indices: Float64Array, count: number): Int32Array {
    if (this.#units.length < count) {
      this.#units = new Float64Array(count);
      this.#chosen = new Int32Array(count);
    }
    drawNumbers(native, "unit", { seed, stream: streams.sources, bound: 1 }, indices, count, this.#units);
    for (let i = 0; i < count; i++) this.#chosen[i] = this.#sourceOf(this.#units[i]);
    return this.#chosen;
  }

  /** The first source whose limit is above a unit. */
  #sourceOf(unit: number): number {
    let [low, high] = [0, this.#size - 1];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (unit < this.#limits[middle]) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
