import { type Connection, nothing } from "./connection.ts";
import { describe } from "./fields.ts";
import { check, status } from "./native/status.ts";

/**
 * Indices into a stream, of shape `[B]`: whole numbers in a list or in a typed array.
 *
 * @example
 * ```ts
 * import { type Indices, StreamStore } from "@streamstore/streamstore";
 * import assert from "node:assert/strict";
 *
 * using store = new StreamStore({ reward: 0 });
 * for (let step = 0; step < 10; step++) store.append(step, { reward: step });
 * const starts: Indices = Int32Array.of(2, 5);
 * assert.deepEqual(store.gather(starts, 2).values, Float64Array.of(2, 3, 5, 6));
 * ```
 */
export type Indices =
  | readonly number[]
  | Float64Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

/**
 * For each column: an array to fill, the dtype of an array to make, or null to leave the column out.
 *
 * @example
 * ```ts
 * import { type GatherOut, StreamStore } from "@streamstore/streamstore";
 * import assert from "node:assert/strict";
 *
 * using store = new StreamStore({ reward: 0 });
 * for (let step = 0; step < 10; step++) store.append(step, { reward: step });
 * const out = { values: new Float32Array(4), types: null, steps: "float64" } satisfies GatherOut;
 * const { values, steps } = store.gather([0, 6], 2, out);
 * assert.equal(values, out.values);
 * assert.deepEqual(steps, Float64Array.of(0, 1, 6, 7));
 * ```
 */
export interface GatherOut {
  /** For values of shape `[B, T]`: an array of B × T, or a dtype; float64 where nothing is said. */
  readonly values?: Float64Array | Float32Array | "float64" | "float32" | null;
  /** For type IDs of shape `[B, T]`: an array of B × T, or int32, which it is where nothing is said. */
  readonly types?: Int32Array | "int32" | null;
  /** For steps of shape `[B, T]`: an array of B × T, or a dtype; int64 where nothing is said. */
  readonly steps?: BigInt64Array | Float64Array | "int64" | "float64" | null;
}

/**
 * Copies of windows, each column of shape `[B, T]`, row by row: B is `starts.length`, T the length of a window in
 * tokens.
 *
 * @example
 * ```ts
 * import { type GatherResult, StreamStore } from "@streamstore/streamstore";
 * import assert from "node:assert/strict";
 *
 * using store = new StreamStore({ reward: 0 });
 * for (let step = 0; step < 10; step++) store.append(step, { reward: step / 2 });
 * const [B, T] = [2, 3];
 * const batch: GatherResult = store.gather([1, 7], T);
 * assert.equal(batch.values!.length, B * T);
 * assert.equal(batch.values![1 * T + 2], 4.5); // of window 1 the token 2
 * ```
 */
export interface GatherResult<
  Values = Float64Array | Float32Array | null,
  Types = Int32Array | null,
  Steps = BigInt64Array | Float64Array | null,
> {
  /** Shape `[B, T]`: the numbers; those of int64 and uint64 fields as the nearest. Null where it was left out. */
  readonly values: Values;
  /** Shape `[B, T]`: the type ID of each token. Null where it was left out. */
  readonly types: Types;
  /** Shape `[B, T]`: the step of each token. Null where it was left out. */
  readonly steps: Steps;
}

/**
 * The array for a choice of values.
 *
 * @internal
 */
type ValuesOf<Wanted> = Wanted extends null ? null
  : Wanted extends Float32Array | "float32" ? Float32Array
  : Float64Array;
/**
 * The array for a choice of types.
 *
 * @internal
 */
type TypesOf<Wanted> = Wanted extends null ? null : Int32Array;
/**
 * The array for a choice of steps.
 *
 * @internal
 */
type StepsOf<Wanted> = Wanted extends null ? null
  : Wanted extends Float64Array | "float64" ? Float64Array
  : BigInt64Array;

/**
 * What `gather` returns for an `out`: the arrays given, or new ones of the dtypes asked for.
 *
 * @example
 * ```ts
 * import { type Gathered, StreamStore } from "@streamstore/streamstore";
 * import assert from "node:assert/strict";
 *
 * using store = new StreamStore({ reward: 0 });
 * store.append(0, { reward: 0.5 });
 * const batch: Gathered<{ values: "float32"; steps: null }> = store.gather([0], 1, { values: "float32", steps: null });
 * assert.deepEqual(batch.values, Float32Array.of(0.5));
 * assert.equal(batch.steps, null);
 * ```
 */
export type Gathered<Out extends GatherOut> = GatherResult<
  ValuesOf<Out["values"]>,
  TypesOf<Out["types"]>,
  StepsOf<Out["steps"]>
>;

const windowsMax = 2 ** 31;

