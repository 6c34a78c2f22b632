import { type Data, makeData, type Null } from "apache-arrow";
import { extract, type Extracted, ExtractError, type ExtractRequest } from "../../read/column.ts";
import type { Connection } from "../../store/connection.ts";
import { cellText, type Field } from "../../fields.ts";
import { isSet } from "./bitmaps.ts";
import { arrowListType, arrowValueType } from "./types.ts";
import { innerCount, type Layout } from "../features.ts";
import { isNullType } from "../value_types.ts";

const action = "convert to a dataset";

/** Rows `[from, to)` of the stream. */
export interface RowRange {
  readonly from: number;
  readonly to: number;
}

/**
 * A field's column: its rows in one piece, converted and laid out as Arrow wants them in one native pass. `emptyRows`,
 * counted from the first of the range, have an empty list. With `isExact` a value that the layout's type would round is
 * refused: nobody has asked for that type.
 */
export function fieldData(
  connection: Connection,
  field: Field,
  layout: Layout,
  range: RowRange,
  emptyRows: readonly number[],
  isExact: boolean,
): Data {
  const outer = layout.levels[0];
  const isFixed = typeof outer !== "string";
  const count = innerCount(layout) * (isFixed ? outer ?? 1 : 1);
  if (isFixed && emptyRows.length > 0) throw wrongCount(field, range.from + emptyRows[0], layout, 0);
  const offsetBytes = isFixed ? 0 : outer === "large_list" ? 8 : 4;
  const width = isFixed ? count : null;
  const extracted = extractInWords(connection, field, layout, range, { width, offsetBytes, isExact });
  if (isNullType(layout.value)) checkNoValue(field, range, extracted);
  const rows = rowValidity(extracted, emptyRows);
  const rowCount = range.to - range.from;
  if (outer === undefined) return valueData(layout, extracted, rowCount, rows);

  const valueCount = isFixed ? rowCount * count : extracted.valueCount;
  let data = valueData(layout, extracted, valueCount, null);
  for (const level of layout.levels.slice(1).reverse()) data = listData(layout, level as number, data);
  if (isFixed) return listData(layout, outer, data, rowCount, rows);
  const offsets = entryOffsets(field, layout, extracted, outer === "large_list");
  return makeData({
    type: arrowListType(outer, data.type) as never,
    length: rowCount,
    ...rows,
    valueOffsets: offsets as never,
    child: data as never,
  });
}

/** Which rows are null; the validity of makeData. */
interface Rows {
  readonly nullCount: number;
  readonly nullBitmap?: Uint8Array;
}

/** A row without tokens is null, unless the field was written there with an empty list. */
function rowValidity(extracted: Extracted, emptyRows: readonly number[]): Rows {
  const { validity } = extracted;
  for (const row of emptyRows) validity[row >> 3] |= 1 << (row & 7);
  const nullCount = extracted.missingCount - emptyRows.length;
  return nullCount === 0 ? { nullCount } : { nullCount, nullBitmap: validity };
}

function checkNoValue(field: Field, { from, to }: RowRange, { countMax, validity }: Extracted): void {
  if (countMax === 0) return;
  for (let row = 0; row < to - from; row++) {
    if (!isSet({ bytes: validity, firstBit: 0 }, row)) continue;
    throw new RangeError(`Cannot ${action}: "${field.name}" at row ${from + row} must be null, got a value`);
  }
}

function valueData(layout: Layout, extracted: Extracted, length: number, rows: Rows | null): Data {
  const type = arrowValueType(layout.value);
  if (isNullType(layout.value)) return makeData({ type: type as Null, length });
  const { buffer } = extracted.bytes;
  const values = layout.value.dtype === "bool"
    ? extracted.bytes
    : new (type.ArrayType as Float64ArrayConstructor)(buffer as ArrayBuffer, 0, length);
  return makeData({ type: type as never, length, nullCount: 0, ...rows, data: values as never });
}

