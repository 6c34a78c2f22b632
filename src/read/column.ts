import type { Connection } from "../store/connection.ts";
import { nothing, pack } from "../native/arguments.ts";
import type { Session } from "../store/session.ts";
import { checkRange, hasCommitted } from "./row.ts";
import { allowedValues, type ArrayOfDtype, arrayOver, type DtypeArray } from "../dtypes.ts";
import { StreamStoreError } from "../error.ts";
import {
  describe,
  type DtypeOf,
  type Field,
  type FieldList,
  type FieldName,
  type FieldTypeOf,
  wideDtype,
} from "../fields.ts";
import { dtype, extractProgress, extractRequest, fieldKind } from "../native/abi.ts";
import { errorOf, status } from "../native/status.ts";

/** The values of one field, row after row. Returned by {@linkcode StreamStore.column}. */
export interface Column<Values = DtypeArray> {
  /**
   * All values, one row's after another's, in the array of the field's dtype; those of a bool are 0 and 1. Shape
   * `[rows, width]`, or where rows differ `[values]`.
   */
  readonly values: Values;
  /** The number of values in every row, or null where rows differ. A row without the field has 0. */
  readonly width: number | null;
  /**
   * Where rows differ, shape `[rows + 1]`: of the rows that were asked for the one at place `i`, from 0, has the values
   * from `offsets[i]` to `offsets[i + 1]`.
   */
  readonly offsets: Float64Array | null;
}

/** What {@linkcode StreamStore.column} returns for a field: with the array class of its dtype. */
export type ColumnOf<Fields extends FieldList, Key extends FieldName<Fields>> = Column<
  ArrayOfDtype[DtypeOf<FieldTypeOf<Fields, Key>>]
>;

/** Number types that the native library writes. */
export type DtypeName = keyof typeof dtype;

/** Bytes of one value; a bool takes a bit. */
export const dtypeBytes: Readonly<Record<DtypeName, number>> = {
  float64: 8,
  float32: 4,
  float16: 2,
  int64: 8,
  uint64: 8,
  int32: 4,
  uint32: 4,
  int16: 2,
  uint16: 2,
  int8: 1,
  uint8: 1,
  bool: 1 / 8,
};

/** What to take out of the columns. */
export interface ExtractRequest {
  readonly field: Field;
  readonly dtype: DtypeName;
  /** Values of every row; null lays them out with offsets. */
  readonly width: number | null;
  readonly offsetBytes: 0 | 4 | 8;
  readonly firstRow: number;
  readonly endRow: number;
  /** Refuses a value that would not come back as it is: one that a narrower float rounds, a -0 among integers. */
  readonly isExact?: boolean;
}

/** One field of a range of rows, laid out as Arrow wants it. */
export interface Extracted {
  /** The values' bytes, in whole, and how many values they hold. */
  readonly bytes: Uint8Array;
  readonly valueCount: number;
  /** `rows + 1` offsets of 4 or 8 bytes each, where they were asked for. */
  readonly offsets: Uint8Array;
  /** One bit a row, least significant first, unset where the row lacks the field. */
  readonly validity: Uint8Array;
  readonly missingCount: number;
  /** The fewest and the most values in a row. */
  readonly countMin: number;
  readonly countMax: number;
}

/** Thrown to be put into words by the caller, who knows what was asked for. */
export class ExtractError extends Error {
  constructor(
    readonly kind: "inexact" | "width",
    readonly row: number,
    /** The cell that does not convert, or the count that is not the width. */
    readonly cell: bigint,
  ) {
    super(`row ${row} does not convert`);
  }
}

