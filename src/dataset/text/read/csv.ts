import { damaged } from "../../decode.ts";
import { isNamedTsv } from "../../formats.ts";
import { CellRows, dropAdvice } from "./cell_rows.ts";
import { type Cell, markNumbers } from "./cells.ts";
import type { CsvOptions } from "./csv_options.ts";
import { allowedDate, parseDate } from "./dates.ts";
import type { Block, RowFile, Wanted } from "../../rows.ts";
import { findRow, parseCells } from "./papaparse.ts";
import { countLines, textBlocks } from "./text_lines.ts";
import { openText } from "./text_source.ts";

/** A file of CSV under a line of names. */
export async function openCsv(path: string, options: CsvOptions): Promise<RowFile> {
  const source = await openText(path);
  const delimiter = options.delimiter ?? (isNamedTsv(path) ? "\t" : ",");
  const nulls = new Set(options.nulls);
  const dates = new Set(options.dates);
  async function* blocks(wanted: Wanted, action: string): AsyncGenerator<Block> {
    const rows = new CellRows(path, wanted, action, advise, dates);
    let names: readonly string[] = [];
    let places = new Map<string, number>();
    let [rowCount, lineCount] = [0, 0];
    for await (const text of wholeRows(textBlocks(source, source.chunks()))) {
      const [firstRow, firstLine, hasNames] = [rowCount, lineCount + 1, lineCount === 0];
      const parsed: Parsed = new Parsed(text, delimiter, hasNames ? null : names.length);
      const place = (row: number) =>
        `row ${firstRow + row} of ${path} (line ${firstLine + parsed.line(row + (hasNames ? 1 : 0))})`;
      const { rows: lines } = parsed;
      if (parsed.error !== null) {
        throw damaged(
          `Cannot read ${path}: ${parsed.error.message}, from line ${firstLine + parsed.error.line}`,
        );
      }
      if (hasNames) {
        names = lines.shift() ?? [];
        names.forEach((name) => rows.note(name));
        places = new Map(names.map((name, i) => [name, i]));
        checkDates(path, dates, names);
      }
      const odd = lines.findIndex(({ length }) => length !== names.length);
      if (odd >= 0) {
        throw damaged(
          `Cannot ${action}: ${place(odd)} must have ${names.length} cells, got ${lines[odd].length}`,
        );
      }
      rowCount += lines.length;
      lineCount += countLines(text);
      yield rows.block(lines.length, (name) => {
        const column = places.get(name);
        if (column === undefined) return new Array<Cell>(lines.length).fill(undefined);
        const read = dates.has(name)
          ? (cell: string, row: number) =>
            dateOf(cell, nulls, () => rows.refuse(name, place(row), allowedDate, cell))
          : (cell: string) => cellOf(cell, nulls);
        return lines.map((line, row) => read(line[column], row));
      }, place);
    }
    rows.end();
  }
  return { blocks, close: () => source.close() };
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
async function* wholeRows(blocks: AsyncIterable<string>): AsyncGenerator<string> {
  let held: string[] = [];
  let quoteCount = 0;
  for await (const block of blocks) {
    held.push(block);
    quoteCount += countQuotes(block);
    if (quoteCount % 2 === 1) continue;
    yield held.join("");
    held = [];
    quoteCount = 0;
  }
  if (held.length > 0) yield held.join("");
}

function countQuotes(text: string): number {
  let count = 0;
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1)) count++;
  return count;
}

/** The cells of a text of whole rows. */
class Parsed {
  readonly rows: string[][];
  readonly error: { readonly message: string; readonly line: number } | null = null;
  readonly #text: string;
  /** An empty line is a row only where a row has one cell. */
  readonly #hasEmptyRows: boolean;

  constructor(text: string, private readonly delimiter: string, width: number | null) {
    this.#text = text.replace(/\r?\n$/, "");
    const { data, errors } = parseCells(this.#text, { delimiter });
    this.#hasEmptyRows = (width ?? data[0]?.length) === 1;
    this.rows = this.#hasEmptyRows ? data : data.filter((cells) => !isEmptyLine(cells));
    if (errors.length > 0) {
      this.error = { message: errors[0].message, line: this.#lineOfParsed(errors[0].row ?? 0) };
    }
  }

  /** In which line a row begins, from 0. Only an error needs it. */
  line(row: number): number {
    return this.#lineAt((_, kept) => kept === row);
  }

  #lineOfParsed(index: number): number {
    return this.#lineAt((parsed) => parsed === index);
  }

  #lineAt(isIt: (parsed: number, kept: number) => boolean): number {
    let [parsed, kept, start, at] = [0, 0, 0, 0];
    findRow(this.#text, { delimiter: this.delimiter }, (cells, end) => {
      if (!this.#hasEmptyRows && isEmptyLine(cells)) {
        parsed++;
      } else if (isIt(parsed++, kept++)) {
        at = start;
        return true;
      }
      start = end;
      return false;
    });
    return countLines(this.#text.slice(0, at));
  }
}

function isEmptyLine(cells: readonly string[]): boolean {
  return cells.length === 1 && cells[0] === "";
}

const number = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const words: ReadonlyMap<string, Cell> = new Map<string, Cell>([
  ["", null],
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

function dateOf(text: string, nulls: ReadonlySet<string>, refuse: () => Error): Cell {
  if (text === "" || nulls.has(text)) return null;
  const date = parseDate(text);
  if (date === null) throw refuse();
  return date;
}
