/** A line of CSV: as this package saves it, a list is JSON, and what is not there an empty cell. */
import { jsonOf, numberText } from "./json.ts";
import { printableLines } from "./output.ts";
import type { CellValue } from "./values.ts";

export function csvLine(cells: readonly CellValue[]): string {
  return cells.map((cell) => quoted(cellText(cell))).join(",");
}

function cellText(cell: CellValue): string {
  if (cell === null || cell === undefined) return "";
  if (typeof cell === "string") return printableLines(cell);
  if (typeof cell === "number") return numberText(cell);
  return typeof cell === "bigint" ? String(cell) : jsonOf(cell);
}

/** RFC 4180. */
function quoted(text: string): string {
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
