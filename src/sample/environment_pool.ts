import type { LaterTables } from "../native/runtime.ts";
import type { AnyBatch } from "./batch.ts";
import type { BatchPlan, DrawSource } from "./batch_plan.ts";
import type { EnvironmentRows } from "./environment_rows.ts";
import { EnvironmentWindows } from "./environment_windows.ts";
import { Environments } from "./environments.ts";
import { Filler } from "./fill.ts";
import { Part } from "./part.ts";
import type { EnvironmentPlan, SamplerPlan } from "./plan.ts";
import type { Pool, Reading } from "./pool.ts";
import type { Places } from "./space.ts";
import { checkHeld, type SamplerState } from "./state.ts";

/**
 * A store whose rows are those of several environments in turn. Where they come in a fixed order, the rows of a window are
 * as far apart from one another, and a window is filled as a whole; else row by row.
 */
export class EnvironmentPool implements Pool {
  readonly native: LaterTables["sampler"];
  readonly windows: EnvironmentWindows;
  readonly #environments: Environments;
  readonly #filler: Filler;
  readonly #rowFiller: Filler;
  readonly #length: number;
  readonly #alignsRight: boolean;
  /** Windows that are filled as a whole: their starts, and behind them how far their rows are apart. */
  readonly #starts: Float64Array;
  readonly #strides: Float64Array;
  readonly #lengths: Int32Array;
  readonly #slots: Int32Array;
  /** Rows that are filled one by one: each is a window of one row, or of none where a place is padding. */
  readonly #rows: Float64Array;
  readonly #rowLengths: Int32Array;
  readonly #rowSlots: Int32Array;

  constructor(
    private readonly source: DrawSource,
    private readonly plan: SamplerPlan,
    environments: EnvironmentPlan,
    batch: BatchPlan,
  ) {
    const { connection } = source;
    const { boundary, stride, between, window: { unit, length } } = plan;
    const rule = { unit, length, stride, boundary, reach: null };
    const part = between === null ? null : new Part(connection, between);
    const places = batch.batchSize * length;
    this.native = connection.tables.sampler;
    this.#environments = new Environments(
      connection,
      { ...environments, isWhole: boundary === "cross" },
      rule,
      part,
    );
    this.windows = new EnvironmentWindows(connection, rule, this.#environments);
    this.#filler = new Filler(source, batch);
    this.#rowFiller = new Filler(source, { ...batch, width: 1 });
    this.#length = length;
    this.#alignsRight = batch.alignsRight;
    this.#starts = new Float64Array(2 * batch.batchSize);
    this.#strides = new Float64Array(batch.batchSize);
    this.#lengths = new Int32Array(batch.batchSize);
    this.#slots = new Int32Array(batch.batchSize);
    this.#rows = new Float64Array(places);
    this.#rowLengths = new Int32Array(places);
    this.#rowSlots = new Int32Array(places);
  }

  prepare(action: string): void {
    this.source.connection.checkIdle(action);
    this.source.prepare(action);
  }

  readonly reading: Reading = (action, read) => this.source.connection.write(action, read);

  checkHeld({ epoch }: SamplerState): void {
    checkHeld(epoch?.end ?? 0, this.plan, this.source.connection);
  }

  fill(batch: AnyBatch, size: number, { sources, starts, lengths }: Places): void {
    const all: readonly EnvironmentRows[] = this.#environments.all;
    const wholeStarts = this.#starts;
    const wholeLengths = this.#lengths;
    const strides = this.#strides;
    const slots = this.#slots;
    let windows = 0;
    let rows = 0;
    for (let i = 0; i < size; i++) {
      const of = all[sources[i]];
      const position = starts[i];
      // From here on a window begins where its first row stands in the store.
      starts[i] = of.rowOf(position);
      const stride = of.strideAt(position, lengths[i]);
      if (stride === 0) rows += this.#addRows(rows, i, of, position, lengths[i]);
      else {
        wholeStarts[windows] = starts[i];
        strides[windows] = stride;
        wholeLengths[windows] = lengths[i];
        slots[windows++] = i;
      }
    }
    wholeStarts.set(strides.subarray(0, windows), windows);
    const { batchSize } = this.plan;
    this.#filler.fill(batch, batchSize, {
      count: windows,
      starts: wholeStarts,
      lengths: wholeLengths,
      slots,
      isStrided: true,
    });
    this.#rowFiller.fill(batch, batchSize * this.#length, {
      count: rows,
      starts: this.#rows,
      lengths: this.#rowLengths,
      slots: this.#rowSlots,
    });
    batch.lengths.set(lengths.subarray(0, size));
  }

  /** The places of a window, those of padding among them. Padding stands anywhere: here at its first row. */
  #addRows(at: number, slot: number, of: EnvironmentRows, position: number, count: number): number {
    const length = this.#length;
    const padding = this.#alignsRight ? length - count : 0;
    this.#rows.fill(of.rowOf(position), at, at + length);
    this.#rowLengths.fill(0, at, at + length);
    of.copyRows(position, count, this.#rows, at + padding);
    this.#rowLengths.fill(1, at + padding, at + padding + count);
    for (let i = 0; i < length; i++) this.#rowSlots[at + i] = slot * length + i;
    return length;
  }

  giveExtras(): void {}
}