/** How errors name what was called, and its list of tokens. */
interface Words {
  readonly action: string;
  readonly list: string;
}

const gatherWords: Words = { action: "gather", list: "starts" };

/** Copies windows out of the columns. Everything is checked before the first byte is written. */
export function gather<Out extends GatherOut>(
  connection: Connection,
  integers: Int32Array,
  indices: Indices,
  length: number,
  out: Out,
  words = gatherWords,
): Gathered<Out> {
  const starts = toStarts(indices, words);
  const count = starts.length * length;
  const values = pickValues(out.values, count);
  const types = pickTypes(out.types, count);
  const steps = pickSteps(out.steps, count);
  const layout = (values === null ? 0 : values instanceof Float64Array ? 1 : 2) +
    (types === null ? 0 : 4) +
    (steps === null ? 0 : steps instanceof BigInt64Array ? 8 : 16);
  if (count > 0 && layout > 0) {
    const code = connection.native.ss_window_gather(
      connection.store,
      starts,
      starts.length,
      length,
      layout,
      integers.length > 0 ? integers : nothing,
      integers.length / 2,
      values ?? nothing,
      types ?? nothing,
      steps ?? nothing,
    );
    if (code === status.outOfRange) throw badStart(connection, starts, length, words);
    check(code, `Cannot ${words.action}`);
  }
  return { values, types, steps } as Gathered<Out>;
}

/** Always a copy: an `out` array over the same memory, or another thread, could change starts that were checked. */
function toStarts(indices: Indices, { action, list }: Words): Float64Array {
  if (!Array.isArray(indices) && !(ArrayBuffer.isView(indices) && "length" in indices)) {
    throw new TypeError(
      `Cannot ${action}: ${list} must be a list or typed array of numbers, got ${describe(indices)}`,
    );
  }
  if (indices.length > windowsMax) {
    throw new RangeError(`Cannot ${action}: there can be ${windowsMax} ${list}, got ${indices.length}`);
  }
  if (indices instanceof Float64Array) return new Float64Array(indices);
  const starts = new Float64Array(indices.length);
  for (let i = 0; i < starts.length; i++) {
    const start: unknown = indices[i];
    if (typeof start !== "number" && typeof start !== "bigint") {
      throw new TypeError(`Cannot ${action}: ${list}[${i}] must be a number, got ${describe(start)}`);
    }
    starts[i] = Number(start);
  }
  return starts;
}

function badStart(
  connection: Connection,
  starts: Float64Array,
  length: number,
  { action, list }: Words,
): RangeError {
  const [index] = connection.detail();
  const start = starts[index];
  const allowed = `a whole number from ${connection.firstToken} to ${connection.tokenCount - length}`;
  if (length > connection.tokenCount) {
    return new RangeError(
      `Cannot ${action}: length must be <= ${connection.tokenCount}, the tokens in the store, got ${length}`,
    );
  }
  return new RangeError(`Cannot ${action}: ${list}[${index}] must be ${allowed}, got ${start}`);
}

function pickValues(wanted: GatherOut["values"], count: number): Float64Array | Float32Array | null {
  if (wanted === null) return null;
  if (wanted === undefined || wanted === "float64") return new Float64Array(count);
  if (wanted === "float32") return new Float32Array(count);
  return checkBuffer("values", wanted, [Float64Array, Float32Array], count);
}

function pickTypes(wanted: GatherOut["types"], count: number): Int32Array | null {
  if (wanted === null) return null;
  if (wanted === undefined || wanted === "int32") return new Int32Array(count);
  return checkBuffer("types", wanted, [Int32Array], count);
}

function pickSteps(wanted: GatherOut["steps"], count: number): BigInt64Array | Float64Array | null {
  if (wanted === null) return null;
  if (wanted === undefined || wanted === "int64") return new BigInt64Array(count);
  if (wanted === "float64") return new Float64Array(count);
  return checkBuffer("steps", wanted, [BigInt64Array, Float64Array], count);
}

type NumberArrayClass = { new (length: number): { readonly length: number }; readonly name: string };

/** A caller's buffer must have the right class and exactly the right length; a detached one has length 0. */
function checkBuffer<Item extends { readonly length: number }>(
  name: string,
  buffer: Item,
  allowed: readonly NumberArrayClass[],
  count: number,
): Item {
  const found = allowed.find((constructor) => buffer instanceof constructor);
  if (found === undefined) {
    const names = allowed.map((constructor) => constructor.name).join(" or ");
    throw new TypeError(
      `Cannot gather: out.${name} must be a ${names}, a dtype or null, got ${describe(buffer)}`,
    );
  }
  if (buffer.length !== count) {
    throw new RangeError(`Cannot gather: out.${name} must have length ${count}, got ${buffer.length}`);
  }
  return buffer;
}
