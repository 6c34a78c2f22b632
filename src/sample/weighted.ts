import { drawNumbers, streams } from "./draws.ts";
import type { MixedWindows } from "./mixed_windows.ts";
import type { Draw, DrawContext } from "./orders.ts";
import { Shares } from "./shares.ts";
import type { Places } from "./space.ts";

/** Draws from each store of a mixture as often as its weight says, and uniformly within it. */
export class WeightedDraw implements Draw {
  readonly #shares = new Shares();
  readonly #numbers: Float64Array;
  readonly #indices: Float64Array;

  constructor(
    private readonly context: DrawContext,
    private readonly windows: MixedWindows,
    private readonly weights: readonly number[],
    size: number,
  ) {
    this.#numbers = new Float64Array(size);
    this.#indices = new Float64Array(size);
  }

  draw(count: number, places: Places): number {
    const { native, cursor, seed } = this.context;
    const { windows } = this;
    windows.count();
    const { table } = windows;
    cursor.fill(this.#indices, count);
    this.#shares.update(table, (source) => windows.weightOf(source, this.weights));
    const chosen = this.#shares.draw(native, seed, this.#indices, count);
    for (let i = 0; i < count; i++) this.#numbers[i] = table.countOf(chosen[i]);
    const key = { seed, stream: streams.withinSource, bound: 1 };
    drawNumbers(native, "uniformEach", key, this.#indices, count, this.#numbers);
    for (let i = 0; i < count; i++) this.#numbers[i] += table.baseOf(chosen[i]);
    windows.locate(this.#numbers, count, places);
    cursor.advance(count);
    return count;
  }
}
