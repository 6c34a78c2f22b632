import { RecordBatchReader, type Schema } from "apache-arrow";
import type { ArrowData } from "../../arrow/sources.ts";
import type { ArrowField } from "../../arrow/types.ts";
import { type ByteSource, openBytes } from "../../byte_source.ts";
import { checkData } from "./data.ts";
import { listedChecksum } from "./folder.ts";
import { failure, readMessages } from "./messages.ts";
import { ArrowRows } from "./rows.ts";
import type { Block, RowFile, Wanted } from "../rows.ts";

/** An Arrow IPC file or stream; a block of rows is a record batch. */
export async function openArrow(path: string): Promise<RowFile> {
  const listed = await listedChecksum(path);
  const source = await openBytes(path);
  return {
    blocks: (wanted, action) => blocksOf(source, listed, wanted, action),
    close: () => source.close(),
  };
}

async function* blocksOf(
  source: ByteSource,
  listed: string | null,
  wanted: Wanted,
  action: string,
): AsyncGenerator<Block> {
  let rows: ArrowRows | null = null;
  // The schema and the dictionaries: in front of any batch they make a stream of their own.
  const head: Uint8Array[] = [];
  for await (const { kind, bytes, omission } of readMessages(source, listed)) {
    if (kind === "batch") {
      if (rows === null) throw failure(source, "rows must come behind a schema");
      yield rows.block(readBatch(source, [...head, bytes], rows));
      continue;
    }
    if (kind === "schema") {
      head.length = 0;
      const { fields, metadata } = readSchema(source, bytes);
      // Behind all others, so that these are where the batches have them.
      const all = [...fields as unknown as ArrowField[], ...omission?.fields ?? []];
      rows = new ArrowRows(all, metadata, wanted, action);
    }
    head.push(bytes);
  }
  if (rows === null) throw failure(source, "it must have a schema");
}

function readSchema(source: ByteSource, bytes: Uint8Array): Schema {
  try {
    return RecordBatchReader.from(bytes).open().schema;
  } catch (cause) {
    throw failure(source, (cause as Error).message, cause);
  }
}

function readBatch(source: ByteSource, messages: Uint8Array[], rows: ArrowRows): ArrowData {
  try {
    const batch = RecordBatchReader.from(messages).next().value!;
    const data = batch.data as unknown as ArrowData;
    for (const index of rows.indices) checkData(data.children[index], data.length);
    return data;
  } catch (cause) {
    throw failure(source, (cause as Error).message, cause);
  }
}
