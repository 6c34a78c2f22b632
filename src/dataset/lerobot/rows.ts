import { isObject } from "../json_object.ts";
import { ParquetFile } from "../parquet/read/file.ts";
import { chunkKeys } from "../parquet/read/sources.ts";
import { isSet } from "../table/bitmaps.ts";
import { numberAt } from "../value_types.ts";
import { openPart, type Place, readText } from "./place.ts";
import { damaged, shown } from "./refusals.ts";

/** A row of a list of episodes or tasks. */
export type MetaRow = Readonly<Record<string, unknown>>;

/** The rows of a file with a JSON object a line. */
export async function readJsonLines(place: Place, path: string): Promise<MetaRow[]> {
  const lines = (await readText(place, path)).split("\n");
  return lines.flatMap((line, i) => {
    if (line.trim() === "") return [];
    try {
      const row = JSON.parse(line);
      if (isObject(row)) return [row];
    } catch {
      // Said below.
    }
    throw damaged(`${path}: line ${i + 1} must be a JSON object, got ${shown(line)}`);
  });
}

/** The rows of a Parquet file, of the columns that are wanted: those of one row group after another. */
export async function* readParquetRows(
  place: Place,
  path: string,
  wants: (column: string) => boolean,
): AsyncGenerator<MetaRow[]> {
  const file = await ParquetFile.read(await openPart(place, path));
  try {
    const names = [...file.columns.keys()].filter(wants);
    if (names.length === 0) {
      throw damaged(
        `${path} must have other columns than ${[...file.columns.keys()].join(", ") || "(none)"}`,
      );
    }
    for (const [group, rowCount] of file.groupRows.entries()) {
      const columns: ((row: number) => unknown)[] = [];
      for (const name of names) columns.push(await readCells(file, group, name));
      yield Array.from(
        { length: rowCount },
        (_, row) => Object.fromEntries(names.map((name, i) => [name, columns[i](row)])),
      );
    }
  } finally {
    await file.close();
  }
}

/** Numbers, strings and lists of strings, by their rows; what a list of episodes or tasks has no use for is null. */
async function readCells(file: ParquetFile, group: number, name: string): Promise<(row: number) => unknown> {
  const column = file.columns.get(name) ?? null;
  if (column !== null && column.lists.length === 0) {
    const { values, dtype, validity } = chunkKeys(await file.read(group, column), column);
    return (row) => validity === null || isSet(validity, row) ? numberAt(values, dtype, row) : null;
  }
  if (file.textDepth(name) === undefined) return () => null;
  const texts = await file.readText(group, name);
  const decode = (text: Uint8Array | null) => text && decoder.decode(text);
  return (row) => {
    const text = texts[row];
    return text === null || text instanceof Uint8Array ? decode(text) : text.map(decode);
  };
}

const decoder = new TextDecoder();
