/** The episodes of a store: where each begins and ends, by a rule. */
import type { EpisodeRule } from "../sample/options.ts";
import type { StreamStore } from "../store.ts";
import { blockEnd } from "./blocks.ts";
import { valuesOf } from "./row_values.ts";

export interface Episodes {
  /** Of each the rows `[from, to)`, in order; without the last one where it has not ended. */
  readonly ranges: readonly (readonly [number, number])[];
  /** Rows at the end that belong to an episode which has not ended. */
  readonly unfinishedRows: number;
}

/** Whether a row is the last of its episode, and whether it is the first of one. */
interface Boundary {
  endsAt(row: number): boolean;
  beginsAt(row: number): boolean;
}

/** Goes through all rows. An episode that was unfinished when its writer ended, ended there. */
export function episodesOf(store: StreamStore, rule: EpisodeRule): Episodes {
  const all: (readonly [number, number])[] = [];
  let unfinishedFrom = store.rowCount;
  for (const part of episodeParts(store, rule)) {
    all.push(...part.ranges);
    unfinishedFrom = part.unfinishedFrom;
  }
  // Where the ID changes an episode ends; who knows whether the last one goes on.
  return { ranges: all, unfinishedRows: store.rowCount - unfinishedFrom };
}

/** Block by block the episodes that end in it, and where the one begins that goes on behind it. */
export function* episodeParts(
  store: StreamStore,
  rule: EpisodeRule,
): Generator<{ readonly ranges: readonly (readonly [number, number])[]; readonly unfinishedFrom: number }> {
  const { firstRow, rowCount } = store;
  let start = firstRow;
  const sessions = new Set(rule !== "rows" && "end" in rule ? store.sessions : []);
  for (let at = firstRow, end: number; at < rowCount; at = end) {
    end = blockEnd(store, at, rowCount);
    const boundary = boundaryOf(store, rule, at, end);
    const ranges: [number, number][] = [];
    const finish = (end: number) => {
      if (end > start) ranges.push([start, end]);
      start = end;
    };
    for (let row = at; row < end; row++) {
      if (sessions.has(row) || boundary.beginsAt(row)) finish(row);
      if (boundary.endsAt(row)) finish(row + 1);
    }
    yield { ranges, unfinishedFrom: start };
  }
}

function boundaryOf(store: StreamStore, rule: EpisodeRule, from: number, to: number): Boundary {
  const never = () => false;
  if (rule === "rows") return { endsAt: () => true, beginsAt: never };
  if ("id" in rule) {
    // With the last row of the block before.
    const first = Math.max(store.firstRow, from - 1);
    const ids = valuesOf(store, rule.id, 0, first, to);
    const beginsAt = (row: number) => row > first && !Object.is(ids[row - first], ids[row - first - 1]);
    return { endsAt: never, beginsAt };
  }
  if ("starts" in rule) return { endsAt: never, beginsAt: never };
  const names = typeof rule.end === "string" ? [rule.end] : rule.end;
  const ends = names.map((name) => valuesOf(store, name, 0, from, to));
  return { endsAt: (row) => ends.some((values) => isTruthy(values[row - from])), beginsAt: never };
}

/** Neither 0 nor NaN. */
const isTruthy = (value: number) => value !== 0 && !Number.isNaN(value);
