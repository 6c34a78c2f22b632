import type { DtypeName } from "../read/column.ts";

/** A number type as HuggingFace names it, and how its bits are read and written. */
export interface ValueType {
  readonly name: string;
  readonly dtype: DtypeName;
}

const plainNames: readonly DtypeName[] = [
  "float64",
  "float32",
  "float16",
  "int64",
  "uint64",
  "int32",
  "uint32",
  "int16",
  "uint16",
  "int8",
  "uint8",
  "bool",
];

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
  plainNames.join(", ")
}, null, or a timestamp, duration, date or time`;

/** The number type of a name, or null where it is none. */
export function parseValueType(given: unknown): ValueType | null {
  if (typeof given !== "string") return null;
  const name = aliases.get(given) ?? given;
  if (name === nullType.name) return nullType;
  if ((plainNames as readonly string[]).includes(name)) return { name, dtype: name as DtypeName };
  const time = times.find(([pattern]) => pattern.test(name));
  return time === undefined ? null : { name, dtype: time[1] };
}

/** One number out of raw bytes. */
export function numberAt(bytes: ArrayBufferView, dtype: DtypeName, index: number): number | bigint | boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (dtype) {
    case "float64":
      return view.getFloat64(8 * index, true);
    case "float32":
      return view.getFloat32(4 * index, true);
    case "float16":
      return halfToNumber(view.getUint16(2 * index, true));
    case "int64":
      return view.getBigInt64(8 * index, true);
    case "uint64":
      return view.getBigUint64(8 * index, true);
    case "int32":
      return view.getInt32(4 * index, true);
    case "uint32":
      return view.getUint32(4 * index, true);
    case "int16":
      return view.getInt16(2 * index, true);
    case "uint16":
      return view.getUint16(2 * index, true);
    case "int8":
      return view.getInt8(index);
    case "uint8":
      return view.getUint8(index);
    case "bool":
      return (view.getUint8(index >> 3) >> (index & 7) & 1) === 1;
  }
}

function halfToNumber(half: number): number {
  const sign = half >> 15 ? -1 : 1;
  const exponent = half >> 10 & 0x1f;
  const mantissa = half & 0x3ff;
  if (exponent === 0x1f) return mantissa === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * mantissa * 2 ** -24 : sign * (1 + mantissa / 1024) * 2 ** (exponent - 15);
}
