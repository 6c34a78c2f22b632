import type { Connection } from "../store/connection.ts";
import { nothing } from "../native/arguments.ts";
import { StreamStoreError } from "../error.ts";
import {
  allowedValues,
  arrayOver,
  bytesOf,
  type Dtype,
  type DtypeArray,
  isOfDtype,
  isWideInteger,
  newArray,
  toDtype,
} from "../dtypes.ts";
import type { Field } from "../fields.ts";
import { gatherLayout, mark, markSelection } from "../native/abi.ts";
import { runtime } from "../native/load.ts";
import { check, status } from "../native/status.ts";
import type { CellKind } from "../store/cells.ts";

/**
 * A field's value in a row: a number, or a list of shape `[values]` as a typed array, of the field's own dtype. A
 * bigint is a value of an int64 or uint64 field; one of a bool field is 0 or 1. Once a field was written as a list, all
 * its values come as lists. Each list is a copy, but short ones may share a buffer: who transfers it elsewhere takes a
 * `slice` first. Part of {@linkcode Row}.
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

type MutableRow = Record<string, unknown>;
type MakeRow = (step: number | bigint, values: readonly RowValue[]) => MutableRow;

/** So many rows are read at a time, or fewer where they are long: what is read of them stays in the caches. */
const rowsPerPiece = 512;
const tokensPerPiece = 8192;

/** What the native library fills: where rows start, their steps, and their tokens. Nobody else sees any of it. */
const starts = new Float64Array(rowsPerPiece + 1);
const steps = new BigInt64Array(rowsPerPiece);
const stepWords = new Int32Array(steps.buffer);
const sharedTokens = newTokens(tokensPerPiece);

/** Types and cells of tokens, in their order; the cells also as arrays, each made when it is first asked for. */
interface Tokens {
  readonly types: Int32Array;
  readonly cells: ArrayBuffer;
  readonly held: Partial<Record<CellKind, DtypeArray>>;
}

function newTokens(count: number): Tokens {
  return { types: new Int32Array(count), cells: new ArrayBuffer(8 * count), held: {} };
}

/** Makes objects of rows. */
export class RowReader {
  readonly #connection: Connection;
  readonly #fields: readonly Field[];
  readonly #shapes: Shapes;
  /** Of the row that is being made. */
  readonly #values: RowValue[] = [];

  constructor(connection: Connection, fields: readonly Field[]) {
    this.#connection = connection;
    this.#fields = fields;
    this.#shapes = new Shapes(fields);
  }

  /** Rows `[from, to)`. The range must lie within the committed rows. */
  read(from: number, to: number): Row[] {
    const rows: MutableRow[] = [];
    const prototype = this.#fields.some(({ name }) => name in Object.prototype) ? null : Object.prototype;
    for (let token = -1; from + rows.length < to;) {
      token = this.#readPiece(from + rows.length, to, token, rows, prototype);
    }
    for (const { row: number, type } of readMarks(this.#connection, "emptyLists", from, to)) {
      const { name, dtype } = this.#shapes.fieldOf(type);
      // Rows come from files too.
      const row = rows[number - from];
      if (row === undefined) throw damagedMark("read rows", number);
      row[name] = runtime.makeArray(dtype, 0);
    }
    return rows as Row[];
  }

  /** Adds rows from `first` on, which has the token `expected` first unless that is -1. Returns the token behind them. */
  #readPiece(
    first: number,
    to: number,
    expected: number,
    rows: MutableRow[],
    prototype: object | null,
  ): number {
    const { native, store } = this.#connection;
    let count = Math.min(rowsPerPiece, to - first);
    check(native.ss_rows_read(store, first, count, starts, steps), "Cannot read rows");
    // A block may say otherwise than the rows beside it.
    if (expected !== -1 && starts[0] !== expected) check(status.damaged, "Cannot read rows");
    while (count > 1 && starts[count] - starts[0] > tokensPerPiece) count--;
    const tokens = readTokens(this.#connection, starts[0], starts[count]);
    const values = this.#values;
    for (let i = 0; i < count; i++) {
      const end = starts[i + 1] - starts[0];
      let shape = this.#shapes.none;
      let valueCount = 0;
      for (let at = starts[i] - starts[0]; at < end;) {
        const type = tokens.types[at];
        shape = shape.next?.field?.type === type ? shape.next : this.#shapes.after(shape, type);
        let next = at + 1;
        while (next < end && tokens.types[next] === type) next++;
        values[valueCount++] = valueOf(shape.field!, tokens, at, next, first + i);
        at = next;
      }
      rows.push(shape.make(stepAt(i), values, prototype));
    }
    return starts[count];
  }
}
/** So many are known by what comes before them: types come from files, and damaged ones could make any number. */
const shapesMax = 1024;

/** So many rows are made of a shape before there is a function for it, which takes as long to make as some of them. */
const rowsBeforeFunction = 50;

/** The fields that rows have, in the order of their tokens: from none on each leads to what comes next. */
class Shapes {
  readonly none = new Shape(null, null);
  readonly #fieldOfType: ReadonlyMap<number, Field>;
  #count = 0;

  constructor(fields: readonly Field[]) {
    this.#fieldOfType = new Map(fields.map((field) => [field.type, field]));
  }

