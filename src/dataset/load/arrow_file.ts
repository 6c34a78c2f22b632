import { RecordBatchReader, type Schema } from "apache-arrow";
import type { ArrowData } from "../arrow_sources.ts";
import type { ArrowField } from "../arrow_types.ts";
import { type ByteSource, openBytes } from "../byte_source.ts";
import { checkMessage, type Index, type Message, takeIndex } from "../flatbuffer_check.ts";
import { schemaMessage } from "../save/arrow_file.ts";
import { checkData } from "./arrow_data.ts";
import { ArrowRows } from "./arrow_rows.ts";
import type { Block, RowFile, Wanted } from "./rows.ts";

const magic = "ARROW1";

/** An Arrow IPC file or stream; a block of rows is a record batch. */
export async function openArrow(path: string): Promise<RowFile> {
  const source = await openBytes(path);
  return {
    blocks: (wanted, action) => blocksOf(source, wanted, action),
    close: () => source.close(),
  };
}

async function* blocksOf(source: ByteSource, wanted: Wanted, action: string): AsyncGenerator<Block> {
  let rows: ArrowRows | null = null;
  // The schema and the dictionaries: in front of any batch they make a stream of their own.
  const head: Uint8Array[] = [];
  for await (const { kind, bytes } of await isFile(source) ? fileMessages(source) : streamMessages(source)) {
    if (kind === "batch") {
      if (rows === null) throw failure(source, "rows must come behind a schema");
      yield rows.block(readBatch(source, [...head, bytes], rows));
      continue;
    }
    if (kind === "schema") {
      head.length = 0;
      const { fields, metadata } = readSchema(source, bytes);
      rows = new ArrowRows(fields as unknown as ArrowField[], metadata, wanted, action);
    }
    head.push(bytes);
  }
  if (rows === null) throw failure(source, "it must have a schema");
}

interface FoundMessage {
  readonly kind: Message["kind"];
  /** All of it, its body included. */
  readonly bytes: Uint8Array;
}

/** The messages of a stream, one behind the other. */
async function* streamMessages(source: ByteSource): AsyncGenerator<FoundMessage> {
  // It may end where the file does.
  for (let at = 0; at + 4 <= source.byteLength;) {
    const message = await readMessage(source, at);
    if (message === null) return;
    yield message;
    at += message.bytes.length;
  }
}

/**
 * Those of a file, whose index at the end says where they are. The same messages stand in a row between, but some writers
 * leave out the schema, and Polars has bytes in its place that are no message.
 */
async function* fileMessages(source: ByteSource): AsyncGenerator<FoundMessage> {
  const { schema, dictionaries, batches } = await readIndex(source);
  yield { kind: "schema", bytes: schemaMessage(schema) };
  for (const at of [...dictionaries, ...batches]) {
    const message = await readMessage(source, at);
    if (message === null || message.kind === "schema") {
      throw failure(source, `rows must be where its index says, at ${at}`);
    }
    yield message;
  }
}

async function isFile(source: ByteSource): Promise<boolean> {
  const start = await source.slice(0, Math.min(magic.length, source.byteLength));
  return new TextDecoder("latin1").decode(start) === magic;
}

/** The message that begins at a place, or null where a stream ends there. */
async function readMessage(source: ByteSource, at: number): Promise<FoundMessage | null> {
  const { byteLength } = source;
  if (!(at >= 0 && at + 4 <= byteLength)) {
    throw failure(source, `a message must lie within its ${byteLength} bytes, got one at ${at}`);
  }
  const prefix = new DataView(await source.slice(at, Math.min(at + 8, byteLength)));
  const first = prefix.getInt32(0, true);
  // Before 2019 the length stood in front, now -1 does.
  const isOld = first !== -1;
  if (!isOld && prefix.byteLength < 8) return null;
  const metadataLength = isOld ? first : prefix.getInt32(4, true);
  if (metadataLength === 0) return null;
  const start = at + (isOld ? 4 : 8);
  if (!(metadataLength > 0 && start + metadataLength <= byteLength)) {
    throw failure(
      source,
      `a message must lie within its ${byteLength} bytes, got ${metadataLength} from ${at}`,
    );
  }
  const metadata = new Uint8Array(await source.slice(start, start + metadataLength));
  const { kind, bodyLength } = inspect(source, metadata);
  const end = start + metadataLength + bodyLength;
  if (end > byteLength) {
    throw failure(source, `rows must lie within its ${byteLength} bytes, got an end at ${end}`);
  }
  return { kind, bytes: new Uint8Array(await source.slice(at, end)) };
}

async function readIndex(source: ByteSource): Promise<Index & { readonly schema: Schema }> {
  const { byteLength } = source;
  const tail = new DataView(await source.slice(Math.max(0, byteLength - 10), byteLength));
  const length = tail.byteLength === 10 ? tail.getInt32(0, true) : 0;
  const start = byteLength - 10 - length;
  if (!(length > 0 && start >= 0)) throw failure(source, "it must end with an index, as Arrow files do");
  const footer = new Uint8Array(await source.slice(start, byteLength));
  try {
    const index = takeIndex(footer.subarray(0, length));
    // The library finds the index from the end; before it a file has at least its name.
    const file = new Uint8Array(8 + footer.length);
    file.set(new TextEncoder().encode(magic));
    file.set(footer, 8);
    return { ...index, schema: RecordBatchReader.from(file).open().schema };
  } catch (cause) {
    throw failure(source, reasonOf(cause), cause);
  }
}

function reasonOf(error: unknown): string {
  return error instanceof RangeError ? "its metadata must be whole" : String((error as Error).message);
}

function inspect(source: ByteSource, metadata: Uint8Array): Message {
  let message: Message;
  try {
    message = checkMessage(metadata);
  } catch (error) {
    throw failure(source, reasonOf(error));
  }
  if (!message.isCompressed) return message;
  throw failure(source, "its buffers must not be compressed; write it without compression");
}

function readSchema(source: ByteSource, bytes: Uint8Array): Schema {
  try {
    return RecordBatchReader.from(bytes).open().schema;
  } catch (cause) {
    throw failure(source, reasonOf(cause), cause);
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

function failure({ path }: ByteSource, reason: string, cause?: unknown): Error {
  return new Error(`Cannot read ${path}: ${reason}`, { cause });
}
