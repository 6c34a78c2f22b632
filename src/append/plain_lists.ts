import { isWideInteger } from "../dtypes.ts";
import type { Field } from "../fields.ts";
import type { Cells } from "./narrow.ts";
import { type FieldValue, listLength, writeList } from "./values.ts";

/**
 * Writes a list of at most `lengthMax` values of a field that is known as one, and returns its length, or 0 for what is
 * not plain. What is short is taken into the code that calls it.
 */
export function writePlainList(
  cells: Cells,
  at: number,
  field: Field,
  list: FieldValue,
  lengthMax: number,
): number {
  return field.isList && list instanceof Float32Array && ArrayBuffer.isView(list) && takesFloats(field)
    ? writePlainFloats(cells.values, at, list, lengthMax)
    : writeOthers(cells, at, field, list, lengthMax);
}

/** Whether a field's lists are written by `writePlainFloats` where they are Float32Arrays. */
export function takesFloats({ dtype }: Field): boolean {
  return dtype === "float64" || dtype === "float32";
}

function writeOthers(cells: Cells, at: number, field: Field, list: FieldValue, lengthMax: number): number {
  if (!field.isList || isWideInteger(field.dtype) || typeof list !== "object" || list === null) return 0;
  const length = listLength(field, list);
  if (length <= 0 || length > lengthMax) return 0;
  writeList(cells, at, field, list, length);
  return length;
}

/** The same of floats. */
export function writePlainFloats(
  values: Float64Array,
  at: number,
  list: Float32Array,
  lengthMax: number,
): number {
  const said = list.length;
  if (typeof said !== "number") return 0;
  // Own properties and subclasses may say another length than there are elements: those at its end tell.
  const length = said | 0;
  if (length <= 0 || length > lengthMax) return 0;
  if (list[length - 1] === undefined || list[length] !== undefined) return 0;
  for (let i = 0; i < length; i++) {
    const element = list[i];
    values[at + i] = element;
    // A NaN may lose its payload on its way through a number.
    if (element !== element) return 0;
  }
  return length;
}
