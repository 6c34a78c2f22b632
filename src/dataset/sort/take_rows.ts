import type { Bitmap, Source } from "../../append/batch.ts";
import { type Connection, nothing } from "../../store/connection.ts";
import { cellDtype, type Field } from "../../fields.ts";
import { gatherLayout } from "../../native/abi.ts";
import { check } from "../../native/status.ts";
import { clearBits, setBits } from "../table/bitmaps.ts";
import { readEmptyRows } from "../table/empty_rows.ts";

const action = "Cannot take rows";

/** Where the rows of a store are, read once for all that is taken. */
export interface RowIndex {
  /** Where every row begins, and the last one ends. */
  readonly starts: Float64Array;
  /** Rows that have an empty list, by the field's type ID: no token tells of it. */
  readonly emptyLists: ReadonlyMap<number, ReadonlySet<number>>;
}

const rowsPerRead = 65_536;

export function readIndex(connection: Connection): RowIndex {
  const { native, store, rowCount } = connection;
  const starts = new Float64Array(rowCount + 1);
  const emptyLists = new Map<number, Set<number>>();
  for (let from = 0; from < rowCount; from += rowsPerRead) {
    const count = Math.min(rowsPerRead, rowCount - from);
    const out = starts.subarray(from, from + count + 1);
    check(native.ss_rows_read(store, from, count, out, new BigInt64Array(count)), action);
    for (const [type, rows] of readEmptyRows(connection, from, from + count)) {
      const known = emptyLists.get(type) ?? new Set();
      for (const row of rows) known.add(from + row);
      emptyLists.set(type, known);
    }
  }
  return { starts, emptyLists };
}

/** Rows of a store in any order, as columns. A cell is moved as two halves, so that no engine changes a NaN's bits. */
export function takeRows(
  connection: Connection,
  fields: readonly Field[],
  index: RowIndex,
  rows: Uint32Array,
): Source[] {
  const starts = Float64Array.from(rows, (row) => index.starts[row]);
  const counts = Uint32Array.from(rows, (row) => index.starts[row + 1] - index.starts[row]);
  const { types, halves, firsts } = gatherTokens(connection, starts, counts);
  const lasts = Float64Array.from(firsts, (first, i) => first + counts[i]);
  // The fields' values stand one after another in one piece, as many as there are tokens.
  const moved = new Uint32Array(halves.length);
  let at = 0;
  return fields.map((field): Source => {
    const offsets = new Int32Array(rows.length + 1);
    const end = takeField(types, halves, firsts, lasts, field.type, moved, at, offsets);
    const values = moved.subarray(2 * at, 2 * end);
    at = end;
    return {
      field,
      values,
      dtype: cellDtype(field),
      firstValue: 0,
      width: null,
      offsets,
      validity: validityOf(offsets, rows, index.emptyLists.get(field.type)),
      valueValidity: null,
      nanForNull: false,
      isList: field.isList,
    };
  });
}

/** Moves the tokens of one field, which stand together in a row, and goes on to the next field in all rows. */
function takeField(
  types: Int32Array,
  halves: Uint32Array,
  firsts: Float64Array,
  lasts: Float64Array,
  type: number,
  moved: Uint32Array,
  start: number,
  offsets: Int32Array,
): number {
  let at = start;
  for (let i = 0; i < firsts.length; i++) {
    let token = firsts[i];
    const last = lasts[i];
    while (token < last && types[token] === type) {
      moved[2 * at] = halves[2 * token];
      moved[2 * at + 1] = halves[2 * token + 1];
      token++;
      at++;
    }
    firsts[i] = token;
    offsets[i + 1] = at - start;
  }
  return at;
}

/** A row without tokens of a field is null there, unless it was written with an empty list. */
function validityOf(
  offsets: Int32Array,
  rows: Uint32Array,
  emptyLists: ReadonlySet<number> | undefined,
): Bitmap | null {
  let bytes: Uint8Array | null = null;
  for (let i = 0; i < rows.length; i++) {
    if (offsets[i + 1] > offsets[i] || emptyLists?.has(rows[i])) continue;
    bytes ??= setBits(rows.length);
    clearBits(bytes, i, 1);
  }
  return bytes && { bytes, firstBit: 0 };
}

/** Copies of the rows' tokens, those of a row in one piece: a native call for each number of tokens that rows have. */
function gatherTokens(connection: Connection, starts: Float64Array, counts: Uint32Array) {
  const { native, store } = connection;
  const total = counts.reduce((sum, count) => sum + count, 0);
  const cells = new BigInt64Array(total);
  const types = new Int32Array(total);
  const placed = new Float64Array(starts.length);
  const rowsOfCount = Map.groupBy(counts.keys(), (i) => counts[i]);
  let at = 0;
  for (const [count, group] of rowsOfCount) {
    if (count === 0) continue;
    const windows = Float64Array.from(group, (i) => starts[i]);
    const end = at + count * group.length;
    const layout = gatherLayout.values.cells + gatherLayout.types;
    check(
      native.ss_window_gather(
        store,
        windows,
        windows.length,
        count,
        layout,
        nothing,
        0,
        cells.subarray(at, end),
        types.subarray(at, end),
        nothing,
      ),
      action,
    );
    group.forEach((i, k) => placed[i] = at + k * count);
    at = end;
  }
  return { types, halves: new Uint32Array(cells.buffer), firsts: placed };
}
