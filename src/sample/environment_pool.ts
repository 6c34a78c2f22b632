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

/** A store whose rows are those of several environments in turn. A window is filled row by row: they stand apart. */
export class EnvironmentPool implements Pool {
  readonly native: LaterTables["sampler"];
  readonly windows: EnvironmentWindows;
  readonly #environments: Environments;
  readonly #filler: Filler;
  readonly #length: number;
  readonly #alignsRight: boolean;
  /** Of each place of the batch: its row, 1 where it has one and 0 where it is padding, and itself. */
  readonly #rows: Float64Array;
  readonly #lengths: Int32Array;
  readonly #slots: Int32Array;

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
    // Each row is a window of one row.
    this.#filler = new Filler(source, { ...batch, width: 1 });
    this.#length = length;
    this.#alignsRight = batch.alignsRight;
    this.#rows = new Float64Array(places);
    this.#lengths = new Int32Array(places);
    this.#slots = Int32Array.from({ length: places }, (_, i) => i);
  }

  prepare(action: string): void {
    this.source.connection.checkIdle(action);
    this.source.prepare(action);
  }

  readonly reading: Reading = (action, read) => this.source.connection.write(action, read);

  checkHeld({ epoch }: SamplerState): void {
    checkHeld(epoch?.end ?? 0, this.plan, this.source.connection);
  }

  fill(batch: AnyBatch, size: number, places: Places): void {
    const { sources, starts, lengths } = places;
    const length = this.#length;
    const all: readonly EnvironmentRows[] = this.#environments.all;
    const count = size * length;
    // Padding is a window without rows, at a place that every store has.
    this.#rows.fill(this.source.connection.firstRow, 0, count);
    this.#lengths.fill(0, 0, count);
    for (let i = 0; i < size; i++) {
      const at = i * length + (this.#alignsRight ? length - lengths[i] : 0);
      all[sources[i]].copyRows(starts[i], lengths[i], this.#rows, at);
      this.#lengths.fill(1, at, at + lengths[i]);
      // From here on a window begins where its first row stands in the store.
      starts[i] = this.#rows[at];
    }
    const filling = { count, starts: this.#rows, lengths: this.#lengths, slots: this.#slots };
    this.#filler.fill(batch, this.plan.batchSize * length, filling);
    batch.lengths.set(lengths.subarray(0, size));
  }

  giveExtras(): void {}
}
