import { openBytes } from "../byte_source.ts";
import { CellRows } from "./cell_rows.ts";
import { type Cell, markNumbers } from "./cells.ts";
import { parseCells } from "./papaparse.ts";
import type { Block, RowFile, Wanted } from "./rows.ts";
import { textBlocks } from "./text_lines.ts";

/** A CSV file with commas, under a line of names. */
export async function openCsv(path: string): Promise<RowFile> {
  const source = await openBytes(path);
  async function* blocks(wanted: Wanted, action: string): AsyncGenerator<Block> {
    const rows = new CellRows(path, wanted, action);
    let names: string[] | null = null;
    let rowCount = 0;
    for await (const text of wholeRows(textBlocks(source))) {
      const lines = parse(path, text, names?.length ?? null);
      if (names === null) {
        names = lines.shift() ?? [];
        names.forEach((name) => rows.note(name));
      }
      for (const [i, { length }] of lines.entries()) {
        if (length === names.length) continue;
        throw new Error(
          `Cannot read ${path}: row ${rowCount + i} must have ${names.length} cells, got ${length}`,
        );
      }
      rowCount += lines.length;
      const places = new Map(names.map((name, i) => [name, i]));
      yield rows.block(lines.length, (name) => {
        const place = places.get(name);
        if (place === undefined) return new Array<Cell>(lines.length).fill(undefined);
        return lines.map((line) => cellOf(line[place]));
      });
    }
    rows.end();
  }
  return { blocks, close: () => source.close() };
}

/** Lines may end within quotes; as many quotes as make pairs say that they do not. */
async function* wholeRows(blocks: AsyncIterable<string>): AsyncGenerator<string> {
  let held = "";
  for await (const block of blocks) {
    held += block;
    if (countQuotes(held) % 2 === 1) continue;
    yield held;
    held = "";
  }
  if (held !== "") yield held;
}

function countQuotes(text: string): number {
  let count = 0;
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1)) count++;
  return count;
}

function parse(path: string, text: string, width: number | null): string[][] {
  const { data, errors } = parseCells(text.replace(/\r?\n$/, ""), { delimiter: "," });
  if (errors.length > 0) {
    throw new Error(`Cannot read ${path}: ${errors[0].message}, at row ${errors[0].row} of a part`);
  }
  // An empty line is a row only where a row has one cell.
  return (width ?? data[0]?.length) === 1 ? data : data.filter((line) => line.length > 1 || line[0] !== "");
}

const number = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const words: ReadonlyMap<string, Cell> = new Map(Object.entries({
  "": null,
  true: true,
  false: false,
  nan: NaN,
  "-nan": NaN,
  inf: Infinity,
  infinity: Infinity,
  "-inf": -Infinity,
  "-infinity": -Infinity,
}));

function cellOf(text: string): Cell {
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
