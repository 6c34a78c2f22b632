/** How wide the columns of a table are: as their titles and first rows need, within limits; in characters. */
import type { TableValue } from "../../protocol.ts";
import { valueText } from "../row_values.ts";

const charactersMin = 6;
const charactersMax = 42;
const pictureCharacters = 14;

/** Columns never become narrower, so that a table does not tremble while it is scrolled. */
export function grown(
  widths: readonly number[],
  values: readonly TableValue[],
  dtypes: readonly (string | undefined)[],
): number[] {
  return widths.map((width, at) => {
    const value = values[at];
    if (value !== null && typeof value === "object" && "byteLength" in value && "image" in value) {
      return Math.max(width, pictureCharacters);
    }
    const isPlain = value === undefined || value === null || typeof value !== "object" ||
      Array.isArray(value);
    const text = isPlain ? valueText((value ?? null) as never, dtypes[at]) : "x".repeat(charactersMax);
    return Math.max(width, Math.min(charactersMax, text.length + 2));
  });
}

export function titleWidth(title: string): number {
  return Math.min(charactersMax, Math.max(charactersMin, title.length + 2));
}
