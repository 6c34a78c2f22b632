import { type Data, type DataType, Type } from "apache-arrow";
import type { Bitmap } from "../../../append/batch.ts";
import { isSet } from "../../table/bitmaps.ts";
import type { ArrowData } from "../../table/types.ts";
import { viewsOf } from "../../table/views.ts";
import { numberAt } from "../../value_types.ts";

/** The text of one row of a column. */
export type CellText = (row: number) => string;

/**
 * JSON for the rows of a column, as Python's `json` writes it: `NaN`, `Infinity` and `-Infinity` are words, and a float
 * always has a point or an exponent, so that readers who guess types take it for one. Every float is the shortest text
 * that gives its float64 again. Times and durations are their integers.
 */
export function jsonText(data: Data): CellText {
  const text = presentText(data);
  const validity = validityOf(data);
  return validity === null ? text : (row) => isSet(validity, row) ? text(row) : "null";
}

/** Whether a row is null, by column. */
export function validityOf({ type, nullCount, nullBitmap, offset, length }: Data): Bitmap | null {
  if (type.typeId === Type.Null) return { bytes: new Uint8Array(Math.ceil(length / 8)), firstBit: 0 };
  return nullCount > 0 && nullBitmap ? { bytes: nullBitmap, firstBit: offset } : null;
}

/** The same for rows that are not null. The type is one that `checkTypes` lets through. */
export function presentText(data: Data): CellText {
  const { values, children, valueOffsets } = data;
  const type = data.type as DataType & { readonly precision: number; readonly listSize: number };
  switch (type.typeId) {
    case Type.Null:
      return () => "null";
    case Type.Float:
      if (type.precision !== 0) return (row) => floatText(values[row]);
      return (row) => floatText(numberAt(values, "float16", row) as number);
    case Type.Bool:
      return (row) => isSet({ bytes: values, firstBit: data.offset }, row) ? "true" : "false";
    case Type.List:
    case Type.LargeList: {
      const entry = jsonText(children[0]);
      return (row) => listText(entry, Number(valueOffsets[row]), Number(valueOffsets[row + 1]));
    }
    case Type.FixedSizeList: {
      const entry = jsonText(children[0]);
      const { listSize } = type;
      return (row) => listText(entry, row * listSize, (row + 1) * listSize);
    }
    case Type.Struct: {
      const names = (type as { children: { name: string }[] }).children.map(({ name }) =>
        JSON.stringify(name)
      );
      const entries = children.map((child: Data) => jsonText(child));
      return (row) => `{${names.map((name, i) => `${name}: ${entries[i](row)}`).join(", ")}}`;
    }
    case Type.Utf8:
    case Type.LargeUtf8:
    case Type.Utf8View: {
      const text = textOf(data);
      return (row) => JSON.stringify(text(row));
    }
    case Type.Dictionary: {
      const words = data.dictionary!.data.map((chunk: Data) => ({
        length: chunk.length,
        text: jsonText(chunk),
      }));
      return (row) => wordText(words, Number(values[row]));
    }
  }
  return (row) => String(values[row]);
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });

/** The texts of a column, with the mark that one may begin with: apache-arrow leaves it out. */
export function textOf(data: Data): CellText {
  const { values, valueOffsets, type } = data;
  if (type.typeId === Type.Utf8View) {
    const bytesAt = viewsOf(data as unknown as ArrowData);
    return (row) => decoded(bytesAt(row), row);
  }
  return (row) => decoded(values.subarray(Number(valueOffsets[row]), Number(valueOffsets[row + 1])), row);
}

function decoded(bytes: Uint8Array, row: number): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new RangeError(`Cannot write text: row ${row} of its column must be UTF-8, got other bytes`, {
      cause,
    });
  }
}

function listText(entry: CellText, from: number, to: number): string {
  if (from === to) return "[]";
  let text = "[" + entry(from);
  for (let i = from + 1; i < to; i++) text += ", " + entry(i);
  return text + "]";
}

function wordText(words: readonly { length: number; text: CellText }[], index: number): string {
  for (const { length, text } of words) {
    if (index < length) return text(index);
    index -= length;
  }
  return "null";
}

/** The shortest text of a float, with a point or an exponent. */
export function floatText(value: number): string {
  if (!Number.isInteger(value)) return String(value);
  if (Object.is(value, -0)) return "-0.0";
  const text = String(value);
  return text.includes("e") ? text : `${text}.0`;
}
