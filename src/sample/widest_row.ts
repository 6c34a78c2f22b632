import type { Connection } from "../store/connection.ts";
import { check } from "../native/status.ts";

const rowsPerCall = 1 << 16;

/** The number of tokens of the row that has most of them. @throws {RangeError} If there is no row to tell. */
export function widestRow(connection: Connection, action = "Cannot make a sampler"): number {
  const { native, store, firstRow, rowCount } = connection;
  const starts = new Float64Array(rowsPerCall + 1);
  const steps = new BigInt64Array(rowsPerCall);
  if (firstRow === rowCount) {
    throw new RangeError(
      `${action}: tokens must say how wide windows of steps are where the store holds no step, got none`,
    );
  }
  let widest = 1;
  for (let from = firstRow; from < rowCount; from += rowsPerCall) {
    const count = Math.min(rowsPerCall, rowCount - from);
    check(native.ss_rows_read(store, from, count, starts, steps), "Cannot read rows");
    for (let i = 0; i < count; i++) widest = Math.max(widest, starts[i + 1] - starts[i]);
  }
  return widest;
}
