import { arrayOver, type Dtype, dtypeKinds, holds } from "../dtypes.ts";
import { cellsOver, isExact, narrowCells } from "./narrow.ts";
import type { Bitmap, Source } from "./source.ts";
import { type NumberArray, writeNumbers } from "./values.ts";

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
