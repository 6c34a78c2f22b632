/** Mixtures of random stores, and their windows as the oracle has them. */
import assert from "node:assert/strict";
import { StreamStore } from "../../../mod.ts";
import type { Random } from "../support.ts";
import type { Case } from "./cases.ts";
import { compareWindow, type TokenBatch } from "./compare.ts";
import { makeStore, type Model, type Store } from "./model.ts";
import { type ModelWindow, windowsOf } from "./oracle.ts";

export interface Batch extends TokenBatch {
  readonly sources: Int32Array;
  readonly ids: Float64Array | null;
  readonly probabilities: Float64Array | null;
}

export interface Mixture {
  next(): Batch | null;
  state(): { position: number };
  restore(state: unknown): void;
  add(store: unknown): void;
  skipped(): { source: number; reason: string }[];
  updatePriorities(ids: ArrayLike<number>, priorities: ArrayLike<number>): void;
  savePriorities(path: string): void;
  loadPriorities(path: string): void;
}

export interface Pair {
  readonly store: Store;
  readonly model: Model;
}

/** A window of one of the stores. */
export interface Known {
  readonly source: number;
  readonly window: ModelWindow;
}

export function mix(pairs: readonly Pair[], options: Record<string, unknown>): Mixture {
  return StreamStore.mixture(pairs.map(({ store }) => store), options as never) as never;
}

export function makePairs(random: Random, sizes: readonly number[]): Pair[] {
  return sizes.map((rows) => makeStore(random, rows));
}

/** All windows, those of the first store first. */
export function allWindows(pairs: readonly Pair[], { rule }: Case): Known[] {
  return pairs.flatMap(({ model }, source) => windowsOf(model, rule).map((window) => ({ source, window })));
}

/** What tells a window of a batch, and of the oracle: dense windows are told by their lengths, too. */
export const keyOf = ({ source, window }: Known) => `${source} ${window.start}`;

/** The next windows, `count` of them, each compared in every array with the one that its source and start say, the first time that it comes. */
export function drawn(
  mixture: Mixture,
  count: number,
  pairs: readonly Pair[],
  { rule, form }: Case,
  known: readonly Known[],
): string[] {
  const byKey = Map.groupBy(known, keyOf);
  const compared = new Set<string>();
  const keys: string[] = [];
  while (keys.length < count) {
    const batch = mixture.next();
    if (batch === null) break;
    for (let slot = 0; slot < batch.size; slot++) {
      const key = `${batch.sources[slot]} ${batch.starts[slot]}`;
      const candidates = byKey.get(key) ?? assert.fail(`a window ${key} that there is none of`);
      keys.push(key);
      if (compared.has(key)) continue;
      compared.add(key);
      const { model } = pairs[batch.sources[slot]];
      const errors = candidates.map(({ window }) => {
        try {
          compareWindow(batch, slot, model, rule, window, form);
          return undefined;
        } catch (error) {
          return error;
        }
      });
      if (errors.every((error) => error !== undefined)) throw errors[0];
    }
  }
  return keys.slice(0, count);
}

export const simple = { steps: 3, fields: { action: 2 }, seed: 9 } as const;
export const simpleCase: Case = {
  rule: { unit: "steps", length: 3, stride: 1, boundary: "within" },
  form: { width: 3, truncate: false, dtype: "float32", moments: {} },
  options: simple,
};
