import type { Schema, Table } from "apache-arrow";
import { jsonText } from "./cell_text.ts";
import { writeLines } from "./lines.ts";

/** Writes tables as JSON lines: an object a row, with null where a row lacks a field. */
export async function writeJsonLines(path: string, schema: Schema, tables: Iterable<Table>): Promise<void> {
  const keys = schema.fields.map(({ name }, i) => `${i === 0 ? "{" : ", "}${JSON.stringify(name)}: `);
  await writeLines(path, "", tables, (columns) => {
    const cells = columns.map(jsonText);
    return (row) => {
      let line = "";
      for (let i = 0; i < cells.length; i++) line += keys[i] + cells[i](row);
      return line + "}";
    };
  });
}
