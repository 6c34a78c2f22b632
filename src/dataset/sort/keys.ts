import type { ExtraRows } from "../../append/extra_rows.ts";
import { keyRows, layoutOfArrow } from "../extras/arrow.ts";
import { type Numbers, numbersOf } from "../table/numbers.ts";
import type { ArrowData, ArrowType } from "../table/types.ts";

/** Numbers of some rows of a column that is sorted by. */
export interface NumberKeys extends Numbers {
  readonly kind: "numbers";
}

/** Strings of some rows of it, in UTF-8, or bytes. */
export interface TextKeys {
  readonly kind: "text";
  readonly length: number;
  readonly at: (row: number) => Uint8Array | null;
}

export type KeyPiece = NumberKeys | TextKeys;

/** Whether an Arrow type is one of strings or bytes, or of a dictionary of them. */
export function isTextOrBytes(type: ArrowType): boolean {
  return layoutOfArrow(type) !== null;
}

/** The keys of a piece of an Arrow column. */
export function arrowKey(data: ArrowData): KeyPiece {
  if (!isTextOrBytes(data.type)) return { kind: "numbers", ...numbersOf(data) };
  const { lengths, bytes } = keyRows(data);
  // A copy: the bytes may lie between those of all other columns.
  return textKeys({ lengths, bytes: bytes.slice() });
}

/** Values that stand one behind another. */
export function textKeys({ lengths, bytes }: ExtraRows): TextKeys {
  const starts = new Float64Array(lengths.length);
  let end = 0;
  for (let row = 0; row < lengths.length; row++) {
    starts[row] = end;
    end += Math.max(0, lengths[row]);
  }
  return {
    kind: "text",
    length: lengths.length,
    at: (row) => lengths[row] < 0 ? null : bytes.subarray(starts[row], starts[row] + lengths[row]),
  };
}
