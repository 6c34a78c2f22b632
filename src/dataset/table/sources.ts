import type { Bitmap, Source } from "../../append/batch.ts";
import type { Field } from "../../fields.ts";
import type { ArrowData } from "./types.ts";
import { andBits, clearBits, isSet, setBits } from "./bitmaps.ts";
import { type Numbers, numbersOf, validityOf } from "./numbers.ts";
import type { Layout } from "../features.ts";

/** A list, or a list within a list, is not as long as the column's layout says. */
export class ShapeError extends Error {
  constructor(readonly row: number, readonly expected: number, readonly found: number | "more") {
    super(`row ${row} has another shape`);
  }
}

/** Numbers behind any levels of lists; which are null by their index in `values`. */
type Values = Omit<Numbers, "length">;

/** Lays a piece of a column out for a batch; nothing of it is copied but what Arrow cannot say in one range. */
export function sourceOf(data: ArrowData, layout: Layout, field: Field, nanForNull: boolean): Source {
  const [outer] = layout.levels;
  if (outer === undefined) {
    const { values, dtype, first, validity } = numbersOf(data);
    const shared = { field, nanForNull, isList: false, values, dtype, validity };
    return { ...shared, firstValue: first, width: 1, offsets: null, valueValidity: null };
  }
  const { valueOffsets, length, children: [child] } = data;
  const isFixed = valueOffsets === undefined;
  if (!isFixed && typeof outer === "number") checkCounts(data, outer);
  const [from, to] = isFixed ? [0, child.length] : [Number(valueOffsets[0]), Number(valueOffsets[length])];
  const { values, dtype, first, validity, width } = entriesOf(child, layout, 1, from, to, data);
  const isPlain = width === 1 && layout.levels.length === 1;
  return {
    field,
    nanForNull,
    isList: true,
    values,
    dtype,
    firstValue: first,
    width: isFixed ? width * (outer as number) : null,
    offsets: isFixed
      ? null
      : isPlain
      ? valueOffsets.subarray(0, length + 1)
      : scaled(valueOffsets, length, from, width),
    validity: validityOf(data),
    valueValidity: validity,
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

/** Validity by the place of a value: where those are bits, the bits of rows begin with them. */
function leafOf(data: ArrowData): Values {
  const { values, dtype, first, validity } = numbersOf(data);
  return {
    values,
    dtype,
    first,
    validity: validity && { bytes: validity.bytes, firstBit: validity.firstBit - first },
  };
}
