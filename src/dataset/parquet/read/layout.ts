import type { DtypeName } from "../../../read/column.ts";
import { type ArrowField, extensionFeature, listsOf, valueTypeOf } from "../../table/types.ts";
import { type Feature, featureOf, type Layout, parseFeature } from "../../features.ts";
import { isNullType, parseValueType, type ValueType } from "../../value_types.ts";
import type { LogicalType, SchemaNode } from "./metadata.ts";

/** How a Parquet column nests: definition levels from which a list is there, and from which it has an entry. */
export interface Nesting {
  readonly present: number;
  readonly entry: number;
}

/** Times in seconds are stored as milliseconds, and dates in milliseconds as days. */
export type Conversion = "milliseconds to seconds" | "days to milliseconds";

/** A column of numbers, or of lists of them, in a Parquet file. */
export interface NumberColumn {
  readonly name: string;
  /** Where its numbers are in the schema. */
  readonly path: string;
  /** As what the file stores them. */
  readonly physical: string;
  readonly lists: readonly Nesting[];
  /** The definition level of a value that is not null. */
  readonly definitionMax: number;
  /** How the file's numbers are read; a column of int8, for one, is stored as int32. */
  readonly storedDtype: DtypeName;
  /** The same of what is made of them. */
  readonly dtype: DtypeName;
  /** What is made of the file's numbers, where Parquet has no type for those that the layout tells of. */
  readonly conversion: Conversion | null;
  readonly layout: Layout;
  readonly feature: Feature;
}

/** How a column nests, and what it holds in the end. */
export interface Nested {
  readonly leaf: SchemaNode;
  readonly lists: readonly Nesting[];
  readonly definitionMax: number;
}

/** The levels of a child of the schema's root; a text where it holds something else than lists: what. */
export function nestedColumn(column: SchemaNode): Nested | string {
  const lists: Nesting[] = [];
  let definitionMax = isOptional(column) ? 1 : 0;
  let leaf = column;
  if (isRepeated(leaf)) lists.push({ present: 0, entry: ++definitionMax });
  while (leaf.children.length > 0) {
    const repeated = leaf.children[0];
    if (leaf.children.length > 1 || !isRepeated(repeated) || isRepeated(leaf)) return "groups of columns";
    lists.push({ present: definitionMax, entry: ++definitionMax });
    leaf = repeated;
    if (repeated.children.length === 0) break;
    if (repeated.children.length > 1) return "lists of groups of columns";
    leaf = repeated.children[0];
    if (isRepeated(leaf)) return "lists of lists of any length";
    if (isOptional(leaf)) definitionMax++;
  }
  return { leaf, lists, definitionMax };
}

/** A column of numbers; a text where it holds something else: what. */
export function numberColumn(
  name: string,
  { leaf, lists, definitionMax }: Nested,
  arrow: ArrowField | undefined,
  named: unknown,
): NumberColumn | string {
  const stored = storedType(leaf);
  if (typeof stored === "string") return stored;
  const found = chooseLayout(name, stored.value, lists.length, arrow, named);
  if (found === null) return "lists of lists of any length";
  const conversion = conversionOf(found.layout.value, stored.value);
  return {
    name,
    path: leaf.path,
    physical: leaf.type!,
    lists,
    definitionMax,
    storedDtype: stored.dtype,
    dtype: conversion === "days to milliseconds" ? "int64" : stored.dtype,
    conversion,
    ...found,
  };
}

function isOptional({ repetition }: SchemaNode): boolean {
  return repetition === "OPTIONAL";
}

function isRepeated({ repetition }: SchemaNode): boolean {
  return repetition === "REPEATED";
}

interface Stored {
  readonly dtype: DtypeName;
  readonly value: ValueType;
}

/** What the numbers of a leaf are, and as what they are read; a text says what a leaf holds that are none. */
export function storedType(node: SchemaNode): Stored | string {
  const { type, meaning } = node;
  if (type === undefined) return "nothing that Parquet has";
  const stored = meaning === undefined ? plainTypes[type] : meantType(meaning, type, node);
  if (stored) return stored;
  return meaning === undefined ? type : `${nameOf(meaning)} stored as ${type}`;
}

/** What numbers are without a further meaning. INT96 has no other use than timestamps, of Spark, Impala and Hive. */
const plainTypes: Readonly<Record<string, Stored>> = {
  BOOLEAN: storedAs("uint8", "bool"),
  INT32: storedAs("int32"),
  INT64: storedAs("int64"),
  INT96: storedAs("int64", "timestamp[ns]"),
  FLOAT: storedAs("float32"),
  DOUBLE: storedAs("float64"),
};

