/** Columns of text and bytes as Arrow has them in many types, and what their rows are. */
import {
  Binary,
  BinaryView,
  type Data,
  type DataType,
  Dictionary,
  Field,
  FixedSizeBinary,
  Int32,
  LargeBinary,
  LargeUtf8,
  makeData,
  Struct,
  Type,
  Utf8,
  Utf8View,
  Vector,
  vectorFromArray,
} from "apache-arrow";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** The values of a column of text or bytes, out of its buffers: apache-arrow leaves the mark out that a text begins with. */
export function valuesOf(column: Vector): (string | Uint8Array | null)[] {
  return column.data.flatMap((data) => {
    const isText = data.type.typeId === Type.Utf8 || data.type.typeId === Type.LargeUtf8;
    return Array.from({ length: data.length }, (_, row) => {
      if (!data.getValid(row)) return null;
      const [from, to] = [Number(data.valueOffsets[row]), Number(data.valueOffsets[row + 1])];
      const bytes = (data.values as Uint8Array).subarray(from, to);
      return isText ? decoder.decode(bytes) : bytes;
    });
  });
}

export const texts: readonly (string | null)[] = [
  "plain",
  "",
  null,
  "Grüße \u{1f600} 日本",
  "\0 and \0",
  "\ufeffa mark",
  "x".repeat(1_000_000),
  'a "quote", a comma\nand a line',
  null,
  "last",
];

export const bytes: readonly (Uint8Array | null)[] = texts.map((text, i) =>
  text === null ? null : i === 3 ? Uint8Array.of(0xff, 0xd8, 0, 0x80) : encoder.encode(text)
);

type Values = readonly (string | Uint8Array | null)[];

const bytesOf = (value: string | Uint8Array | null) =>
  value === null ? null : typeof value === "string" ? encoder.encode(value) : value;

/** Written buffer by buffer, with bytes behind a null too, which nobody may take for a value. */
export function plainData(type: DataType, values: Values, isLarge = false, junk = "junk"): Data {
  const parts = values.map((value) => bytesOf(value) ?? encoder.encode(junk));
  const offsets = [0];
  for (const part of parts) offsets.push(offsets.at(-1)! + part.length);
  return makeData({
    type: type as Utf8,
    length: values.length,
    ...validity(values),
    valueOffsets: (isLarge ? BigInt64Array.from(offsets, BigInt) : Int32Array.from(offsets)) as never,
    data: joined(parts),
  });
}

function validity(values: Values): { nullCount: number; nullBitmap: Uint8Array } {
  const nullBitmap = new Uint8Array(Math.ceil(values.length / 8));
  values.forEach((value, row) => value !== null && (nullBitmap[row >> 3] |= 1 << (row & 7)));
  return { nullCount: values.filter((value) => value === null).length, nullBitmap };
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Short values stand in the view, others in one of two buffers. */
export function viewData(type: DataType, values: Values): Data {
  const views = new Uint8Array(16 * values.length);
  const view = new DataView(views.buffer);
  const buffers: Uint8Array[][] = [[], []];
  const ends = [0, 0];
  values.forEach((value, row) => {
    const part = bytesOf(value);
    if (part === null) return;
    view.setInt32(16 * row, part.length, true);
    if (part.length <= 12) return views.set(part, 16 * row + 4);
    views.set(part.subarray(0, 4), 16 * row + 4);
    view.setInt32(16 * row + 8, row % 2, true);
    view.setInt32(16 * row + 12, ends[row % 2], true);
    buffers[row % 2].push(part);
    ends[row % 2] += part.length;
  });
  return makeData({
    type: type as Utf8View,
    length: values.length,
    ...validity(values),
    views,
    variadicBuffers: buffers.map(joined),
  } as never);
}

export function dictionaryData(values: readonly (string | null)[]): Vector {
  return vectorFromArray(values as string[], new Dictionary(new Utf8(), new Int32())) as unknown as Vector;
}

export function fixedData(values: readonly (Uint8Array | null)[], width: number): Data {
  return makeData({
    type: new FixedSizeBinary(width),
    length: values.length,
    ...validity(values),
    data: joined(values.map((value) => value ?? new Uint8Array(width).fill(7))),
  } as never);
}

/** HuggingFace's struct of bytes and a path; null where it has neither. A null row has bytes in its struct all the same. */
export function mediaData(
  values: readonly (Uint8Array | null)[],
  paths: readonly (string | null)[] = values.map(() => null),
): Data {
  const present = values.map((value, row) => value === null && paths[row] === null ? null : "");
  const held = values.map((value, row) => present[row] === null ? encoder.encode("lost") : value);
  const children = [plainData(new Binary(), held), plainData(new Utf8(), paths)];
  const type = new Struct([new Field("bytes", new Binary(), true), new Field("path", new Utf8(), true)]);
  return makeData({
    type,
    length: values.length,
    ...validity(present),
    children: children as never,
  }) as Data;
}

/** Text by its type. */
export const textColumns: Readonly<Record<string, () => Data>> = {
  string: () => plainData(new Utf8(), texts),
  large_string: () => plainData(new LargeUtf8(), texts, true),
  string_view: () => viewData(new Utf8View(), texts),
  dictionary: () => dictionaryData(texts).data[0] as Data,
};

/** Bytes by their type. */
export const byteColumns: Readonly<Record<string, () => Data>> = {
  binary: () => plainData(new Binary(), bytes),
  large_binary: () => plainData(new LargeBinary(), bytes, true),
  binary_view: () => viewData(new BinaryView(), bytes),
  Image: () => mediaData(bytes),
};
