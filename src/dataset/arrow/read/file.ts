import { RecordBatchReader, type Schema } from "apache-arrow";
import type { ArrowData, ArrowField } from "../../table/types.ts";
import { type ByteSource, openBytes } from "../../files/byte_source.ts";
import { decode, readFailure } from "../../decode.ts";
import { checkData } from "./data.ts";
import { listedChecksum } from "./folder.ts";
import { failure, readMessages } from "./messages.ts";
import { ArrowRows } from "./rows.ts";
import type { Block, RowFile, Wanted } from "../../rows.ts";

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
    return decode("its schema", () => RecordBatchReader.from(bytes).open().schema);
  } catch (cause) {
    throw readFailure(source.path, null, cause);
  }
}

function readBatch(source: ByteSource, messages: Uint8Array[], rows: ArrowRows): ArrowData {
  try {
    const { data } = decode("a batch of its rows", () => RecordBatchReader.from(messages).next().value!);
    checkColumns(source, data as unknown as ArrowData, rows);
    return data as unknown as ArrowData;
  } catch (cause) {
    throw readFailure(source.path, null, cause);
  }
}

function checkColumns(source: ByteSource, { children, length }: ArrowData, rows: ArrowRows): void {
  for (const { index, name } of rows.wantedColumns) {
    try {
      checkData(children[index], length);
    } catch (cause) {
      throw readFailure(source.path, name, cause);
    }
  }
}
