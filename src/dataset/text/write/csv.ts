import { type Data, type Schema, type Table, Type } from "apache-arrow";
import { isSet } from "../../table/bitmaps.ts";
import { type CellText, presentText, textOf, validityOf } from "./cell_text.ts";
import { writeLines } from "./lines.ts";

/**
 * Writes tables as CSV (RFC 4180, lines end with a line feed) under a line of names. A null is nothing between the
 * commas; lists are JSON in quotes; numbers are as in JSON lines.
 */
export async function writeCsv(path: string, { fields }: Schema, tables: Iterable<Table>): Promise<void> {
  const names = fields.map(({ name }) => quoted(name)).join(",");
  // A line of its own with nothing in it would be no row to most readers.
  const nothing = fields.length === 1 ? '""' : "";
  await writeLines(path, names + "\n", tables, (columns) => {
    const cells = columns.map((column) => csvText(column, nothing));
    return (row) => {
      let line = cells[0](row);
      for (let i = 1; i < cells.length; i++) line += "," + cells[i](row);
      return line;
    };
  });
}

function csvText(data: Data, nothing: string): CellText {
  const text = rawText(data, nothing);
  const validity = validityOf(data);
  return validity === null ? text : (row) => isSet(validity, row) ? text(row) : nothing;
}

function rawText(data: Data, nothing: string): CellText {
  const { typeId } = data.type;
  if (typeId === Type.Utf8 || typeId === Type.LargeUtf8 || typeId === Type.Utf8View) {
    const text = textOf(data);
    return (row) => stringText(text(row));
  }
  const text = presentText(data);
  if (typeId === Type.Dictionary) {
    return (row) => {
      const word = text(row);
      if (word === "null") return nothing;
      return word.startsWith('"') ? stringText(JSON.parse(word)) : quoted(word);
    };
  }
  const isNested = data.children.length > 0;
  return isNested ? (row) => quoted(text(row)) : text;
}

/** An empty string is not nothing. */
function stringText(text: string): string {
  return text === "" ? '""' : quoted(text);
}

function quoted(text: string): string {
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
