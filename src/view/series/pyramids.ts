/**
 * The pyramids of one store, and what is asked of them. All of it is done by whoever calls: series.ts has it done by a
 * Worker.
 */
import type { Field } from "../../fields.ts";
import type { Connection } from "../../store/connection.ts";
import { Builder } from "./builder.ts";
import { parseSeries, type SeriesElement } from "./element.ts";
import { type SeriesLimits, seriesLimits } from "./limits.ts";
import { bucketRows } from "./part.ts";
import { Pyramid } from "./pyramid.ts";
import { type ColumnQuery, readColumns } from "./query.ts";

/** What is asked for: series by their names. */
export interface SeriesQuery extends ColumnQuery {
  readonly series: readonly string[];
}

/** The answer, as far as it is known. */
export interface SeriesValues {
  /** Rows before it are not in the values yet; not after `from` where all are. */
  readonly knownFrom: number;
  /** Of each series `[5, columns]`: first, last, min, max, count. */
  readonly values: readonly Float64Array<ArrayBuffer>[];
}

/** What nobody has asked for in so long is not built any further. */
const interestMs = 5000;

export class Pyramids {
  readonly #all = new Map<string, Pyramid>();
  readonly #builder: Builder;

  constructor(
    private readonly connection: Connection,
    private readonly fields: readonly Field[],
    private readonly limits: SeriesLimits = seriesLimits,
  ) {
    this.#builder = new Builder(connection, limits);
  }

  /** What is asked for: all of it, or null; where it `isDue`, what is known. */
  query(query: SeriesQuery, isDue = true): SeriesValues | null {
    const { connection } = this;
    connection.refresh();
    const from = Math.max(query.from, connection.firstRow);
    const rows = Math.max(0, Math.min(query.to, connection.rowCount) - from);
    const series = query.series.map((name) => parseSeries(name, this.fields));
    if (rows <= this.limits.readRowsMax) {
      return this.#read(series.map((one) => new Pyramid(one)), query, query.from);
    }
    const pyramids = series.map((one) => this.#pyramidOf(one));
    this.#builder.follow(pyramids);
    const first = Math.max(...pyramids.map(({ next }) => next));
    const isKnown = first * bucketRows <= from || first <= this.#builder.first;
    if (isKnown || rows * series.length <= this.limits.readValuesMax) {
      return this.#read(pyramids, query, query.from);
    }
    return isDue ? this.#read(pyramids, query, Math.min(query.to, first * bucketRows)) : null;
  }

  /** Builds a slice of what was asked for. Returns whether there is nothing left to build. */
  step(): boolean {
    this.connection.refresh();
    const now = performance.now();
    return this.#builder.step([...this.#all.values()].filter(({ askedAt }) => now - askedAt < interestMs));
  }

  #read(pyramids: readonly Pyramid[], query: SeriesQuery, knownFrom: number): SeriesValues {
    const first = Math.max(0, ...pyramids.map(({ next }) => next));
    const end = Math.min(...pyramids.map(({ end }) => end));
    return { knownFrom, values: readColumns(this.connection, pyramids, query, [first, end], knownFrom) };
  }

  #pyramidOf(series: SeriesElement): Pyramid {
    let pyramid = this.#all.get(series.name);
    if (pyramid === undefined) this.#all.set(series.name, pyramid = new Pyramid(series));
    pyramid.askedAt = performance.now();
    return pyramid;
  }
}
