import { DataType, IntervalUnit, type Schema } from "apache-arrow";
import { type ArrowType, valueTypeOf } from "./table/types.ts";
import type { DatasetFormat } from "./formats.ts";

/** What a format cannot hold is found in the schema, before anything is written. Arrow holds all. */
const limits: Partial<Record<DatasetFormat, Limit>> = {
  parquet: {
    name: "Parquet",
    allowed:
      "of a type that its writer has, which knows no unions, no month-day-nano intervals, no structs " +
      "without fields and no dictionaries of lists or structs",
    misfit: parquetMisfit,
  },
  jsonl: {
    name: "JSON lines",
    allowed: "of numbers, strings, or lists or structs of them",
    misfit: textMisfit,
  },
  csv: { name: "CSV", allowed: "of numbers, strings, or lists or structs of them", misfit: textMisfit },
};

interface Limit {
  readonly name: string;
  readonly allowed: string;
  /** The type itself or one within it that the format does not have, or null. */
  readonly misfit: (type: DataType) => DataType | null;
}

/** Throws for a column that a format does not have. */
export function checkTypes(schema: Schema, format: DatasetFormat): void {
  const limit = limits[format];
  if (limit === undefined) return;
  for (const { name, type } of schema.fields) {
    const misfit = limit.misfit(type);
    if (misfit === null) continue;
    throw new TypeError(
      `Cannot save as ${limit.name}: the column "${name}" must be ${limit.allowed}, got ${misfit}; drop it, or save as arrow`,
    );
  }
}

function parquetMisfit(type: DataType): DataType | null {
  if (DataType.isUnion(type)) return type;
  if (DataType.isInterval(type)) return type.unit === IntervalUnit.MONTH_DAY_NANO ? type : null;
  if (DataType.isStruct(type) && type.children.length === 0) return type;
  if (DataType.isDictionary(type)) return (type.dictionary.children ?? []).length > 0 ? type : null;
  return misfitWithin(type, parquetMisfit);
}

/** The type itself or one within it that no text has, or null. */
export function textMisfit(type: DataType): DataType | null {
  if (DataType.isDictionary(type)) return textMisfit(type.dictionary);
  if (isNested(type)) return misfitWithin(type, textMisfit);
  const isText = DataType.isUtf8(type) || DataType.isLargeUtf8(type) || DataType.isUtf8View(type);
  return isText || DataType.isNull(type) || valueTypeOf(type as unknown as ArrowType) !== null ? null : type;
}

function isNested(type: DataType): boolean {
  return DataType.isList(type) || DataType.isLargeList(type) || DataType.isFixedSizeList(type) ||
    DataType.isStruct(type);
}

function misfitWithin(type: DataType, misfit: Limit["misfit"]): DataType | null {
  for (const child of type.children ?? []) {
    const found = misfit(child.type);
    if (found !== null) return found;
  }
  return null;
}
