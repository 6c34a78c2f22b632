import { describe } from "../fields.ts";
import { moments as moment, momentScales } from "../native/abi.ts";
import { runtime } from "../native/load.ts";
import { check } from "../native/status.ts";
import { kindOf, lengthOf } from "../typed_array.ts";
import { type Buckets, bucketValue, isBuckets, mergeBuckets } from "./buckets.ts";

/**
 * A `FieldStats` as JSON holds it. Numbers of values are in the unit of the field's own values. Returned by
 * {@linkcode FieldStats.toJSON}.
 */
export interface FieldStatsJson {
  /** Rows that were looked at. */
  readonly rowCount: number;
  /** Rows without the field. */
  readonly missing: number;
  /** Values that are NaN or infinite. */
  readonly nonFinite: number;
  /** The smallest and the largest value; null where there is none. */
  readonly range: readonly [number, number] | null;
  /**
   * Shape `[5]`: count, mean, what a float64 cannot hold of the mean, sum of squared deviations; and the power of two
   * by which they are scaled.
   */
  readonly moments: readonly number[];
  /** Shape `[buckets, 2]`, flat: pairs of a bucket's key and its count, keys ascending. */
  readonly buckets: readonly number[];
}

/** Options of {@linkcode StreamStore.stats}. */
export interface StatsOptions<Name extends string = string> {
  /** The fields to take statistics of; all where nothing is said. */
  readonly fields?: readonly Name[];
}

/** What a pass over the stream has counted of one field. */
export interface FieldState {
  readonly rowCount: number;
  readonly missing: number;
  readonly nonFinite: number;
  readonly min: number;
  readonly max: number;
  /** As zig/src/statistics/moments.zig has them. */
  readonly moments: Float64Array;
  readonly buckets: Buckets;
}

/** Those that are not of an unfinished block, which stand before those that are. */
const savedMoments = moment.blockCount;

/**
 * What the values of one field are like: how many, from where to where, mean, standard deviation and quantiles. It
 * stays as it is while the store grows. Those of several stores can be merged.
 *
 * Numbers are in the unit of the field's own values. Those of int64 and uint64 fields are taken as the nearest float64.
 * -0 counts as 0. Without any finite value `min`, `max`, `mean`, `standardDeviation` and quantiles are NaN.
 *
 * @example
 * ```ts
 * import { FieldStats, StreamStore } from "@streamstore/streamstore";
 * import assert from "node:assert/strict";
 *
 * using one = new StreamStore({ reward: 0 });
 * using other = new StreamStore({ reward: 0 });
 * for (let step = 0; step < 100; step++) one.append(step, { reward: step });
 * for (let step = 0; step < 300; step++) other.append(step, { reward: 2 });
 * const both = one.stats().reward.merge(other.stats().reward);
 * assert.equal(both.count, 400);
 * assert.equal(both.mean, (4950 + 600) / 400);
 * assert.equal(both.max, 99);
 * const saved = JSON.stringify(both);
 * assert.equal(FieldStats.fromJSON(JSON.parse(saved)).mean, both.mean);
 * ```
 */
export class FieldStats {
  /** Rows that were looked at. */
  readonly rowCount: number;
  /** Rows without the field. A row with an empty list has it. */
  readonly missing: number;
  /** Values that are finite: those of which everything else speaks. A list has as many as it is long. */
  readonly count: number;
  /** Values that are NaN or infinite. */
  readonly nonFinite: number;
  /** The smallest value, in the values' own unit; NaN where there is none. */
  readonly min: number;
  /** The largest value, in the values' own unit; NaN where there is none. */
  readonly max: number;
  /**
   * The mean of all finite values: right to about 15 digits, also where the values lie far from 0 and close together.
   *
   * Method: as that of `standardDeviation`.
   */
  readonly mean: number;
  /**
   * The square root of the mean squared distance from the mean, in the values' own unit: divided by `count`, as
   * NumPy's `std` does by default.
   *
   * Method: Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances",
   * Stanford STAN-CS-79-773, 1979.
   */
  readonly standardDeviation: number;
  readonly #moments: Float64Array;
  readonly #buckets: Buckets;

