/** The stores behind a sampler: one, or the several of a mixture. */
import type { LaterTables } from "../native/runtime.ts";
import type { AnyBatch } from "./batch.ts";
import type { BatchPlan, DrawSource } from "./batch_plan.ts";
import { ExtraFiller } from "./extra_fill.ts";
import { Filler, type Filling, fillingOf } from "./fill.ts";
import type { Draw, DrawContext } from "./orders.ts";
import type { SamplerPlan } from "./plan.ts";
import type { Places, WindowSpace } from "./space.ts";
import { checkHeld, type SamplerState } from "./state.ts";
import { windowsOf } from "./windows.ts";

export type Reading = <Read>(action: string, read: () => Read) => Read;

/** Room for the rows of a batch's windows, where they stand anywhere in the store. */
export type RowMemory = readonly Float64Array[];

export interface Pool {
  readonly native: LaterTables["sampler"];
  readonly windows: WindowSpace;
  /** Of a mixture: what its state says of its first `count` sources. */
  sourcesText?(count: number): string;
  /** Of a mixture: how many sources it has. */
  readonly sourceCount?: number;
  /** The draws of an order that only this has. */
  drawOf?(context: DrawContext, size: number): Draw | null;
  /** Throws in the middle of a call; commits what was appended, and goes to what others have committed. */
  prepare(action: string): void;
  /** Runs what reads the caller's, in which its own code may run: a call that writes, of every store. */
  readonly reading: Reading;
  /** Throws for a state that goes on beyond what the stores hold. */
  checkHeld(state: SamplerState): void;
  /**
   * Of environments, whose windows lie at positions: finds their rows, from where on places say where windows stand in the
   * store.
   */
  list?(size: number, places: Places, memory: RowMemory): void;
  /** Copies windows whose rows were found, perhaps by another thread. */
  fillListed?(batch: AnyBatch, size: number, places: Places, memory: RowMemory): void;
  /** Copies the first `size` windows. */
  fill(batch: AnyBatch, size: number, places: Places): void;
  /** Gives the batch the extras of its windows, which were filled last. */
  giveExtras(batch: AnyBatch, size: number, places: Places): void;
}

export class StorePool implements Pool {
  readonly native: LaterTables["sampler"];
  readonly windows: WindowSpace;
  readonly #filler: Filler;
  readonly #extraFiller: ExtraFiller;
  readonly #slots: Int32Array;

  constructor(private readonly source: DrawSource, private readonly plan: SamplerPlan, batch: BatchPlan) {
    this.native = source.connection.tables.sampler;
    this.windows = windowsOf(source, plan);
    this.#filler = new Filler(source, batch);
    this.#extraFiller = new ExtraFiller(batch);
    this.#slots = Int32Array.from({ length: batch.batchSize }, (_, i) => i);
  }

  prepare(action: string): void {
    this.source.connection.checkIdle(action);
    this.source.prepare(action);
  }

  readonly reading: Reading = (action, read) => this.source.connection.write(action, read);

  checkHeld(state: SamplerState): void {
    checkHeld(state.epoch?.end ?? 0, this.plan, this.source.connection);
  }

  fill(batch: AnyBatch, size: number, places: Places): void {
    this.#filler.fill(batch, this.plan.batchSize, this.#filling(size, places));
  }

  giveExtras(batch: AnyBatch, size: number, places: Places): void {
    this.#extraFiller.give(batch, size, [[this.source, this.#filling(size, places)]], this.reading);
  }

  #filling(count: number, places: Places): Filling {
    return fillingOf(this.plan.window, places, this.#slots, count);
  }
}
