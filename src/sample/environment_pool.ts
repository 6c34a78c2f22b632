import type { LaterTables } from "../native/runtime.ts";
import type { AnyBatch } from "./batch.ts";
import type { BatchPlan, DrawSource } from "./batch_plan.ts";
import type { Environments } from "./environments.ts";
import { EnvironmentWindows } from "./environment_windows.ts";
import { ExtraFiller } from "./extra_fill.ts";
import { Filler, type Filling } from "./fill.ts";
import { Part } from "./part.ts";
import type { EnvironmentPlan, SamplerPlan, WindowPlan } from "./plan.ts";
import type { Pool, Reading, RowMemory } from "./pool.ts";
import { type Places, placesFrom } from "./space.ts";
import { checkHeld, type SamplerState } from "./state.ts";

/**
 * Which rows of a window are copied, relative to its start: all; or relative to its anchor: that, and those of each field
 * with offsets.
 */
function offsetsOfRows({ length, reach, fields }: WindowPlan): Int32Array[] {
  if (reach === null) return [Int32Array.from({ length }, (_, i) => i)];
  return [Int32Array.of(0), ...fields!.map(({ offsets }) => offsets!)];
}

/** Elements that the rows of a batch take: for each of those lists where windows begin, and behind that their rows. */
function lengthsOf(plan: Pick<SamplerPlan, "batchSize" | "window">): number[] {
  return offsetsOfRows(plan.window).map(({ length }) => plan.batchSize * (1 + length));
}

/** Bytes that the rows of a batch take. */
export function rowBytesOf(plan: Pick<SamplerPlan, "batchSize" | "window">): number {
  return 8 * lengthsOf(plan).reduce((sum, length) => sum + length, 0);
}

/** Room for the rows of a batch in memory from a multiple of 8 on. */
export function rowsOver(
  buffer: ArrayBufferLike,
  offset: number,
  plan: Pick<SamplerPlan, "batchSize" | "window">,
): RowMemory {
  let at = offset;
  return lengthsOf(plan).map((length) => {
    const rows = new Float64Array(buffer, at, length);
    at += rows.byteLength;
    return rows;
  });
}

/** Finds the rows of windows of environments, and says how they are filled. */
export class RowLister {
  readonly #window: WindowPlan;
  readonly #batchSize: number;
  readonly #offsets: readonly Int32Array[];
  readonly #ones: Int32Array;

  constructor({ window, batchSize }: Pick<SamplerPlan, "batchSize" | "window">) {
    this.#window = window;
    this.#batchSize = batchSize;
    this.#offsets = offsetsOfRows(window);
    this.#ones = new Int32Array(batchSize).fill(1);
  }

  /**
   * Finds the rows of windows that lie at positions, from where on the places say where those stand in the store.
   *
   * @param at The place of the first of them in the memory.
   */
  list({ lists, native }: Environments, size: number, places: Places, memory: RowMemory, at = 0): void {
    const isAround = this.#window.reach !== null;
    const given = isAround ? places : { ...places, anchors: places.starts };
    for (const [i, rows] of memory.entries()) {
      const offsets = this.#offsets[i];
      lists.rowsOf(native, given, size, offsets, rows.subarray(this.#batchSize + at * offsets.length));
    }
    const [first] = memory;
    const { length } = this.#offsets[0];
    const begins = isAround ? places.anchors : places.starts;
    const from = this.#batchSize + at * length;
    for (let i = 0; i < size; i++) begins[i] = first[at + i] = first[from + i * length];
  }

  filling(count: number, { lengths }: Places, slots: Int32Array, memory: RowMemory): Filling {
    const [starts, ...others] = memory;
    const { reach, fields } = this.#window;
    if (reach === null) return { count, starts, slots, lengths, isListed: true };
    const atOffsets = new Map(fields!.map(({ field }, i) => [field.name, others[i]]));
    return { count, starts, slots, lengths: this.#ones, atOffsets };
  }
}

/** A store whose rows are those of several environments in turn. */
export class EnvironmentPool implements Pool {
  readonly native: LaterTables["sampler"];
  readonly windows: EnvironmentWindows;
  readonly #environments: Environments;
  readonly #filler: Filler;
  readonly #extraFiller: ExtraFiller;
  readonly #lister: RowLister;
  readonly #slots: Int32Array;
  readonly #own: RowMemory;
  /** The rows of the batch that was filled last. */
  #last: RowMemory;

  constructor(
    private readonly source: DrawSource,
    private readonly plan: Omit<SamplerPlan, "batchSize">,
    environments: EnvironmentPlan,
    batch: BatchPlan,
    action?: string,
  ) {
    const { connection } = source;
    const { boundary, stride, between, window: { unit, length, reach } } = plan;
    const { batchSize } = batch;
    this.native = connection.tables.sampler;
    this.#environments = source.index.environments(environments);
    const part = between === null ? null : new Part(connection, between);
    this.windows = new EnvironmentWindows(
      this.#environments,
      { unit, length, stride, boundary, reach },
      part,
    );
    this.#filler = new Filler(source, batch, action === undefined ? {} : { action });
    this.#extraFiller = new ExtraFiller(batch);
    this.#lister = new RowLister(batch);
    this.#slots = Int32Array.from({ length: batchSize }, (_, i) => i);
    this.#own = this.#last = rowsOver(new ArrayBuffer(rowBytesOf(batch)), 0, batch);
  }

  prepare(action: string): void {
    this.source.connection.checkIdle(action);
    this.source.prepare(action);
  }

  readonly reading: Reading = (action, read) => this.source.connection.write(action, read);

  checkHeld({ epoch }: SamplerState): void {
    checkHeld(epoch?.end ?? 0, this.plan, this.source.connection);
  }

  list(size: number, places: Places, memory: RowMemory): void {
    this.#lister.list(this.#environments, size, places, memory);
  }

  fillListed(batch: AnyBatch, size: number, places: Places, memory: RowMemory): void {
    this.#last = memory;
    this.#filler.fill(batch, this.#slots.length, this.filling(size, places));
  }

  fill(batch: AnyBatch, size: number, places: Places): void {
    this.list(size, places, this.#own);
    this.fillListed(batch, size, places, this.#own);
  }

  giveExtras(batch: AnyBatch, size: number, places: Places): void {
    this.#extraFiller.give(batch, size, [[this.source, this.filling(size, places)]], this.reading);
  }

  /** Finds the windows at rows: the place of the first that is that of none, or null. */
  findAt(rows: Float64Array, places: Places): number | null {
    this.windows.update();
    this.#environments.find(rows, places.sources, places.anchors);
    const unknown = places.sources.indexOf(-1);
    if (unknown !== -1) return unknown;
    if (this.windows.resolves(rows.length, places)) return null;
    return rows.findIndex((_, at) => !this.windows.resolves(1, placesFrom(places, at)));
  }

  /** The windows that were filled last. */
  filling(size: number, places: Places): Filling {
    return this.#lister.filling(size, places, this.#slots, this.#last);
  }
}
