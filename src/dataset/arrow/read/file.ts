import type { ArrowColumns } from "../../table/types.ts";
import { type ByteSource, openBytes } from "../../files/byte_source.ts";
import { readFailure } from "../../decode.ts";
import { BatchReader } from "./batches.ts";
import { checkData } from "./data.ts";
import { listedChecksum } from "./folder.ts";
import { failure, readMessages, type RowsMessage } from "./messages.ts";
import { ArrowRows, columnsOfSchema, mediaColumns, withMedia } from "./rows.ts";
import type { DatasetFile, FoundColumn } from "../../columns.ts";
import type { Block, Wanted } from "../../rows.ts";

/** An Arrow IPC file or stream; a block of rows is a record batch. */
export async function openArrow(path: string): Promise<DatasetFile> {
  const listed = await listedChecksum(path);
  const source = await openBytes(path);
  return {
    columns: (_, looksAtMedia) => readColumns(source, looksAtMedia),
    blocks: (wanted, action) => blocksOf(source, listed, wanted, action),
    close: () => source.close(),
  };
}

/** Batches are read until each struct of bytes and a path has some bytes, where that is asked for. */
async function readColumns(source: ByteSource, looksAtMedia = false): Promise<FoundColumn[]> {
  let columns: FoundColumn[] | null = null;
  let [batches, media]: [BatchReader | null, readonly { index: number; name: string }[]] = [null, []];
  for await (const message of readMessages(source, null)) {
    if (message.kind === "schema") {
      batches = new BatchReader(message);
      columns = columnsOfSchema(batches.fields, message.schema.metadata);
      if (looksAtMedia) media = mediaColumns(batches.fields);
    } else if (columns !== null) {
      const batch = readRows(source, message, batches!);
      if (batch === null) continue;
      checkColumns(source, batch, media);
      columns = withMedia(columns, batch);
    }
    const known = columns;
    if (known !== null && media.every(({ index }) => known[index].media?.hasBytes)) return known;
  }
  if (columns === null) throw failure(source, "it must have a schema");
  return columns;
}

async function* blocksOf(
  source: ByteSource,
  listed: string | null,
  wanted: Wanted,
  action: string,
): AsyncGenerator<Block> {
  let found: { readonly rows: ArrowRows; readonly batches: BatchReader } | null = null;
  for await (const message of readMessages(source, listed)) {
    if (message.kind === "schema") {
      const batches = new BatchReader(message);
      found = { batches, rows: new ArrowRows(batches.fields, message.schema.metadata, wanted, action) };
      continue;
    }
    if (found === null) throw failure(source, "rows must come behind a schema");
    const batch = readRows(source, message, found.batches);
    if (batch === null) continue;
    checkColumns(source, batch, found.rows.wantedColumns);
    yield found.rows.block(batch, source.path);
  }
  if (found === null) throw failure(source, "it must have a schema");
}

/** The columns of a batch; null for a dictionary, which those of later batches have. */
function readRows(source: ByteSource, message: RowsMessage, batches: BatchReader): ArrowColumns | null {
  try {
    if (message.kind === "batch") return batches.read(message);
    batches.addDictionary(message);
    return null;
  } catch (cause) {
    throw readFailure(source.path, null, cause);
  }
}

function checkColumns(
  source: ByteSource,
  { children, length }: ArrowColumns,
  columns: readonly { readonly index: number; readonly name: string }[],
): void {
  for (const { index, name } of columns) {
    try {
      checkData(children[index], length);
    } catch (cause) {
      throw readFailure(source.path, name, cause);
    }
  }
}
