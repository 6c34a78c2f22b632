import { isObject } from "../../json_object.ts";
import { damaged } from "../../decode.ts";
import { type CellBlock, cellFile, type CellRows, dropAdvice } from "./cell_rows.ts";
import { type Cell, markNumbers } from "./cells.ts";
import { arrayTexts, type JsonTexts } from "./json_array.ts";
import type { DatasetFile } from "../../columns.ts";
import { openText, type TextSource, wholeLines } from "./text_source.ts";

type JsonRow = Readonly<Record<string, Cell>>;

/** A file of JSON: an object a line, as Python writes them, or one array of objects. */
export async function openJson(path: string): Promise<DatasetFile> {
  const source = await openText(path);
  async function* read(rows: CellRows): AsyncGenerator<CellBlock> {
    let rowCount = 0;
    for await (const { texts, lines } of await isArray(source) ? arrayTexts(source) : lineTexts(source)) {
      const first = rowCount;
      const place = (row: number) => `row ${first + row} of ${path} (line ${lines[row]})`;
      const found = parseAll(path, texts, lines);
      rowCount += found.length;
      for (const row of found) for (const name in row) rows.note(name);
      const column = (name: string) => found.map((row) => Object.hasOwn(row, name) ? row[name] : undefined);
      yield { rowCount: found.length, column, place };
    }
  }
  return cellFile(source, read, () => dropAdvice);
}

/** An array begins with a bracket, which no line of an object does. */
async function isArray(source: TextSource): Promise<boolean> {
  for await (const text of source.texts()) {
    const begin = text.trimStart();
    if (begin !== "") return begin[0] === "[";
  }
  return false;
}

async function* lineTexts(source: TextSource): AsyncGenerator<JsonTexts> {
  let lineCount = 0;
  for await (const block of wholeLines(source)) {
    const [texts, lines]: [string[], number[]] = [[], []];
    for (const line of block.split("\n")) {
      lineCount++;
      if (line.trim() === "") continue;
      texts.push(line);
      lines.push(lineCount);
    }
    // A block ends with a line's end, behind which the next line begins.
    if (block.endsWith("\n")) lineCount--;
    yield { texts, lines };
  }
}

/** All at once, which is faster; one by one only to find the one that is wrong. */
function parseAll(path: string, texts: readonly string[], lines: readonly number[]): JsonRow[] {
  try {
    const rows = JSON.parse(`[${markNumbers(texts.join(","))}]`) as JsonRow[];
    if (rows.length === texts.length && rows.every(isObject)) return rows;
  } catch {
    // Said below.
  }
  for (const [i, text] of texts.entries()) {
    if (isObject(tryParse(markNumbers(text)))) continue;
    throw damaged(
      `Cannot read ${path}: line ${lines[i]} must be a JSON object, got ${
        text.trim().slice(0, 60) || "nothing"
      }`,
    );
  }
  throw damaged(`Cannot read ${path}: every line must be one JSON object`);
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