/** Picks one field out of rows, in one native pass where the room for values suffices, else in as few as may be. */
export function extract(connection: Connection, request: ExtractRequest): Extracted {
  const { field, firstRow, endRow, offsetBytes } = request;
  const rowCount = endRow - firstRow;
  const offsets = new Uint8Array(offsetBytes * (rowCount + 1));
  const validity = new Uint8Array(Math.ceil(rowCount / 8)).fill(0xff);
  const progress = new Float64Array(extractProgress.length);
  const total = { nextRow: firstRow, valueCount: 0, missingCount: 0, countMin: Infinity, countMax: 0 };
  let bytes = room(request.dtype, rowCount * (request.width ?? 1));
  while (true) {
    const code = connection.native.ss_column_extract(
      connection.store,
      pack(extractRequest, {
        type: field.type,
        kind: fieldKind[field.element],
        dtype: dtype[request.dtype],
        width: request.width ?? -1,
        firstRow,
        nextRow: total.nextRow,
        endRow,
        valueCount: total.valueCount,
        valuesBytes: bytes.length,
        offsetBytes,
        offsetCount: offsetBytes === 0 ? 0 : rowCount + 1,
        validityBytes: validity.length,
        isExact: request.isExact ? 1 : 0,
      }),
      bytes.length > 0 ? bytes : nothing,
      offsets.length > 0 ? offsets : nothing,
      validity.length > 0 ? validity : nothing,
      progress,
    );
    if (code !== status.ok) throw problemOf(code, progress);
    total.nextRow = progress[extractProgress.nextRow];
    total.valueCount = progress[extractProgress.valueCount];
    total.missingCount += progress[extractProgress.missingCount];
    total.countMin = Math.min(total.countMin, progress[extractProgress.countMin]);
    total.countMax = Math.max(total.countMax, progress[extractProgress.countMax]);
    if (total.nextRow === endRow) break;
    bytes = enlarge(
      bytes,
      request.dtype,
      total.valueCount,
      (endRow - firstRow) / Math.max(1, total.nextRow - firstRow),
    );
  }
  if (rowCount === 0) total.countMin = 0;
  return { bytes, offsets, validity, ...total };
}

function problemOf(code: number, progress: Float64Array): Error {
  const cell = (BigInt(progress[extractProgress.culpritCellHigh]) << 32n) |
    BigInt(progress[extractProgress.culpritCellLow]);
  if (code === status.inexact) return new ExtractError("inexact", progress[extractProgress.culpritRow], cell);
  if (code === status.widthMismatch) {
    return new ExtractError("width", progress[extractProgress.culpritRow], cell);
  }
  return errorOf(code, "Cannot read a column");
}

function room(dtype: DtypeName, valueCount: number): Uint8Array {
  return new Uint8Array(Math.ceil(valueCount * dtypeBytes[dtype] / 8) * 8);
}

/** Room for as many values as the rows done so far let expect, a quarter more, and at least twice as many. */
function enlarge(bytes: Uint8Array, dtype: DtypeName, valueCount: number, rowsRatio: number): Uint8Array {
  const expected = Math.ceil(1.25 * valueCount * rowsRatio);
  const grown = room(dtype, Math.max(expected, 2 * Math.ceil(bytes.length / dtypeBytes[dtype]), 1024));
  grown.set(bytes);
  return grown;
}

/** One field over rows `[from, to)`, as {@linkcode StreamStore.column} says. */
export function readColumn(session: Session, name: string, from?: number, to?: number): Column {
  session.prepareRead("read a column", () => to !== undefined && hasCommitted(session, to));
  const { connection, fields } = session;
  const field = fields.find((candidate) => candidate.name === name);
  if (field === undefined) {
    const names = fields.map((candidate) => candidate.name).join(", ");
    throw new TypeError(`Cannot read a column: the field must be among ${names}, got ${describe(name)}`);
  }
  const rows = { firstRow: from ?? connection.firstRow, endRow: to ?? connection.rowCount };
  checkRange(session, rows.firstRow, rows.endRow, "read a column");
  return tryEven(connection, field, rows) ?? readUneven(connection, field, rows);
}

/**
 * A field's values in its own dtype. Every one was checked when it was written: a cell that the field does not hold is
 * not what it was.
 */
