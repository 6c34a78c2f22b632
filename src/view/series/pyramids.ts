/**
 * The pyramids of one store, and what is asked of them. All of it is done by whoever calls: series.ts has it done by a
 * Worker.
 */
import type { Field } from "../../fields.ts";
import type { Connection } from "../../store/connection.ts";
import { Builder } from "./builder.ts";
import { parseSeries, type SeriesElement } from "./element.ts";
import { type SeriesLimits, seriesLimits } from "./limits.ts";
import { bucketBytes, bucketRows } from "./part.ts";
import { LostPart, type PartFiles, Pyramid } from "./pyramid.ts";
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

  /** @param files Keep what is known; null for nothing that does. */
  constructor(
    private readonly connection: Connection,
    private readonly fields: readonly Field[],
    private readonly files: PartFiles | null,
    private readonly limits: SeriesLimits = seriesLimits,
  ) {
    this.#builder = new Builder(connection, limits);
  }

  /** How many buckets were built, since no file had them. */
  get builtCount(): number {
    return this.#builder.builtCount;
  }

  /** What is asked for: all of it, or null; where it `isDue`, what is known. */
  query(query: SeriesQuery, isDue = true): SeriesValues | null {
    const answer = this.#again(() => this.#query(query, isDue));
    this.#release();
    return answer;
  }

  #query(query: SeriesQuery, isDue: boolean): SeriesValues | null {
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
    const asked = [...this.#all.values()].filter(({ askedAt }) => now - askedAt < interestMs);
    const isDone = this.#again(() => this.#builder.step(asked));
    this.#release();
    return isDone;
  }

  /**
   * Writes one file down of what is new, if that pays, and returns whether it did: durable writing takes milliseconds, in
   * which nothing is answered. `isIdle`: there is nothing else to do.
   */
  saveOne(isIdle: boolean): boolean {
    return [...this.#all.values()].some((pyramid) => pyramid.saveOne(this.limits.unsavedMin, isIdle));
  }

  /** Parts of pyramids that files keep go where all take too much memory, those first that were looked at least recently. */
  #release(): void {
    const all = [...this.#all.values()].flatMap((pyramid) =>
      [...pyramid.parts].map(([index, part]) => ({ pyramid, index, part }))
    );
    let bytes = all.reduce((sum, { part }) => sum + part.byteLength, 0);
    if (bytes <= this.limits.bytesMax) return;
    for (const { pyramid, index, part } of all.sort((a, b) => a.part.usedAt - b.part.usedAt)) {
      if (bytes <= this.limits.bytesMax) return;
      const { byteLength } = part;
      if (pyramid.release(index)) bytes -= byteLength;
    }
  }

  /** What has found that a file is gone finds it unknown the next time. */
  #again<Result>(task: () => Result): Result {
    for (;;) {
      try {
        return task();
      } catch (error) {
        if (!(error instanceof LostPart)) throw error;
      }
    }
  }

  #read(pyramids: readonly Pyramid[], query: SeriesQuery, knownFrom: number): SeriesValues {
    const first = Math.max(0, ...pyramids.map(({ next }) => next));
    const end = Math.min(...pyramids.map(({ end }) => end));
    const read = (some: readonly Pyramid[]) =>
      readColumns(this.connection, some, query, [first, end], knownFrom);
    if (pyramids.length * Math.max(0, end - first) * bucketBytes <= this.limits.bytesMax) {
      return { knownFrom, values: read(pyramids) };
    }
    // So large that not even those that are asked about are in memory together.
    const values = pyramids.flatMap((pyramid) => {
      this.#release();
      return read([pyramid]);
    });
    return { knownFrom, values };
  }

  #pyramidOf(series: SeriesElement): Pyramid {
    let pyramid = this.#all.get(series.name);
    if (pyramid === undefined) this.#all.set(series.name, pyramid = new Pyramid(series, this.files));
    pyramid.askedAt = performance.now();
    return pyramid;
  }
}
