import type { Connection } from "../store/connection.ts";
import { nothing } from "../native/arguments.ts";
import { StreamStoreError } from "../error.ts";
import { allowedValues, arrayOver, bytesOf, type DtypeArray, isOfDtype, toDtype } from "../dtypes.ts";
import type { Field } from "../fields.ts";
import { gatherLayout, mark, markSelection } from "../native/abi.ts";
import { check } from "../native/status.ts";
import { narrowStep } from "../steps.ts";

/**
 * A field's value in a row: a number, or a list of shape `[values]` as a typed array, of the field's own dtype. A
 * bigint is a value of an int64 or uint64 field; one of a bool field is 0 or 1. Once a field was written as a list, all
 * its values come as lists. Part of {@linkcode Row}.
 */
export type RowValue = number | bigint | DtypeArray;

/**
 * One row: its step, and the fields that it has by name. A step is a bigint where a number would not be exact. In a
 * store with a field whose name objects inherit, such as `constructor`, rows have no prototype. Returned by
 * {@linkcode StreamStore.row} and {@linkcode StreamStore.rows}.
 */
export type Row<Name extends string = string> =
  & { readonly step: number | bigint }
  & {
    readonly [Field in Name]?: RowValue;
  };

/** What the tokens alone do not say; see zig/src/format/format.zig. */
export interface Mark {
  readonly row: number;
  /** The type ID of the field that it is about; of a session 0. */
  readonly type: number;
}

export type MarkSelection = keyof typeof markSelection;

/** Rows `[from, to)`. The range must lie within the committed rows. */
export function readRows(connection: Connection, fields: readonly Field[], from: number, to: number): Row[] {
  const count = to - from;
  const starts = new Float64Array(count + 1);
  const steps = new BigInt64Array(Math.max(1, count));
  check(connection.native.ss_rows_read(connection.store, from, count, starts, steps), "Cannot read rows");
  const tokens = readTokens(connection, starts[0], starts[count]);
  const fieldOfType = new Map(fields.map((field) => [field.type, field]));
  const prototype = fields.some(({ name }) => name in Object.prototype) ? null : Object.prototype;
  const rows = Array.from({ length: count }, (_, i) => {
    const row: Record<string, unknown> = prototype === null ? Object.create(null) : {};
    row.step = narrowStep(steps[i]);
    let at = starts[i] - starts[0];
    const end = starts[i + 1] - starts[0];
    while (at < end) {
      const field = fieldOf(fieldOfType, tokens.types[at]);
      let next = at + 1;
      while (next < end && tokens.types[next] === field.type) next++;
      row[field.name] = valueOf(field, tokens.cells, at, next, from + i);
      at = next;
    }
    return row;
  });
  for (const { row: number, type } of readMarks(connection, "emptyLists", from, to)) {
    const field = fieldOf(fieldOfType, type);
    // Rows come from files too.
    const row = rows[number - from];
    if (row === undefined) throw damagedMark("read rows", number);
    row[field.name] = valueOf({ ...field, isList: true }, tokens.cells, 0, 0, number);
  }
  return rows as Row[];
}

export function damagedMark(action: string, row: number): StreamStoreError {
  return new StreamStoreError(
    "damaged",
    `Cannot ${action}: marks must be in the order of rows, got row ${row}`,
  );
}

/** Types come from files: one that is no field's is damage. */
function fieldOf(fieldOfType: ReadonlyMap<number, Field>, type: number): Field {
  const field = fieldOfType.get(type);
  if (field !== undefined) return field;
  throw new StreamStoreError("damaged", `Cannot read rows: a token's type must be a field's, got ${type}`);
}

/** Marks of rows `[from, to)`, in row order. */
export function readMarks(
  connection: Connection,
  selection: MarkSelection,
  from: number,
  to: number,
): Mark[] {
  const length = countMarks(connection, selection, from, to);
  if (length === 0) return [];
  const words = new Int32Array(mark.length * length);
  readMarkWords(connection, selection, from, to, words);
  const view = new DataView(words.buffer);
  return Array.from({ length }, (_, i) => {
    const at = mark.length * i;
    const row = Number(view.getBigUint64(words.BYTES_PER_ELEMENT * (at + mark.row), true));
    return { row, type: words[at + mark.type] };
  });
}

/** How many marks rows `[from, to)` have. */
export function countMarks(
  connection: Connection,
  selection: MarkSelection,
  from: number,
  to: number,
): number {
  return connection.markCount === 0 ? 0 : readMarkWords(connection, selection, from, to, new Int32Array(0));
}

/** The index of a row's first token. */
export function firstTokenOf({ native, store }: Connection, row: number): number {
  const starts = new Float64Array(1);
  check(native.ss_rows_read(store, row, 0, starts, nothing), "Cannot read rows");
  return starts[0];
}

/** Reads as many marks as fit into `words`; returns how many there are. */
function readMarkWords(
  { native, store }: Connection,
  selection: MarkSelection,
  from: number,
  to: number,
  words: Int32Array,
): number {
  const count = new Float64Array(1);
  const out = words.length > 0 ? words : nothing;
  const wanted = markSelection[selection];
  const code = native.ss_marks_read(store, wanted, from, to, out, words.length / mark.length, count);
  check(code, "Cannot read marks");
  return count[0];
}

function readTokens(
  connection: Connection,
  start: number,
  end: number,
): { types: Int32Array; cells: ArrayBuffer } {
  const length = end - start;
  const types = new Int32Array(length);
  const cells = new Uint8Array(length * bytesOf(connection.kind));
  const layout = gatherLayout.values.cells + gatherLayout.types;
  if (length > 0) {
    const windows = Float64Array.of(start);
    const { native, store } = connection;
    check(
      native.ss_window_gather(store, windows, 1, length, layout, nothing, 0, cells, types, nothing),
      "Cannot read rows",
    );
  }
  return { types, cells: cells.buffer };
}

function valueOf(field: Field, cells: ArrayBuffer, at: number, end: number, row: number): RowValue {
  const values = sliceOf(field, cells, at, end, row);
  return field.isList || end - at !== 1 ? values : values[0];
}

/** Every value was checked when it was written: a cell that the field does not hold is not what it was. */
function sliceOf(field: Field, cells: ArrayBuffer, at: number, end: number, row: number): DtypeArray {
  const { name, dtype, element } = field;
  const bytes = bytesOf(element);
  const held = arrayOver(element, cells.slice(bytes * at, bytes * end), 0, end - at);
  const values = toDtype(dtype, element, held);
  for (let i = 0; i < held.length; i++) {
    if (isOfDtype(dtype, values[i], held[i])) continue;
    throw new StreamStoreError(
      "damaged",
      `Cannot read rows: "${name}" at row ${row} must be ${allowedValues(dtype)}, got ${held[i]}`,
    );
  }
  return values;
}
