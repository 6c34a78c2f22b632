/** The columns of a chart, from the pyramids and from rows. */
import { viewSummary } from "../../native/abi.ts";
import type { Connection } from "../../store/connection.ts";
import { columnStarts } from "./column_rows.ts";
import { bucketRows, noExtent } from "./part.ts";
import type { Pyramid } from "./pyramid.ts";
import { reduceRows, summaryLength } from "./reduce.ts";

/** What is asked for: rows `[from, to)`, in so many columns. */
export interface ColumnQuery {
  readonly from: number;
  readonly to: number;
  readonly columns: number;
}

const parts = ["first", "last", "min", "max", "count"] as const;

/** Numbers for each column of a series: as many `first`, then `last`, `min`, `max` and `count`. */
class Columns {
  readonly values: Float64Array<ArrayBuffer>;

  constructor(private readonly columns: number) {
    this.values = new Float64Array(parts.length * columns).fill(NaN, 0, 4 * columns);
  }

  /** Joins what comes after all that the column has. */
  join(column: number, from: Float64Array, at: number): void {
    const count = from[at + viewSummary.count];
    if (count === 0) return;
    if (this.values[4 * this.columns + column] === 0) {
      this.values[column] = from[at + viewSummary.first];
    }
    this.values[this.columns + column] = from[at + viewSummary.last];
    this.widen(column, from[at + viewSummary.min], from[at + viewSummary.max], count);
  }

  widen(column: number, min: number, max: number, count: number): void {
    const { values, columns } = this;
    const [minAt, maxAt] = [2 * columns + column, 3 * columns + column];
    if (!(values[minAt] <= min)) values[minAt] = min;
    if (!(values[maxAt] >= max)) values[maxAt] = max;
    values[4 * columns + column] += count;
  }

  setFirst(column: number, value: number): void {
    this.values[column] = value;
  }

  setLast(column: number, value: number): void {
    this.values[this.columns + column] = value;
  }
}

/** What a column has: rows `[from, to)`, and among them the whole buckets `[first, end)` of the pyramids. */
interface Span {
  readonly column: number;
  readonly from: number;
  readonly to: number;
  readonly first: number;
  readonly end: number;
}

/**
 * All columns of some series. The rows from `knownFrom` on are looked at; buckets `[first, end)` are in all pyramids.
 *
 * @returns For each series `[5, columns]`: first, last, min, max, count.
 */
export function readColumns(
  connection: Connection,
  pyramids: readonly Pyramid[],
  query: ColumnQuery,
  known: readonly [first: number, end: number],
  knownFrom: number,
): Float64Array<ArrayBuffer>[] {
  const spans = spansOf(connection, query, known, knownFrom);
  const series = pyramids.map((pyramid) => pyramid.series);
  const found = reduceRows(connection, series, rangesOf(spans));
  return pyramids.map((pyramid, place) => {
    const columns = new Columns(query.columns);
    const ends: End[] = [];
    let at = place * summaryLength;
    for (const span of spans) {
      const before = at;
      at += series.length * summaryLength;
      columns.join(span.column, found, before);
      if (span.first === span.end) continue;
      if (joinBuckets(columns, pyramid, span)) {
        const { column, first, end } = span;
        if (found[before + viewSummary.count] === 0) {
          ends.push({ column, isFirst: true, bucket: pyramid.findFirst(first, end) });
        }
        if (found[at + viewSummary.count] === 0) {
          ends.push({ column, isFirst: false, bucket: pyramid.findLast(first, end) });
        }
      }
      columns.join(span.column, found, at);
      at += series.length * summaryLength;
    }
    readEnds(connection, pyramid, columns, ends);
    return columns.values;
  });
}

/** The first or the last value of a column stands in a bucket, since there is none in the rows before or after. */
interface End {
  readonly column: number;
  readonly isFirst: boolean;
  readonly bucket: number;
}

/** Whether there is a value in the buckets. */
function joinBuckets(columns: Columns, pyramid: Pyramid, { column, first, end }: Span): boolean {
  const extent = noExtent();
  pyramid.addTo(extent, first, end);
  if (extent.count > 0) columns.widen(column, extent.min, extent.max, extent.count);
  return extent.count > 0;
}

function readEnds(
  connection: Connection,
  pyramid: Pyramid,
  columns: Columns,
  ends: readonly End[],
): void {
  const ranges = ends.flatMap(({ bucket }) => [bucket * bucketRows, (bucket + 1) * bucketRows]);
  const found = reduceRows(connection, [pyramid.series], Float64Array.from(ranges));
  ends.forEach(({ column, isFirst }, i) => {
    const at = summaryLength * i;
    if (isFirst) columns.setFirst(column, found[at + viewSummary.first]);
    else columns.setLast(column, found[at + viewSummary.last]);
  });
}

/** The columns that have rows which are there and looked at. */
function spansOf(
  { firstRow, rowCount }: Connection,
  { from, to, columns }: ColumnQuery,
  [knownFirst, knownEnd]: readonly [number, number],
  knownFrom: number,
): Span[] {
  const spans: Span[] = [];
  const starts = columnStarts(from, to, columns);
  const [least, most] = [Math.max(firstRow, knownFrom), rowCount];
  for (let column = 0; column < columns; column++) {
    const [start, stop] = [Math.max(least, starts[column]), Math.min(most, starts[column + 1])];
    if (start >= stop) continue;
    const first = Math.max(knownFirst, Math.ceil(start / bucketRows));
    const end = Math.min(knownEnd, Math.floor(stop / bucketRows));
    spans.push({ column, from: start, to: stop, first, end: Math.max(first, end) });
  }
  return spans;
}

/** Rows that are read: of a column without whole buckets all, else those before and behind them. */
function rangesOf(spans: readonly Span[]): Float64Array {
  const ranges: number[] = [];
  for (const { from, to, first, end } of spans) {
    if (first === end) ranges.push(from, to);
    else ranges.push(from, first * bucketRows, end * bucketRows, to);
  }
  return Float64Array.from(ranges);
}
