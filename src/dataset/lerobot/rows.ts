import { type FileMetaData, parquetMetadataAsync, parquetReadObjects, parquetSchema } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { StreamStoreError } from "../../error.ts";
import type { ByteSource } from "../files/byte_source.ts";
import { isObject } from "../json_object.ts";
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
  const source = await openPart(place, path);
  try {
    const metadata = await parquetMetadataAsync(source, { geoparquet: false });
    yield* readGroups(source, path, metadata, wants);
  } catch (cause) {
    // What comes from the Hub says of itself what it is.
    if (cause instanceof StreamStoreError) throw cause;
    throw damaged(`${path} must be a whole Parquet file, but cannot be decoded`, cause);
  } finally {
    await source.close();
  }
}

async function* readGroups(
  source: ByteSource,
  path: string,
  metadata: FileMetaData,
  wants: (column: string) => boolean,
): AsyncGenerator<MetaRow[]> {
  const names = parquetSchema(metadata).children.map(({ element }) => element.name);
  const columns = names.filter(wants);
  if (columns.length === 0) {
    throw damaged(`${path} must have other columns than ${names.join(", ") || "(none)"}`);
  }
  let rowStart = 0;
  for (const { num_rows } of metadata.row_groups) {
    const rowEnd = rowStart + Number(num_rows);
    yield await parquetReadObjects({ file: source, metadata, columns, compressors, rowStart, rowEnd });
    rowStart = rowEnd;
  }
}
