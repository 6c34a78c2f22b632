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
  Type,
  Uint16,
  Uint32,
  Uint64,
  Uint8,
} from "apache-arrow";
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
  /** What views look into. */
  readonly variadicBuffers?: readonly Uint8Array[];
}

/** The columns of a record batch. */
export type ArrowColumns = Pick<ArrowData, "length" | "children">;

/**
 * An Arrow type, told by its `typeId`: with `instanceof` a table made with another copy of the library would be
 * refused.
 */
export interface ArrowType {
  readonly typeId: number;
  readonly children?: readonly ArrowField[] | null;
  readonly [property: string]: unknown;
}

/** Arrow's type of nothing but nulls. */
export const nullTypeId: number = Type.Null;

/** Of times, by Arrow's own numbers. */
const units = ["s", "ms", "us", "ns"];

const plainTypes = [
  ...[Bool, Float16, Float32, Float64, Int8, Int16, Int32, Int64, Uint8, Uint16, Uint32, Uint64],
].map((Plain): DataType => new Plain());

/** The types of numbers by HuggingFace's names. Timestamps have a time zone besides. */
const numberTypes: ReadonlyMap<string, DataType> = new Map<string, DataType>([
  ...plainTypes.map((type) => [String(type).toLowerCase(), type] as const),
  ["date32", new DateDay()],
  ["date64", new DateMillisecond()],
  ...units.map((unit, code) => [`duration[${unit}]`, new Duration(code)] as const),
  ...units.map((unit, code) => [`time${timeBits(code)}[${unit}]`, new Time(code, timeBits(code))] as const),
]);

function timeBits(unit: number): 32 | 64 {
  return unit < 2 ? 32 : 64;
}

const namesOfTypes: ReadonlyMap<string, string> = new Map(
  Array.from(numberTypes, ([name, type]) => [keyOf(type as unknown as ArrowType), name]),
);

/** What tells number types apart. */
function keyOf({ typeId, isSigned, bitWidth, precision, unit }: ArrowType): string {
  return [typeId, isSigned, bitWidth, precision, unit].join();
}

/** The Arrow type of a number type. */
export function arrowValueType(value: ValueType): DataType {
  if (isNullType(value)) return new Null();
  const [, unit, zone] = /^timestamp\[(\w+)(?:, tz=(.+))?\]$/.exec(value.name) ?? [];
  return unit === undefined ? numberTypes.get(value.name)! : new Timestamp(units.indexOf(unit), zone);
}

/** The number type of an Arrow type, or null where it holds no numbers. A dictionary has that of its values. */
export function valueTypeOf(type: ArrowType): ValueType | null {
  if (type.typeId === Type.Dictionary) return valueTypeOf(type.dictionary as ArrowType);
  if (type.typeId !== Type.Timestamp) return parseValueType(namesOfTypes.get(keyOf(type)));
  const zone = type.timezone ? `, tz=${type.timezone}` : "";
  return parseValueType(`timestamp[${units[type.unit as number]}${zone}]`);
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