export function extractOwn(connection: Connection, request: Omit<ExtractRequest, "dtype">): Extracted {
  const { field } = request;
  try {
    const extracted = extract(connection, { ...request, dtype: copiedAs(field) });
    // As bits it is refused, and by its row.
    if (field.dtype === "bool" && !isBools(extracted.bytes)) {
      extract(connection, { ...request, dtype: "bool" });
    }
    return extracted;
  } catch (error) {
    const isDamaged = error instanceof ExtractError && error.kind === "inexact";
    throw isDamaged ? damagedCell(request.field, error) : error;
  }
}

function damagedCell({ name, dtype }: Field, { row, cell }: ExtractError): StreamStoreError {
  return new StreamStoreError(
    "damaged",
    `Cannot read a column: "${name}" at row ${row} must be ${allowedValues(dtype)}, got the bits 0x${
      BigInt.asUintN(64, cell).toString(16)
    }`,
  );
}

type Rows = Pick<ExtractRequest, "firstRow" | "endRow">;

/** Rows that differ in how many values they have. */
function readUneven(connection: Connection, field: Field, rows: Rows): Column {
  const request = { field, width: null, offsetBytes: 8, ...rows } as const;
  const extracted = extractOwn(connection, request);
  const values = numbersOver(field, extracted.bytes, extracted.valueCount);
  if (extracted.countMin === extracted.countMax) return { values, width: extracted.countMin, offsets: null };
  return {
    values,
    width: null,
    offsets: Float64Array.from(new BigInt64Array(extracted.offsets.buffer), Number),
  };
}

/** The common field has one token in every row, and needs no offsets. */
function tryEven(connection: Connection, field: Field, rows: Rows): Column | null {
  try {
    const request = { field, width: 1, offsetBytes: 0, ...rows } as const;
    const extracted = extractOwn(connection, request);
    if (extracted.missingCount > 0) return null;
    return {
      values: numbersOver(field, extracted.bytes, rows.endRow - rows.firstRow),
      width: 1,
      offsets: null,
    };
  } catch (error) {
    if (error instanceof ExtractError && error.kind === "width") return null;
    throw error;
  }
}

/** Whether all bytes are 0 or 1; there are whole words of them. */
function isBools(bytes: Uint8Array): boolean {
  const words = new Uint32Array(bytes.buffer, 0, bytes.length >> 2);
  let all = 0;
  for (let i = 0; i < words.length; i++) all |= words[i];
  return (all & 0xfefefefe) === 0;
}

/** A bool is copied as a byte, and not as a bit. */
function copiedAs({ dtype }: Field): DtypeName {
  return dtype === "bool" ? "uint8" : dtype;
}

function numbersOver({ dtype }: Field, bytes: Uint8Array, count: number): DtypeArray {
  return arrayOver(dtype, bytes.buffer, 0, count);
}

const arrayOf = { float64: Float64Array, int64: BigInt64Array, uint64: BigUint64Array } as const;

/** The values of a field in rows, by the row's place among them. */
export function readValues(connection: Connection, field: Field, firstRow: number, endRow: number) {
  const dtype = wideDtype(field);
  const { bytes, offsets } = extract(connection, {
    field,
    dtype,
    width: null,
    offsetBytes: 8,
    firstRow,
    endRow,
  });
  const values = new arrayOf[dtype](bytes.slice().buffer);
  // Numbers of values, which fit into the lower half of each.
  const starts = new Int32Array(offsets.slice().buffer);
  return {
    /** The first value of a row; undefined where it has none. */
    at: (place: number): number | bigint | undefined =>
      starts[2 * place] === starts[2 * place + 2] ? undefined : values[starts[2 * place]],
    /** Whether a row has a value that is neither 0 nor NaN. */
    isTrue: (place: number): boolean => {
      for (let i = starts[2 * place]; i < starts[2 * place + 2]; i++) {
        if (values[i] && !Number.isNaN(values[i])) return true;
      }
      return false;
    },
  };
}
