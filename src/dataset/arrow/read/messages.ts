import type { Schema } from "apache-arrow";
import type { ByteSource } from "../../files/byte_source.ts";
import { decode, NotSupported, readFailure, reasonOf } from "../../decode.ts";
import { decodeHeader, decodeIndexSchema } from "../apache_arrow.ts";
import { Flatbuffer, type FlatTable } from "../flatbuffer.ts";
import { checkIndex, checkMessage, type Codec } from "../flatbuffer_check.ts";
import { type ChainedMessage, MessageChain } from "./chain.ts";
import { type Omission, omitColumns } from "./omission.ts";

const magic = "ARROW1";
/** Behind the magic, up to a multiple of 8. */
const fileStart = 8;
/** What follows on the index: its length, and the magic again. */
const tailBytes = 10;

const metadataMustBeWhole = "its metadata must be whole";

/** A schema, without columns that apache-arrow cannot read. */
export interface SchemaMessage {
  readonly kind: "schema";
  readonly schema: Schema;
  /** What was left out of it. */
  readonly omission: Omission | null;
}

/** A batch of rows, or of a dictionary. */
export interface RowsMessage {
  readonly kind: "dictionary" | "batch";
  readonly at: number;
  readonly metadata: Uint8Array;
  readonly body: Uint8Array;
  readonly codec: Codec | null;
}

/** The messages in order. `listed` is the checksum that the last one must have, if that is known. */
export async function* readMessages(
  source: ByteSource,
  listed: string | null,
): AsyncGenerator<SchemaMessage | RowsMessage> {
  const isFile = await hasMagic(source);
  const chain = new MessageChain((reason) => failure(source, reason), listed);
  const hasStream = !isFile || await isOurs(source);
  yield* hasStream ? streamMessages(source, isFile, chain) : indexedMessages(source, chain);
  chain.end();
}

export function failure({ path }: ByteSource, reason: string, cause?: unknown): Error {
  const Kind = cause instanceof NotSupported ? NotSupported : Error;
  return readFailure(path, null, new Kind(reason, { cause }));
}

async function hasMagic(source: ByteSource): Promise<boolean> {
  const start = await source.slice(0, Math.min(magic.length, source.byteLength));
  return new TextDecoder("latin1").decode(start) === magic;
}

/** Whether a file begins as ours do. What others have there may be no message. */
async function isOurs(source: ByteSource): Promise<boolean> {
  try {
    return (await readMessage(source, fileStart))?.digits != null;
  } catch {
    return false;
  }
}

/** The messages of a stream, one behind the other. */
async function* streamMessages(
  source: ByteSource,
  isFile: boolean,
  chain: MessageChain,
): AsyncGenerator<SchemaMessage | RowsMessage> {
  // It may end where the file does, if it is not one of ours.
  for (let at = isFile ? fileStart : 0; at + 4 <= source.byteLength;) {
    const message = await readMessage(source, at);
    if (message === null) return chain.mark(at, await streamEnd(source, isFile));
    chain.add(message);
    yield message.kind === "schema" ? readSchema(source, message.metadata) : message as RowsMessage;
    at += message.bytes.length;
  }
}

function readSchema(source: ByteSource, metadata: Uint8Array): SchemaMessage {
  const { root } = new Flatbuffer(metadata);
  return schemaOf(source, root.child(2)!, root.byte(0), () => decodeHeader(metadata));
}

/** What apache-arrow cannot read is left out of the bytes before they are decoded. */
function schemaOf(
  source: ByteSource,
  table: FlatTable,
  version: number,
  decoder: () => Schema,
): SchemaMessage {
  return whole(source, () => {
    const omission = omitColumns(table, version);
    return { kind: "schema", schema: decode("its schema", decoder), omission };
  });
}

/** Where a stream ends: where the file does, or its index begins. */
async function streamEnd(source: ByteSource, isFile: boolean): Promise<number> {
  if (!isFile) return source.byteLength;
  return source.byteLength - tailBytes - await indexLength(source);
}

/**
 * Those of a file, whose index at the end says where they are. The same messages stand in a row between, but some writers
 * leave out the schema, and Polars has bytes in its place that are no message.
 */
async function* indexedMessages(
  source: ByteSource,
  chain: MessageChain,
): AsyncGenerator<SchemaMessage | RowsMessage> {
  const length = await indexLength(source);
  const end = source.byteLength - tailBytes;
  const index = new Uint8Array(await source.slice(end - length, end));
  const { schema, version, dictionaries, batches } = whole(source, () => checkIndex(index));
  chain.add({ kind: "schema", at: end - length, bytes: index, digits: null });
  yield schemaOf(source, schema, version, () => decodeIndexSchema(index));
  for (const at of [...dictionaries, ...batches]) {
    const message = await readMessage(source, at);
    if (message === null || message.kind === "schema") {
      throw failure(source, `rows must be where its index says, at ${at}`);
    }
    chain.add(message);
    yield message as RowsMessage;
  }
}

/** The message that begins at a place, or null where a stream ends there. */
async function readMessage(
  source: ByteSource,
  at: number,
): Promise<ChainedMessage & Omit<RowsMessage, "kind"> | null> {
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
  const { kind, bodyLength, codec, digits } = whole(source, () => checkMessage(metadata));
  const end = start + metadataLength + bodyLength;
  if (end > byteLength) {
    throw failure(source, `rows must lie within its ${byteLength} bytes, got an end at ${end}`);
  }
  const bytes = new Uint8Array(await source.slice(at, end));
  const [metadataAt, bodyAt] = [start - at, start - at + metadataLength];
  return {
    kind,
    at,
    bytes,
    metadata: bytes.subarray(metadataAt, bodyAt),
    body: bytes.subarray(bodyAt),
    digits: digits && bytes.subarray(metadataAt + digits.start, metadataAt + digits.start + digits.count),
    codec,
  };
}

/** Calls what looks at metadata. */
function whole<Result>(source: ByteSource, look: () => Result): Result {
  try {
    return look();
  } catch (cause) {
    throw failure(source, reasonOf(cause, metadataMustBeWhole), cause);
  }
}

async function indexLength(source: ByteSource): Promise<number> {
  const { byteLength } = source;
  const tail = new DataView(await source.slice(Math.max(0, byteLength - tailBytes), byteLength));
  const length = tail.byteLength === tailBytes ? tail.getInt32(0, true) : 0;
  if (length > 0 && length + tailBytes <= byteLength) return length;
  throw failure(source, "it must end with an index, as Arrow files do");
}
