import type { Connection } from "../../store/connection.ts";
import { StreamStoreError } from "../../error.ts";
import { check } from "../../native/status.ts";
import { rowAfterBytes } from "../extras/to_arrow.ts";
import type { RowRange } from "./field_data.ts";
import type { TablePlan } from "./to_arrow.ts";

/** A batch is read, written and forgotten; this is 8 MB of float64, and little enough to hold several times over. */
const tokensPerBatch = 1_000_000;
const extraBytesPerBatch = 8_000_000;
/** Rows without tokens take memory too. */
const rowsPerBatch = 250_000;

/** The rows of a plan in pieces that are small in memory, however long the rows are; but never less than a row. */
export function* batchRanges(connection: Connection, plan: TablePlan, action: string): Generator<RowRange> {
  const { range, extraRowBytes } = plan;
  const rowsMax = Math.max(
    1,
    Math.min(rowsPerBatch, Math.floor(extraBytesPerBatch / Math.max(1, extraRowBytes))),
  );
  for (let from = range.from; from < range.to;) {
    connection.checkOpen(action);
    if (connection.firstRow > from) {
      throw new StreamStoreError(
        "busy",
        `Cannot ${action}: its rows must be kept meanwhile, but the oldest were dropped`,
      );
    }
    const rowAfterTokens = Math.max(from + 1, rowAfter(connection, from));
    const end = Math.min(range.to, from + rowsMax, rowAfterTokens);
    const to = rowAfterBytes(connection, plan.extras, from, end, extraBytesPerBatch);
    yield { from, to };
    from = to;
  }
}

/** The row in which a batch that begins with `row` has its last token. */
function rowAfter(connection: Connection, row: number): number {
  const start = new Float64Array(2);
  check(
    connection.native.ss_rows_read(connection.store, row, 1, start, new BigInt64Array(1)),
    "Cannot read rows",
  );
  const token = start[0] + tokensPerBatch;
  return token < connection.tokenCount ? connection.rowOfToken(token) : connection.rowCount;
}
