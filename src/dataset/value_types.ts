import type { DtypeName } from "../read/column.ts";

/** A number type as HuggingFace names it, and how its bits are read and written. */
export interface ValueType {
  readonly name: string;
  readonly dtype: DtypeName;
}

/** One number of each type out of raw bytes. */
const numberOf: Readonly<Record<DtypeName, (bytes: DataView, index: number) => number | bigint | boolean>> = {
  float64: (bytes, index) => bytes.getFloat64(8 * index, true),
  float32: (bytes, index) => bytes.getFloat32(4 * index, true),
  float16: (bytes, index) => halfToNumber(bytes.getUint16(2 * index, true)),
  int64: (bytes, index) => bytes.getBigInt64(8 * index, true),
  uint64: (bytes, index) => bytes.getBigUint64(8 * index, true),
  int32: (bytes, index) => bytes.getInt32(4 * index, true),
  uint32: (bytes, index) => bytes.getUint32(4 * index, true),
  int16: (bytes, index) => bytes.getInt16(2 * index, true),
  uint16: (bytes, index) => bytes.getUint16(2 * index, true),
  int8: (bytes, index) => bytes.getInt8(index),
  uint8: (bytes, index) => bytes.getUint8(index),
  bool: (bytes, index) => (bytes.getUint8(index >> 3) >> (index & 7) & 1) === 1,
};

/** Their names, which are those of NumPy, and so of LeRobot too. */
export const numberTypes: readonly string[] = Object.keys(numberOf);

/** Older names, which HuggingFace reads as these too. */
const aliases: ReadonlyMap<string, string> = new Map([["double", "float64"], ["float", "float32"]]);

/** Times are integers in Arrow: 32 or 64 bits, signed. */
const times: readonly (readonly [RegExp, DtypeName])[] = [
  [/^timestamp\[(s|ms|us|ns)(, tz=[^\]]+)?\]$/, "int64"],
  [/^duration\[(s|ms|us|ns)\]$/, "int64"],
  [/^time64\[(us|ns)\]$/, "int64"],
  [/^time32\[(s|ms)\]$/, "int32"],
  [/^date64$/, "int64"],
  [/^date32$/, "int32"],
];

/** The type of columns that hold nothing but nulls. A column of it has no numbers, whatever type they would be read as. */
const nullType: ValueType = { name: "null", dtype: "float64" };

/** Whether columns of a type hold nothing but nulls. */
export function isNullType({ name }: ValueType): boolean {
  return name === nullType.name;
}

/** What an error says is allowed. */
export const allowedValueTypes: string = `${
  numberTypes.join(", ")
}, null, or a timestamp, duration, date or time`;

/** The number type of a name, or null where it is none. */
export function parseValueType(given: unknown): ValueType | null {
  if (typeof given !== "string") return null;
  const name = aliases.get(given) ?? given;
  if (name === nullType.name) return nullType;
  if (numberTypes.includes(name)) return { name, dtype: name as DtypeName };
  const time = times.find(([pattern]) => pattern.test(name));
  return time === undefined ? null : { name, dtype: time[1] };
}

/** One number out of raw bytes. */
export function numberAt(bytes: ArrayBufferView, dtype: DtypeName, index: number): number | bigint | boolean {
  return numberOf[dtype](new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), index);
}

function halfToNumber(half: number): number {
  const sign = half >> 15 ? -1 : 1;
  const exponent = half >> 10 & 0x1f;
  const mantissa = half & 0x3ff;
  if (exponent === 0x1f) return mantissa === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * mantissa * 2 ** -24 : sign * (1 + mantissa / 1024) * 2 ** (exponent - 15);
}
