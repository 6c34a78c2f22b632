import {
  CompressionCodecs,
  ConvertedTypes,
  Encodings,
  FieldRepetitionTypes,
  ParquetTypes,
} from "hyparquet/src/constants.js";
import type { ConvertedType, FieldRepetitionType, ParquetType } from "hyparquet";
import type { Struct } from "./thrift.ts";

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
  readonly repetition: FieldRepetitionType | undefined;
  /** What is stored; a group has none. */
  readonly type: ParquetType | undefined;
  /** The length of values that all have the same. */
  readonly typeBytes: number | undefined;
  /** What that means, in the older and in the newer way to say so. */
  readonly converted: ConvertedType | undefined;
  readonly logical: LogicalType | undefined;
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

/** Deeper than any column of numbers is nested, and as deep as levels of one byte reach. */
const depthMax = 100;

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
  const take = (outer: readonly string[]): SchemaNode => {
    if (outer.length > depthMax) throw new Error(`columns must be nested at most ${depthMax} deep`);
    const element = elements[next++];
    if (element === undefined) {
      throw new Error(`its schema must have as many columns as it speaks of, has ${elements.length}`);
    }
    const name = element.text(4) ?? "";
    // The root is no part of any path.
    const names = next === 1 ? [] : [...outer, name];
    const children: SchemaNode[] = [];
    const node: SchemaNode = {
      name,
      path: pathOf(names),
      repetition: FieldRepetitionTypes[element.integer(3) ?? -1],
      type: ParquetTypes[element.integer(1) ?? -1],
      typeBytes: element.integer(2),
      converted: ConvertedTypes[element.integer(6) ?? -1],
      logical: logicalTypeOf(element.struct(10)),
      children,
    };
    const childCount = element.integer(5) ?? 0;
    for (let i = 0; i < childCount; i++) children.push(take(names));
    if (children.length === 0) leaves.push(node);
    return node;
  };
  return take([]);
}

const logicalNames: Readonly<Record<number, string>> = {
  1: "STRING",
  2: "MAP",
  3: "LIST",
  4: "ENUM",
  5: "DECIMAL",
  6: "DATE",
  7: "TIME",
  8: "TIMESTAMP",
  10: "INTEGER",
  11: "NULL",
  12: "JSON",
  13: "BSON",
  14: "UUID",
  15: "FLOAT16",
  16: "VARIANT",
  17: "GEOMETRY",
  18: "GEOGRAPHY",
};

/** A union of structs, of which one is there. One that came later than this is as good as none. */
function logicalTypeOf(union: Struct | undefined): LogicalType | undefined {
  const field = Object.keys(logicalNames).map(Number).find((field) => union?.has(field));
  if (union === undefined || field === undefined) return undefined;
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
  const encodings = metadata?.structs(13)?.map((stats) => Encodings[stats.integer(2) ?? -1]);
  return {
    isEncrypted,
    codec: CompressionCodecs[metadata?.integer(4) ?? -1] ?? `number ${metadata?.integer(4) ?? "missing"}`,
    valueCount: metadata?.integer(5) ?? 0,
    start,
    end: start + (metadata?.integer(7) ?? 0),
    encodings: encodings ?? null,
    statistics: metadata?.struct(12) ?? null,
    isTypeOrdered,
  };
}
