import type { Data, Schema, Table } from "apache-arrow";
import { jsonText } from "./cell_text.ts";
import { writePieces } from "../../files/output.ts";
import { LineBuffer } from "./line_buffer.ts";

/** Writes tables as JSON lines: an object a row, with null where a row lacks a field. */
export async function writeJsonLines(path: string, schema: Schema, tables: Iterable<Table>): Promise<void> {
  await writePieces(path, pieces(schema, tables));
}

function* pieces(schema: Schema, tables: Iterable<Table>): Generator<Uint8Array> {
  const keys = schema.fields.map(({ name }, i) => `${i === 0 ? "{" : ", "}${JSON.stringify(name)}: `);
  const lines = new LineBuffer();
  for (const table of tables) {
    for (const { data, numRows } of table.batches) {
      const cells = data.children.map((child: Data) => jsonText(child));
      for (let row = 0; row < numRows; row++) {
        let line = "";
        for (let i = 0; i < cells.length; i++) line += keys[i] + cells[i](row);
        lines.add(line + "}\n");
        if (lines.isFull) yield lines.take();
      }
    }
  }
  yield lines.take();
}