  /** Made by `store.stats`, `merge` and `FieldStats.fromJSON`. */
  constructor(state: FieldState) {
    this.#moments = mergeMoments(copyOf(state.moments), new Float64Array(moment.length));
    this.#buckets = state.buckets;
    const { count, mean, meanRest, squares, scale } = moment;
    const [moments, isEmpty] = [this.#moments, this.#moments[count] === 0];
    this.rowCount = state.rowCount;
    this.missing = state.missing;
    this.nonFinite = state.nonFinite;
    this.count = moments[count];
    // + 0 turns -0 into 0.
    this.min = isEmpty ? NaN : state.min + 0;
    this.max = isEmpty ? NaN : state.max + 0;
    this.mean = isEmpty ? NaN : this.#clamp((moments[mean] + moments[meanRest]) / moments[scale]);
    this.standardDeviation = isEmpty ? NaN : Math.sqrt(moments[squares] / moments[count]) / moments[scale];
  }

  /**
   * A value below which about the share `q` of all values lies: an estimate of the one that comes at place `floor(q *
   * (count - 1))` when all are sorted. `quantile(0)` is `min` and `quantile(1)` is `max`.
   *
   * The estimate is off by at most 1/257 (0.39 %) of the value; of a value below 2.2e-308 by at most 2 ** -1029.
   *
   * Method: DDSketch, with buckets by sign, exponent and the first 7 bits of the mantissa. Masson, Rim and Lee,
   * "DDSketch: a fast and fully-mergeable quantile sketch with relative-error guarantees", PVLDB 12, 2019.
   *
   * @param q The share, from 0 to 1.
   * @returns The estimate, in the values' own unit; NaN where there is no finite value.
   * @throws {RangeError} If `q` is no number from 0 to 1.
   *
   * @example
   * ```ts
   * import { StreamStore } from "@streamstore/streamstore";
   * import assert from "node:assert/strict";
   *
   * using store = new StreamStore({ reward: 0 });
   * for (let step = 0; step <= 100; step++) store.append(step, { reward: step });
   * const { reward } = store.stats();
   * assert.ok(Math.abs(reward.quantile(0.5) - 50) <= 50 / 257);
   * ```
   */
  quantile(q: number): number {
    if (typeof q !== "number" || !(q >= 0 && q <= 1)) {
      throw new RangeError(`Cannot tell a quantile: q must be from 0 to 1, got ${describe(q)}`);
    }
    if (this.count === 0) return NaN;
    const rank = Math.floor(q * (this.count - 1));
    if (rank === 0) return this.min;
    if (rank >= this.count - 1) return this.max;
    const { keys, counts } = this.#buckets;
    let bucket = 0;
    for (let seen = counts[0]; seen <= rank; seen += counts[bucket]) bucket++;
    return this.#clamp(bucketValue(keys[bucket]));
  }

  /**
   * The statistics of these values and others together. Counts and quantiles are exactly those of a store with all of
   * them; mean and standard deviation are but for rounding.
   *
   * @param other Of another store or field, or of the rows of another time.
   * @returns New statistics; these and the other stay as they are.
   * @throws {TypeError} If `other` is no `FieldStats`.
   *
   * @example
   * ```ts
   * import { StreamStore } from "@streamstore/streamstore";
   * import assert from "node:assert/strict";
   *
   * using store = new StreamStore({ reward: 0 });
   * for (let step = 0; step < 10; step++) store.append(step, { reward: step });
   * const { reward } = store.stats();
   * assert.equal(reward.merge(reward).count, 20);
   * ```
   */
  merge(other: FieldStats): FieldStats {
    if (!(other instanceof FieldStats)) {
      throw new TypeError(`Cannot merge statistics: the other must be a FieldStats, got ${describe(other)}`);
    }
    return new FieldStats({
      rowCount: this.rowCount + other.rowCount,
      missing: this.missing + other.missing,
      nonFinite: this.nonFinite + other.nonFinite,
      min: this.count === 0 ? other.min : other.count === 0 ? this.min : Math.min(this.min, other.min),
      max: this.count === 0 ? other.max : other.count === 0 ? this.max : Math.max(this.max, other.max),
      moments: mergeMoments(this.#moments.slice(), other.#moments),
      buckets: mergeBuckets(this.#buckets, other.#buckets),
    });
  }

  /**
   * All of it, for `JSON.stringify`: some 12 bytes for each bucket that has values.
   *
   * @returns What `FieldStats.fromJSON` takes.
   *
   * @example
   * ```ts
   * import { StreamStore } from "@streamstore/streamstore";
   * import assert from "node:assert/strict";
   *
   * using store = new StreamStore({ reward: 0 });
   * store.append(0, { reward: 1 });
   * assert.equal(store.stats().reward.toJSON().rowCount, 1);
   * ```
   */
  toJSON(): FieldStatsJson {
    const { keys, counts } = this.#buckets;
    return {
      rowCount: this.rowCount,
      missing: this.missing,
      nonFinite: this.nonFinite,
      range: this.count === 0 ? null : [this.min, this.max],
      moments: [...this.#moments.subarray(0, savedMoments)],
      buckets: Array.from(keys).flatMap((key, i) => [key, counts[i]]),
    };
  }

  /**
   * What `toJSON` gave, as statistics again.
   *
   * @param json From `JSON.parse`, or `toJSON` itself.
   * @returns The same statistics, to the bit.
   * @throws {TypeError} If it is not what `toJSON` gave.
   *
   * @example
   * ```ts
   * import { FieldStats, StreamStore } from "@streamstore/streamstore";
   * import assert from "node:assert/strict";
   *
   * using store = new StreamStore({ reward: 0 });
   * store.append(0, { reward: 0.1 });
   * const text = JSON.stringify(store.stats().reward);
   * assert.deepEqual(FieldStats.fromJSON(JSON.parse(text)), store.stats().reward);
   * ```
   */
  static fromJSON(json: FieldStatsJson): FieldStats {
    if (!isJson(json)) {
      throw new TypeError(`Cannot read statistics: it must be what toJSON() gave, got ${describe(json)}`);
    }
    const { rowCount, missing, nonFinite, range } = json;
    const moments = new Float64Array(moment.length);
    moments.set(json.moments);
    const keys = Int32Array.from(json.buckets.filter((_, i) => i % 2 === 0));
    const counts = Float64Array.from(json.buckets.filter((_, i) => i % 2 === 1));
    const [min, max] = range ?? [NaN, NaN];
    return new FieldStats({ rowCount, missing, nonFinite, min, max, moments, buckets: { keys, counts } });
  }

  #clamp(value: number): number {
    return Math.min(Math.max(value, this.min), this.max) + 0;
  }
}

/** Everybody can call the constructor, and native code takes the moments to be as many as they are. */
function copyOf(moments: unknown): Float64Array {
  if (kindOf(moments) === "Float64Array" && lengthOf(moments as Float64Array) === moment.length) {
    return new Float64Array(moments as Float64Array);
  }
  throw new TypeError(
    `Cannot make statistics: moments must be a Float64Array of ${moment.length}, got ${describe(moments)}`,
  );
}

/** Joins others to some moments, which are then free of an unfinished block. */
function mergeMoments(moments: Float64Array, others: Float64Array): Float64Array {
  check(runtime.tables.statistics.ss_moments_merge(moments, others), "Cannot merge statistics");
  return moments;
}

function isJson(json: FieldStatsJson): boolean {
  if (typeof json !== "object" || json === null) return false;
  const { rowCount, missing, nonFinite, range, moments, buckets } = json;
  const isFinite = (value: unknown) => Number.isFinite(value);
  const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;
  if (![rowCount, missing, nonFinite].every(isCount) || missing > rowCount) return false;
  if (!Array.isArray(moments) || moments.length !== savedMoments || !moments.every(isFinite)) return false;
  const count = moments[moment.count];
  if (
    !isCount(count) || !momentScales.some((scale) => scale === moments[moment.scale]) ||
    moments[moment.squares] < 0
  ) return false;
  if (!Array.isArray(buckets) || !isBuckets(buckets, count)) return false;
  if (count === 0) return range === null;
  return Array.isArray(range) && range.length === 2 && range.every(isFinite) && range[0] <= range[1];
}
