import type { Connection } from "./connection.ts";
import { describe } from "./fields.ts";
import { gather, type Indices } from "./gather.ts";

/**
 * Indices in nested lists of equal lengths: their nesting is the shape.
 *
 * @example
 * ```ts
 * import { type NestedIndices, StreamStore } from "@streamstore/streamstore";
 * import assert from "node:assert/strict";
 *
 * using store = new StreamStore({ reward: 0 });
 * for (let step = 0; step < 10; step++) store.append(step, { reward: step });
 * const indices: NestedIndices = [[0, 1, 2], [7, 8, 9]];
 * assert.deepEqual(store.get(indices).shape, [2, 3]);
 * ```
 */
export type NestedIndices = readonly number[] | readonly NestedIndices[];

/**
 * Single tokens, copied, in the shape of the indices that asked for them. The arrays are flat, the last axis fastest.
 *
 * @example
 * ```ts
 * import { StreamStore, type Tokens } from "@streamstore/streamstore";
 * import assert from "node:assert/strict";
 *
 * using store = new StreamStore({ action: 0, reward: 1 });
 * store.append(7, { action: 2, reward: 0.5 });
 * const tokens: Tokens = store.get([1, 0]);
 * assert.deepEqual(tokens.types, Int32Array.of(1, 0));
 * assert.deepEqual(tokens.values, Float64Array.of(0.5, 2));
 * ```
 */
export interface Tokens {
  /** The lengths of the axes, for instance `[2, 3]`: they multiply to the number of tokens. */
  readonly shape: readonly number[];
  /** The step of each token, of the shape `[...shape]`. */
  readonly steps: BigInt64Array;
  /** The type ID of each token, of the shape `[...shape]`. */
  readonly types: Int32Array;
  /** The numbers, of the shape `[...shape]`; those of int64 and uint64 fields as the nearest float64. */
  readonly values: Float64Array;
}

/** Copies the tokens at the indices. */
export function getTokens(
  connection: Connection,
  integers: Int32Array,
  indices: Indices | NestedIndices,
  shape?: readonly number[],
): Tokens {
  const isNested = Array.isArray(indices) && indices.some(Array.isArray);
  const found = isNested ? shapeOf(indices) : [(indices as Indices).length];
  const flat = isNested ? flatten(indices as NestedIndices, found) : indices as Indices;
  const gathered = gather(connection, integers, flat, 1, { steps: "int64" }, {
    action: "get tokens",
    list: "indices",
  });
  return { shape: shape === undefined ? found : checkShape(shape, gathered.types.length), ...gathered };
}

/** The shape by the first list of each depth; `flatten` checks that the others agree. */
function shapeOf(indices: readonly unknown[]): number[] {
  const shape: number[] = [];
  let level: unknown = indices;
  while (Array.isArray(level)) {
    shape.push(level.length);
    level = level[0];
  }
  return shape;
}

function flatten(indices: NestedIndices, shape: readonly number[]): number[] {
  const flat: number[] = [];
  const walk = (level: unknown, depth: number): void => {
    if (depth === shape.length) {
      if (Array.isArray(level)) throw ragged(shape, depth, level);
      flat.push(level as number);
      return;
    }
    if (!Array.isArray(level) || level.length !== shape[depth]) throw ragged(shape, depth, level);
    for (const item of level) walk(item, depth + 1);
  };
  walk(indices, 0);
  return flat;
}

function ragged(shape: readonly number[], depth: number, level: unknown): RangeError {
  const wanted = depth === shape.length ? "a number" : `a list of ${shape[depth]}`;
  return new RangeError(
    `Cannot get tokens: indices must have one shape, here [${
      shape.join(", ")
    }]; at depth ${depth} there must be ${wanted}, got ${describe(level)}`,
  );
}

function checkShape(shape: readonly number[], count: number): readonly number[] {
  const product = shape.reduce((total, length) => total * length, 1);
  if (product !== count || !shape.every((length) => Number.isInteger(length) && length >= 0)) {
    throw new RangeError(
      `Cannot get tokens: shape must multiply to the ${count} indices, got [${shape.join(", ")}]`,
    );
  }
  return [...shape];
}
