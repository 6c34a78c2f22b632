/** What batches are, worked out once: from what is asked for, and from what the stores hold at that time. */
import { check } from "../native/status.ts";
import type { FieldStats } from "../statistics/field_stats.ts";
import type { Connection } from "../store/connection.ts";
import type { ExtraInfo } from "../extras.ts";
import type { Field } from "../fields.ts";
import type { EpisodeIndex } from "./episodes.ts";
import type { Normalization } from "./options.ts";
import { type SamplerPlan, type Scale, scalesOf, type WindowPlan } from "./plan.ts";

/** What drawing from a store needs of it. */
export interface DrawSource {
  readonly connection: Connection;
  readonly fields: readonly Field[];
  /** Text and bytes beside its rows. */
  readonly extras: readonly ExtraInfo[];
  readonly index: EpisodeIndex;
  /** Commits what was appended; in a store that is only read, goes to what was committed. */
  prepare(action: string): void;
}

/** What a sampler needs of a store: to draw from it, and before that to plan its batches. */
export interface SampleSource extends DrawSource {
  /** The mean and standard deviation of each field. */
  moments(): Readonly<Record<string, FieldStats>>;
}

/** The arrays of batches and what comes into them. A Worker can be sent it as it is. */
export interface BatchPlan {
  readonly window: WindowPlan;
  readonly batchSize: number;
  /** Places a window has in the output: tokens, or rows of dense fields. */
  readonly width: number;
  /** Whether padding stands on the left. */
  readonly alignsRight: boolean;
  /** Whether at offsets outside of an episode its nearest row stands. */
  readonly repeats: boolean;
  /** By field. */
  readonly scales: ReadonlyMap<string, Scale>;
  readonly isPrioritized: boolean;
  readonly isMixture: boolean;
  /** What comes of the rows beside the arrays; null where nothing is asked for. */
  readonly extra: readonly ExtraInfo[] | null;
}

/** A batch that no machine can hold is refused: so many values a column at the most. */
const valuesMax = 2 ** 28;
/** Lists of the engine's take more memory than arrays, and it ends the process where it has no more. */
const extraValuesMax = 2 ** 22;
const rowsPerCall = 1 << 16;

/**
 * Plans the batches of a sampler over one store, or of a mixture of several.
 *
 * @param action What errors begin with.
 * @param actions As errors say it of each source.
 */
export function planBatch(
  { window, batchSize, boundary, order, extra }: SamplerPlan,
  sources: readonly SampleSource[],
  action: string,
  { isMixture = false, actions = [action] }: { isMixture?: boolean; actions?: readonly string[] } = {},
): BatchPlan {
  const width = window.width ??
    window.length * Math.max(...sources.map(({ connection }, i) => widestRow(connection, actions[i])));
  const widths = window.fields?.map((dense) => dense.width * (dense.offsets?.length ?? width)) ?? [width];
  const tooWide = widths.find((values) => batchSize * values > valuesMax);
  if (tooWide !== undefined) {
    throw new RangeError(
      `${action}: a batch must have <= ${valuesMax} values a column, got ${batchSize} x ${tooWide}`,
    );
  }
  if (extra !== null && batchSize * window.length > extraValuesMax) {
    throw new RangeError(
      `${action}: a batch must have <= ${extraValuesMax} rows with extra, got ${batchSize} x ${window.length}`,
    );
  }
  return {
    window,
    batchSize,
    width,
    alignsRight: boundary === "pad-left",
    repeats: boundary === "edge",
    scales: window.scales ?? scalesOf(mergedMoments(sources)),
    isPrioritized: order.kind === "prioritized",
    isMixture,
    extra,
  };
}

/** The number of tokens of the row that has most of them. @throws {RangeError} If there is no row to tell. */
function widestRow(connection: Connection, action: string): number {
  const { native, store, firstRow, rowCount } = connection;
  if (firstRow === rowCount) {
    throw new RangeError(
      `${action}: tokens must say how wide windows of steps are where the store holds no step, got none`,
    );
  }
  const starts = new Float64Array(rowsPerCall + 1);
  const steps = new BigInt64Array(rowsPerCall);
  let widest = 1;
  for (let from = firstRow; from < rowCount; from += rowsPerCall) {
    const count = Math.min(rowsPerCall, rowCount - from);
    check(native.ss_rows_read(store, from, count, starts, steps), "Cannot read rows");
    for (let i = 0; i < count; i++) widest = Math.max(widest, starts[i + 1] - starts[i]);
  }
  return widest;
}

/** Of all stores together: the same value must come out the same, whichever store it is from. */
function mergedMoments(sources: readonly SampleSource[]): Normalization {
  const [first, ...others] = sources.map((source) => source.moments());
  return Object.fromEntries(
    Object.entries(first).map(([name, stats]) => [
      name,
      others.reduce((merged, other) => merged.merge(other[name]), stats),
    ]),
  );
}
