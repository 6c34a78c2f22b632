import { type Data, Type, Vector } from "apache-arrow";
import type { Bitmap } from "../../append/batch.ts";
import type { DtypeName } from "../../read/column.ts";
import { nullTypeId } from "../table/sources.ts";
import { type ArrowData, type ArrowType, valueTypeOf } from "../table/types.ts";
import { decodeDictionary } from "../table/dictionary.ts";

/** Numbers of some rows of a column that is sorted by. */
export interface NumberKeys {
  readonly kind: "numbers";
  readonly length: number;
  readonly values: ArrayBufferView;
  readonly dtype: DtypeName;
  /** Of the first row in `values`. */
  readonly first: number;
  /** Rows that are not null; null for all. */
  readonly validity: Bitmap | null;
}

/** Strings of some rows of it, in UTF-8. */
export interface TextKeys {
  readonly kind: "text";
  readonly length: number;
  readonly at: (row: number) => Uint8Array | null;
}

export type KeyPiece = NumberKeys | TextKeys;

/** Whether an Arrow type is one of strings, or of a dictionary of them. */
export function isText({ typeId, dictionary }: ArrowType): boolean {
  return typeId === Type.Dictionary ? isText(dictionary as ArrowType) : textTypes.has(typeId);
}

const textTypes: ReadonlySet<number> = new Set([Type.Utf8, Type.LargeUtf8, Type.Utf8View]);

/** The keys of a piece of an Arrow column. */
export function arrowKey(given: ArrowData): KeyPiece {
  if (isText(given.type)) return { kind: "text", length: given.length, at: textOf(given) };
  const data = given.dictionary === undefined || given.dictionary === null ? given : decodeDictionary(given);
  const { length, type, offset, nullCount, nullBitmap } = data;
  if (type.typeId === nullTypeId) {
    const validity = { bytes: new Uint8Array(Math.ceil(length / 8)), firstBit: 0 };
    return {
      kind: "numbers",
      length,
      values: new Float64Array(length),
      dtype: "float64",
      first: 0,
      validity,
    };
  }
  const validity = nullCount > 0 && nullBitmap ? { bytes: nullBitmap, firstBit: offset } : null;
  const { dtype } = valueTypeOf(type)!;
  return {
    kind: "numbers",
    length,
    values: data.values,
    dtype,
    first: dtype === "bool" ? offset : 0,
    validity,
  };
}

function textOf(data: ArrowData): TextKeys["at"] {
  const vector = new Vector([data as unknown as Data]);
  const encoder = new TextEncoder();
  return (row) => {
    const text = vector.get(row) as string | null;
    return text === null ? null : encoder.encode(text);
  };
}
