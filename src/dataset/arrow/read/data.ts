import { Type } from "apache-arrow";
import { type ArrowData, type ArrowType, nullTypeId, valueTypeOf } from "../../table/types.ts";
import { dtypeBytes } from "../../../read/column.ts";
import { isSet } from "../../table/bitmaps.ts";
import { validityOf } from "../../table/numbers.ts";

/** Checks that a column out of a file has all that its lengths speak of. */
export function checkData(data: ArrowData, length: number): void {
  if (data.length !== length) throw new Error(`a column must have ${length} rows, has ${data.length}`);
  const { type, nullCount, nullBitmap, children, valueOffsets } = data;
  if (type.typeId === nullTypeId) return;
  if (nullCount > 0 && nullBitmap) checkBytes("validity", nullBitmap.byteLength, Math.ceil(length / 8));
  if (type.dictionary !== undefined) {
    checkBytes("indices", data.values.byteLength, length * indexBytes(type));
    for (const words of data.dictionary?.data ?? []) checkData(words, words.length);
    checkIndices(data);
    return;
  }
  if (valueOffsets !== undefined && valueOffsets !== null && length > 0) {
    if (valueOffsets.length <= length) {
      throw new Error(
        `a list column of ${length} rows must have ${length + 1} offsets, has ${valueOffsets.length}`,
      );
    }
    checkOffsets(valueOffsets, length, children[0]?.length ?? data.values.byteLength);
  }
  const listSize = type.listSize as number | undefined;
  if (type.typeId === Type.Struct) checkChildren(data);
  if (type.typeId === Type.FixedSizeBinary) {
    checkBytes("values", data.values.byteLength, length * (type.byteWidth as number));
  }
  if (type.typeId === Type.Utf8View || type.typeId === Type.BinaryView) {
    checkBytes("views", data.values.byteLength, length * 16);
  }
  if (children.length > 0) {
    if (listSize !== undefined && children[0].length < length * listSize) {
      throw new Error(`lists must have ${length * listSize} entries, have ${children[0].length}`);
    }
    for (const child of children) checkData(child, child.length);
    return;
  }
  const value = valueTypeOf(type);
  if (value !== null) {
    checkBytes("values", data.values.byteLength, Math.ceil(length * dtypeBytes[value.dtype]));
  }
}

function checkChildren({ length, children }: ArrowData): void {
  const odd = children.find((child) => child.length !== length);
  if (odd === undefined) return;
  throw new Error(`a struct of ${length} rows must have as many in each of its columns, has ${odd.length}`);
}

function indexBytes(type: ArrowType): number {
  return ((type.indices as ArrowType).bitWidth as number) / 8;
}

/** Behind a null there may be any index. */
function checkIndices(data: ArrowData): void {
  const count = (data.dictionary?.data ?? []).reduce((sum, { length }) => sum + length, 0);
  const indices = data.values as unknown as ArrayLike<number | bigint>;
  const validity = validityOf(data);
  for (let row = 0; row < data.length; row++) {
    const index = indices[row];
    if (index >= 0 && index < count || validity !== null && !isSet(validity, row)) continue;
    throw new Error(`indices must be those of a dictionary of ${count}, got ${index} in row ${row}`);
  }
}

function checkOffsets(offsets: Int32Array | BigInt64Array, length: number, end: number): void {
  let last = offsets[0];
  if (last < 0) throw new Error(`offsets must be >= 0, got ${last}`);
  for (let row = 1; row <= length; row++) {
    const offset = offsets[row];
    if (offset < last) throw new Error(`offsets must not fall, got ${offset} behind ${last}`);
    last = offset;
  }
  if (last > end) throw new Error(`offsets must be <= ${end}, got ${last}`);
}

function checkBytes(what: string, found: number, expected: number): void {
  if (found < expected) throw new Error(`${what} must have ${expected} bytes, have ${found}`);
}
