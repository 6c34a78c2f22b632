import type { Bitmap } from "../../append/batch.ts";
import { type ArrowData, type ArrowType, valueTypeOf } from "./types.ts";
import { clearBits, isSet, setBits } from "./bitmaps.ts";

/** The values themselves in the place of indices into a dictionary. */
export function decodeDictionary(data: ArrowData): ArrowData {
  const type = data.type.dictionary as ArrowType;
  const words = joinWords(data.dictionary!.data, valueTypeOf(type)!.dtype === "bool");
  const indices = data.values as unknown as ArrayLike<number | bigint>;
  const values = new (words.values.constructor as Uint8ArrayConstructor)(data.length);
  const nullBitmap = setBits(data.length);
  const rows: Bitmap | null = data.nullCount > 0 && data.nullBitmap
    ? { bytes: data.nullBitmap, firstBit: data.offset }
    : null;
  let nullCount = 0;
  for (let row = 0; row < data.length; row++) {
    const index = Number(indices[row]);
    if ((rows === null || isSet(rows, row)) && words.isPresent(index)) {
      values[row] = words.values[index];
    } else {
      clearBits(nullBitmap, row, 1);
      nullCount++;
    }
  }
  return {
    type: words.isBool ? bytesType : type,
    length: data.length,
    offset: 0,
    nullCount,
    nullBitmap,
    values,
    valueOffsets: data.valueOffsets,
    children: [],
  };
}

/** The values of a bool dictionary are spread to one byte each. */
const bytesType: ArrowType = { typeId: 2, isSigned: false, bitWidth: 8 };

/** The pieces of a dictionary as one array, floats as the integers of their bits, so that a NaN keeps its own. */
function joinWords(chunks: readonly ArrowData[], isBool: boolean) {
  const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  const width = isBool ? 1 : (chunks[0]?.values as Uint8Array | undefined)?.BYTES_PER_ELEMENT ?? 8;
  const Words = { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array, 8: BigUint64Array }[width]!;
  const values = new (Words as Uint8ArrayConstructor)(length);
  const present = setBits(length);
  let at = 0;
  for (const chunk of chunks) {
    const { buffer, byteOffset } = chunk.values;
    const validity = chunk.nullCount > 0 && chunk.nullBitmap
      ? { bytes: chunk.nullBitmap, firstBit: chunk.offset }
      : null;
    if (!isBool) {
      values.set(new (Words as Uint8ArrayConstructor)(buffer as ArrayBuffer, byteOffset, chunk.length), at);
    }
    for (let i = 0; i < chunk.length; i++) {
      if (isBool) {
        values[at + i] = Number(isSet({ bytes: chunk.values as Uint8Array, firstBit: chunk.offset }, i));
      }
      if (validity !== null && !isSet(validity, i)) clearBits(present, at + i, 1);
    }
    at += chunk.length;
  }
  const isPresent = (index: number) => index < length && isSet({ bytes: present, firstBit: 0 }, index);
  return { values, isBool, isPresent };
}
