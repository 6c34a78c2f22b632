import { TooLarge } from "../../decode.ts";
import type { Struct } from "../thrift.ts";

/** What a file's footer says of it, as far as it is of use here. Fields have the numbers that parquet.thrift gives them. */
export interface Metadata {
  /** Who wrote it. */
  readonly writer: string;
  readonly keyValues: ReadonlyMap<string, string>;
  readonly schema: SchemaNode;
  readonly rowCount: number;
  readonly groups: readonly RowGroup[];
}

/** A column, a group of them, or the whole. */
export interface SchemaNode {
  readonly name: string;
  /** Its name behind those of the groups that it is in, from the outermost inwards: see {@link pathOf}. */
  readonly path: string;
  readonly repetition: string | undefined;
  /** What is stored; a group has none. */
  readonly type: string | undefined;
  /** The length of values that all have the same. */
  readonly typeBytes: number | undefined;
  /** What that means. */
  readonly meaning: LogicalType | undefined;
  readonly children: readonly SchemaNode[];
}

export interface LogicalType {
  readonly name: string;
  readonly unit?: "ms" | "us" | "ns";
  readonly isUtc?: boolean;
  readonly bitWidth?: number;
  readonly isSigned?: boolean;
}

export interface RowGroup {
  readonly rowCount: number;
  /** By the path of the column that they are of. */
  readonly chunks: ReadonlyMap<string, ColumnChunk>;
}

/** The values of one column in one row group. */
export interface ColumnChunk {
  readonly isEncrypted: boolean;
  /** Its name, or its number where it has none. */
  readonly codec: string;
  readonly valueCount: number;
  /** Its bytes in the file. */
  readonly start: number;
  readonly end: number;
  /** Those of its pages, or null where the file does not say so. */
  readonly encodings: readonly string[] | null;
  readonly statistics: Struct | null;
  /** Whether the least and the largest value are those in the order of the column's type. */
  readonly isTypeOrdered: boolean;
}

// Names of parquet.thrift, by their numbers there.
const physicalTypes = "BOOLEAN INT32 INT64 INT96 FLOAT DOUBLE BYTE_ARRAY FIXED_LEN_BYTE_ARRAY".split(" ");
const repetitions = "REQUIRED OPTIONAL REPEATED".split(" ");
const codecs = "UNCOMPRESSED SNAPPY GZIP LZO BROTLI LZ4 ZSTD LZ4_RAW".split(" ");
const convertedTypes =
  ("UTF8 MAP MAP_KEY_VALUE LIST ENUM DECIMAL DATE TIME_MILLIS TIME_MICROS TIMESTAMP_MILLIS " +
    "TIMESTAMP_MICROS UINT_8 UINT_16 UINT_32 UINT_64 INT_8 INT_16 INT_32 INT_64 JSON BSON INTERVAL").split(
      " ",
    );
const encodings = ("PLAIN GROUP_VAR_INT PLAIN_DICTIONARY RLE BIT_PACKED DELTA_BINARY_PACKED " +
  "DELTA_LENGTH_BYTE_ARRAY DELTA_BYTE_ARRAY RLE_DICTIONARY BYTE_STREAM_SPLIT").split(" ");

/** The name of an encoding, or its number where it has none. */
export function encodingName(number: number | undefined): string {
  return encodings[number ?? -1] ?? `number ${number ?? "missing"}`;
}

/** Deeper than any column of numbers is nested, and as deep as levels of one byte reach. */
const depthMax = 100;

/** A long name of a group is part of the path of every column in it. */
const pathCharactersMax = 100_000_000;

/** Names from the outermost inwards, as one text that no two columns share. */
export function pathOf(names: readonly string[]): string {
  return names.join("\0");
}

export function metadataOf(footer: Struct): Metadata {
  const leaves: SchemaNode[] = [];
  const schema = schemaOf(footer.structs(2) ?? [], leaves);
  const orders = (footer.structs(7) ?? []).map((order) => order.has(1));
  return {
    writer: footer.text(6) ?? "",
    keyValues: keyValuesOf(footer.structs(5) ?? []),
    schema,
    rowCount: footer.count(3),
    groups: (footer.structs(4) ?? []).map((group) => groupOf(group, leaves, orders)),
  };
}

/** The first of a key counts. */
function keyValuesOf(pairs: readonly Struct[]): Map<string, string> {
  return new Map(pairs.toReversed().map((pair) => [pair.text(1) ?? "", pair.text(2) ?? ""]));
}

