import type { ExtraRows } from "../append/extra_rows.ts";
import { nothing } from "../native/arguments.ts";
import { extraPlace } from "../native/abi.ts";
import { check } from "../native/status.ts";
import type { Connection } from "../store/connection.ts";

/** The number of bytes of each value of rows `[from, to)` of an extra, -1 for null. */
export function extraLengths(connection: Connection, place: number, from: number, to: number): Int32Array {
  const lengths = new Int32Array(to - from);
  readRows(connection, place, from, lengths, new Uint8Array(0));
  return lengths;
}

/** The values of rows `[from, to)` of an extra, which have so many bytes. */
export function extraRows(
  connection: Connection,
  place: number,
  from: number,
  to: number,
  byteCount: number,
): ExtraRows {
  const lengths = new Int32Array(to - from);
  const bytes = new Uint8Array(byteCount);
  readRows(connection, place, from, lengths, bytes);
  return { lengths, bytes };
}

function readRows(
  { tables, store }: Connection,
  place: number,
  from: number,
  lengths: Int32Array,
  bytes: Uint8Array,
): void {
  if (lengths.length === 0) return;
  const found = new Float64Array(extraPlace.length);
  const out = bytes.length > 0 ? bytes : nothing;
  check(
    tables.extras.ss_extra_rows(store, place, from, lengths, lengths.length, found, out, bytes.length),
    "Cannot read an extra",
  );
}

/** So many bytes are taken at a time, and at least a value. */
const bytesPerPiece = 16_000_000;

/** The values of rows of an extra in any order, some after another; each piece says the first that it is of. */
export function* takeExtra(
  { tables, store }: Connection,
  place: number,
  rows: Uint32Array,
): Generator<ExtraRows & { readonly firstRow: number }> {
  const found = new Float64Array(extraPlace.length);
  const read = (row: number, out: Uint8Array) => {
    const code = tables.extras.ss_extra_read(store, place, row, found, out, out === nothing ? 0 : out.length);
    check(code, "Cannot read an extra");
    return found[extraPlace.start] < 0 ? -1 : found[extraPlace.lengthBytes];
  };
  for (let from = 0; from < rows.length;) {
    const lengths: number[] = [];
    let byteCount = 0;
    while (from + lengths.length < rows.length && byteCount < bytesPerPiece) {
      const length = read(rows[from + lengths.length], nothing);
      lengths.push(length);
      byteCount += Math.max(0, length);
    }
    const bytes = new Uint8Array(byteCount);
    let at = 0;
    lengths.forEach((length, i) => {
      if (length > 0) read(rows[from + i], bytes.subarray(at, at += length));
    });
    yield { firstRow: from, lengths: Int32Array.from(lengths), bytes };
    from += lengths.length;
  }
}