  /** Types come from files: one that is no field's is damage. */
  fieldOf(type: number): Field {
    const field = this.#fieldOfType.get(type);
    if (field !== undefined) return field;
    throw new StreamStoreError("damaged", `Cannot read rows: a token's type must be a field's, got ${type}`);
  }

  after(shape: Shape, type: number): Shape {
    let next = shape.known?.get(type);
    if (next === undefined) {
      next = new Shape(this.fieldOf(type), shape);
      if (this.#count === shapesMax) return next;
      this.#count++;
      (shape.known ??= new Map()).set(type, next);
    }
    return shape.next = next;
  }
}

/** The fields of a row up to one of them. */
class Shape {
  /** What has come next, by type, and the last of these. */
  known: Map<number, Shape> | null = null;
  next: Shape | null = null;
  #rowCount = 0;
  #names?: readonly string[];
  #make?: MakeRow;

  constructor(readonly field: Field | null, readonly before: Shape | null) {}

  /** An object with these fields, of which `values` has the values. */
  make(step: number | bigint, values: readonly RowValue[], prototype: object | null): MutableRow {
    if (prototype === null) return this.#fill(Object.create(null), step, values);
    if (this.#make === undefined) {
      if (++this.#rowCount < rowsBeforeFunction) return this.#fill({}, step, values);
      this.#make = this.#makeFunction();
    }
    return this.#make(step, values);
  }

  #fill(row: MutableRow, step: number | bigint, values: readonly RowValue[]): MutableRow {
    row.step = step;
    const names = this.#names ??= namesOf(this);
    for (let i = 0; i < names.length; i++) row[names[i]] = values[i];
    return row;
  }

  /** An engine makes and reads an object quickest where its names stand in the code. Not every program allows that. */
  #makeFunction(): MakeRow {
    const properties = namesOf(this).map((name, i) => `${JSON.stringify(name)}: values[${i}]`);
    try {
      return new Function("step", "values", `return { ${["step", ...properties].join()} };`) as MakeRow;
    } catch (error) {
      if (!(error instanceof EvalError)) throw error;
      return (step, values) => this.#fill({}, step, values);
    }
  }
}

function namesOf(shape: Shape): string[] {
  const names: string[] = [];
  for (let at: Shape | null = shape; at?.field != null; at = at.before) names.push(at.field.name);
  return names.reverse();
}

export function damagedMark(action: string, row: number): StreamStoreError {
  return new StreamStoreError(
    "damaged",
    `Cannot ${action}: marks must be in the order of rows, got row ${row}`,
  );
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

/** The tokens from `start` to `end`. They are there until others are read. */
function readTokens({ native, store, kind }: Connection, start: number, end: number): Tokens {
  const length = end - start;
  const tokens = length > tokensPerPiece ? newTokens(length) : sharedTokens;
  if (length === 0) return tokens;
  const layout = gatherLayout.values.cells + gatherLayout.types;
  const [windows, cells, { types }] = [Float64Array.of(start), heldAs(kind, tokens), tokens];
  const code = native.ss_window_gather(store, windows, 1, length, layout, nothing, 0, cells, types, nothing);
  check(code, "Cannot read rows");
  return tokens;
}

function heldAs(element: CellKind, { held, cells }: Tokens): DtypeArray {
  return held[element] ??= arrayOver(element, cells, 0, cells.byteLength / bytesOf(element));
}

function stepAt(place: number): number | bigint {
  const step = stepWords[2 * place + 1] * 2 ** 32 + (stepWords[2 * place] >>> 0);
  return Number.isSafeInteger(step) ? step : steps[place];
}

function valueOf(field: Field, tokens: Tokens, at: number, end: number, row: number): RowValue {
  const held = heldAs(field.element, tokens);
  if (field.isList || end - at !== 1) return listOf(field, held, at, end, row);
  if (field.dtype === field.element) return held[at];
  const one = ones[field.dtype] ??= newArray(field.dtype, 1);
  return isTaken(field, one, 0, held[at]) ? one[0] : sliceOf(field, held, at, end, row)[0];
}

const ones: Partial<Record<Dtype, DtypeArray>> = {};

/** Of more values an engine copies all at once faster than one by one. */
const fewValues = 32;

function listOf(field: Field, held: DtypeArray, at: number, end: number, row: number): DtypeArray {
  const list = runtime.makeArray(field.dtype, end - at);
  if (field.dtype === field.element && list.length > fewValues) {
    list.set(held.subarray(at, end) as never);
    return list;
  }
  for (let i = 0; i < list.length; i++) {
    if (!isTaken(field, list, i, held[at + i])) return sliceOf(field, held, at, end, row);
  }
  return list;
}

/** Puts a cell into an array of the field's dtype. Returns false for a NaN, and for a cell that the field does not hold. */
function isTaken({ dtype }: Field, to: DtypeArray, at: number, cell: number | bigint): boolean {
  to[at] = (typeof cell === "bigint" && !isWideInteger(dtype) ? Number(cell) : cell) as never;
  return to[at] == cell && (dtype !== "bool" || cell <= 1);
}

/** NaNs by their bits. Every value was checked when it was written: a cell that the field does not hold is not what it was. */
function sliceOf(
  { name, dtype, element }: Field,
  all: DtypeArray,
  at: number,
  end: number,
  row: number,
): DtypeArray {
  const held = all.slice(at, end);
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
