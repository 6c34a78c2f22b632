import { type Data, Type, Vector } from "apache-arrow";
import { type Numbers, numbersOf } from "../table/numbers.ts";
import type { ArrowData, ArrowType } from "../table/types.ts";

/** Numbers of some rows of a column that is sorted by. */
export interface NumberKeys extends Numbers {
  readonly kind: "numbers";
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
export function arrowKey(data: ArrowData): KeyPiece {
  if (isText(data.type)) return { kind: "text", length: data.length, at: textOf(data) };
  return { kind: "numbers", ...numbersOf(data) };
}

function textOf(data: ArrowData): TextKeys["at"] {
  const vector = new Vector([data as unknown as Data]);
  const encoder = new TextEncoder();
  return (row) => {
    const text = vector.get(row) as string | null;
    return text === null ? null : encoder.encode(text);
  };
}
