/** Columns of a Parquet file that rows are sorted by. */
import type { ExtraRows } from "../../../append/extra_rows.ts";
import { bytesOrPaths } from "../../extras/arrow.ts";
import { noKey, noOrder } from "../../refusals.ts";
import { type KeyPiece, textKeys } from "../../sort/keys.ts";
import type { ByteColumn, ByteLeaf } from "./byte_columns.ts";
import type { ParquetFile } from "./file.ts";
import { chunkKeys } from "./sources.ts";

/** Throws for a column that has no order, or is not there. */
export function checkKey(file: ParquetFile, name: string, action: string): void {
  const column = file.columns.get(name);
  if (column === undefined) throw noKey(action, name, [...file.columns.keys()]);
  const isOrdered = column === null
    ? file.textDepth(name) === 0 || file.extras.has(name)
    : column.lists.length === 0;
  if (!isOrdered) throw noOrder(action, name, column === null ? "another type" : "lists");
}

/** What the rows of a row group are sorted by. */
export async function readKeys(file: ParquetFile, group: number, name: string): Promise<KeyPiece> {
  const column = file.columns.get(name)!;
  if (column !== null) return chunkKeys(await file.read(group, column), column);
  if (file.textDepth(name) === undefined) return await readBytes(file, group, file.extras.get(name)!);
  const texts = await file.readText(group, name);
  return { kind: "text", length: texts.length, at: (row) => texts[row] as Uint8Array | null };
}

/** What rows are sorted by that hold bytes, as Arrow's have it. */
async function readBytes(file: ParquetFile, group: number, column: ByteColumn): Promise<KeyPiece> {
  const { values, paths } = column;
  const bytes = await readWhole(file, group, column, values);
  if (paths === null) return textKeys(bytes);
  return textKeys(bytesOrPaths(bytes, await readWhole(file, group, column, paths)));
}

/** All pages of a column together. */
async function readWhole(
  file: ParquetFile,
  group: number,
  column: ByteColumn,
  leaf: ByteLeaf,
): Promise<ExtraRows> {
  const pages: ExtraRows[] = [];
  for await (const { lengths, bytes } of file.readExtra(group, column, leaf)) {
    // A copy: the page may lie in bytes that are read into next.
    pages.push({ lengths: lengths.slice(), bytes: bytes.slice() });
  }
  const lengths = new Int32Array(pages.reduce((sum, page) => sum + page.lengths.length, 0));
  const bytes = new Uint8Array(pages.reduce((sum, page) => sum + page.bytes.length, 0));
  let [row, at] = [0, 0];
  for (const page of pages) {
    lengths.set(page.lengths, row);
    bytes.set(page.bytes, at);
    row += page.lengths.length;
    at += page.bytes.length;
  }
  return { lengths, bytes };
}
