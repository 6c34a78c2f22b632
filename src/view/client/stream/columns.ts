/** What the server knows of columns of pixels, and the rows at both sides of them. */
import type { SeriesHeader } from "../../protocol.ts";

/** Of each column the first, last, least and greatest value, NaN where `count`, how many rows have one, is 0. */
export interface Columns {
  readonly first: Float64Array;
  readonly last: Float64Array;
  readonly min: Float64Array;
  readonly max: Float64Array;
  readonly count: Float64Array;
}

/** An answer of `/api/series`. */
export interface SeriesAnswer {
  readonly header: SeriesHeader;
  readonly columns: ReadonlyMap<string, Columns>;
}

export function parseSeries(bytes: ArrayBuffer): SeriesAnswer {
  const length = new DataView(bytes).getUint32(0, true);
  const header: SeriesHeader = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 4, length)));
  let at = 4 + length;
  const next = () => {
    const values = new Float64Array(bytes, at, header.columns);
    at += values.byteLength;
    return values;
  };
  const columns = new Map(
    header.series.map((
      name,
    ) => [name, { first: next(), last: next(), min: next(), max: next(), count: next() }]),
  );
  return { header, columns };
}

/** What is drawn: columns of rows `[from, to)`, each as wide as the others. */
export interface Detail {
  readonly from: number;
  readonly to: number;
  readonly columns: number;
  /** Rows before it are still being looked at. */
  readonly knownFrom: number;
  readonly series: ReadonlyMap<string, Columns>;
  /** The values of the rows `from - 1` and `to`, where they were asked for. */
  readonly before: ReadonlyMap<string, number>;
  readonly after: ReadonlyMap<string, number>;
}

/** Whether a detail is all of what is asked for, and wholly known. */
export function answers(detail: Detail | null, asked: Pick<Detail, "from" | "to" | "columns">): boolean {
  return detail !== null && detail.from === asked.from && detail.to === asked.to &&
    detail.columns === asked.columns && detail.knownFrom <= detail.from;
}

/** How much of a view, from its left edge on, is still being looked at. */
export function unknownPart(
  detail: Detail | null,
  { from, to }: { readonly from: number; readonly to: number },
): number {
  if (detail === null || detail.knownFrom <= detail.from) return 0;
  return Math.min(1, Math.max(0, (detail.knownFrom - from) / (to - from)));
}

/** The column that holds a row, as the server has it, or -1. */
export function columnOf({ from, to, columns }: Detail, row: number): number {
  if (row < from || row >= to) return -1;
  return Math.min(columns - 1, Math.floor((row - from) * columns / (to - from)));
}

/** The least and the greatest value of some series among the columns that rows `[from, to)` reach, or null. */
export function rangeOf(
  detail: Detail,
  names: readonly string[],
  from: number,
  to: number,
): readonly [number, number] | null {
  const width = (detail.to - detail.from) / detail.columns;
  const first = Math.max(0, Math.floor((from - detail.from) / width));
  const end = Math.min(detail.columns, Math.ceil((to - detail.from) / width));
  let [least, greatest] = [Infinity, -Infinity];
  for (const name of names) {
    const columns = detail.series.get(name);
    if (columns === undefined) continue;
    for (let column = first; column < end; column++) {
      if (columns.min[column] < least) least = columns.min[column];
      if (columns.max[column] > greatest) greatest = columns.max[column];
    }
  }
  return least <= greatest ? [least, greatest] : null;
}

const largest = 8e307;

/** The scale of values: a twentieth of their range above and below, and some room around a constant. */
export function scaleOf(range: readonly [number, number] | null): readonly [number, number] {
  if (range === null) return [0, 1];
  // Its width is a number too.
  const [least, greatest] = range.map((value) => Math.min(largest, Math.max(-largest, value)));
  const room = (greatest - least) / 20 || Math.abs(least) / 20 || 1;
  return [least - room, greatest + room];
}
