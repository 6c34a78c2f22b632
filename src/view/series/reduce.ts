/** Summaries of ranges of rows, read from the rows by native code. */
import { viewRows, viewSeriesMax, viewSummary } from "../../native/abi.ts";
import { check } from "../../native/status.ts";
import type { Connection } from "../../store/connection.ts";
import { packSeries, type SeriesElement } from "./element.ts";

/** Numbers of a summary, by the places of `viewSummary`. */
export const summaryLength: number = viewSummary.length;

/**
 * First, last, least and greatest finite value, and how many rows have one, of each series in each range of rows. Ranges
 * are pairs: the first row and the one after the last.
 *
 * @returns Shape `[ranges, series, 5]`, by the places of `viewSummary`.
 */
export function reduceRows(
  connection: Connection,
  series: readonly SeriesElement[],
  ranges: Float64Array,
): Float64Array {
  const rangeCount = ranges.length / viewRows.length;
  const out = new Float64Array(rangeCount * series.length * summaryLength);
  if (out.length === 0) return out;
  if (series.length > viewSeriesMax) {
    throw new RangeError(`Cannot read series: there must be at most ${viewSeriesMax}, got ${series.length}`);
  }
  const code = connection.tables.view.ss_series_reduce(
    connection.store,
    packSeries(series),
    series.length,
    ranges,
    rangeCount,
    out,
  );
  check(code, "Cannot read series");
  return out;
}
