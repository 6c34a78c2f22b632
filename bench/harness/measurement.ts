/** One line of the benchmark's table: what was measured, its limit, and the goal it has. */
import type { Sample } from "./harness.ts";

export interface Measurement {
  readonly name: string;
  readonly unit: string;
  /** The median of the rounds, and the best of them; null where it could not be measured. */
  readonly value: number | null;
  readonly best: number | null;
  /** The median of the limit in the same rounds. */
  readonly limit: { readonly name: string; readonly value: number } | null;
  /** How many times the limit's time it took: the median over the rounds. */
  readonly ratio: number | null;
  /** Between which two ratios a half of the rounds lies. */
  readonly ratioSpread?: readonly [number, number];
  readonly goal: { readonly text: string; readonly isReached: boolean } | null;
  /** Where the same is measured at several sizes, to see how its cost grows. */
  readonly growth?: Growth;
}

/** What was measured at how many rows, or how many stores. */
export interface Growth {
  readonly what: string;
  readonly by: "rows" | "stores";
  readonly count: number;
}

/** How nanoseconds (or bytes) are shown. */
export interface Unit {
  readonly text: string;
  readonly size: number;
}

export const nanosecondsPer = (what: string): Unit => ({ text: `ns/${what}`, size: 1 });
export const microseconds: Unit = { text: "µs", size: 1e3 };
export const milliseconds: Unit = { text: "ms", size: 1e6 };
export const seconds: Unit = { text: "s", size: 1e9 };
export const megabytes: Unit = { text: "MB", size: 1e6 };
export const times: Unit = { text: "×", size: 1 };

/** What a measurement must reach: its value in its unit, or its ratio to the limit. */
export interface Goal {
  readonly valueMax?: number;
  readonly valueMin?: number;
  readonly ratioMax?: number;
  /** Where the goal has words of its own. */
  readonly text?: string;
}

/** Half the limit's speed is twice its time. */
export const halfTheSpeed: Goal = { ratioMax: 2, text: "≥ 50 % of the limit's speed" };

export function measurementOf(
  name: string,
  unit: Unit,
  sample: Pick<Sample, "time" | "best"> & Partial<Sample>,
  options: { readonly limit?: string; readonly goal?: Goal } = {},
): Measurement {
  const { limitTime = NaN, ratio = null } = sample;
  const hasLimit = options.limit !== undefined;
  const value = sample.time / unit.size;
  return {
    name,
    unit: unit.text,
    value,
    best: sample.best / unit.size,
    limit: hasLimit ? { name: options.limit!, value: limitTime / unit.size } : null,
    ratio: hasLimit ? ratio : null,
    ...(hasLimit && sample.ratioSpread !== undefined ? { ratioSpread: sample.ratioSpread } : {}),
    goal: options.goal === undefined ? null : judge(options.goal, unit, value, ratio),
  };
}

/** A line that says why there is no figure. */
export function notMeasured(name: string, reason: string): Measurement {
  return {
    name: `${name} (${reason})`,
    unit: "",
    value: null,
    best: null,
    limit: null,
    ratio: null,
    goal: null,
  };
}

function judge(goal: Goal, unit: Unit, value: number, ratio: number | null): Measurement["goal"] {
  const { valueMax = Infinity, valueMin = -Infinity, ratioMax = Infinity } = goal;
  const isReached = value <= valueMax && value >= valueMin && (ratio ?? 0) <= ratioMax;
  return { text: goal.text ?? textOf(goal, unit), isReached };
}

function textOf({ valueMax, valueMin, ratioMax }: Goal, unit: Unit): string {
  if (valueMax !== undefined) return `≤ ${digits(valueMax)} ${unit.text}`;
  if (valueMin !== undefined) return `≥ ${digits(valueMin)} ${unit.text}`;
  return `≤ ${ratioMax} × the limit`;
}

/** Three digits that count. */
export function digits(value: number): string {
  if (!Number.isFinite(value)) return "–";
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en");
  return String(Number(value.toPrecision(value < 10 ? 2 : 3)));
}
