import type { ArrowColumns } from "../../table/types.ts";
import { type ByteSource, openBytes } from "../../files/byte_source.ts";
import { readFailure } from "../../decode.ts";
import { BatchReader } from "./batches.ts";
import { checkData } from "./data.ts";
import { listedChecksum } from "./folder.ts";
import { failure, readMessages, type RowsMessage } from "./messages.ts";
import { ArrowRows, columnsOfSchema } from "./rows.ts";
import type { DatasetFile, FoundColumn } from "../../columns.ts";
import type { Block, Wanted } from "../../rows.ts";

/** An Arrow IPC file or stream; a block of rows is a record batch. */
export async function openArrow(path: string): Promise<DatasetFile> {
  const listed = await listedChecksum(path);
  const source = await openBytes(path);
  return {
    columns: () => readColumns(source),
    blocks: (wanted, action) => blocksOf(source, listed, wanted, action),
    close: () => source.close(),
  };
}

async function readColumns(source: ByteSource): Promise<FoundColumn[]> {
  for await (const message of readMessages(source, null)) {
    if (message.kind !== "schema") break;
    return columnsOfSchema(new BatchReader(message).fields, message.schema.metadata);
  }
  throw failure(source, "it must have a schema");
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
    checkColumns(source, batch, found.rows);
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

function checkColumns(source: ByteSource, { children, length }: ArrowColumns, rows: ArrowRows): void {
  for (const { index, name } of rows.wantedColumns) {
    try {
      checkData(children[index], length);
    } catch (cause) {
      throw readFailure(source.path, name, cause);
    }
  }
}
