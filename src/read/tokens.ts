import type { Session } from "../store/session.ts";
import type { DtypeArray } from "../dtypes.ts";
import { describe } from "../fields.ts";
import { copyTokens, type GatherRequest, type Indices, readStarts } from "./gather.ts";
import { isList, readElements } from "../typed_array.ts";

/** Indices in nested lists of equal lengths: their nesting is the shape. Taken by {@linkcode StreamStore.get}. */
export type NestedIndices = readonly number[] | readonly NestedIndices[];

/**
 * Single tokens, copied, in the shape of the indices that asked for them. The arrays are flat, the last axis fastest.
 * Returned by {@linkcode StreamStore.get}.
 */
export interface Tokens<Values extends DtypeArray = DtypeArray> {
  /** The lengths of the axes, for instance `[2, 3]`: they multiply to the number of tokens. */
  readonly shape: readonly number[];
  /** The step of each token, of the shape `[...shape]`. */
  readonly steps: BigInt64Array;
  /** The type ID of each token, of the shape `[...shape]`. */
  readonly types: Int32Array;
  /** The numbers, of the shape `[...shape]`: in the array of the store's cells, as of a `gather`. */
  readonly values: Values;
}

/** Axes of nested lists. A list that holds itself has no end of them. */
const axesMax = 64;

/** Indices in nested lists, which may hold one list in many places: so few of them can stand for very many. */
const nestedMax = 2 ** 26;

const words = { action: "get tokens", list: "indices" };

/** What tokens are to be copied, and in which shape. */
interface TokensRequest extends GatherRequest {
  readonly shape: readonly number[];
}

/** Reads what a caller hands over, each thing once. */
function readIndices(indices: Indices | NestedIndices, shape?: readonly number[]): TokensRequest {
  const { found, flat } = flatten(indices);
  const starts = readStarts(flat, words);
  const wanted = shape === undefined ? found ?? [starts.length] : checkShape(shape, starts.length);
  return { starts, length: 1, out: {}, shape: wanted };
}

/** Copies the tokens at the indices, as {@linkcode StreamStore.get} says. */
export function getTokens(
  session: Session,
  indices: Indices | NestedIndices,
  shape?: readonly number[],
): Tokens {
  session.connection.checkOpen("get tokens");
  const request = readIndices(indices, shape);
  return { shape: request.shape, ...copyTokens<{ readonly values?: undefined }>(session, request, words) };
}

/** The indices one after another; of nested lists also their shape. */
function flatten(indices: Indices | NestedIndices): { found?: readonly number[]; flat: Indices } {
  if (!Array.isArray(indices)) return { flat: indices as Indices };
  const first: unknown[] = [];
  readElements("Cannot get tokens: indices", indices, (item) => void first.push(item));
  if (!first.some(Array.isArray)) return { flat: first as number[] };
  const shape = shapeOf(first);
  const flat: number[] = [];
  const walk = (level: unknown, depth: number): void => {
    if (depth === shape.length) {
      if (Array.isArray(level)) throw ragged(shape, depth, level);
      flat.push(level as number);
      return;
    }
    if (!Array.isArray(level)) throw ragged(shape, depth, level);
    const length: unknown = level.length;
    if (length !== shape[depth]) throw ragged(shape, depth, level);
    for (let i = 0; i < shape[depth]; i++) walk(level[i], depth + 1);
  };
  walk(first, 0);
  return { found: shape, flat };
}

/** The shape by the first list of each depth; `flatten` checks that the others agree. */
function shapeOf(indices: readonly unknown[]): number[] {
  const shape: number[] = [];
  let count = 1;
  for (let level: unknown = indices; Array.isArray(level); level = level[0]) {
    const length: unknown = level.length;
    shape.push(Number(length));
    count *= Number(length);
    if (shape.length > axesMax) {
      throw new RangeError(`Cannot get tokens: indices must have at most ${axesMax} axes, got more`);
    }
    if (!(count >= 0 && count <= nestedMax)) {
      throw new RangeError(
        `Cannot get tokens: nested lists must hold at most ${nestedMax} indices, got shape [${
          shape.join(", ")
        }]; a typed array with a shape can hold more`,
      );
    }
  }
  return shape;
}

function ragged(shape: readonly number[], depth: number, level: unknown): RangeError {
  const wanted = depth === shape.length ? "a number" : `a list of ${shape[depth]}`;
  return new RangeError(
    `Cannot get tokens: indices must have one shape, here [${
      shape.join(", ")
    }]; at depth ${depth} there must be ${wanted}, got ${describe(level)}`,
  );
}

function checkShape(given: readonly number[], count: number): readonly number[] {
  if (!isList(given)) {
    throw new TypeError(`Cannot get tokens: shape must be a list of numbers, got ${describe(given)}`);
  }
  const shape: number[] = [];
  let product = 1;
  const isWhole = (length: unknown) => Number.isInteger(length) && (length as number) >= 0;
  readElements("Cannot get tokens: shape", given, (length) => {
    if (shape.length === axesMax) {
      throw new RangeError(`Cannot get tokens: shape must have at most ${axesMax} axes, got more`);
    }
    shape.push(length as number);
    product *= isWhole(length) ? length as number : NaN;
  });
  if (product === count) return shape;
  throw new RangeError(
    `Cannot get tokens: shape must multiply to the ${count} indices, got [${shape.map(describe).join(", ")}]`,
  );
}
