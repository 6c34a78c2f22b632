import type { Bitmap } from "../../append/batch.ts";
import { dtypeBytes, type DtypeName } from "../../read/column.ts";
import { numberAt } from "../value_types.ts";
import { clearBits, isSet, setBits } from "./bitmaps.ts";
import { type ArrowData, nullTypeId, valueTypeOf } from "./types.ts";

/** Numbers of some rows of a column. */
export interface Numbers {
  readonly length: number;
  /** For bool one bit each. */
  readonly values: ArrayBufferView;
  readonly dtype: DtypeName;
  /** Where that of the first row stands in `values`. */
  readonly first: number;
  /** Rows that are not null; null for all. */
  readonly validity: Bitmap | null;
}

/** The numbers of a piece of an Arrow column, those themselves in the place of indices into a dictionary. */
export function numbersOf(data: ArrowData): Numbers {
  const { type, length, values, offset, dictionary } = data;
  if (dictionary !== undefined && dictionary !== null) return decodeDictionary(data, dictionary);
  if (type.typeId === nullTypeId) {
    // Nothing but nulls, which have no buffers at all.
    const validity = { bytes: new Uint8Array(Math.ceil(length / 8)), firstBit: 0 };
    return { length, values: new Float64Array(length), dtype: "float64", first: 0, validity };
  }
  const { dtype } = valueTypeOf(type)!;
  return { length, values, dtype, first: dtype === "bool" ? offset : 0, validity: validityOf(data) };
}

/** Which rows of a piece of a column are not null; null for all. */
export function validityOf({ nullCount, nullBitmap, offset }: ArrowData): Bitmap | null {
  if (nullCount === 0 || !nullBitmap || nullBitmap.length === 0) return null;
  return { bytes: nullBitmap, firstBit: offset };
}

/** Floats are the integers of their bits, so that a NaN keeps its own; a bool is spread to a byte. */
type Words = readonly (number | bigint | null)[];

/** The words of dictionaries, each of which many batches may have. */
const wordsOfDictionaries = new WeakMap<Dictionary, Words>();

type Dictionary = NonNullable<ArrowData["dictionary"]>;

function decodeDictionary(data: ArrowData, dictionary: Dictionary): Numbers {
  const { type, length } = data;
  const { dtype } = valueTypeOf(type)!;
  const words = wordsOfDictionaries.get(dictionary) ?? dictionary.data.flatMap(wordsOf);
  wordsOfDictionaries.set(dictionary, words);
  const indices = data.values as unknown as ArrayLike<number | bigint>;
  const rows = validityOf(data);
  const values = new (wordArray(dtype))(length);
  const present = setBits(length);
  let nullCount = 0;
  for (let row = 0; row < length; row++) {
    const word = rows === null || isSet(rows, row) ? words[Number(indices[row])] ?? null : null;
    if (word !== null) {
      values[row] = word as number;
    } else {
      clearBits(present, row, 1);
      nullCount++;
    }
  }
  return {
    length,
    values,
    dtype: dtype === "bool" ? "uint8" : dtype,
    first: 0,
    validity: nullCount > 0 ? { bytes: present, firstBit: 0 } : null,
  };
}

function wordsOf(chunk: ArrowData): Words {
  const { length, values, dtype, first, validity } = numbersOf(chunk);
  const bits = dtype === "bool"
    ? null
    : new (wordArray(dtype))(values.buffer as ArrayBuffer, values.byteOffset, length);
  return Array.from({ length }, (_, row) => {
    if (validity !== null && !isSet(validity, row)) return null;
    return bits?.[row] ?? Number(numberAt(values, dtype, first + row));
  });
}

function wordArray(dtype: DtypeName): Uint8ArrayConstructor {
  const bytes = Math.max(1, dtypeBytes[dtype]);
  return { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array, 8: BigUint64Array }[bytes] as Uint8ArrayConstructor;
}
