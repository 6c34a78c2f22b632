import { Batch, BatchError, type Source } from "./batch.ts";
import type { DtypeName } from "./column.ts";
import type { Connection } from "./connection.ts";
import { describe, type Field } from "./fields.ts";
import { ownValue } from "./own_value.ts";
import { bigintAdvice, wrongStep } from "./steps.ts";
import { checkAttached, type NumberArray, type Scalar } from "./values.ts";

/**
 * Numbers of one field for many steps, of shape `[values]`.
 *
 * @example
 * ```ts
 * import { type ColumnNumbers, StreamStore } from "@streamstore/streamstore";
 * import assert from "node:assert/strict";
 *
 * const done: ColumnNumbers = [false, false, true];
 * using store = new StreamStore({ done: 0 });
 * store.appendColumns({ step: [0, 1, 2], done });
 * assert.deepEqual(store.column("done").values, Float64Array.of(0, 0, 1));
 * ```
 */
export type ColumnNumbers = NumberArray | readonly Scalar[];

/**
 * One field of many steps: one value a step, shape `[steps]`; or lists of `width` values each, shape `[steps, width]`;
 * or lists that vary, of which step `i` has the values from `offsets[i]` to `offsets[i + 1]`, with offsets of shape
 * `[steps + 1]`.
 *
 * @example
 * ```ts
 * import { type ColumnInput, StreamStore } from "@streamstore/streamstore";
 * import assert from "node:assert/strict";
 *
 * const text: ColumnInput = { values: [7, 8, 9], offsets: [0, 2, 2, 3] };
 * using store = new StreamStore({ text: 0 });
 * store.appendColumns({ step: [0, 1, 2], text });
 * assert.deepEqual(store.row(0).text, Float64Array.of(7, 8));
 * assert.deepEqual(store.row(1).text, new Float64Array(0));
 * ```
 */
export type ColumnInput =
  | ColumnNumbers
  | { readonly values: ColumnNumbers; readonly width: number }
  | { readonly values: ColumnNumbers; readonly offsets: Int32Array | BigInt64Array | readonly number[] };

/**
 * Steps, integers that rise, of shape `[steps]`; and columns by field name.
 *
 * @example
 * ```ts
 * import { type ColumnsInput, StreamStore } from "@streamstore/streamstore";
 * import assert from "node:assert/strict";
 *
 * const columns: ColumnsInput<"reward"> = { step: Int32Array.of(3, 5), reward: Float32Array.of(0.5, 1) };
 * using store = new StreamStore({ reward: 0 });
 * store.appendColumns(columns);
 * assert.deepEqual(store.rows(), [{ step: 3, reward: 0.5 }, { step: 5, reward: 1 }]);
 * ```
 */
export type ColumnsInput<Name extends string = string> =
  & { readonly step: BigInt64Array | Float64Array | Int32Array | readonly (number | bigint)[] }
  & { readonly [Field in Name]?: ColumnInput };

/** Appends columns: checked whole, then written, then committed at once. */
export function appendColumns(connection: Connection, fields: readonly Field[], columns: ColumnsInput): void {
  const { step, ...inputs } = columns;
  const names = fields.map(({ name }) => name);
  for (const name of Object.keys(inputs)) {
    if (names.includes(name)) continue;
    throw new TypeError(
      `Cannot append columns: fields must be among ${names.join(", ")}, got ${describe(name)}`,
    );
  }
  const steps = toSteps(step);
  const given = fields.filter(({ name }) => ownValue(inputs, name) != null);
  const sources = given.map((field) => toSource(field, inputs[field.name]!, steps.length));
  const batch = new Batch(connection);
  try {
    batch.add(steps, sources);
    batch.commit();
  } catch (error) {
    batch.abandon();
    throw error instanceof BatchError ? inWords(error, steps, sources, connection) : error;
  }
}

/** Says which field, which row and which value an append of columns was refused for. */
function inWords(
  error: BatchError,
  steps: BigInt64Array,
  sources: readonly Source[],
  connection: Connection,
): RangeError {
  if (error.kind === "step") {
    const before = error.row > 0 ? steps[error.row - 1] : connection.lastStep;
    return new RangeError(
      `Cannot append columns: step[${error.row}] must be > ${before}, the step before it, got ${
        steps[error.row]
      }`,
    );
  }
  const field = error.field!;
  const values = sources.find((source) => source.field === field)!.values as unknown as ArrayLike<unknown>;
  const allowed = field.dtype === "float64" ? "exact in float64" : `an integer that fits ${field.dtype}`;
  return new RangeError(
    `Cannot append columns: "${field.name}" at row ${error.row} must be ${allowed}, got ${
      values[error.valueIndex]
    }`,
  );
}

function toSteps(step: ColumnsInput["step"]): BigInt64Array {
  if (step instanceof BigInt64Array) return step.slice();
  if (!Array.isArray(step) && !(ArrayBuffer.isView(step) && "length" in step)) {
    throw new TypeError(
      `Cannot append columns: step must be a list or typed array of integers, got ${describe(step)}`,
    );
  }
  const steps = new BigInt64Array(step.length);
  for (let i = 0; i < steps.length; i++) {
    const value: unknown = step[i];
    const isExact = typeof value === "bigint"
      ? BigInt.asIntN(64, value) === value
      : Number.isSafeInteger(value);
    if (!isExact) throw wrongStep("Cannot append columns", `step[${i}]`, value);
    steps[i] = BigInt(value as number | bigint);
  }
  return steps;
}