/** Each meaning has one type of its own, in which alone it is what it says. */
function meantType(meaning: LogicalType, type: string, { typeBytes }: SchemaNode): Stored | null {
  const { name, unit, isUtc, bitWidth, isSigned } = meaning;
  const isWide = type === "INT64";
  switch (name) {
    case "INTEGER": {
      if (!(type === "INT32" && [8, 16, 32].includes(bitWidth!) || isWide && bitWidth === 64)) return null;
      const [bits, sign] = [isWide ? 64 : 32, isSigned ? "int" : "uint"];
      return storedAs(`${bitWidth === bits ? sign : "int"}${bits}` as DtypeName, `${sign}${bitWidth}`);
    }
    case "DATE":
      return type === "INT32" ? storedAs("int32", "date32") : null;
    case "TIME":
      if (unit === undefined || type !== (unit === "ms" ? "INT32" : "INT64")) return null;
      return storedAs(isWide ? "int64" : "int32", `time${isWide ? 64 : 32}[${unit}]`);
    case "TIMESTAMP":
      if (unit === undefined || !isWide) return null;
      return storedAs("int64", `timestamp[${unit}${isUtc ? ", tz=UTC" : ""}]`);
    case "NULL":
      return storedAs(plainTypes[type]?.dtype ?? "float64", "null");
    case "FLOAT16":
      return type === "FIXED_LEN_BYTE_ARRAY" && typeBytes === 2 ? storedAs("float16") : null;
    default:
      return null;
  }
}

function nameOf({ name, unit, bitWidth, isSigned }: LogicalType): string {
  if (name === "INTEGER") return `${isSigned ? "INT" : "UINT"}_${bitWidth}`;
  return unit === undefined ? name : `${name}[${unit}]`;
}

function storedAs(dtype: DtypeName, name: string = dtype): Stored {
  return { dtype, value: parseValueType(name)! };
}

/**
 * The layout that the writer had, where the file tells of it and it fits what is stored; else the one that Parquet's
 * own types give, in which all lists may vary.
 */
function chooseLayout(
  name: string,
  value: ValueType,
  depth: number,
  arrow: ArrowField | undefined,
  named: unknown,
): { layout: Layout; feature: Feature } | null {
  let nested: Layout | null = null;
  for (const feature of [named, arrow && extensionFeature(arrow), arrow && plainFeature(arrow)]) {
    const layout = feature === undefined ? null : tryParse(name, feature);
    if (layout === null || layout.levels.length !== depth) continue;
    if (isStoredAs(layout.value, value)) return { layout, feature: feature as Feature };
    nested ??= layout;
  }
  // Seconds, for one, are stored as milliseconds by Arrow: the lists are still what they were.
  if (nested !== null && depth > 0) {
    const layout = { ...nested, value };
    return { layout, feature: featureOf(layout) };
  }
  if (depth > 1) return null;
  const layout: Layout = { value, levels: depth === 0 ? [] : ["list"], isArray: false };
  return { layout, feature: featureOf(layout) };
}

function plainFeature(arrow: ArrowField): unknown {
  const { levels, entry } = listsOf(arrow.type);
  const value = valueTypeOf(entry);
  return value === null ? undefined : featureOf({ value, levels, isArray: false });
}

function tryParse(name: string, feature: unknown): Layout | null {
  try {
    return parseFeature(name, feature, "read Parquet");
  } catch {
    return null;
  }
}

/** Parquet stores integers wider than they are, and as plain integers what it has no word for: durations, and seconds. */
function isStoredAs(value: ValueType, stored: ValueType): boolean {
  const isInteger = (type: ValueType) => /^u?int/.test(type.name);
  const unit = (type: ValueType) => /^timestamp\[(\w+)/.exec(type.name)?.[1];
  return value.name === stored.name || isNullType(stored) ||
    (isInteger(value) && isInteger(stored)) ||
    (/^(duration\[|timestamp\[s|date64)/.test(value.name) && stored.name === "int64") ||
    (value.name === "time32[s]" && stored.name === "int32") ||
    (unit(value) !== undefined && unit(value) === unit(stored)) || conversionOf(value, stored) !== null ||
    (value.name === "date64" && unit(stored) === "ms");
}

function conversionOf(value: ValueType, stored: ValueType): Conversion | null {
  if (value.name === "date64" && stored.name === "date32") return "days to milliseconds";
  const isSeconds = value.name.startsWith("timestamp[s") && stored.name.startsWith("timestamp[ms") ||
    value.name === "time32[s]" && stored.name === "time32[ms]";
  return isSeconds ? "milliseconds to seconds" : null;
}
