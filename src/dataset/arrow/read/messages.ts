import { RecordBatchReader, type Schema } from "apache-arrow";
import type { ByteSource } from "../../files/byte_source.ts";
import { Flatbuffer } from "../flatbuffer.ts";
import { checkMessage, type Index, type Message, takeIndex } from "../flatbuffer_check.ts";
import { decode, readFailure, reasonOf } from "../../decode.ts";
import { schemaMessage } from "../write/file.ts";
import { type ChainedMessage, MessageChain } from "./chain.ts";
import { type Codec, decompressed } from "./compression.ts";
import { type Omission, omitColumns, omitRows } from "./omission.ts";

const magic = "ARROW1";
/** Behind the magic, up to a multiple of 8. */
const fileStart = 8;
/** What follows on the index: its length, and the magic again. */
const tailBytes = 10;

const metadataMustBeWhole = "its metadata must be whole";

/** A message of an Arrow file or stream. */
export interface FoundMessage extends ChainedMessage {
  /** Its metadata, within its bytes. */
  readonly metadata: Uint8Array;
  readonly compression: Message["compression"];
  /** What was left out of a schema. */
  readonly omission?: Omission | null;
}

/**
 * The messages in order, whole and not compressed, without columns that apache-arrow cannot read. `listed` is the checksum that the last one must have, if that is known. */
export async function* readMessages(source: ByteSource, listed: string | null): AsyncGenerator<FoundMessage> {
  const isFile = await hasMagic(source);
  const chain = new MessageChain((reason) => failure(source, reason), listed);
  const hasStream = !isFile || await isOurs(source);
  const messages = hasStream ? streamMessages(source, isFile, chain) : indexedMessages(source);
  let omission: Omission | null = null;
  for await (const message of messages) {
    chain.add(message);
    if (message.kind === "schema") {
      omission = message.omission ?? omitFrom(source, message);
      yield { ...message, omission };
    } else if (omission === null || keepRows(source, message, message.kind, omission)) {
      yield message.compression === null ? message : plain(source, message, message.compression);
    }
  }
  chain.end();
}

export function failure({ path }: ByteSource, reason: string, cause?: unknown): Error {
  return readFailure(path, null, new Error(reason, { cause }));
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
): AsyncGenerator<FoundMessage> {
  // It may end where the file does, if it is not one of ours.
  for (let at = isFile ? fileStart : 0; at + 4 <= source.byteLength;) {
    const message = await readMessage(source, at);
    if (message === null) return chain.mark(at, await streamEnd(source, isFile));
    yield message;
    at += message.bytes.length;
  }
}

function omitFrom(source: ByteSource, { metadata }: FoundMessage): Omission | null {
  const { root } = new Flatbuffer(metadata);
  try {
    return omitColumns(root.child(2)!, root.byte(0));
  } catch (cause) {
    throw failure(source, reasonOf(cause, metadataMustBeWhole), cause);
  }
}

function keepRows(
  source: ByteSource,
  { metadata, at }: FoundMessage,
  kind: "dictionary" | "batch",
  omission: Omission,
): boolean {
  try {
    return omitRows(metadata, kind, omission);
  } catch (cause) {
    throw failure(
      source,
      `rows at ${at} must be of its columns: ${reasonOf(cause, metadataMustBeWhole)}`,
      cause,
    );
  }
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
async function* indexedMessages(source: ByteSource): AsyncGenerator<FoundMessage> {
  const { schema, dictionaries, batches, omission } = await readIndex(source);
  const bytes = schemaMessage(schema);
  yield {
    kind: "schema",
    at: 0,
    bytes,
    metadata: bytes.subarray(8),
    digits: null,
    compression: null,
    omission,
  };
  for (const at of [...dictionaries, ...batches]) {
    const message = await readMessage(source, at);
    if (message === null || message.kind === "schema") {
      throw failure(source, `rows must be where its index says, at ${at}`);
    }
    yield message;
  }
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
  const { kind, bodyLength, compression, digits } = inspect(source, metadata);
  const end = start + metadataLength + bodyLength;
  if (end > byteLength) {
    throw failure(source, `rows must lie within its ${byteLength} bytes, got an end at ${end}`);
  }
  const bytes = new Uint8Array(await source.slice(at, end));
  const digitsAt = start - at + (digits?.start ?? 0);
  return {
    kind,
    at,
    bytes,
    metadata: bytes.subarray(start - at, start - at + metadataLength),
    digits: digits && bytes.subarray(digitsAt, digitsAt + digits.count),
    compression,
  };
}

function inspect(source: ByteSource, metadata: Uint8Array): Message {
  try {
    return checkMessage(metadata);
  } catch (error) {
    throw failure(source, reasonOf(error, metadataMustBeWhole), error);
  }
}

function plain(source: ByteSource, message: FoundMessage, codec: Codec): FoundMessage {
  try {
    return { ...message, bytes: decompressed(message.bytes, codec), compression: null };
  } catch (cause) {
    throw failure(
      source,
      `rows at ${message.at} cannot be decompressed: ${reasonOf(cause, metadataMustBeWhole)}`,
      cause,
    );
  }
}

interface FileIndex extends Index {
  readonly schema: Schema;
  readonly omission: Omission | null;
}

async function readIndex(source: ByteSource): Promise<FileIndex> {
  const { byteLength } = source;
  const length = await indexLength(source);
  const footer = new Uint8Array(await source.slice(byteLength - tailBytes - length, byteLength));
  try {
    let omission: Omission | null = null;
    const index = takeIndex(footer.subarray(0, length), (schema, version) => {
      omission = omitColumns(schema, version);
    });
    // The library finds the index from the end; before it a file has at least its name.
    const file = new Uint8Array(fileStart + footer.length);
    file.set(new TextEncoder().encode(magic));
    file.set(footer, fileStart);
    return {
      ...index,
      omission,
      schema: decode("its schema", () => RecordBatchReader.from(file).open().schema),
    };
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