function toSource(field: Field, input: ColumnInput, rowCount: number): Source {
  const isBare = typeof input !== "object" || Array.isArray(input) || ArrayBuffer.isView(input);
  const { values: given, ...layout } = isBare
    ? { values: input as ColumnNumbers }
    : input as Exclude<ColumnInput, ColumnNumbers>;
  const values = toNumbers(field, given);
  const length = (values as unknown as ArrayLike<unknown>).length;
  const offsets = "offsets" in layout
    ? toOffsets(field, layout.offsets as readonly number[], rowCount, length)
    : null;
  const width = offsets !== null ? null : "width" in layout ? layout.width as number : 1;
  if (width !== null) checkWidth(field, width, rowCount, length);
  return {
    field,
    values,
    dtype: dtypeOf(values),
    firstValue: 0,
    width,
    offsets,
    validity: null,
    valueValidity: null,
    nanForNull: false,
    isList: !isBare,
  };
}

function checkWidth(field: Field, width: number, rowCount: number, length: number): void {
  if (!Number.isSafeInteger(width) || width < 0) {
    throw new RangeError(
      `Cannot append columns: the width of "${field.name}" must be a whole number, got ${describe(width)}`,
    );
  }
  if (length !== rowCount * width) {
    throw new RangeError(
      `Cannot append columns: "${field.name}" must have ${rowCount} steps × width ${width} = ${
        rowCount * width
      } values, got ${length}`,
    );
  }
}

function toOffsets(
  field: Field,
  given: Int32Array | BigInt64Array | readonly number[],
  rowCount: number,
  length: number,
): Int32Array | BigInt64Array {
  // A copy, which nobody can change between the check and the native pass.
  const offsets = given instanceof Int32Array
    ? given.slice()
    : BigInt64Array.from(given as readonly number[], toBigInt);
  if (offsets.length !== rowCount + 1) {
    throw new RangeError(
      `Cannot append columns: the offsets of "${field.name}" must be ${
        rowCount + 1
      }, one more than steps, got ${offsets.length}`,
    );
  }
  let last = 0;
  for (let i = 0; i < offsets.length; i++) {
    const offset = Number(offsets[i]);
    if (!(offset >= last && offset <= length)) {
      throw new RangeError(
        `Cannot append columns: offsets[${i}] of "${field.name}" must be from ${last} to ${length}, got ${offset}`,
      );
    }
    last = offset;
  }
  return offsets;
}

function toBigInt(value: number | bigint): bigint {
  if (typeof value === "number" && !Number.isSafeInteger(value)) {
    throw new RangeError(`Cannot append columns: an offset must be a whole number, got ${describe(value)}`);
  }
  return BigInt(value);
}

/** Typed arrays pass as they are; a list becomes one that holds its numbers exactly. */
function toNumbers(field: Field, given: ColumnNumbers): ArrayBufferView {
  if (ArrayBuffer.isView(given) && !((given as ArrayBufferView) instanceof DataView)) {
    checkAttached(field, given);
    return given;
  }
  if (!Array.isArray(given)) {
    throw new TypeError(
      `Cannot append columns: "${field.name}" must be a list or typed array of numbers, got ${
        describe(given)
      }`,
    );
  }
  return field.dtype === "float64" ? toFloats(field, given) : toIntegers(field, given);
}

function toFloats(field: Field, given: readonly Scalar[]): Float64Array {
  const values = new Float64Array(given.length);
  for (let i = 0; i < values.length; i++) {
    const value: unknown = given[i];
    values[i] = typeof value === "number" ? value : Number(checkScalar(field, value, i));
    if (typeof value === "bigint" && (!Number.isFinite(values[i]) || BigInt(values[i]) !== value)) {
      throw new RangeError(
        `Cannot append columns: "${field.name}" at value ${i} must be exact in float64, got ${value}`,
      );
    }
  }
  return values;
}

function toIntegers(field: Field, given: readonly Scalar[]): BigInt64Array | BigUint64Array {
  const values = field.dtype === "int64" ? new BigInt64Array(given.length) : new BigUint64Array(given.length);
  for (let i = 0; i < values.length; i++) {
    const value = checkScalar(field, given[i], i);
    const isExact = typeof value !== "number" || Number.isSafeInteger(value);
    values[i] = isExact ? BigInt(value) : 0n;
    if (!isExact || values[i] !== BigInt(value)) {
      throw new RangeError(
        `Cannot append columns: "${field.name}" at value ${i} must be an integer that fits ${field.dtype}, got ${value}${
          bigintAdvice(value)
        }`,
      );
    }
  }
  return values;
}

function checkScalar(field: Field, value: unknown, index: number): Scalar {
  if (typeof value === "number" || typeof value === "boolean" || typeof value === "bigint") return value;
  throw new TypeError(
    `Cannot append columns: "${field.name}" at value ${index} must be a number, boolean or bigint, got ${
      describe(value)
    }`,
  );
}

const dtypes: Readonly<Record<string, DtypeName>> = {
  Float64Array: "float64",
  Float32Array: "float32",
  Float16Array: "float16",
  BigInt64Array: "int64",
  BigUint64Array: "uint64",
  Int32Array: "int32",
  Uint32Array: "uint32",
  Int16Array: "int16",
  Uint16Array: "uint16",
  Int8Array: "int8",
  Uint8Array: "uint8",
  Uint8ClampedArray: "uint8",
};

/** By the tag that no subclass changes. */
export function dtypeOf(values: ArrayBufferView): DtypeName {
  return dtypes[(values as unknown as { [Symbol.toStringTag]: string })[Symbol.toStringTag]];
}
