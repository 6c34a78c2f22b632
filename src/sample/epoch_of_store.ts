import type { EpochSpan, EpochWindows, Places, StoreWindows } from "./space.ts";

/** The windows that a store had when an epoch began. */
export class EpochOfStore implements EpochWindows {
  /** The ordinal of the epoch's first window: noted, for the number of windows before the epoch's end may yet change. */
  #first: number | null = null;

  constructor(private readonly windows: StoreWindows, private readonly span: EpochSpan) {}

  /** At the end there can be fewer, too: when the last row gets the ID of another episode after the epoch has begun. */
  locate(numbers: Float64Array, count: number, places: Places): number {
    const population = this.windows.population(this.span.end);
    const first = this.#first ??= population.total - this.span.windows;
    let kept = 0;
    for (let i = 0; i < count; i++) {
      const ordinal = first + numbers[i];
      if (ordinal >= population.from && ordinal < population.total) numbers[kept++] = ordinal;
    }
    if (kept > 0) this.windows.locateIn(population, numbers, kept, places);
    return kept;
  }
}
