/** Stores of several environments in turn, and their windows by the definition. */
import assert from "node:assert/strict";
import type { StreamStore } from "../../../mod.ts";
import type { Random } from "../support.ts";

export const fields = { a: 0, env: { type: 1, dtype: "int32" }, done: 2 } as const;
export type Store = StreamStore<typeof fields>;
type Boundary = "within" | "pad-left" | "pad-right" | "cross";

export interface Row {
  readonly env: number;
  readonly done: boolean;
  readonly session: number;
}

/** The rows of a window, padded: null is padding. */
type Window = (number | null)[];

export const asked = {
  steps: 3,
  fields: { a: 1, env: 1 },
  episodes: { end: "done", environment: "env" },
} as const;

/** Appends so many rows of environments at random; `a` is the row. */
export function grow(store: Store, rows: Row[], random: Random, count: number, environments: number): void {
  const session = rows.at(-1)?.session ?? 0;
  for (let i = 0; i < count; i++) {
    const [env, done] = [random.below(environments) - 1, random.below(5) === 0];
    store.append(rows.length, { a: rows.length, env, ...(done || random.below(2) === 0 ? { done } : {}) });
    rows.push({ env, done, session });
  }
}

/** The rows of each episode, environment by environment, by the definition and nothing else. */
export function episodesOf(
  rows: readonly Row[],
  { sessions = "split", isWhole = false } = {},
): { readonly env: number; readonly rows: readonly number[] }[] {
  return [...new Set(rows.map((row) => row.env))].flatMap((env) => {
    const episodes: number[][] = [[]];
    rows.forEach((row, index) => {
      if (row.env !== env) return;
      const last = episodes.at(-1)!.at(-1);
      const isOver = last !== undefined &&
        (rows[last].done || (sessions === "split" && rows[last].session < row.session));
      if (isOver && !isWhole) episodes.push([]);
      episodes.at(-1)!.push(index);
    });
    return episodes.map((each) => ({ env, rows: each }));
  });
}

/** All windows, environment by environment. */
export function windowsOf(
  rows: readonly Row[],
  { length = 3, stride = 1, boundary = "within" as Boundary, sessions = "split", firstRow = 0 } = {},
): Window[] {
  const windows: Window[] = [];
  for (const { rows: episode } of episodesOf(rows, { sessions, isWhole: boundary === "cross" })) {
    for (let at = 0; at < episode.length; at += stride) {
      if (episode[at] < firstRow) continue;
      const held = episode.filter((row) => row >= firstRow);
      const place = held.indexOf(episode[at]);
      const isLeft = boundary === "pad-left";
      const taken = isLeft
        ? held.slice(Math.max(0, place - length + 1), place + 1)
        : held.slice(place, place + length);
      const padding: Window = Array.from({ length: length - taken.length }, () => null);
      if (padding.length > 0 && (boundary === "within" || boundary === "cross")) continue;
      windows.push(isLeft ? [...padding, ...taken] : [...taken, ...padding]);
    }
  }
  return windows;
}

export interface Batch {
  readonly size: number;
  readonly starts: ArrayLike<number>;
  readonly lengths: ArrayLike<number>;
  readonly mask: ArrayLike<number>;
  readonly steps: ArrayLike<bigint>;
  readonly fields: Record<
    "a" | "env",
    { readonly values: ArrayLike<number>; readonly mask: ArrayLike<number> }
  >;
}

/** The windows of a batch, each checked in every array. */
export function drawn(batch: Batch, rows: readonly Row[], length = 3): string[] {
  return Array.from({ length: batch.size }, (_, slot) => {
    const window: Window = [];
    for (let i = 0; i < length; i++) {
      const at = slot * length + i;
      const row = batch.mask[at] === 0 ? null : batch.fields.a.values[at];
      window.push(row);
      assert.deepEqual([batch.fields.a.mask[at], batch.fields.env.mask[at]], row === null ? [0, 0] : [1, 1]);
      assert.deepEqual(
        [batch.steps[at], batch.fields.env.values[at]],
        row === null ? [0n, 0] : [BigInt(row), rows[row].env],
      );
      if (row === null) assert.equal(batch.fields.a.values[at], 0);
    }
    const real = window.filter((row) => row !== null);
    assert.deepEqual([batch.starts[slot], batch.lengths[slot]], [real[0], real.length]);
    return JSON.stringify(window);
  });
}

export function draw(sampler: unknown, rows: readonly Row[], count: number, length = 3): string[] {
  const windows: string[] = [];
  while (windows.length < count) {
    const batch = (sampler as { next(): Batch | null }).next();
    if (batch === null) break;
    windows.push(...drawn(batch, rows, length));
  }
  return windows.slice(0, count);
}

export const texts = (windows: readonly Window[]) => windows.map((window) => JSON.stringify(window));
