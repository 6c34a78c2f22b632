/** The text of each frame's task, as an extra. */
import type { Source } from "../../append/batch.ts";
import type { ExtraPiece } from "../extras/pieces.ts";
import { rowsOfValues } from "../extras/pieces.ts";
import type { WantedExtra } from "../extras/wanted.ts";
import { isSet } from "../table/bitmaps.ts";
import { numberAt } from "../value_types.ts";
import { damaged, shown } from "./refusals.ts";

/** What LeRobot calls it in a frame that it gives or takes. */
export const taskExtra = "task";

/** So many rows go to the store at once: a text is long, and the same in many rows. */
const rowsPerPiece = 4096;

/** The texts of rows whose numbers of tasks these are. */
export function* taskPieces(
  extra: WantedExtra,
  tasks: readonly string[],
  { values, dtype, firstValue, validity }: Source,
  rowCount: number,
  placeOf: (row: number) => string,
): Generator<ExtraPiece> {
  const texts = tasks.map((task) => new TextEncoder().encode(task));
  const textAt = (row: number) => {
    const isPresent = validity === null || isSet(validity, row);
    const task = isPresent ? Number(numberAt(values, dtype, firstValue + row)) : null;
    const text = task === null ? undefined : texts[task];
    if (text !== undefined) return text;
    throw damaged(
      `${placeOf(row)} must be of a task, "task_index" 0 to ${tasks.length - 1}, got ${shown(task)}`,
    );
  };
  for (let firstRow = 0; firstRow < rowCount; firstRow += rowsPerPiece) {
    const length = Math.min(rowsPerPiece, rowCount - firstRow);
    const rows = rowsOfValues(Array.from({ length }, (_, i) => textAt(firstRow + i)), firstRow);
    yield { extra, firstRow, feature: { dtype: "string", _type: "Value" }, ...rows };
  }
}
