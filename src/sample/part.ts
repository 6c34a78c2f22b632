/** The part of a stream that is drawn from, by the steps of its rows. */
import type { Connection } from "../store/connection.ts";

/** Steps `from <= step < to`, where `to` null has no end. */
export interface PartPlan {
  readonly from: bigint;
  readonly to: bigint | null;
}

/**
 * The rows of a part, as far as they are committed and kept. Steps never fall: so a row that is known to be the first of
 * a step or a later one stays that.
 */
export class Part {
  /** Rows that were found; null while the stream has not come as far. */
  #first: number | null = null;
  #end: number | null = null;

  constructor(private readonly connection: Connection, private readonly plan: PartPlan) {}

  get firstRow(): number {
    this.#first ??= this.#find(this.plan.from);
    return this.#held(this.#first);
  }

  /** The row after the last. */
  get endRow(): number {
    if (this.plan.to !== null) this.#end ??= this.#find(this.plan.to);
    return this.#held(this.#end);
  }

  #find(step: bigint): number | null {
    const row = this.connection.findRow("stepOrLater", step);
    return row < this.connection.rowCount ? row : null;
  }

  #held(row: number | null): number {
    return row === null ? this.connection.rowCount : Math.max(this.connection.firstRow, row);
  }
}
