/** Columns as a batch takes them, of values that their fields' dtypes hold. */
import { arrayOver, type Dtype, dtypeKinds, holds } from "../dtypes.ts";
import type { DtypeName } from "../read/column.ts";
import { describe, type Field } from "../fields.ts";
import { attachedLength, kindOf, plainView, privateView, type TypedArrayName } from "../typed_array.ts";
import { cellsOver, isExact, narrowCells } from "./narrow.ts";
import { type NumberArray, writeNumbers } from "./values.ts";

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

/** Makes the error for a value that is refused: its row, and its index in the source's values. */
export type Refuse = (row: number, valueIndex: number) => Error;

/**
 * A column whose values are what its field's dtype holds. The native library sees to the dtypes of 64 bits; for narrower
 * ones values that may be others are converted here, each at its index. Those of nulls may be anything.
 */
export function narrowSource(source: Source, rowCount: number, refuse: Refuse): Source {
  const { dtype } = source.field;
  if (dtypeKinds[dtype].bits === 64) return source;
  const [first, end] = spanOf(source, rowCount);
  const check = (index: number) => {
    const row = rowOf(source, rowCount, index);
    if (isSet(source.validity, row) && isSet(source.valueValidity, index)) throw refuse(row, index);
  };
  if (source.nanForNull && source.valueValidity !== null && dtypeKinds[dtype].kind !== "float") {
    checkNoNan(source, rowCount, first, end, refuse);
  }
  if (holds(dtype, source.dtype)) return source;
  const cells = cellsOver(new ArrayBuffer(8 * end), end);
  const given = numbersOf(source).subarray(first, end);
  if (given instanceof BigInt64Array || given instanceof BigUint64Array) {
    given.forEach((value, i) => {
      if (dtypeKinds[dtype].kind === "float" && !isExact(dtype, value)) check(first + i);
      cells.values[first + i] = Number(value);
    });
  } else {
    writeNumbers(cells, first, source.field, given, end - first);
  }
  for (let at = first; at < end; at++) {
    at = narrowCells(cells, at, end, source.field);
    if (at === end) break;
    check(at);
    cells.values[at] = 0;
  }
  return { ...source, values: cells.values, dtype: "float64" };
}

/** The values of the rows, as far as there are any: whether there are enough is checked by the native library. */
function spanOf({ width, offsets, firstValue, values, dtype }: Source, rowCount: number): [number, number] {
  const held = Math.floor(8 * values.byteLength / valueBits(dtype));
  const within = (index: number) => Math.min(held, Math.max(0, index));
  if (width !== null) return [within(firstValue), within(firstValue + rowCount * width)];
  if (rowCount >= offsets!.length) return [0, 0];
  const [first, end] = [Number(offsets![0]), Number(offsets![rowCount])];
  return [within(firstValue + first), Math.max(within(firstValue + first), within(firstValue + end))];
}

/** A bool stands in a bit where columns are handed over. */
function valueBits(dtype: Dtype): number {
  return dtype === "bool" ? 1 : dtypeKinds[dtype].bits;
}

/** The values in an array of their class: they may come as bytes, at any place of a buffer. */
function numbersOf({ values, dtype }: Source): NumberArray {
  const bytes = valueBits(dtype) / 8;
  const length = Math.floor(values.byteLength / bytes);
  if (values.byteOffset % bytes === 0) return arrayOver(dtype, values.buffer, values.byteOffset, length);
  const copy = new Uint8Array(values.buffer, values.byteOffset, length * bytes).slice();
  return arrayOver(dtype, copy.buffer, 0, length);
}

/** The row that a value is of: the last that begins there or before, and is not empty. */
function rowOf({ width, offsets, firstValue }: Source, rowCount: number, index: number): number {
  if (width !== null) return Math.floor((index - firstValue) / width);
  let [from, to] = [0, rowCount - 1];
  while (from < to) {
    const middle = Math.ceil((from + to) / 2);
    if (firstValue + Number(offsets![middle]) <= index) from = middle;
    else to = middle - 1;
  }
  return from;
}

function isSet(bitmap: Bitmap | null, index: number): boolean {
  if (bitmap === null) return true;
  const bit = bitmap.firstBit + index;
  return (bitmap.bytes[bit >> 3] >> (bit & 7) & 1) === 1;
}

/** A null inside a list is to be NaN, which no integer is. */
function checkNoNan(source: Source, rowCount: number, first: number, end: number, refuse: Refuse): void {
  for (let index = first; index < end; index++) {
    if (isSet(source.valueValidity, index)) continue;
    const row = rowOf(source, rowCount, index);
    if (isSet(source.validity, row)) throw refuse(row, index);
  }
}
