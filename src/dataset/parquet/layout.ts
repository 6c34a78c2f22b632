import type { ColumnMetaData, SchemaElement, SchemaTree } from "hyparquet";
import type { DtypeName } from "../../column.ts";
import { type ArrowField, extensionFeature, listsOf, valueTypeOf } from "../arrow/types.ts";
import { type Feature, featureOf, type Layout, parseFeature } from "../features.ts";
import { parseValueType, type ValueType } from "../value_types.ts";

/** How a Parquet column nests: definition levels from which a list is there, and from which it has an entry. */
export interface Nesting {
  readonly present: number;
  readonly entry: number;
}

/** A column of numbers, or of lists of them, in a Parquet file. */
export interface NumberColumn {
  readonly name: string;
  /** From the root of the schema to the column of numbers itself. */
  readonly path: readonly SchemaTree[];
  readonly lists: readonly Nesting[];
  /** The definition level of a value that is not null. */
  readonly definitionMax: number;
  /** How the file's numbers are read; a column of int8, for one, is stored as int32. */
  readonly dtype: DtypeName;
  /** Parquet has no times in seconds: they are stored as milliseconds, and the layout tells of it. */
  readonly isSeconds: boolean;
  readonly layout: Layout;
  readonly feature: Feature;
}

/** The column under a child of the schema's root, or null where it holds something else than numbers. */
export function numberColumn(
  root: SchemaTree,
  column: SchemaTree,
  arrow: ArrowField | undefined,
  named: unknown,
): NumberColumn | null {
  const path = [root, column];
  const lists: Nesting[] = [];
  let level = isOptional(column) ? 1 : 0;
  let node = column;
  if (isRepeated(node)) lists.push({ present: 0, entry: ++level });
  while (node.children.length > 0) {
    const repeated = node.children[0];
    if (node.children.length > 1 || !isRepeated(repeated) || isRepeated(node)) return null;
    lists.push({ present: level, entry: ++level });
    path.push(repeated);
    node = repeated;
    if (repeated.children.length === 0) break;
    if (repeated.children.length > 1) return null;
    node = repeated.children[0];
    if (isRepeated(node)) return null;
    if (isOptional(node)) level++;
    path.push(node);
  }
  const stored = storedType(node.element);
  if (stored === null) return null;
  const found = chooseLayout(column.element.name, stored.value, lists.length, arrow, named);
  if (found === null) return null;
  const isSeconds = isInSeconds(found.layout.value, stored.value);
  return {
    name: column.element.name,
    path,
    lists,
    definitionMax: level,
    dtype: stored.dtype,
    isSeconds,
    ...found,
  };
}

/** Whether a column chunk is the one that a column's numbers are in. */
export function isChunkOf(column: NumberColumn, chunk: ColumnMetaData): boolean {
  return chunk.path_in_schema?.join("\0") === column.path.at(-1)!.path.join("\0");
}

function isOptional({ element }: SchemaTree): boolean {
  return element.repetition_type === "OPTIONAL";
}

function isRepeated({ element }: SchemaTree): boolean {
  return element.repetition_type === "REPEATED";
}

interface Stored {
  readonly dtype: DtypeName;
  readonly value: ValueType;
}

const units = { MILLIS: "ms", MICROS: "us", NANOS: "ns" } as const;

/** What the numbers of a leaf are, and as what they are read. */
function storedType(element: SchemaElement): Stored | null {
  const { type, converted_type: converted, logical_type: logical } = element;
  const stored = (dtype: DtypeName, name: string = dtype): Stored | null => {
    const value = parseValueType(name);
    return value === null ? null : { dtype, value };
  };
  if (converted === "DECIMAL" || logical?.type === "DECIMAL") return null;
  switch (type) {
    case "BOOLEAN":
      return stored("uint8", "bool");
    case "FLOAT":
      return stored("float32");
    case "DOUBLE":
      return stored("float64");
    case "FIXED_LEN_BYTE_ARRAY":
      return logical?.type === "FLOAT16" ? stored("float16") : null;
    case "INT32":
    case "INT64": {
      const bits = type === "INT32" ? 32 : 64;
      if (logical?.type === "TIMESTAMP") {
        return stored(
          "int64",
          `timestamp[${units[logical.unit]}${logical.isAdjustedToUTC ? ", tz=UTC" : ""}]`,
        );
      }
      if (logical?.type === "TIME") return stored(`int${bits}`, `time${bits}[${units[logical.unit]}]`);
      if (converted === "DATE") return stored("int32", "date32");
      const time = /^(TIME|TIMESTAMP)_(MILLIS|MICROS)$/.exec(converted ?? "");
      if (time !== null) {
        const unit = units[time[2] as keyof typeof units];
        return stored(
          `int${bits}`,
          time[1] === "TIME" ? `time${bits}[${unit}]` : `timestamp[${unit}, tz=UTC]`,
        );
      }
      const integer = /^(U?INT)_(\d+)$/.exec(converted ?? "");
      const [sign, width] = logical?.type === "INTEGER"
        ? [logical.isSigned ? "int" : "uint", logical.bitWidth]
        : integer !== null
        ? [integer[1].toLowerCase(), Number(integer[2])]
        : ["int", bits];
      const dtype = `${width === bits ? sign : "int"}${bits}` as DtypeName;
      return stored(dtype, `${sign}${width}`);
    }
    default:
      return null;
  }
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
  return value.name === stored.name ||
    (isInteger(value) && isInteger(stored)) ||
    (/^(duration\[|timestamp\[s|date64)/.test(value.name) && stored.name === "int64") ||
    (value.name === "time32[s]" && stored.name === "int32") ||
    (unit(value) !== undefined && unit(value) === unit(stored)) || isInSeconds(value, stored) ||
    (value.name === "date64" && unit(stored) === "ms");
}

function isInSeconds(value: ValueType, stored: ValueType): boolean {
  return value.name.startsWith("timestamp[s") && stored.name.startsWith("timestamp[ms") ||
    value.name === "time32[s]" && stored.name === "time32[ms]";
}
