/** The orders in which windows are drawn. Each draw is a function of the seed and of its index in the global order. */
import type { LaterTables } from "../native/runtime.ts";
import { drawNumbers, streams } from "./draws.ts";
import type { Shard } from "./options.ts";
import type { OrderPlan } from "./plan.ts";
import { type EpochState, type EpochWindows, type Places, placesFrom, type WindowSpace } from "./space.ts";

/** From where so many draws of all shards still have indices that are exact: they are whole numbers below 2 ** 53. */
export function lastPosition(draws: number): number {
  return Number.MAX_SAFE_INTEGER - draws;
}

/**
 * Where a sampler stands in the global order of draws, which all shards share: draw `i` belongs to the shard with
 * `index` = `i` modulo `count`. Nothing else depends on the shard, so an order can be gone on with by other shards.
 */
export class Cursor {
  /** Draws before this one have been made, if every shard has made as many as this one. */
  position = 0;

  constructor(public shard: Shard) {}

  /** The global index of this shard's next draw. */
  index(): number {
    const { index, count } = this.shard;
    const offset = (((index - this.position) % count) + count) % count;
    return this.position + offset;
  }

  /** How many of this shard's next draws stand before a global index. */
  countBefore(end: number): number {
    return Math.max(0, Math.ceil((end - this.index()) / this.shard.count));
  }

  advance(draws: number): void {
    this.position += draws * this.shard.count;
  }

  /** The global indices of the next draws, less `base`. @throws {RangeError} If they would not be exact any more. */
  fill(indices: Float64Array, count: number, base = 0): void {
    const positionMax = lastPosition(count * this.shard.count);
    if (this.position > positionMax) {
      throw new RangeError(
        `Cannot sample: the position of ${count} draws must be <= ${positionMax}, got ${this.position}`,
      );
    }
    const first = this.index() - base;
    for (let i = 0; i < count; i++) indices[i] = first + i * this.shard.count;
  }
}

/** What an order needs to know. */
export interface DrawContext {
  readonly native: LaterTables["sampler"];
  readonly windows: WindowSpace;
  readonly cursor: Cursor;
  seed: bigint;
}

/** Draws windows in one order. */
export interface Draw {
  /** Draws `count` windows into the first places, or fewer where the last epoch ends. */
  draw(count: number, places: Places): number;
  /** For orders that have epochs. */
  epoch?: EpochState;
}

export class UniformDraw implements Draw {
  readonly #numbers: Float64Array;
  readonly #indices: Float64Array;

  constructor(private readonly context: DrawContext, size: number, private readonly newestRows = Infinity) {
    this.#numbers = new Float64Array(size);
    this.#indices = new Float64Array(size);
  }

  draw(count: number, places: Places): number {
    const { native, windows, cursor, seed } = this.context;
    const bound = windows.count(this.newestRows);
    cursor.fill(this.#indices, count);
    const key = { seed, stream: streams.uniform, bound };
    drawNumbers(native, "uniform", key, this.#indices, count, this.#numbers);
    windows.locate(this.#numbers, count, places);
    cursor.advance(count);
    return count;
  }
}

export class GeometricDraw implements Draw {
  readonly #numbers: Float64Array;
  readonly #indices: Float64Array;

  constructor(private readonly context: DrawContext, size: number, private readonly decay: number) {
    this.#numbers = new Float64Array(size);
    this.#indices = new Float64Array(size);
  }

  draw(count: number, places: Places): number {
    const { native, windows, cursor, seed } = this.context;
    windows.count();
    cursor.fill(this.#indices, count);
    windows.drawByAge({ native, seed, decay: this.decay }, this.#indices, count, this.#numbers);
    windows.locate(this.#numbers, count, places);
    cursor.advance(count);
    return count;
  }
}

/**
 * Every window once an epoch. An epoch is over the windows that there were when it began; those that were dropped since
 * are passed over.
 */
export class EpochDraw implements Draw {
  readonly #numbers: Float64Array;
  readonly #indices: Float64Array;
  #epoch: EpochState | null = null;
  #number = 0;
  #base = 0;
  #windows: EpochWindows | null = null;

  constructor(
    private readonly context: DrawContext,
    size: number,
    private readonly isShuffled: boolean,
    private readonly epochs: number,
  ) {
    this.#numbers = new Float64Array(size);
    this.#indices = new Float64Array(size);
  }

  get epoch(): EpochState {
    return this.#epoch ?? { epoch: this.#number, base: this.#base, end: 0, windows: 0 };
  }

  /** An epoch with no windows has not begun. */
  set epoch(state: EpochState) {
    this.#number = state.epoch;
    this.#base = state.base;
    this.#epoch = state.windows > 0 ? state : null;
    this.#windows = null;
  }

  draw(count: number, places: Places): number {
    let drawn = 0;
    while (drawn < count && this.#number < this.epochs) {
      if (this.#epoch === null) {
        this.epoch = this.#begin();
        continue;
      }
      const epoch = this.#epoch;
      const taken = Math.min(count - drawn, this.context.cursor.countBefore(epoch.base + epoch.windows));
      if (taken > 0) drawn += this.#take(epoch, taken, drawn, places);
      else this.epoch = { epoch: epoch.epoch + 1, base: epoch.base + epoch.windows, end: 0, windows: 0 };
    }
    return drawn;
  }

  #begin(): EpochState {
    const span = this.context.windows.beginEpoch();
    const { windows } = span;
    // Of many shards some have no draw in an epoch. Those are passed over at once, however many they are.
    const passed = Math.floor((this.context.cursor.index() - this.#base) / windows);
    return { epoch: this.#number + passed, base: this.#base + passed * windows, ...span };
  }

  #take(epoch: EpochState, count: number, at: number, places: Places): number {
    const { native, windows, cursor, seed } = this.context;
    cursor.fill(this.#indices, count, epoch.base);
    cursor.advance(count);
    if (this.isShuffled) {
      const key = { seed, stream: epoch.epoch, bound: epoch.windows };
      drawNumbers(native, "permuted", key, this.#indices, count, this.#numbers);
    } else this.#numbers.set(this.#indices.subarray(0, count));
    this.#windows ??= windows.epochWindows(epoch);
    return this.#windows.locate(this.#numbers, count, at === 0 ? places : placesFrom(places, at));
  }
}

/** The draws of an order that needs no priorities. */
export function drawOf(order: OrderPlan, context: DrawContext, size: number, epochs: number): Draw {
  switch (order.kind) {
    case "shuffle":
    case "sequential":
      return new EpochDraw(context, size, order.kind === "shuffle", epochs);
    case "recent":
      return "decay" in order
        ? new GeometricDraw(context, size, order.decay)
        : new UniformDraw(context, size, order.steps);
    default:
      return new UniformDraw(context, size);
  }
}
