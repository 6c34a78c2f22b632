import type { Connection } from "../../store/connection.ts";
import { readMarks } from "../../read/rows.ts";

/** Rows of `[from, to)` in which a field was written with an empty list, of which no token tells: counted from `from`, by type ID. */
export function readEmptyRows(connection: Connection, from: number, to: number): Map<number, number[]> {
  const marks = readMarks(connection, "emptyLists", from, to);
  const byType = Map.groupBy(marks, ({ type }) => type);
  return new Map(Array.from(byType, ([type, marks]) => [type, marks.map(({ row }) => row - from)]));
}
