/** Builds pyramids: in slices, the newest rows first, several series in one pass over the rows. */
import { viewSeriesMax, viewSummary } from "../../native/abi.ts";
import type { Connection } from "../../store/connection.ts";
import type { SeriesLimits } from "./limits.ts";
import { bucketRows } from "./part.ts";
import type { Pyramid } from "./pyramid.ts";
import { reduceRows, summaryLength } from "./reduce.ts";

/** Buckets of a slice, at least. */
const bucketsMin = 16;

export class Builder {
  /** Buckets that were built, of all series. */
  builtCount = 0;
  #valuesPerSlice: number;

  constructor(private readonly connection: Connection, private readonly limits: SeriesLimits) {
    this.#valuesPerSlice = limits.valuesAtFirst;
  }

  /** The first of the buckets all of whose rows are kept. */
  get first(): number {
    return Math.ceil(this.connection.firstRow / bucketRows);
  }

  /** The bucket after the last whose rows are all closed: the last row may go on. */
  get end(): number {
    return Math.max(this.first, Math.floor((this.connection.rowCount - 1) / bucketRows));
  }

  /** Builds what is new since the last call, as long as it is little, so that what is known goes on to the end. */
  follow(pyramids: readonly Pyramid[]): void {
    const { first, end } = this;
    const behind = new Map<number, Pyramid[]>();
    for (const pyramid of pyramids) {
      const known = pyramid.follow(first, end, this.limits.gapMax);
      if (known < end) behind.set(known, [...behind.get(known) ?? [], pyramid]);
    }
    for (const [known, group] of behind) {
      for (let at = 0; at < group.length; at += viewSeriesMax) {
        this.#build(group.slice(at, at + viewSeriesMax), known, end);
      }
    }
  }

  /** Builds what is next of the pyramids that lack buckets. Returns whether they lack none any more. */
  step(pyramids: readonly Pyramid[]): boolean {
    this.follow(pyramids);
    const { first } = this;
    const lacking = pyramids.filter(({ next }) => next > first);
    if (lacking.length === 0) return true;
    // Those that are behind the others come to where these are, and then they go on together.
    const to = Math.max(...lacking.map(({ next }) => next));
    const together = lacking.filter(({ next }) => next === to).slice(0, viewSeriesMax);
    const later = lacking.filter(({ next }) => next < to).map(({ next }) => next);
    const count = this.#bucketsOf(together.length);
    const least = Math.max(first, to - count, ...later);
    // What a file has known of one of them is not built again.
    const from = Math.max(...together.map((pyramid) => pyramid.gapFrom(least)));
    const start = performance.now();
    this.#build(together, from, to);
    const ms = performance.now() - start;
    // A slice that was cut short says less of how long one takes.
    if (to - from === count) this.#adapt(ms);
    return lacking.every(({ next }) => next <= first);
  }

  #adapt(ms: number): void {
    this.#valuesPerSlice *= Math.min(2, Math.max(0.25, this.limits.sliceMs / Math.max(0.1, ms)));
  }

  #bucketsOf(seriesCount: number): number {
    const count = Math.round(this.#valuesPerSlice / (bucketRows * seriesCount));
    return Math.min(this.limits.bucketsMax, Math.max(bucketsMin, count));
  }

  #build(pyramids: readonly Pyramid[], from: number, to: number): void {
    const series = pyramids.map((pyramid) => pyramid.series);
    const ranges = new Float64Array(2 * (to - from));
    for (let i = 0; i < to - from; i++) {
      ranges[2 * i] = (from + i) * bucketRows;
      ranges[2 * i + 1] = (from + i + 1) * bucketRows;
    }
    const found = reduceRows(this.connection, series, ranges);
    this.builtCount += series.length * (to - from);
    const stride = series.length * summaryLength;
    pyramids.forEach((pyramid, place) => {
      for (let i = 0, at = place * summaryLength; i < to - from; i++, at += stride) {
        const [min, max] = [found[at + viewSummary.min], found[at + viewSummary.max]];
        pyramid.set(from + i, min, max, found[at + viewSummary.count]);
      }
      pyramid.join(from, to, this.first);
    });
  }
}
