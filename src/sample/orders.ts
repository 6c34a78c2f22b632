/** The orders in which windows are drawn. Each draw is a function of the seed and of its index in the global order. */
import type { LaterTables } from "../native/runtime.ts";
import { drawNumbers, streams } from "./draws.ts";
import type { Shard } from "./options.ts";
import type { OrderPlan } from "./plan.ts";
import type { Places, Population, Windows } from "./windows.ts";

/**
 * Where an epoch stands: its number, the global index of its first draw, and the windows there were when it began.
 * Part of {@linkcode SamplerState}.
 */
export interface EpochState {
  /** The number of the epoch, from 0. */
  readonly epoch: number;
  /** The global index of its first draw: the draws of all epochs before it. */
  readonly base: number;
  /** The position at which the stream ended when it began, a token or row index. */
  readonly end: number;
  /** The number of windows there were when it began. */
  readonly windows: number;
}

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
  readonly windows: Windows;
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
  readonly #ordinals: Float64Array;
  readonly #indices: Float64Array;

  constructor(private readonly context: DrawContext, size: number, private readonly newestRows = Infinity) {
    this.#ordinals = new Float64Array(size);
    this.#indices = new Float64Array(size);
  }

  draw(count: number, places: Places): number {
    const { native, windows, cursor, seed } = this.context;
    const population = windows.population();
    const first = this.#firstOrdinal(population);
    checkAny(windows, population, first, { newestRows: this.newestRows });
    cursor.fill(this.#indices, count);
    const key = { seed, stream: streams.uniform, bound: population.total - first };
    drawNumbers(native, "uniform", key, this.#indices, count, this.#ordinals);
    for (let i = 0; i < count; i++) this.#ordinals[i] += first;
    windows.locate(population, this.#ordinals, count, places);
    cursor.advance(count);
    return count;
  }

  #firstOrdinal(population: Population): number {
    if (this.newestRows === Infinity || population.episodes === 0) return population.from;
    const position = Math.max(population.first, this.context.windows.newest(this.newestRows));
    return Math.max(population.from, this.context.windows.rank(population, position));
  }
}

export class GeometricDraw implements Draw {
  readonly #ordinals: Float64Array;
  readonly #indices: Float64Array;

  constructor(private readonly context: DrawContext, size: number, private readonly decay: number) {
    this.#ordinals = new Float64Array(size);
    this.#indices = new Float64Array(size);
  }

  draw(count: number, places: Places): number {
    const { native, windows, cursor, seed } = this.context;
    const population = windows.population();
    checkAny(windows, population, population.from);
    cursor.fill(this.#indices, count);
    const bound = population.total - population.from;
    const key = { seed, stream: streams.recent, bound, decay: this.decay };
    drawNumbers(native, "geometric", key, this.#indices, count, this.#ordinals);
    for (let i = 0; i < count; i++) this.#ordinals[i] = population.total - 1 - this.#ordinals[i];
    windows.locate(population, this.#ordinals, count, places);
    cursor.advance(count);
    return count;
  }
}

/**
 * Every window once an epoch. An epoch is over the windows that there were when it began; those that were dropped since
 * are passed over.
 */
export class EpochDraw implements Draw {
  readonly #ordinals: Float64Array;
  readonly #indices: Float64Array;
  #epoch: EpochState | null = null;
  #number = 0;
  #base = 0;
  /** The ordinal of the epoch's first window: noted, for the number of windows before the epoch's end may yet change. */
  #first: number | null = null;

  constructor(
    private readonly context: DrawContext,
    size: number,
    private readonly isShuffled: boolean,
    private readonly epochs: number,
  ) {
    this.#ordinals = new Float64Array(size);
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
    this.#first = null;
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
    const population = this.context.windows.population();
    checkAny(this.context.windows, population, population.from);
    const windows = population.total - population.from;
    // Of many shards some have no draw in an epoch. Those are passed over at once, however many they are.
    const passed = Math.floor((this.context.cursor.index() - this.#base) / windows);
    return {
      epoch: this.#number + passed,
      base: this.#base + passed * windows,
      end: population.end,
      windows,
    };
  }

  #take(epoch: EpochState, count: number, at: number, places: Places): number {
    const { native, windows, cursor, seed } = this.context;
    cursor.fill(this.#indices, count, epoch.base);
    cursor.advance(count);
    if (this.isShuffled) {
      const key = { seed, stream: epoch.epoch, bound: epoch.windows };
      drawNumbers(native, "permuted", key, this.#indices, count, this.#ordinals);
    } else this.#ordinals.set(this.#indices.subarray(0, count));
    const population = windows.population(epoch.end);
    this.#first ??= population.total - epoch.windows;
    const kept = this.#keepHeld(population, this.#first, count);
    if (kept > 0) {
      windows.locate(population, this.#ordinals, kept, {
        anchors: places.anchors.subarray(at),
        starts: places.starts.subarray(at),
        lengths: places.lengths.subarray(at),
      });
    }
    return kept;
  }

  /**
   * Turns numbers within the epoch into ordinals, without the windows that were dropped. At the end there can be fewer,
   * too: when the last row gets the ID of another episode after the epoch has begun.
   */
  #keepHeld(population: Population, first: number, count: number): number {
    let kept = 0;
    for (let i = 0; i < count; i++) {
      const ordinal = first + this.#ordinals[i];
      if (ordinal >= population.from && ordinal < population.total) this.#ordinals[kept++] = ordinal;
    }
    return kept;
  }
}

/** Throws where no window is valid, and says which rule has left none. */
export function checkAny(
  windows: Windows,
  population: Population,
  first: number,
  { newestRows = Infinity, action = "Cannot sample" } = {},
): void {
  if (population.total > first) return;
  const { unit, length, boundary } = windows.rule;
  const refuse = (reason: string) =>
    new RangeError(`${action}: there must be a valid window of ${length} ${unit}, got none: ${reason}`);
  const held = population.end - population.first;
  const holder = windows.part === null ? "the store" : "the part that between says";
  if (held <= 0) throw refuse(`${holder} holds no ${unit}`);
  if (population.total > population.from) {
    throw refuse(
      `of ${
        population.total - population.from
      } valid windows none has its anchor in the newest ${newestRows} rows`,
    );
  }
  if (boundary === "cross" || population.episodes <= 1) {
    throw refuse(`${holder} holds ${held} ${unit}; boundary pad-left or pad-right would pad`);
  }
  const back = windows.findReturn();
  if (back !== null) {
    throw refuse(
      `each of ${population.episodes} episodes is shorter: row ${back.row} comes back to the ID ${back.id} of row ` +
        `${back.earlier}, and an episode is one run of rows with the same ID; give each a store of its own and draw ` +
        "from them by StreamStore.mixture, or sort by the ID when loading",
    );
  }
  throw refuse(
    `each of ${population.episodes} episodes is shorter, and boundary within takes no other; pad-left or pad-right would pad`,
  );
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
