import type { Connection } from "../../store/connection.ts";
import { type Field, wideDtype } from "../../fields.ts";
import { isSet } from "../table/bitmaps.ts";
import { fieldData, type RowRange } from "../table/field_data.ts";
import { parseValueType } from "../value_types.ts";
import type { Numbers } from "./element_stats.ts";
import { saving } from "./refusals.ts";

/** A field's numbers in some rows, as it holds them. */
export interface FieldValues {
  readonly numbers: Numbers;
  /** How many each row has. */
  readonly width: number;
  readonly has: (row: number) => boolean;
}

/**
 * Reads a field, with so many values a row; null takes what one row has.
 *
 * @throws {RangeError} If a row has another number of values.
 */
export function fieldValues(
  connection: Connection,
  field: Field,
  width: number | null,
  range: RowRange,
): FieldValues {
  const value = parseValueType(wideDtype(field))!;
  const levels = width === null ? ["list" as const] : width === 1 ? [] : [width];
  const data = fieldData(connection, field, { value, levels, isArray: false }, range, [], false);
  const numbers = (levels.length === 0 ? data : data.children[0]).values as Numbers;
  const validity = data.nullCount === 0 ? null : { bytes: data.nullBitmap as Uint8Array, firstBit: 0 };
  return {
    numbers,
    width: width ?? Math.max(1, numbers.length),
    has: (row) => validity === null || isSet(validity, row - range.from),
  };
}

/** The same, where no row may lack the field. */
export function everyFieldValue(
  connection: Connection,
  field: Field,
  width: number,
  range: RowRange,
): Numbers {
  const { numbers, has } = fieldValues(connection, field, width, range);
  for (let row = range.from; row < range.to; row++) {
    if (has(row)) continue;
    throw new RangeError(
      `Cannot ${saving}: "${field.name}" at row ${row} must have a value, as every frame has of every feature; the option fields can leave it out`,
    );
  }
  return numbers;
}
