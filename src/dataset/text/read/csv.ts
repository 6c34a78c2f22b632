import Papa from "papaparse";
import { damaged } from "../../decode.ts";
import { parseName } from "../../formats.ts";
import type { DatasetFile } from "../../columns.ts";
import { type CellBlock, cellFile, type CellRows, dropAdvice } from "./cell_rows.ts";
import { type Cell, markNumbers } from "./cells.ts";
import type { CsvOptions } from "./csv_options.ts";
import { allowedDate, parseDate } from "./dates.ts";
import { markQuotedNothing, quotedNothing } from "./quoted.ts";
import { countLines, openText, type TextSource, wholeLines } from "./text_source.ts";

/** A file of CSV under a line of names. */
export async function openCsv(path: string, options: CsvOptions): Promise<DatasetFile> {
  const source = await openText(path);
  const delimiter = options.delimiter ?? (parseName(path)?.ending === "tsv" ? "\t" : ",");
  const nulls = new Set(options.nulls);
  const dates = new Set(options.dates);
  async function* read(rows: CellRows, action: string): AsyncGenerator<CellBlock> {
    let names: readonly string[] | null = null;
    let [rowCount, lineCount] = [0, 0];
    for await (const text of wholeRows(source)) {
      const [firstRow, firstLine] = [rowCount, lineCount + 1];
      const { cells, lineOf, error } = parseRows(text, delimiter, names?.length);
      if (error !== null) {
        throw damaged(`Cannot read ${path}: ${error.message}, from line ${firstLine + error.line}`);
      }
      if (names === null) {
        names = (cells.shift() ?? []).map(plain);
        names.forEach((name) => rows.note(name));
        checkDates(path, dates, names);
      }
      const places = new Map(names.map((name, i) => [name, i]));
      const place = (row: number) => `row ${firstRow + row} of ${path} (line ${firstLine + lineOf(row)})`;
      const width = names.length;
      const odd = cells.findIndex(({ length }) => length !== width);
      if (odd >= 0) {
        throw damaged(`Cannot ${action}: ${place(odd)} must have ${width} cells, got ${cells[odd].length}`);
      }
      rowCount += cells.length;
      lineCount += countLines(text);
      const column = (name: string) => {
        const at = places.get(name);
        if (at === undefined) return new Array<Cell>(cells.length).fill(undefined);
        if (!dates.has(name)) return cells.map((row) => cellOf(row[at], nulls));
        return cells.map(({ [at]: cell }, row) => {
          if (isNothing(cell) || nulls.has(cell)) return null;
          const date = parseDate(cell);
          if (date === null) throw rows.refuse(name, place(row), allowedDate, cell);
          return date;
        });
      };
      // Of a row with one cell quotes alone are nothing: without them it would be no row.
      const textOf = width === 1 ? (cell: string) => isNothing(cell) ? null : cell : textOfCell;
      const texts = (name: string) =>
        cells.map(({ [places.get(name)!]: cell }) => nulls.has(plain(cell)) ? null : textOf(cell));
      yield { rowCount: cells.length, column, texts, place };
    }
  }
  return cellFile(source, read, advise, dates);
}

/** Null where nothing stands, also within quotes. */
function isNothing(cell: string): boolean {
  return cell === "" || cell === quotedNothing;
}

/** Null where nothing stands; within quotes that is an empty text. */
function textOfCell(cell: string): string | null {
  return cell === "" ? null : plain(cell);
}

function plain(cell: string): string {
  return cell === quotedNothing ? "" : cell;
}

/** Words that many programs write for null. */
const nullWord = /^(?:#?n\/?a|null|none|nil|missing|undefined|\\n|[-.?]+)$/i;

/** What to do about a cell that is no number, or about a file whose columns are not told apart. */
function advise(name: string, cell: Cell): string {
  if (typeof cell !== "string") return dropAdvice;
  const list = (word: string) => `[${JSON.stringify(word)}]`;
  if (parseDate(cell) !== null) return `; csv: { dates: ${list(name)} } reads dates`;
  if (nullWord.test(cell)) return `; csv: { nulls: ${list(cell)} } reads it as null`;
  return dropAdvice;
}

function checkDates(path: string, dates: ReadonlySet<string>, names: readonly string[]): void {
  const odd = [...dates].find((name) => !names.includes(name));
  if (odd === undefined) return;
  throw new RangeError(
    `Cannot read ${path}: csv.dates must name columns (${names.join(", ")}), got ${JSON.stringify(odd)}`,
  );
}

/** Lines may end within quotes; as many quotes as make pairs say that they do not. */
async function* wholeRows(source: TextSource): AsyncGenerator<string> {
  let held = "";
  let quoteCount = 0;
  for await (const lines of wholeLines(source)) {
    held += lines;
    for (let at = lines.indexOf('"'); at >= 0; at = lines.indexOf('"', at + 1)) quoteCount++;
    if (quoteCount % 2 === 1) continue;
    yield held;
    held = "";
  }
  if (held !== "") yield held;
}

/** The cells of a text of whole rows; in which line a row begins, from 0; and what is wrong with the text. */
function parseRows(text: string, delimiter: string, width: number | undefined) {
  // papaparse brings no types along, and who checks a program that uses this package need not have installed any.
  const marked = markQuotedNothing(text.replace(/\r?\n$/, ""), delimiter);
  const { data, errors } = Papa.parse(marked, { delimiter, header: false }) as {
    readonly data: string[][];
    readonly errors: readonly { readonly message: string; readonly row?: number }[];
  };
  // An empty line is a row only where a row has one cell.
  const hasEmptyRows = (width ?? data[0]?.length) === 1;
  const cells = hasEmptyRows
    ? [...data]
    : data.filter(({ length, 0: first }) => length > 1 || !isNothing(first));
  // What stands in front of it: a line each, and those that end within cells.
  const lineOf = (row: string[]) =>
    data.slice(0, data.indexOf(row)).reduce((sum, before) => sum + 1 + countLines(before.join("")), 0);
  const [error = null] = errors;
  return {
    cells,
    lineOf: (row: number) => lineOf(cells[row]),
    error: error && { message: error.message, line: lineOf(data[error.row ?? 0]) },
  };
}

const number = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const words: ReadonlyMap<string, Cell> = new Map<string, Cell>([
  ["", null],
  [quotedNothing, null],
  ["true", true],
  ["false", false],
  ["nan", NaN],
  ["-nan", NaN],
  ["inf", Infinity],
  ["infinity", Infinity],
  ["-inf", -Infinity],
  ["-infinity", -Infinity],
]);

function cellOf(text: string, nulls: ReadonlySet<string>): Cell {
  if (nulls.size > 0 && nulls.has(text)) return null;
  if (number.test(text)) {
    const value = Number(text);
    return Number.isSafeInteger(value) || !/^[+-]?\d+$/.test(text) ? value : BigInt(text.replace(/^\+/, ""));
  }
  const word = words.get(text.toLowerCase());
  if (word !== undefined) return word;
  if (!text.startsWith("[")) return text;
  try {
    return JSON.parse(markNumbers(text));
  } catch {
    return text;
  }
}
