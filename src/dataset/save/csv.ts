import { type Data, type Schema, type Table, Type, Vector } from "apache-arrow";
import { isSet } from "../arrow/bitmaps.ts";
import { type CellText, presentText, validityOf } from "./cell_text.ts";
import { noText } from "./json_lines.ts";
import { LineBuffer } from "./line_buffer.ts";
import { writePieces } from "./output.ts";

/**
 * Writes tables as CSV (RFC 4180, lines end with a line feed) under a line of names. A null is nothing between the
 * commas; lists are JSON in quotes; numbers are as in JSON lines.
 */
export async function writeCsv(path: string, schema: Schema, tables: Iterable<Table>): Promise<void> {
  await writePieces(path, pieces(schema, tables));
}

function* pieces(schema: Schema, tables: Iterable<Table>): Generator<Uint8Array> {
  const lines = new LineBuffer();
  lines.add(schema.fields.map(({ name }) => quoted(name)).join(",") + "\n");
  // A line of its own with nothing in it would be no row to most readers.
  const nothing = schema.fields.length === 1 ? '""' : "";
  for (const table of tables) {
    for (const { data, numRows } of table.batches) {
      const cells = data.children.map((child: Data, i: number) =>
        csvText(child, schema.fields[i].name, nothing)
      );
      for (let row = 0; row < numRows; row++) {
        let line = cells[0](row);
        for (let i = 1; i < cells.length; i++) line += "," + cells[i](row);
        lines.add(line + "\n");
        if (lines.isFull) yield lines.take();
      }
    }
  }
  yield lines.take();
}

function csvText(data: Data, name: string, nothing: string): CellText {
  const text = rawText(data, name);
  const validity = validityOf(data);
  return validity === null ? text : (row) => isSet(validity, row) ? text(row) : nothing;
}

function rawText(data: Data, name: string): CellText {
  const { typeId } = data.type;
  if (typeId === Type.Utf8 || typeId === Type.LargeUtf8) {
    const vector = new Vector([data]);
    // An empty string is not nothing.
    return (row) => vector.get(row) === "" ? '""' : quoted(vector.get(row));
  }
  const text = presentText(data, (type) => noText("CSV", name, type));
  if (typeId === Type.Dictionary) {
    return (row) => {
      const word = text(row);
      if (word === "null") return "";
      return word.startsWith('"') ? quoted(JSON.parse(word)) : word;
    };
  }
  const isNested = data.children.length > 0;
  return isNested ? (row) => quoted(text(row)) : text;
}

function quoted(text: string): string {
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
