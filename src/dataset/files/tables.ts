import type { Schema, Table } from "apache-arrow";
import type { Connection } from "../../store/connection.ts";
import type { Feature } from "../features.ts";
import type { RowRange } from "../table/field_data.ts";
import { batchRanges } from "../table/row_ranges.ts";
import type { TablePlan } from "../table/to_arrow.ts";

/** How many rows were written, and the bytes that they have in Arrow. */
export interface Written {
  rowCount: number;
  arrowBytes: number;
}

/** A store's rows as tables, one small one after another, to be shared out over files. */
export class TableQueue {
  readonly #ranges: Iterator<RowRange>;
  #next: IteratorResult<RowRange>;

  constructor(connection: Connection, private readonly plan: TablePlan, action: string) {
    this.#ranges = batchRanges(connection, plan, action);
    this.#next = this.#ranges.next();
  }

  get schema(): Schema {
    return this.plan.schema;
  }

  get features(): ReadonlyMap<string, Feature> {
    return this.plan.features;
  }

  get isDone(): boolean {
    return this.#next.done === true;
  }

  /**
   * The tables of one file: until they have so many bytes. `written` counts what was taken. Where there is no row at all
   * there is one table without rows.
   */
  *take(arrowBytesMax: number, written: Written): Generator<Table> {
    const { from, to } = this.plan.range;
    if (from === to) yield this.plan.read(this.plan.range);
    while (!this.isDone && written.arrowBytes < arrowBytesMax) {
      const table = this.plan.read(this.#next.value as RowRange);
      written.rowCount += table.numRows;
      written.arrowBytes += arrowBytes(table);
      this.#next = this.#ranges.next();
      yield table;
    }
  }
}

/** What a table takes in memory, or in an Arrow file. */
export function arrowBytes({ batches }: Table): number {
  return batches.reduce((sum, { data }) => sum + data.byteLength, 0);
}
