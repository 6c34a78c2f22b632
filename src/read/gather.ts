import type { Connection } from "../store/connection.ts";
import { nothing } from "../native/arguments.ts";
import type { Session } from "../store/session.ts";
import { type ArrayOfDtype, arrayOver, bytesOf, type Dtype, type DtypeArray } from "../dtypes.ts";
import { describe } from "../fields.ts";
import type { CellKind } from "../store/cells.ts";
import { fieldCells, gatherLayout } from "../native/abi.ts";
import { check, status } from "../native/status.ts";
import { checkOptions, optionNames } from "../options.ts";
import {
  bufferOf,
  isList,
  kindOf,
  lengthOf,
  overlaps,
  readNumbers,
  type TypedArrayName,
} from "../typed_array.ts";

/**
 * Indices into a stream, of shape `[B]`: whole numbers in a list or in a typed array. Taken by
 * {@linkcode StreamStore.gather}.
 */
export type Indices =
  | readonly number[]
  | Float64Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

/**
 * For each column: an array to fill, the dtype of an array to make, or null to leave the column out. Taken by
 * {@linkcode StreamStore.gather}.
 */
export interface GatherOut<
  Values extends DtypeArray | Dtype | null | undefined = DtypeArray | Dtype | null,
  Types extends Int32Array | "int32" | null | undefined = Int32Array | "int32" | null,
  Steps extends BigInt64Array | Float64Array | "int64" | "float64" | null | undefined =
    | BigInt64Array
    | Float64Array
    | "int64"
    | "float64"
    | null,
> {
  /**
   * For values of shape `[B, T]`: an array of B × T, or a dtype. It can be that of the store's cells, which it is where
   * nothing is said, or float64 or float32.
   */
  readonly values?: Values;
  /** For type IDs of shape `[B, T]`: an array of B × T, or int32, which it is where nothing is said. */
  readonly types?: Types;
  /** For steps of shape `[B, T]`: an array of B × T, or a dtype; int64 where nothing is said. */
  readonly steps?: Steps;
}

/**
 * Copies of windows, each column of shape `[B, T]`, row by row: B is `starts.length`, T the length of a window in
 * tokens. Returned by {@linkcode StreamStore.gather}.
 */
export interface GatherResult<
  Values = DtypeArray | null,
  Types = Int32Array | null,
  Steps = BigInt64Array | Float64Array | null,
