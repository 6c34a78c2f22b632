import { NotSupported } from "../decode.ts";
import { blankDigits, checksumKey } from "./checksum.ts";
import { Flatbuffer, type FlatTable, type FlatVector } from "./flatbuffer.ts";

/**
 * Looks at the metadata of an Arrow message before apache-arrow reads it: that library takes every length for true, and
 * goes on for hours over a damaged one. Only what has a length or leads elsewhere is checked, by the tables of Arrow's
 * Message.fbs and Schema.fbs.
 *
 * @see https://github.com/apache/arrow/tree/main/format
 */
export interface Message {
  readonly kind: "schema" | "dictionary" | "batch";
  readonly bodyLength: number;
  /** How the buffers in its body are compressed, by the name that other programs have for it. */
  readonly codec: Codec | null;
  /** Where the metadata has the digits of a checksum of ours. */
  readonly digits: FlatVector | null;
}

export type Codec = "lz4" | "zstd";

/** Throws where something does not lie within the bytes. */
export function checkMessage(bytes: Uint8Array): Message {
  const message = new Flatbuffer(bytes).root;
  const kind = ([null, "schema", "dictionary", "batch"] as const)[message.byte(1)];
  const header = message.child(2);
  if (!kind || header === null) {
    throw new Error("a message must be a schema, a dictionary or a batch of rows");
  }
  const bodyLength = message.integer(3);
  if (!(bodyLength >= 0)) throw new Error(`a message's body must have a length, got ${bodyLength}`);
  checkKeyValues(message, 4);
  if (kind === "schema") checkSchema(header);
  const rows = kind === "dictionary" ? header.child(1) : kind === "batch" ? header : null;
  if (kind === "dictionary" && rows === null) throw new Error("a dictionary must have values");
  if (rows !== null) checkRows(rows);
  return { kind, bodyLength, codec: codecOf(rows), digits: findDigits(message, kind) };
}

/** Nodes, buffers, and how many buffers each column of views has besides. */
function checkRows(rows: FlatTable): void {
  rows.vector(1, 16);
  const { count } = rows.vector(2, 16);
  const further = rows.integers(4);
  if (further.every((some) => some >= 0) && further.reduce((sum, some) => sum + some, 0) <= count) return;
  throw new Error(`columns of views must have at most ${count} buffers, got ${further.join(" and ")}`);
}

function codecOf(rows: FlatTable | null): Codec | null {
  const codec = rows?.child(3)?.byte(0);
  if (codec === undefined) return null;
  if (codec > 1) throw new NotSupported(`buffers must be compressed by lz4 (0) or zstd (1), got ${codec}`);
  return codec === 0 ? "lz4" : "zstd";
}

/** Digits that are not as many as ours are somebody else's, or damaged: then they are missed later. */
function findDigits(message: FlatTable, kind: Message["kind"]): FlatVector | null {
  const own = message.children(4).find((pair) => pair.text(0) === checksumKey);
  const digits = own?.vector(1, 1);
  return digits?.count === blankDigits[kind].length ? digits : null;
}

/** The index at the end of an Arrow file: its schema, and where its messages are. */
export interface Index {
  readonly schema: FlatTable;
  /** That of the metadata. */
  readonly version: number;
  readonly dictionaries: readonly number[];
  readonly batches: readonly number[];
}

/** Throws where something of it does not lie within the bytes. */
export function checkIndex(bytes: Uint8Array): Index {
  const { root, view } = new Flatbuffer(bytes);
  const schema = root.child(1);
  if (schema === null) throw new Error("the index must have a schema");
  checkSchema(schema);
  checkKeyValues(root, 4);
  const [dictionaries, batches] = [2, 3].map((slot) => {
    const { start, count } = root.vector(slot, blockBytes);
    return Array.from({ length: count }, (_, i) => Number(view.getBigInt64(start + blockBytes * i, true)));
  });
  return { schema, version: root.byte(0), dictionaries, batches };
}

/** A place and two lengths, which the message has too. */
const blockBytes = 24;

function checkSchema(schema: FlatTable): void {
  if (schema.byte(0) === 1) throw new NotSupported("numbers must be little-endian, got big-endian ones");
  for (const field of schema.children(1)) checkField(field, 0);
  checkKeyValues(schema, 2);
}

/** Deeper than any column of numbers is nested. */
const depthMax = 64;

function checkField(field: FlatTable, depth: number): void {
  if (depth > depthMax) throw new Error(`fields must be nested at most ${depthMax} deep`);
  field.vector(0, 1);
  const type = field.child(3);
  // The types' own tables have numbers, but for a time zone (second) and the IDs of a union.
  if (field.byte(2) === typeTimestamp) type?.vector(1, 1);
  if (field.byte(2) === typeUnion) type?.vector(1, 4);
  field.child(4)?.child(1);
  const children = field.children(5);
  if (listTypes.includes(field.byte(2)) && children.length !== 1) {
    throw new Error(`lists must have entries of one type, got ${children.length}`);
  }
  for (const child of children) checkField(child, depth + 1);
  checkKeyValues(field, 6);
}

const [typeTimestamp, typeUnion] = [10, 14];
/** List, FixedSizeList, Map and LargeList. */
const listTypes = [12, 16, 17, 21];

function checkKeyValues(table: FlatTable, slot: number): void {
  for (const pair of table.children(slot)) for (const text of [0, 1]) pair.vector(text, 1);
}
