import { ownValue } from "../../own_value.ts";
import { openBytes } from "../byte_source.ts";
import { CellRows } from "./cell_rows.ts";
import { type Cell, markNumbers } from "./cells.ts";
import type { Block, RowFile, Wanted } from "./rows.ts";
import { textBlocks } from "./text_lines.ts";

type JsonRow = Readonly<Record<string, Cell>>;

/** A file of JSON lines, as Python writes them: an object a line. */
export async function openJsonLines(path: string): Promise<RowFile> {
  const source = await openBytes(path);
  async function* blocks(wanted: Wanted, action: string): AsyncGenerator<Block> {
    const rows = new CellRows(path, wanted, action);
    let lineCount = 0;
    for await (const text of textBlocks(source)) {
      const lines = text.split("\n");
      if (lines.at(-1) === "") lines.pop();
      const found = parseLines(path, lines, lineCount);
      lineCount += lines.length;
      for (const row of found) for (const name of Object.keys(row)) rows.note(name);
      yield rows.block(
        found.length,
        (name) => found.map((row) => ownValue(row, name)),
      );
    }
    rows.end();
  }
  return { blocks, close: () => source.close() };
}

/** All lines at once, which is faster; one by one only to find the one that is wrong. */
function parseLines(path: string, lines: readonly string[], firstLine: number): JsonRow[] {
  const filled = lines.filter((line) => line.trim() !== "");
  try {
    const rows = JSON.parse(`[${markNumbers(filled.join(","))}]`) as JsonRow[];
    if (rows.length === filled.length && rows.every(isObject)) return rows;
  } catch {
    // Said below.
  }
  for (const [i, line] of lines.entries()) {
    if (line.trim() !== "" && !isObject(tryParse(markNumbers(line)))) {
      throw new Error(
        `Cannot read ${path}: line ${firstLine + i + 1} must be a JSON object, got ${line.slice(0, 60)}`,
      );
    }
  }
  throw new Error(`Cannot read ${path}: every line must be one JSON object`);
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
