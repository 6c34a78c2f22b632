/** The columns of a chart, from the pyramids and from rows. */
import { viewSummary } from "../../native/abi.ts";
import type { Connection } from "../../store/connection.ts";
import { columnStarts } from "./column_rows.ts";
import { bucketRows, type Extent, noExtent } from "./part.ts";
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

  /** Joins what comes after all that the column has: the summary of an edge's rows, or of the one that tells all. */
  join(column: number, from: Float64Array, at: number, edge?: Edge): void {
    const count = edge?.isPlain ? edge.to - edge.from : from[at + viewSummary.count];
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
  const columns = pyramids.map(() => new Columns(query.columns));
  readRows(connection, pyramids, columns, spans.filter(({ first, end }) => first === end));
  const long = spans.filter(({ first, end }) => first < end);
  pyramids.forEach((pyramid, i) => readLong(connection, pyramid, columns[i], long));
  return columns.map(({ values }) => values);
}

/** Columns without a whole bucket: all of their rows, of all series in one pass. */
function readRows(
  connection: Connection,
  pyramids: readonly Pyramid[],
  columns: readonly Columns[],
  spans: readonly Span[],
): void {
  const ranges = Float64Array.from(spans.flatMap(({ from, to }) => [from, to]));
  const found = reduceRows(connection, pyramids.map(({ series }) => series), ranges);
  let at = 0;
  for (const { column } of spans) {
    for (const one of columns) {
      one.join(column, found, at);
      at += summaryLength;
    }
  }
}

/** Columns with whole buckets, and the rows before and behind those. */
function readLong(connection: Connection, pyramid: Pyramid, columns: Columns, spans: readonly Span[]): void {
  const extents = spans.map(({ first, end }) => {
    const extent = noExtent();
    pyramid.addTo(extent, first, end);
    return extent;
  });
  const edges = spans.map(({ from, to, first, end }, i) => [
    edgeOf(pyramid, extents[i], from, first * bucketRows, first - 1),
    edgeOf(pyramid, extents[i], end * bucketRows, to, end),
  ]);
  const ranges = new Float64Array(4 * spans.length);
  edges.forEach(([before, behind], i) => {
    ranges[4 * i] = before.from;
    ranges[4 * i + 1] = before.isPlain ? before.from + 1 : before.to;
    ranges[4 * i + 2] = behind.isPlain ? behind.to - 1 : behind.from;
    ranges[4 * i + 3] = behind.to;
  });
  const found = reduceRows(connection, [pyramid.series], ranges);
  const ends: End[] = [];
  spans.forEach(({ column, first, end }, i) => {
    const [before, behind] = [2 * i * summaryLength, (2 * i + 1) * summaryLength];
    columns.join(column, found, before, edges[i][0]);
    if (extents[i].count > 0) {
      columns.widen(column, extents[i].min, extents[i].max, extents[i].count);
      if (found[before + viewSummary.count] === 0) {
        ends.push({ column, isFirst: true, bucket: pyramid.findFirst(first, end) });
      }
      if (found[behind + viewSummary.count] === 0) {
        ends.push({ column, isFirst: false, bucket: pyramid.findLast(first, end) });
      }
    }
    columns.join(column, found, behind, edges[i][1]);
  });
  readEnds(connection, pyramid, columns, ends);
}

/** Rows of a column that are a part of a bucket. */
interface Edge {
  readonly from: number;
  readonly to: number;
  /**
   * Whether each of them has a value, and none is less or greater than what the whole buckets of the column have: then the
   * outermost tells all, and most of what a long query would read need not be.
   */
  readonly isPlain: boolean;
}

function edgeOf(
  pyramid: Pyramid,
  { min, max, count }: Extent,
  from: number,
  to: number,
  bucket: number,
): Edge {
  if (from === to || count === 0 || !pyramid.has(bucket)) return { from, to, isPlain: false };
  const whole = noExtent();
  pyramid.addTo(whole, bucket, bucket + 1);
  return { from, to, isPlain: whole.count === bucketRows && whole.min >= min && whole.max <= max };
}

/** The first or the last value of a column stands in a bucket, since there is none in the rows before or behind. */
interface End {
  readonly column: number;
  readonly isFirst: boolean;
  readonly bucket: number;
}

function readEnds(connection: Connection, pyramid: Pyramid, columns: Columns, ends: readonly End[]): void {
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
