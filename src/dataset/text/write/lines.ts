import type { Data, Table } from "apache-arrow";
import { writePieces } from "../../files/output.ts";
import type { CellText } from "./cell_text.ts";

/** Lines of so much text are taken as UTF-8 together. */
const pieceCharacters = 1 << 20;

/** Writes a line for each row of tables behind what the file begins with. */
export async function writeLines(
  path: string,
  begin: string,
  tables: Iterable<Table>,
  lineOf: (columns: readonly Data[]) => CellText,
): Promise<void> {
  await writePieces(path, pieces(begin, tables, lineOf));
}

function* pieces(
  begin: string,
  tables: Iterable<Table>,
  lineOf: (columns: readonly Data[]) => CellText,
): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  let text = begin;
  for (const table of tables) {
    for (const { data, numRows } of table.batches) {
      const line = lineOf(data.children);
      for (let row = 0; row < numRows; row++) {
        text += line(row) + "\n";
        if (text.length < pieceCharacters) continue;
        yield encoder.encode(text);
        text = "";
      }
    }
  }
  yield encoder.encode(text);
}