> {
  /**
   * Shape `[B, T]`: the numbers; in an array of floats the nearest, where the store's cells are none or a field stands
   * in them as its own bits. In an array of integers such fields have those bits. Null where it was left out.
   */
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
type ValuesOf<Wanted, Cells> = Wanted extends undefined ? Cells
  : Wanted extends keyof ArrayOfDtype ? ArrayOfDtype[Wanted]
  : Wanted;
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
 * The arrays for the three choices.
 *
 * @internal
 */
export type GatheredAs<Values, Types, Steps, Cells = DtypeArray> = GatherResult<
  ValuesOf<Values, Cells>,
  TypesOf<Types>,
  StepsOf<Steps>
>;

/**
 * What {@linkcode StreamStore.gather} returns for an `out`: the arrays given, or new ones of the dtypes asked for. `Cells`
 * is the array of the store's cells.
 */
export type Gathered<Out extends GatherOut, Cells = DtypeArray> = GatheredAs<
  Out["values"],
  Out["types"],
  Out["steps"],
  Cells
>;

const outKeys = optionNames<GatherOut>({ values: true, types: true, steps: true });
const windowsMax = 2 ** 31;

/** How errors name what was called, and its list of tokens. */
interface Words {
  readonly action: string;
  readonly list: string;
}

const gatherWords: Words = { action: "gather", list: "starts" };

/** What is to be copied. The starts are a copy; the arrays of `out` are the caller's and have not been looked at. */
export interface GatherRequest {
  readonly starts: Float64Array;
  readonly length: number;
  readonly out: GatherOut;
}

/** Reads what a caller hands over, each thing once. The caller's own code may run in this, and not after it. */
function readGather(
  indices: Indices,
  length: number,
  out: GatherOut,
): GatherRequest {
  checkOptions(out, outKeys, "gather", "out.");
  const { values, types, steps } = out;
  return { starts: readStarts(indices), length, out: { values, types, steps } };
}

/** Copies windows out of a store, as {@linkcode StreamStore.gather} says. */
export function gather<Result>(session: Session, starts: Indices, length: number, out: GatherOut): Result {
  session.connection.checkOpen("gather");
  if (!Number.isInteger(length) || length < 0 || length > 2 ** 32 - 1) {
    throw new RangeError(`Cannot gather: length must be a whole number of tokens, got ${describe(length)}`);
  }
  return copyTokens(session, readGather(starts, length, out)) as Result;
}

/** Copies what was asked for. On a disk that fails only what is committed can be. */
export function copyTokens<Out extends GatherOut>(
  session: Session,
  request: GatherRequest,
  words = gatherWords,
): Gathered<Out> {
  const { connection, others } = session;
  const { starts, length } = request;
  const isCommitted = () => starts.every((start) => start + length <= connection.tokenCount);
  session.prepareRead(words.action, isCommitted);
  return copyCommitted(connection, others, request, words);
}

/** Copies windows out of the columns. Everything is checked before the first byte is written. */
function copyCommitted<Out extends GatherOut>(
  connection: Connection,
  others: Int32Array,
  { starts, length, out }: GatherRequest,
  words: Words,
): Gathered<Out> {
  const count = starts.length * length;
  const values = pick("values", out.values, valuesChoices(connection.kind), count);
  const types = pick("types", out.types, typesChoices, count);
  const steps = pick("steps", out.steps, stepsChoices, count);
  checkDisjoint("types", types, "values", values);
  checkDisjoint("steps", steps, "values", values);
  checkDisjoint("steps", steps, "types", types);
  const layout = values.code + types.code + steps.code;
  if (count > 0 && layout > 0) {
    const code = connection.native.ss_window_gather(
      connection.store,
      starts,
      starts.length,
      length,
      layout,
      others.length > 0 ? others : nothing,
      others.length / fieldCells.length,
      values.array ?? nothing,
      types.array ?? nothing,
      steps.array ?? nothing,
    );
    if (code === status.outOfRange) throw badStart(connection, starts, length, words);
    check(code, `Cannot ${words.action}`);
  }
  return { values: values.array, types: types.array, steps: steps.array } as Gathered<Out>;
}

/** Always a copy: an `out` array over the same memory, or another thread, could change starts that were checked. */
export function readStarts(indices: Indices, { action, list } = gatherWords): Float64Array {
  if (!isList(indices)) {
    throw new TypeError(
      `Cannot ${action}: ${list} must be a list or typed array of numbers, got ${describe(indices)}`,
    );
  }
  const starts = readNumbers(`Cannot ${action}: ${list}`, indices, (start, i) => {
    if (typeof start === "bigint") return Number(start);
    throw new TypeError(`Cannot ${action}: ${list}[${i}] must be a number, got ${describe(start)}`);
  });
  if (starts.length <= windowsMax) return starts;
  throw new RangeError(`Cannot ${action}: there can be ${windowsMax} ${list}, got ${starts.length}`);
}

function badStart(
  connection: Connection,
  starts: Float64Array,
  length: number,
  { action, list }: Words,
): RangeError {
  const index = connection.detail("index");
  const start = starts[index];
  const allowed = `a whole number from ${connection.firstToken} to ${connection.tokenCount - length}`;
  if (length > connection.tokenCount) {
    return new RangeError(
      `Cannot ${action}: length must be <= ${connection.tokenCount}, the tokens in the store, got ${length}`,
    );
  }
  return new RangeError(`Cannot ${action}: ${list}[${index}] must be ${allowed}, got ${start}`);
}

/** An array that a column can be copied into: by its dtype, by its class, and as the native library knows it. */
interface Choice {
  readonly dtype: string;
  readonly kind: TypedArrayName;
  readonly code: number;
  make(count: number): ArrayBufferView;
}

/** The first of each is what a column is copied into where nothing is said. */
function valuesChoices(cells: CellKind): readonly Choice[] {
  const kinds = new Set<CellKind>([cells, "float64", "float32"]);
  return choicesOfCells[cells] ??= [...kinds].map(valuesChoice);
}

const choicesOfCells: Partial<Record<CellKind, readonly Choice[]>> = {};

function valuesChoice(dtype: CellKind): Choice {
  const make = (count: number) => arrayOver(dtype, new ArrayBuffer(count * bytesOf(dtype)), 0, count);
  const { float64, float32, float16, cells } = gatherLayout.values;
  const code = { float64, float32, float16 }[dtype as string] ?? cells;
  return { dtype, kind: kindOf(make(0))!, code, make };
}

const typesChoices: readonly Choice[] = [
  { dtype: "int32", kind: "Int32Array", code: gatherLayout.types, make: (count) => new Int32Array(count) },
];
const stepsChoices: readonly Choice[] = [
  {
    dtype: "int64",
    kind: "BigInt64Array",
    code: gatherLayout.steps.int64,
    make: (count) => new BigInt64Array(count),
  },
  {
    dtype: "float64",
    kind: "Float64Array",
    code: gatherLayout.steps.float64,
    make: (count) => new Float64Array(count),
  },
];

/** What a column is copied into, if at all. */
interface Picked {
  readonly array: ArrayBufferView | null;
  readonly code: number;
  /** Of the caller's array; null for one that nobody else has. */
  readonly buffer: ArrayBufferLike | null;
}

const leftOut: Picked = { array: null, code: 0, buffer: null };

/** A caller's array must have the right class and exactly the right length; a detached one has length 0. */
function pick(name: string, wanted: unknown, choices: readonly Choice[], count: number): Picked {
  if (wanted === null) return leftOut;
  if (wanted === undefined) return { array: choices[0].make(count), code: choices[0].code, buffer: null };
  const kind = kindOf(wanted);
  const choice = choices.find((choice) =>
    kind === undefined ? wanted === choice.dtype : kind === choice.kind
  );
  if (choice === undefined) {
    const kinds = choices.map((choice) => choice.kind).join(" or ");
    throw new TypeError(
      `Cannot gather: out.${name} must be a ${kinds}, a dtype or null, got ${describe(wanted)}`,
    );
  }
  if (kind === undefined) return { array: choice.make(count), code: choice.code, buffer: null };
  const array = wanted as ArrayBufferView;
  const length = lengthOf(array);
  if (length === count) return { array, code: choice.code, buffer: bufferOf(array) };
  throw new RangeError(`Cannot gather: out.${name} must have length ${count}, got ${length}`);
}

/** Columns that share memory would write over each other. */
function checkDisjoint(name: string, column: Picked, otherName: string, other: Picked): void {
  if (column.buffer === null || column.buffer !== other.buffer) return;
  if (!overlaps(column.array!, other.array!)) return;
  throw new RangeError(
    `Cannot gather: out.${name} must have memory of its own, got some of out.${otherName}`,
  );
}