/** Lists of `level` entries each; those of an ArrayND stand in Arrow as lists that could vary. */
function listData(
  layout: Layout,
  level: number,
  child: Data,
  length = child.length / level,
  rows: Rows | null = null,
): Data {
  const shared = { length, nullCount: 0, ...rows, child: child as never };
  if (!layout.isArray) return makeData({ type: arrowListType(level, child.type) as never, ...shared });
  checkOffset(layout, length * level);
  const offsets = Int32Array.from({ length: length + 1 }, (_, i) => i * level);
  return makeData({
    type: arrowListType("list", child.type) as never,
    ...shared,
    valueOffsets: offsets as never,
  });
}

function checkOffset(layout: Layout, offset: number): void {
  if (offset < 2 ** 31) return;
  throw new RangeError(
    `Cannot ${action}: an Array${layout.levels.length}D column must have fewer than ${
      2 ** 31
    } entries, got ${offset}`,
  );
}

/** Offsets in entries of the outermost list, where each entry is `innerCount` values. */
function entryOffsets(
  field: Field,
  layout: Layout,
  extracted: Extracted,
  isLarge: boolean,
): Int32Array | BigInt64Array {
  const buffer = extracted.offsets.buffer as ArrayBuffer;
  const entryValues = innerCount(layout);
  // Of bigints in the one case and of numbers in the other: the arithmetic is the same.
  const offsets = (isLarge ? new BigInt64Array(buffer) : new Int32Array(buffer)) as Int32Array;
  if (entryValues === 1) return offsets;
  const by = (isLarge ? BigInt(entryValues) : entryValues) as number;
  // Offsets before row i are scaled already when it is looked at, so the unscaled ones are carried along.
  let last = offsets[0];
  for (let i = 1; i < offsets.length; i++) {
    const offset = offsets[i];
    if (Number((offset - last) % by) !== 0) throw wrongCount(field, i - 1, layout, Number(offset - last));
    last = offset;
    offsets[i] = offset / by;
  }
  return offsets;
}

/** Says which field, which row and which value has no place in the column. */
function extractInWords(
  connection: Connection,
  field: Field,
  layout: Layout,
  range: RowRange,
  how: Pick<ExtractRequest, "width" | "offsetBytes" | "isExact">,
): Extracted {
  try {
    const dtype = isNullType(layout.value) ? field.dtype : layout.value.dtype;
    return extract(connection, { field, dtype, firstRow: range.from, endRow: range.to, ...how });
  } catch (error) {
    if (!(error instanceof ExtractError)) {
      throw how.offsetBytes === 4 && connection.tokenCount - connection.firstToken >= 2 ** 31
        ? tooManyValues(field, error)
        : error;
    }
    if (error.kind === "width") throw wrongCount(field, error.row, layout, Number(error.cell));
    const { name } = layout.value;
    const isFloat = name.startsWith("float");
    const allowed = isFloat ? `exact in ${name}` : `a value of ${name}`;
    const way = isFloat ? "name that feature to have it rounded, or a wider one" : "name a wider feature";
    const advice = how.isExact ? `; rows before it were loaded as ${name}: ${way}` : "";
    throw new RangeError(
      `Cannot ${action}: "${field.name}" at row ${error.row} must be ${allowed}, got ${
        cellText(field, error.cell)
      }${advice}`,
    );
  }
}

function tooManyValues(field: Field, cause: unknown): RangeError {
  return new RangeError(
    `Cannot ${action}: the lists of "${field.name}" must have fewer than ${
      2 ** 31
    } values in all, got more; make it a LargeList, or use saveDataset, which goes piece by piece`,
    { cause },
  );
}

function wrongCount(field: Field, row: number, layout: Layout, count: number): RangeError {
  const { levels } = layout;
  const inner = innerCount(layout);
  const allowed = levels.length === 0
    ? "one value"
    : typeof levels[0] === "string"
    ? `a multiple of ${inner} values`
    : `${levels[0] * inner} values`;
  return new RangeError(
    `Cannot ${action}: "${field.name}" at row ${row} must have ${allowed}, got a list of ${count}`,
  );
}
