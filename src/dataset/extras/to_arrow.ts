/** Extras of a store as columns of Arrow. */
import { type Data, Field, type Field as ArrowField, makeData, type Table, type Utf8 } from "apache-arrow";
import { extraLengths, extraRows } from "../../read/extra_rows.ts";
import type { Connection } from "../../store/connection.ts";
import { ownValue } from "../../own_value.ts";
import type { Feature } from "../features.ts";
import { setBits } from "../table/bitmaps.ts";
import type { RowRange } from "../table/field_data.ts";
import type { SaveSource } from "../known_features.ts";
import {
  arrowTypeOfExtra,
  defaultFeatureOf,
  type ExtraLayout,
  knownFeature,
  parseExtraFeature,
} from "./features.ts";

/** How an extra goes out. */
export interface ExtraColumnPlan {
  readonly place: number;
  readonly feature: Feature;
  readonly layout: ExtraLayout;
  readonly column: ArrowField;
}

/**
 * What was loaded goes out as it came, where nobody has named anything else. Formats of text have no features: paths are
 * text there.
 */
export function planExtraColumns(
  { extras, known }: SaveSource,
  named: Readonly<Record<string, Feature | undefined>>,
  isText: boolean,
  action: string,
): ExtraColumnPlan[] {
  return extras.map(({ name, kind }, place) => {
    const asked = ownValue(named, name) ?? knownFeature(kind, known.get(name)) ?? defaultFeatureOf(kind);
    const isPlain = isText && parseExtraFeature(name, kind, asked, action) === "paths";
    const feature = isPlain ? defaultFeatureOf(kind) : asked;
    const layout = parseExtraFeature(name, kind, feature, action);
    return { place, feature, layout, column: new Field(name, arrowTypeOfExtra(layout), true) };
  });
}

/** Offsets of 32 bits reach so far; a value has at most half as much. */
const bytesPerPiece = 2 ** 31 - 1;

/** What was read for tables. */
const read = new WeakSet<ArrayBuffer>();

/**
 * Lets go of the bytes of extras that a table has, once it is written and nobody else's: left to the collector, they pile up
 * to hundreds of megabytes.
 */
export function releaseExtras({ batches }: Table): void {
  for (const { data } of batches) {
    for (const column of data.children) {
      for (const { values } of [column, ...column.children]) {
        if (values && read.delete(values.buffer)) (values.buffer as ArrayBuffer).transfer(0);
      }
    }
  }
}

/** Rows of an extra, in pieces of which each has offsets that reach. */
export function extraData(
  connection: Connection,
  { place, layout, column }: ExtraColumnPlan,
  { from, to }: RowRange,
): Data[] {
  const lengths = extraLengths(connection, place, from, to);
  return piecesOf(lengths, bytesPerPiece).map(({ start, end, byteCount }) => {
    const { bytes } = extraRows(connection, place, from + start, from + end, byteCount);
    read.add(bytes.buffer as ArrayBuffer);
    return pieceData(column, layout, lengths.subarray(start, end), bytes);
  });
}

/** The row behind the first rows from `from` on that have together so many bytes of all extras; at least the first. */
export function rowAfterBytes(
  connection: Connection,
  plans: readonly ExtraColumnPlan[],
  from: number,
  to: number,
  bytesMax: number,
): number {
  if (plans.length === 0) return to;
  let byteCount = 0;
  for (let start = from; start < to; start += rowsPerLook) {
    const end = Math.min(to, start + rowsPerLook);
    const sums = new Float64Array(end - start);
    for (const { place } of plans) {
      const lengths = extraLengths(connection, place, start, end);
      for (let row = 0; row < lengths.length; row++) sums[row] += Math.max(0, lengths[row]);
    }
    for (let row = 0; row < sums.length; row++) {
      byteCount += sums[row];
      if (byteCount > bytesMax) return Math.max(from + 1, start + row);
    }
  }
  return to;
}

/** Rows that are looked at together: of long values a batch has few. */
const rowsPerLook = 4096;

function piecesOf(lengths: Int32Array, bytesMax: number) {
  const pieces: { readonly start: number; readonly end: number; readonly byteCount: number }[] = [];
  let [start, byteCount] = [0, 0];
  for (let row = 0; row < lengths.length; row++) {
    const length = Math.max(0, lengths[row]);
    if (byteCount + length > bytesMax) {
      pieces.push({ start, end: row, byteCount });
      [start, byteCount] = [row, 0];
    }
    byteCount += length;
  }
  return [...pieces, { start, end: lengths.length, byteCount }];
}

function pieceData(
  { type }: ArrowField,
  layout: ExtraLayout,
  lengths: Int32Array,
  bytes: Uint8Array,
): Data {
  const { length } = lengths;
  if (layout !== "media" && layout !== "paths") {
    return bytesData(type, layout.startsWith("large"), lengths, bytes);
  }
  const children = (type.children as ArrowField[]).map(({ name, type }) => {
    return (name === "path") === (layout === "paths")
      ? bytesData(type, false, lengths, bytes)
      : nothingOf(type, length);
  });
  const { nullCount, nullBitmap } = children[layout === "paths" ? 1 : 0];
  return makeData({ type: type as never, length, nullCount, nullBitmap, children: children as never });
}

/** As many nulls. */
function nothingOf(type: ArrowField["type"], length: number): Data {
  return makeData({
    type: type as Utf8,
    length,
    nullCount: length,
    nullBitmap: new Uint8Array(Math.ceil(length / 8)),
    valueOffsets: new Int32Array(length + 1),
    data: new Uint8Array(0),
  });
}

function bytesData(type: ArrowField["type"], isLarge: boolean, lengths: Int32Array, bytes: Uint8Array): Data {
  const { length } = lengths;
  const offsets = new Int32Array(length + 1);
  const validity = setBits(length);
  let [nullCount, at] = [0, 0];
  for (let row = 0; row < length; row++) {
    if (lengths[row] >= 0) {
      at += lengths[row];
    } else {
      nullCount++;
      validity[row >> 3] &= ~(1 << (row & 7));
    }
    offsets[row + 1] = at;
  }
  return makeData({
    type: type as never,
    length,
    nullCount,
    nullBitmap: nullCount > 0 ? validity : undefined,
    valueOffsets: (isLarge ? wide(offsets) : offsets) as never,
    data: bytes as never,
  });
}

/** 64 bits of each, by halves: a bigint each would take ten times as long. */
function wide(offsets: Int32Array): BigInt64Array {
  const halves = new Int32Array(2 * offsets.length);
  for (let i = 0; i < offsets.length; i++) halves[2 * i] = offsets[i];
  return new BigInt64Array(halves.buffer);
}
