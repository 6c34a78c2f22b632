import { Batch, BatchError, type Source } from "./batch.ts";
import type { Connection } from "../store/connection.ts";
import type { Session } from "../store/session.ts";
import { allowedValues, dtypeOf, isWideInteger } from "../dtypes.ts";
import { describe, type Field } from "../fields.ts";
import type { ExtraLists, ExtraMap } from "../extras.ts";
import { checkOptions, optionNames } from "../options.ts";
import { ownValue } from "../own_value.ts";
import { bigintAdvice, wrongStep } from "../steps.ts";
import {
  type AnyTypedArray,
  attachedLength,
  isList,
  kindOf,
  type List,
  plainView,
  readElements,
  readNumbers,
} from "../typed_array.ts";
import type { ExtraData } from "./extra_arrow.ts";
import { checkExtraColumns, readExtraColumns, writeExtraColumns } from "./extra_columns.ts";
import { isExact } from "./narrow.ts";
import type { NumberArray, Scalar } from "./values.ts";

/** Numbers of one field for many steps, of shape `[values]`. Part of {@linkcode ColumnInput}. */
export type ColumnNumbers = NumberArray | readonly Scalar[];

/**
 * One field of many steps: one value a step, shape `[steps]`; or lists of `width` values each, shape `[steps, width]`;
 * or lists that vary, of which step `i` has the values from `offsets[i]` to `offsets[i + 1]`, with offsets of shape
 * `[steps + 1]`. Part of {@linkcode ColumnsInput}.
 */
export type ColumnInput =
  | ColumnNumbers
  | { readonly values: ColumnNumbers; readonly width: number }
  | { readonly values: ColumnNumbers; readonly offsets: Int32Array | BigInt64Array | readonly number[] };

/**
 * Steps, integers that rise, of shape `[steps]`; and columns by field name. Taken by
 * {@linkcode StreamStore.appendColumns}.
 */
export type ColumnsInput<Name extends string = string> =
  & { readonly step: BigInt64Array | Float64Array | Int32Array | readonly (number | bigint)[] }
  & { readonly [Field in Name]?: ColumnInput };

/** Options of {@linkcode StreamStore.appendColumns}. */
export interface ColumnsOptions<Extras extends ExtraMap = ExtraMap> {
  /** Text and bytes beside the steps: for each name a list with a value for each step, or Arrow's offsets and data. */
  readonly extra?: { readonly [Name in keyof Extras]?: ExtraLists<Extras>[Name] | ExtraData };
}

const columnsKeys = optionNames<ColumnsOptions>({ extra: true });

/** A column as the caller handed it over, each thing read once. Typed arrays are the caller's own. */
interface GivenColumn {
  readonly field: Field;
  readonly values: AnyTypedArray;
  readonly width: unknown;
  readonly offsets: Int32Array | BigInt64Array | null;
  readonly isList: boolean;
}

/** Appends columns: checked whole, then written, then committed at once. */
export function appendColumns(session: Session, columns: ColumnsInput, options: ColumnsOptions): void {
  const { connection } = session;
  connection.checkWritable("append columns");
  session.write(
    "append columns",
    () => session.appendAtOnce(() => writeColumns(session, columns, options)),
  );
}

