/** Columns as a batch takes them. */
import type { DtypeName } from "../read/column.ts";
import { describe, type Field } from "../fields.ts";
import { attachedLength, kindOf, plainView, privateView, type TypedArrayName } from "../typed_array.ts";

/** A bitmap, least significant bit first, that begins at `firstBit`. */
export interface Bitmap {
  readonly bytes: Uint8Array;
  readonly firstBit: number;
}

/** One field's values for many rows, as Arrow lays them out. */
export interface Source {
  readonly field: Field;
  /** The numbers themselves; for bool one bit each. */
  readonly values: ArrayBufferView;
  readonly dtype: DtypeName;
  /** The index in `values` of the first row's first value. */
  readonly firstValue: number;
  /** Values of every row, or null where `offsets` (one more than rows) tell. */
  readonly width: number | null;
  readonly offsets: Int32Array | BigInt64Array | null;
  /** Rows that are present; null for all. */
  readonly validity: Bitmap | null;
  /** Values that are present, by their index in `values`; null for all. */
  readonly valueValidity: Bitmap | null;
  /** Write NaN for a null inside a list, which is an error otherwise. */
  readonly nanForNull: boolean;
  /** Whether the field is a list, also where it has one value. */
  readonly isList: boolean;
}

/**
 * A source out of nothing but memory of which the engine knows how large it is: tables are a caller's objects too.
 * Offsets are checked here and in the native library, and used after that: no other thread may write them meanwhile.
 */
export function plainSource(source: Source): Source {
  return {
    ...source,
    values: plainView(checkKind(source, source.values)),
    offsets: source.offsets &&
      privateView(checkKind(source, source.offsets, ["Int32Array", "BigInt64Array"])),
    validity: plainBitmap(source, source.validity),
    valueValidity: plainBitmap(source, source.valueValidity),
  };
}

function plainBitmap(source: Source, bitmap: Bitmap | null): Bitmap | null {
  if (bitmap === null) return null;
  const { bytes, firstBit } = bitmap;
  return { bytes: plainView(checkKind(source, bytes, ["Uint8Array"])), firstBit };
}

function checkKind<Item extends ArrayBufferView>(
  { field }: Source,
  array: Item,
  allowed?: readonly TypedArrayName[],
): Item {
  const name = `Cannot append columns: "${field.name}"`;
  const kind = kindOf(array);
  if (kind === undefined || !(allowed?.includes(kind) ?? true)) {
    const kinds = allowed?.join(" or ") ?? "typed arrays";
    throw new TypeError(`${name} must come in ${kinds}, got ${describe(array)}`);
  }
  attachedLength(name, array);
  return array;
}
