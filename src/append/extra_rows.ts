import { nothing } from "../native/arguments.ts";
import type { Connection } from "../store/connection.ts";

/** Values of an extra for some rows, as the library takes them: a length for each, -1 for null, and the bytes of all. */
export interface ExtraRows {
  readonly lengths: Int32Array;
  /** Those of the values, one behind another. */
  readonly bytes: Uint8Array;
}

/** So many bytes go to the library together, and at least a value. */
const bytesPerCall = 1 << 24;

/** Writes them beside rows of a batch that is not committed yet, from `firstRow` of the store on. */
export function writeExtraRows(
  connection: Connection,
  place: number,
  firstRow: number,
  { lengths, bytes }: ExtraRows,
): void {
  const { tables, store } = connection;
  const write = (from: number, to: number, start: number, end: number) => {
    const code = tables.extras.ss_extra_append(
      store,
      place,
      firstRow + from,
      lengths.subarray(from, to),
      to - from,
      end > start ? bytes.subarray(start, end) : nothing,
      end - start,
    );
    connection.checkGrowth(code, "Cannot append columns");
  };
  let [from, start, end] = [0, 0, 0];
  for (let row = 0; row < lengths.length; row++) {
    const length = Math.max(0, lengths[row]);
    if (end > start && end + length - start > bytesPerCall) {
      write(from, row, start, end);
      [from, start] = [row, end];
    }
    end += length;
  }
  if (lengths.length > from) write(from, lengths.length, start, end);
}
