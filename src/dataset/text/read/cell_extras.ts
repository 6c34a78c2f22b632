import type { ExtraRows } from "../../../append/extra_rows.ts";
import { ExtraError, rowsOfValues } from "../../extras/pieces.ts";
import type { ExtraForm } from "../../extras/wanted.ts";
import { type Cell, jsonOf, pathOf, unmark } from "./cells.ts";
import { CellError } from "./cell_columns.ts";

const encoder = new TextEncoder();

/** Cells of a column that is an extra: null and what is not there are null, and of a picture that is elsewhere text is the path. */
export function extraCells(cells: readonly Cell[], form: ExtraForm): ExtraRows {
  return rowsOfValues(cells.map((given, row) => {
    const path = form === "string" ? pathOf(given) : undefined;
    const cell = path === undefined ? given : path;
    if (cell === null || cell === undefined) return null;
    if (form === "json") return encoder.encode(jsonOf(cell));
    if (typeof cell !== "string" || unmark(cell) !== cell) {
      throw new CellError(row, 'a text; as an extra of "json" whatever stands there is kept', cell);
    }
    if (cell.isWellFormed()) return encoder.encode(cell);
    throw new ExtraError(row, "well-formed text", "a lone surrogate");
  }));
}
