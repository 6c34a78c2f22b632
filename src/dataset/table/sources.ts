import type { Bitmap, Source } from "../../append/batch.ts";
import type { DtypeName } from "../../read/column.ts";
import type { Field } from "../../fields.ts";
import { type ArrowData, valueTypeOf } from "./types.ts";
import { andBits, clearBits, isSet, setBits } from "./bitmaps.ts";
import { decodeDictionary } from "./dictionary.ts";
import type { Layout } from "../features.ts";

/** A list, or a list within a list, is not as long as the column's layout says. */
export class ShapeError extends Error {
  constructor(readonly row: number, readonly expected: number, readonly found: number | "more") {
    super(`row ${row} has another shape`);
  }
}

/** Numbers behind any levels of lists: by their index in `values`, where the first stands and which are null. */
interface Values {
  readonly values: ArrayBufferView;
  readonly dtype: DtypeName;
  readonly first: number;
  readonly validity: Bitmap | null;
}

/** Lays a piece of a column out for a batch; nothing of it is copied but what Arrow cannot say in one range. */
export function sourceOf(data: ArrowData, layout: Layout, field: Field, nanForNull: boolean): Source {
  const shared = { field, nanForNull, isList: layout.levels.length > 0 };
  if (layout.levels.length === 0) {
    const { values, dtype, first, validity } = leafOf(data);
    return {
      ...shared,
      values,
      dtype,
      firstValue: first,
      width: 1,
      offsets: null,
      // A source's bitmap of rows counts from its first row.
      validity: validity && { bytes: validity.bytes, firstBit: validity.firstBit + first },
      valueValidity: null,
    };
  }
  const [child] = data.children;
  const validity = validityOf(data);
  const outer = layout.levels[0];
  const { valueOffsets } = data;
  if (valueOffsets === undefined) {
    const { width, ...entries } = entriesOf(child, layout, 1, 0, child.length, data);
    return {
      ...shared,
      values: entries.values,
      dtype: entries.dtype,
      firstValue: entries.first,
      width: width * (outer as number),
      offsets: null,
      validity,
      valueValidity: entries.validity,
    };
  }
  if (typeof outer === "number") checkCounts(data, outer);
  const from = Number(valueOffsets[0]);
  const { width, ...entries } = entriesOf(child, layout, 1, from, Number(valueOffsets[data.length]), data);
  const isPlain = width === 1 && layout.levels.length === 1;
  return {
    ...shared,
    values: entries.values,
    dtype: entries.dtype,
    firstValue: entries.first,
    width: null,
    offsets: isPlain
      ? valueOffsets.subarray(0, data.length + 1)
      : scaled(valueOffsets, data.length, from, width),
    validity,
    valueValidity: entries.validity,
  };
}

/**
 * Entries `[from, to)` of one level of lists, each so many values wide. At the outermost level `first` is where entry 0
 * stands; deeper down, where entry `from` stands.
 */
function entriesOf(
  data: ArrowData,
  layout: Layout,
  level: number,
  from: number,
  to: number,
  rows: ArrowData,
): Values & { readonly width: number } {
  if (level === layout.levels.length) {
    const leaf = leafOf(data);
    return { ...leaf, width: 1, first: level === 1 ? leaf.first : leaf.first + from };
  }
  const count = layout.levels[level] as number;
  const { valueOffsets } = data;
  const start = valueOffsets === undefined ? from * count : Number(valueOffsets[from] ?? 0);
  if (valueOffsets !== undefined) checkRegular(data, count, from, to, rows);
  const inner = entriesOf(data.children[0], layout, level + 1, start, start + (to - from) * count, rows);
  const width = inner.width * count;
  return { ...inner, width, validity: withNullLists(inner, validityOf(data), from, to, width) };
}

/** A null list within a list stands for as many null values as it has room for. */
function withNullLists(
  inner: Values,
  lists: Bitmap | null,
  from: number,
  to: number,
  width: number,
): Bitmap | null {
  if (lists === null) return inner.validity;
  const end = inner.first + (to - from) * width;
  const bytes = setBits(end);
  if (inner.validity !== null) andBits(bytes, inner.validity, end);
  for (let list = from; list < to; list++) {
    if (!isSet(lists, list)) clearBits(bytes, inner.first + (list - from) * width, width);
  }
  return { bytes, firstBit: 0 };
}

/** Lists that could vary must not where the layout gives them a length. */
function checkRegular(data: ArrowData, count: number, from: number, to: number, rows: ArrowData): void {
  for (let list = from; list < to; list++) {
    const found = Number(data.valueOffsets[list + 1]) - Number(data.valueOffsets[list]);
    if (found !== count) throw new ShapeError(rowOf(rows, list), count, found);
  }
}

/** The row whose list holds an entry of the first inner level; only an error needs it. */
function rowOf(rows: ArrowData, entry: number): number {
  for (let row = 0; row < rows.length; row++) if (Number(rows.valueOffsets[row + 1]) > entry) return row;
  return rows.length - 1;
}

function checkCounts(data: ArrowData, count: number): void {
  const validity = validityOf(data);
  for (let row = 0; row < data.length; row++) {
    if (validity !== null && !isSet(validity, row)) continue;
    const found = Number(data.valueOffsets[row + 1]) - Number(data.valueOffsets[row]);
    if (found !== count) throw new ShapeError(row, count, found);
  }
}

function scaled(
  offsets: Int32Array | BigInt64Array,
  rowCount: number,
  from: number,
  width: number,
): BigInt64Array {
  return BigInt64Array.from(
    { length: rowCount + 1 },
    (_, row) => BigInt((Number(offsets[row]) - from) * width),
  );
}

function leafOf(given: ArrowData): Values {
  const data = given.dictionary === undefined || given.dictionary === null ? given : decodeDictionary(given);
  if (data.type.typeId === nullTypeId) return nullsOf(data);
  const { dtype } = valueTypeOf(data.type)!;
  if (dtype !== "bool") {
    return { values: data.values, dtype, first: 0, validity: validityOf(data) };
  }
  const validity = validityOf(data);
  return {
    values: data.values,
    dtype,
    first: data.offset,
    validity: validity && { bytes: validity.bytes, firstBit: 0 },
  };
}

/** Arrow's type of nothing but nulls, which has no buffers at all. */
export const nullTypeId = 1;

function nullsOf({ length }: ArrowData): Values {
  const validity = { bytes: new Uint8Array(Math.ceil(length / 8)), firstBit: 0 };
  return { values: new Float64Array(length), dtype: "float64", first: 0, validity };
}

function validityOf({ nullCount, nullBitmap, offset }: ArrowData): Bitmap | null {
  if (nullCount === 0 || !nullBitmap || nullBitmap.length === 0) return null;
  return { bytes: nullBitmap, firstBit: offset };
}