function writeColumns(session: Session, columns: ColumnsInput, options: ColumnsOptions): void {
  const { connection, fields, extras } = session;
  checkOptions(options, columnsKeys, "append columns");
  const { extra } = options;
  const { step, ...inputs } = columns;
  const names = fields.map(({ name }) => name);
  for (const name of Object.keys(inputs)) {
    if (names.includes(name)) continue;
    throw new TypeError(
      `Cannot append columns: fields must be among ${names.join(", ")}, got ${describe(name)}`,
    );
  }
  const steps = toSteps(step);
  const present = fields.filter(({ name }) => ownValue(inputs, name) != null);
  // The caller's own code runs in the first pass, and none in the second, which looks at what the first has found.
  const given = present.map((field) => readColumn(field, inputs[field.name]!));
  const extraColumns = checkExtraColumns(extras, readExtraColumns(extras, extra), steps.length);
  const sources = given.map((column) => toSource(column, steps.length));
  using batch = new Batch(connection);
  try {
    batch.add(steps, sources);
    writeExtraColumns(connection, extraColumns);
    batch.commit();
  } catch (error) {
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
  return new RangeError(
    `Cannot append columns: "${field.name}" at row ${error.row} must be ${allowedValues(field.dtype)}, got ${
      values[error.valueIndex]
    }`,
  );
}

function toSteps(step: ColumnsInput["step"]): BigInt64Array {
  if (!isList(step)) {
    throw new TypeError(
      `Cannot append columns: step must be a list or typed array of integers, got ${describe(step)}`,
    );
  }
  return readIntegers("Cannot append columns: step", step, (value, i) => {
    const isExact = typeof value === "bigint"
      ? BigInt.asIntN(64, value) === value
      : Number.isSafeInteger(value);
    if (isExact) return BigInt(value as number | bigint);
    throw wrongStep("Cannot append columns", `step[${i}]`, value);
  });
}

/** Integers of a list in memory of their own, which nobody can change between a check and the native pass. */
function readIntegers(
  name: string,
  list: List,
  toInteger: (element: unknown, index: number) => bigint,
): BigInt64Array {
  if (kindOf(list) === "BigInt64Array") {
    attachedLength(name, list as AnyTypedArray);
    return new BigInt64Array(list as BigInt64Array);
  }
  let integers = new BigInt64Array(64);
  const length = readElements(name, list, (element, i) => {
    if (i === integers.length) {
      const larger = new BigInt64Array(2 * i);
      larger.set(integers);
      integers = larger;
    }
    integers[i] = toInteger(element, i);
  });
  return integers.subarray(0, length);
}

function readColumn(field: Field, input: ColumnInput): GivenColumn {
  if (typeof input !== "object" || isList(input) || ArrayBuffer.isView(input)) {
    return {
      field,
      values: toNumbers(field, input as ColumnNumbers),
      width: 1,
      offsets: null,
      isList: false,
    };
  }
  checkOptions(input, ["values", "width", "offsets"], "append columns", `${field.name}.`);
  const { values, width = 1, offsets } = input as {
    readonly values: ColumnNumbers;
    readonly width?: unknown;
    readonly offsets?: unknown;
  };
  return {
    field,
    values: toNumbers(field, values),
    width,
    offsets: offsets === undefined ? null : toOffsets(field, offsets),
    isList: true,
  };
}

function toSource({ field, values: given, width, offsets, isList }: GivenColumn, rowCount: number): Source {
  const length = attachedLength(`Cannot append field "${field.name}": the typed array`, given);
  const values = plainView(given);
  if (offsets === null) checkWidth(field, width, rowCount, length);
  else checkOffsets(field, offsets, rowCount, length);
  return {
    field,
    values,
    dtype: dtypeOf(values),
    firstValue: 0,
    width: offsets === null ? width as number : null,
    offsets,
    validity: null,
    valueValidity: null,
    nanForNull: false,
    isList,
  };
}

function checkWidth(field: Field, width: unknown, rowCount: number, length: number): void {
  if (!Number.isSafeInteger(width) || width as number < 0) {
    throw new RangeError(
      `Cannot append columns: the width of "${field.name}" must be a whole number, got ${describe(width)}`,
    );
  }
  if (length !== rowCount * (width as number)) {
    throw new RangeError(
      `Cannot append columns: "${field.name}" must have ${rowCount} steps × width ${width} = ${
        rowCount * (width as number)
      } values, got ${length}`,
    );
  }
}

/** A copy, which nobody can change between the check and the native pass. */
function toOffsets(field: Field, given: unknown): Int32Array | BigInt64Array {
  const name = `Cannot append columns: the offsets of "${field.name}"`;
  if (!isList(given)) {
    throw new TypeError(`${name} must be a list or typed array of integers, got ${describe(given)}`);
  }
  if (kindOf(given) === "Int32Array") {
    attachedLength(name, given as AnyTypedArray);
    return new Int32Array(given as unknown as Int32Array);
  }
  return readIntegers(name, given, toBigInt);
}

function checkOffsets(
  field: Field,
  offsets: Int32Array | BigInt64Array,
  rowCount: number,
  length: number,
): void {
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
}

function toBigInt(value: unknown): bigint {
  if (typeof value === "bigint" || Number.isSafeInteger(value)) return BigInt(value as number | bigint);
  throw new RangeError(`Cannot append columns: an offset must be a whole number, got ${describe(value)}`);
}

/** Typed arrays pass as they are; a list becomes one that holds its numbers exactly. */
function toNumbers(field: Field, given: ColumnNumbers): AnyTypedArray {
  if (kindOf(given) !== undefined) return given as unknown as AnyTypedArray;
  if (!Array.isArray(given)) {
    throw new TypeError(
      `Cannot append columns: "${field.name}" must be a list or typed array of numbers, got ${
        describe(given)
      }`,
    );
  }
  return isWideInteger(field.dtype) ? toIntegers(field, given) : toFloats(field, given);
}

function toFloats(field: Field, given: readonly Scalar[]): Float64Array {
  return readNumbers(nameOf(field), given, (element, i) => {
    const value = checkScalar(field, element, i);
    if (typeof value !== "bigint" || isExact(field.dtype, value)) return Number(value);
    throw new RangeError(
      `Cannot append columns: "${field.name}" at value ${i} must be ${
        allowedValues(field.dtype)
      }, got ${value}`,
    );
  });
}

function toIntegers(field: Field, given: readonly Scalar[]): BigInt64Array | BigUint64Array {
  const isSigned = field.dtype === "int64";
  const bits = readIntegers(nameOf(field), given, (element, i) => {
    const value = checkScalar(field, element, i);
    const isWhole = typeof value !== "number" || Number.isSafeInteger(value);
    const integer = isWhole ? BigInt(value) : 0n;
    const kept = isSigned ? BigInt.asIntN(64, integer) : BigInt.asUintN(64, integer);
    if (isWhole && kept === integer) return integer;
    throw new RangeError(
      `Cannot append columns: "${field.name}" at value ${i} must be an integer that fits ${field.dtype}, got ${value}${
        bigintAdvice(value)
      }`,
    );
  });
  return isSigned ? bits : new BigUint64Array(bits.buffer, bits.byteOffset, bits.length);
}

function nameOf(field: Field): string {
  return `Cannot append columns: "${field.name}"`;
}

function checkScalar(field: Field, value: unknown, index: number): Scalar {
  if (typeof value === "number" || typeof value === "boolean" || typeof value === "bigint") return value;
  throw new TypeError(
    `Cannot append columns: "${field.name}" at value ${index} must be a number, boolean or bigint, got ${
      describe(value)
    }`,
  );
}
