import type { Bitmap, Source } from "../../append/batch.ts";
import type { Connection } from "../../store/connection.ts";
import { nothing } from "../../native/arguments.ts";
import { bytesOf } from "../../dtypes.ts";
import type { Field } from "../../fields.ts";
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

/** Cells as numbers that no engine allocates: those of 64 bits are two each. */
type Words = Uint32Array | Uint16Array | Uint8Array;

function wordsOver({ kind }: Connection, buffer: ArrayBuffer): Words {
  if (bytesOf(kind) === 1) return new Uint8Array(buffer);
  return bytesOf(kind) === 2 ? new Uint16Array(buffer) : new Uint32Array(buffer);
}

/** Words of a cell. */
const perCellOf = ({ kind }: Connection) => bytesOf(kind) === 8 ? 2 : 1;

/** Rows of a store in any order, as columns. Cells are moved as integers, so that no engine changes a NaN's bits. */
export function takeRows(
  connection: Connection,
  fields: readonly Field[],
  index: RowIndex,
  rows: Uint32Array,
): Source[] {
  const starts = Float64Array.from(rows, (row) => index.starts[row]);
  const counts = Uint32Array.from(rows, (row) => index.starts[row + 1] - index.starts[row]);
  const { types, cells, firsts } = gatherTokens(connection, starts, counts);
  const lasts = Float64Array.from(firsts, (first, i) => first + counts[i]);
  // The fields' values stand one after another in one piece, as many as there are tokens.
  const moved = wordsOver(connection, new ArrayBuffer(cells.byteLength));
  const perCell = perCellOf(connection);
  let at = 0;
  return fields.map((field): Source => {
    const offsets = new Int32Array(rows.length + 1);
    const end = takeField(types, cells, perCell, firsts, lasts, field.type, moved, at, offsets);
    const values = moved.subarray(perCell * at, perCell * end);
    at = end;
    return {
      field,
      values,
      dtype: field.element,
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
  cells: Words,
  perCell: number,
  firsts: Float64Array,
  lasts: Float64Array,
  type: number,
  moved: Words,
  start: number,
  offsets: Int32Array,
): number {
  let at = start;
  for (let i = 0; i < firsts.length; i++) {
    const first = firsts[i];
    const last = lasts[i];
    let end = first;
    while (end < last && types[end] === type) end++;
    let to = perCell * at;
    for (let from = perCell * first; from < perCell * end; from++) moved[to++] = cells[from];
    at += end - first;
    firsts[i] = end;
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
  const cells = wordsOver(connection, new ArrayBuffer(total * bytesOf(connection.kind)));
  const types = new Int32Array(total);
  const perCell = perCellOf(connection);
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
        cells.subarray(perCell * at, perCell * end),
        types.subarray(at, end),
        nothing,
      ),
      action,
    );
    group.forEach((i, k) => placed[i] = at + k * count);
    at = end;
  }
  return { types, cells, firsts: placed };
}