/** The tree that a list of its nodes tells, each in front of its children. */
function schemaOf(elements: readonly Struct[], leaves: SchemaNode[]): SchemaNode {
  let next = 0;
  let pathCharacters = 0;
  const take = (outer: readonly string[]): SchemaNode => {
    if (outer.length > depthMax) throw new Error(`columns must be nested at most ${depthMax} deep`);
    const element = elements[next++];
    if (element === undefined) {
      throw new Error(`its schema must have as many columns as it speaks of, has ${elements.length}`);
    }
    const name = element.text(4) ?? "";
    // The root is no part of any path.
    const names = next === 1 ? [] : [...outer, name];
    pathCharacters += names.reduce((sum, { length }) => sum + length, 0);
    if (pathCharacters > pathCharactersMax) {
      throw new TooLarge(
        `paths of columns must have at most ${pathCharactersMax} characters together, got more`,
      );
    }
    const children: SchemaNode[] = [];
    const node: SchemaNode = {
      name,
      path: pathOf(names),
      repetition: repetitions[element.integer(3) ?? -1],
      type: physicalTypes[element.integer(1) ?? -1],
      typeBytes: element.integer(2),
      meaning: meaningOf(convertedTypes[element.integer(6) ?? -1], logicalTypeOf(element.struct(10))),
      children,
    };
    const childCount = element.integer(5) ?? 0;
    for (let i = 0; i < childCount; i++) children.push(take(names));
    if (children.length === 0) leaves.push(node);
    return node;
  };
  return take([]);
}

/** The older way to say what is stored, in the newer one's words. All times of it are in UTC. */
const olderTypes: Readonly<Record<string, LogicalType>> = {
  UTF8: { name: "STRING" },
  TIME_MILLIS: { name: "TIME", unit: "ms", isUtc: true },
  TIME_MICROS: { name: "TIME", unit: "us", isUtc: true },
  TIMESTAMP_MILLIS: { name: "TIMESTAMP", unit: "ms", isUtc: true },
  TIMESTAMP_MICROS: { name: "TIMESTAMP", unit: "us", isUtc: true },
};

function meaningOf(converted: string | undefined, logical: LogicalType | undefined): LogicalType | undefined {
  if (converted === undefined || logical !== undefined && converted !== "DECIMAL") return logical;
  const integer = /^(U?)INT_(\d+)$/.exec(converted);
  if (integer !== null) return { name: "INTEGER", bitWidth: Number(integer[2]), isSigned: integer[1] === "" };
  return olderTypes[converted] ?? { name: converted };
}

/** By the number of their field; there is no ninth. */
const logicalNames =
  (" STRING MAP LIST ENUM DECIMAL DATE TIME TIMESTAMP  INTEGER NULL JSON BSON UUID FLOAT16 VARIANT " +
    "GEOMETRY GEOGRAPHY").split(" ");

/** A union of structs, of which one is there. One that came later than this is as good as none. */
function logicalTypeOf(union: Struct | undefined): LogicalType | undefined {
  const field = logicalNames.findIndex((name, field) => name !== "" && union?.has(field));
  if (union === undefined || field < 0) return undefined;
  const name = logicalNames[field];
  const type = union.struct(field)!;
  if (name === "INTEGER") return { name, bitWidth: type.integer(1), isSigned: type.flag(2) };
  if (name !== "TIME" && name !== "TIMESTAMP") return { name };
  const unit = type.struct(2);
  return { name, isUtc: type.flag(1), unit: (["ms", "us", "ns"] as const).find((_, i) => unit?.has(i + 1)) };
}

function groupOf(group: Struct, leaves: readonly SchemaNode[], orders: readonly boolean[]): RowGroup {
  const chunks = new Map<string, ColumnChunk>();
  (group.structs(1) ?? []).forEach((column, i) => {
    const metadata = column.struct(3);
    const isEncrypted = column.has(8) || column.has(9);
    // An encrypted column may hide its metadata; its place is that of its column all the same.
    const path = metadata === undefined ? leaves[i]?.path : pathOf(metadata.texts(3) ?? []);
    if (path === undefined || chunks.has(path) || metadata === undefined && !isEncrypted) return;
    chunks.set(path, chunkOf(metadata, isEncrypted, orders[i] ?? false));
  });
  return { rowCount: group.count(3), chunks };
}

function chunkOf(metadata: Struct | undefined, isEncrypted: boolean, isTypeOrdered: boolean): ColumnChunk {
  // Where there is no dictionary, some writers say that it is at 0.
  const start = metadata?.integer(11) || metadata?.integer(9) || 0;
  return {
    isEncrypted,
    codec: codecs[metadata?.integer(4) ?? -1] ?? `number ${metadata?.integer(4) ?? "missing"}`,
    valueCount: metadata?.integer(5) ?? 0,
    start,
    end: start + (metadata?.integer(7) ?? 0),
    encodings: metadata?.structs(13)?.map((stats) => encodingName(stats.integer(2))) ?? null,
    statistics: metadata?.struct(12) ?? null,
    isTypeOrdered,
  };
}
