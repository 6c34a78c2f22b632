import {
  Bool,
  type DataType,
  DateDay,
  DateMillisecond,
  Duration,
  Field,
  FixedSizeList,
  Float16,
  Float32,
  Float64,
  Int16,
  Int32,
  Int64,
  Int8,
  LargeList,
  List,
  Null,
  Time,
  Timestamp,
  TimeUnit,
  Type,
  Uint16,
  Uint32,
  Uint64,
  Uint8,
} from "apache-arrow";
import type { DtypeName } from "../../read/column.ts";
import { featureOf, type Layout, type Level } from "../features.ts";
import { isNullType, parseValueType, type ValueType } from "../value_types.ts";

/** An Arrow field as any copy and version of the library has it. */
export interface ArrowField {
  readonly name: string;
  readonly type: ArrowType;
  readonly metadata: ReadonlyMap<string, string>;
}

/**
 * One piece of an Arrow column, as any copy of the library has it. Values and value offsets begin at the piece's first
 * row; bits (validity, and the values of bool) begin at bit `offset`.
 */
export interface ArrowData {
  readonly type: ArrowType;
  readonly length: number;
  readonly offset: number;
  readonly nullCount: number;
  readonly nullBitmap?: Uint8Array | null;
  readonly values: ArrayBufferView;
  readonly valueOffsets: Int32Array | BigInt64Array;
  readonly children: readonly ArrowData[];
  readonly dictionary?: { readonly data: readonly ArrowData[] };
}

/**
 * An Arrow type, told by its `typeId`: with `instanceof` a table made with another copy of the library would be
 * refused.
 */
export interface ArrowType {
  readonly typeId: number;
  readonly children?: readonly ArrowField[] | null;
  readonly [property: string]: unknown;
}

const units = ["s", "ms", "us", "ns"] as const;
const unitCodes = {
  s: TimeUnit.SECOND,
  ms: TimeUnit.MILLISECOND,
  us: TimeUnit.MICROSECOND,
  ns: TimeUnit.NANOSECOND,
} as const;

const plainTypes: Readonly<Record<DtypeName, new () => DataType>> = {
  float64: Float64,
  float32: Float32,
  float16: Float16,
  int64: Int64,
  uint64: Uint64,
  int32: Int32,
  uint32: Uint32,
  int16: Int16,
  uint16: Uint16,
  int8: Int8,
  uint8: Uint8,
  bool: Bool,
};

/** The Arrow type of a number type. */
export function arrowValueType(value: ValueType): DataType {
  if (isNullType(value)) return new Null();
  const [, kind, unit, zone] = /^([a-z]+)\d*(?:\[(\w+)(?:, tz=(.+))?\])?$/.exec(value.name)!;
  const code = unitCodes[unit as keyof typeof unitCodes];
  if (kind === "timestamp") return new Timestamp(code, zone);
  if (kind === "duration") return new Duration(code);
  if (kind === "time") return new Time(code, value.dtype === "int32" ? 32 : 64);
  if (kind === "date") return value.dtype === "int32" ? new DateDay() : new DateMillisecond();
  return new plainTypes[value.dtype]();
}

/** One level of lists around a type. All is nullable, or HuggingFace takes the column for another type. */
export function arrowListType(level: Level, entry: DataType): DataType {
  const child = new Field("item", entry, true);
  if (level === "list") return new List(child);
  return level === "large_list" ? new LargeList(child) : new FixedSizeList(level, child);
}

/** The Arrow type of columns of a layout. The lists of an ArrayND stand in Arrow as lists that could vary. */
export function arrowTypeOf({ value, levels, isArray }: Layout): DataType {
  return levels.reduceRight(
    (entry, level) => arrowListType(isArray ? "list" : level, entry),
    arrowValueType(value),
  );
}

/** The field of a column: an ArrayND says what it is in the field's metadata, as Arrow's extension types do. */
export function arrowField(name: string, layout: Layout, type: DataType): Field {
  if (!layout.isArray) return new Field(name, type, true);
  const feature = featureOf(layout);
  // Spelled as Python's json does.
  const shape = "shape" in feature ? feature.shape.map(String).join(", ") : "";
  return new Field(
    name,
    type,
    true,
    new Map([
      ["ARROW:extension:name", `${extensionModule}.${feature._type}ExtensionType`],
      ["ARROW:extension:metadata", `[[${shape}], "${layout.value.name}"]`],
    ]),
  );
}

const extensionModule = "datasets.features.features";

/** The ArrayND feature that a field's own metadata tells of. */
export function extensionFeature(field: ArrowField): unknown {
  const kind = /\.(Array[2-5]D)ExtensionType$/.exec(field.metadata.get("ARROW:extension:name") ?? "");
  if (kind === null) return undefined;
  try {
    const [shape, dtype] = JSON.parse(field.metadata.get("ARROW:extension:metadata") ?? "");
    return { shape, dtype, _type: kind[1] };
  } catch {
    return undefined;
  }
}

/** The number type of an Arrow type, or null where it holds no numbers. A dictionary has that of its values. */
export function valueTypeOf(type: ArrowType): ValueType | null {
  const unit = units[type.unit as number];
  switch (type.typeId) {
    case Type.Dictionary:
      return valueTypeOf(type.dictionary as ArrowType);
    case Type.Int:
      return parseValueType(`${type.isSigned ? "int" : "uint"}${type.bitWidth}`);
    case Type.Float:
      return parseValueType(["float16", "float32", "float64"][type.precision as number]);
    case Type.Bool:
      return parseValueType("bool");
    case Type.Timestamp:
      return parseValueType(`timestamp[${unit}${type.timezone ? `, tz=${type.timezone}` : ""}]`);
    case Type.Duration:
      return parseValueType(`duration[${unit}]`);
    case Type.Time:
      return parseValueType(`time${type.bitWidth}[${unit}]`);
    case Type.Date:
      return parseValueType(type.unit === 0 ? "date32" : "date64");
    default:
      return null;
  }
}

/** The lists of a type from the outermost inwards, and what they hold in the end. */
export function listsOf(type: ArrowType): { readonly levels: readonly Level[]; readonly entry: ArrowType } {
  const levels: Level[] = [];
  let entry = type;
  while (true) {
    // Damage can leave a list type without the type of its entries.
    if (entry.children?.[0] === undefined) return { levels, entry };
    if (entry.typeId === Type.List) levels.push("list");
    else if (entry.typeId === Type.LargeList) levels.push("large_list");
    else if (entry.typeId === Type.FixedSizeList) levels.push(entry.listSize as number);
    else return { levels, entry };
    entry = entry.children[0].type;
  }
}

/** Whether Arrow holds columns of this layout in this type. */
export function isLayoutOf(layout: Layout, type: ArrowType): boolean {
  const { levels, entry } = listsOf(type);
  const expected = layout.isArray ? layout.levels.map(() => "list") : layout.levels;
  const isValue = isNullType(layout.value)
    ? entry.typeId === Type.Null
    : valueTypeOf(entry)?.name === layout.value.name;
  return isValue && expected.length === levels.length && expected.every((level, i) => level === levels[i]);
}
