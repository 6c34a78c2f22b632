import type { Source } from "../../append/batch.ts";
import { describe } from "../../fields.ts";
import { isSet } from "./bitmaps.ts";
import { featureOf } from "../features.ts";
import type { LoadedColumn } from "../known_features.ts";
import { parseValueType } from "../value_types.ts";

/** Whether a null inside a list becomes NaN. */
export function checkNullInList(nullInList: unknown, action: string): boolean {
  if (nullInList === undefined || nullInList === "error" || nullInList === "nan") return nullInList === "nan";
  throw new RangeError(`Cannot ${action}: nullInList must be "error" or "nan", got ${describe(nullInList)}`);
}

/** Where NaN stands for nulls among integers, the column must go out as floats. */
export function allowNan(column: LoadedColumn, source: Source, rowCount: number): void {
  const { layout } = column;
  if (!source.nanForNull || layout.value.name.startsWith("float") || !hasNull(source, rowCount)) return;
  column.feature = featureOf({ ...layout, value: parseValueType("float64")! });
}

/** Whether a list that is not null itself holds a null. */
function hasNull(source: Source, rowCount: number): boolean {
  const { valueValidity, validity, offsets, width, firstValue } = source;
  if (valueValidity === null) return false;
  for (let row = 0; row < rowCount; row++) {
    if (validity !== null && !isSet(validity, row)) continue;
    const [from, to] = offsets === null
      ? [row * width!, (row + 1) * width!]
      : [Number(offsets[row]), Number(offsets[row + 1])];
    for (let value = from; value < to; value++) if (!isSet(valueValidity, firstValue + value)) return true;
  }
  return false;
}
