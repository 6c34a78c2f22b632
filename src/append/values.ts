/**
 * Values of one field at one step, written as cells. Checks come before or with the writing, and the caller publishes
 * only after all of a step is in, so a value that is refused leaves no trace.
 */
import { allowedValues, type Dtype, dtypeOf, holds, isWideInteger, type Range } from "../dtypes.ts";
import { describe, type Field, type FieldList, type FieldName } from "../fields.ts";
import { bigintAdvice } from "../steps.ts";
import { attachedLength, kindOf, lengthOf } from "../typed_array.ts";
import { type Cells, isExact, isRoundedLater, isWithin, narrowCells, narrowNumber } from "./narrow.ts";

/**
 * A number as a field takes it. A boolean is kept as 1 or 0; a bigint must be exact in the field's dtype. Part of
 * {@linkcode FieldValue}.
 */
export type Scalar = number | boolean | bigint;

/**
 * Any typed array of numbers, 64-bit integers included: a list of one step, of shape `[values]`, or a column of many.
 * Part of {@linkcode FieldValue}.
 */
export type NumberArray =
  | Float64Array
  | Float32Array
  | Float16Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

/**
 * What one field takes at one step: a scalar, a flat list of shape `[values]`, or nothing (null, undefined). Taken by
 * {@linkcode StreamStore.append}.
 */
export type FieldValue = Scalar | NumberArray | readonly Scalar[] | null | undefined;

/** What one step holds: a value for each field that it has. Taken by {@linkcode StreamStore.append}. */
export type StepValues<Fields extends FieldList> = { readonly [Name in FieldName<Fields>]?: FieldValue };

/** Writes one scalar at `at`. */
export function writeScalar(cells: Cells, at: number, field: Field, value: unknown): void {
  if (isWideInteger(field.dtype)) cells.bits[at] = exactInteger(field, value);
  else cells.values[at] = numberFor(field, value);
}

/** A number that the field holds, which is rounded where it is one of narrower floats. */
function numberFor(field: Field, value: unknown): number {
  const number = exactNumber(field, value);
  const narrow = narrowNumber(field, number);
  if (narrow === null) throw notHeld(field, value as Scalar);
  return narrow;
}

function notHeld(field: Field, value: Scalar): RangeError {
  return new RangeError(
    `Cannot append field "${field.name}": a value of dtype ${field.dtype} must be ${
      allowedValues(field.dtype)
    }, got ${describe(value)}`,
  );
}

/** Most values of one list: a record counts them as an int32. */
const listValuesMax = 2 ** 31 - 1;

/**
 * The number of values of a list value, or -1 if the value is no list. An array may be a proxy or have getters, and a
 * typed array properties of its own: so this is asked once, and each element is read once.
 */
export function listLength(field: Field, value: object): number {
  const length = listLengthOf(value);
  if (length === -1 || (Number.isInteger(length) && length >= 0 && length <= listValuesMax)) return length;
  throw new RangeError(
    `Cannot append field "${field.name}": a list must have 0 to ${listValuesMax} values, got ${
      describe(length)
    }`,
  );
}

/** The length of one of the sequences of an append. */
export function sequenceLength(what: string, sequence: unknown): number {
  const length = typeof sequence === "object" && sequence !== null ? listLengthOf(sequence) : -1;
  if (Number.isSafeInteger(length) && length >= 0) return length;
  throw new TypeError(
    `Cannot append: ${what} must be a list where several are appended, got ${
      length === -1 ? describe(sequence) : `one of length ${describe(length)}`
    }`,
  );
}

/** -1 for what is neither an array nor a typed array. */
function listLengthOf(value: object): number {
  if (Array.isArray(value)) return value.length;
  if (!ArrayBuffer.isView(value) || value instanceof DataView) return -1;
  return lengthOf(value);
}

/** Throws for an element that is no number, boolean or bigint. Typed arrays have none. */
export function checkElements(field: Field, list: ArrayLike<unknown>, length: number): void {
  if (ArrayBuffer.isView(list)) return;
  for (let i = 0; i < length; i++) {
    const kind = typeof list[i];
    if (kind !== "number" && kind !== "boolean" && kind !== "bigint") throw wrongValue(field, list[i]);
  }
}

/** Writes a list of `length` values from `at` on. The caller has seen to the room. */
export function writeList(
  cells: Cells,
  at: number,
  field: Field,
  list: NumberArray | readonly unknown[],
  length: number,
): void {
  const { range } = field;
  if (range !== null && !Array.isArray(list) && writeWithin(cells.values, at, list, length, range)) return;
  if (isWideInteger(field.dtype)) return writeIntegers(cells, at, field, list, length);
  writeNumbers(cells, at, field, list, length);
  const { dtype } = field;
  if (dtype === "float64" || isRoundedLater(field) || (length > loopMax && isHeld(list, dtype))) return;
  const refused = narrowCells(cells, at, at + length, field);
  if (refused < at + length) throw notHeld(field, cells.values[refused]);
}

/** Writes a short typed array if all its values are integers of a range. */
function writeWithin(
  values: Float64Array,
  at: number,
  list: ArrayLike<unknown>,
  length: number,
  [least, most]: Range,
): boolean {
  if (length > loopMax) return false;
  for (let i = 0; i < length; i++) {
    const value = list[i];
    if (typeof value !== "number" || !isWithin(value, least, most)) return false;
    values[at + i] = value + 0;
  }
  return true;
}

/** Whether an array can only have values that the dtype holds. */
function isHeld(list: ArrayLike<unknown>, dtype: Dtype): boolean {
  return kindOf(list) !== undefined && holds(dtype, dtypeOf(list as NumberArray));
}

/** Writes numbers as float64, whatever of them the field holds. */
export function writeNumbers(
  cells: Cells,
  at: number,
  field: Field,
  list: NumberArray | readonly unknown[],
  length: number,
): void {
  if (list instanceof Float32Array) writeFloats(cells, at, list, length);
  else if (list instanceof Float64Array) writeDoubles(cells, at, list, length);
  else if (Array.isArray(list) || isBigIntArray(list)) writeElements(cells, at, field, list, length);
  else if (isHalfArray(list)) writeHalves(cells, at, list as Float16Array, length);
  else writePlain(cells, at, list as Int32Array, length);
}

function writePlain(cells: Cells, at: number, list: Int32Array, length: number): void {
  if (length > loopMax) return cells.values.set(list, at);
  for (let i = 0; i < length; i++) cells.values[at + i] = list[i];
}

/** Up to here a loop beats the call of `set`. */
const loopMax = 32;

/** A NaN on its way through a number may lose its payload, so the rare list that has one is copied by its bits. */
function writeDoubles(cells: Cells, at: number, list: Float64Array, length: number): void {
  if (length > loopMax) return cells.values.set(list, at);
  let hasNan = false;
  for (let i = 0; i < length; i++) {
    const value = list[i];
    cells.values[at + i] = value;
    if (value !== value) hasNan = true;
  }
  if (hasNan) cells.values.set(list, at);
}

function writeFloats(cells: Cells, at: number, list: Float32Array, length: number): void {
  let hasNan = false;
  for (let i = 0; i < length; i++) {
    const value = list[i];
    cells.values[at + i] = value;
    if (value !== value) hasNan = true;
  }
  if (hasNan) widenNans(cells, at, list);
}

/** A float32 NaN becomes the float64 NaN with the same sign and payload. */
function widenNans(cells: Cells, at: number, list: Float32Array): void {
  const words = new Uint32Array(new Float32Array(list).buffer);
  for (let i = 0; i < words.length; i++) {
    const word = words[i];
    if ((word & 0x7fffffff) <= 0x7f800000) continue;
    cells.halves[2 * (at + i)] = word << 29;
    cells.halves[2 * (at + i) + 1] = (word & 0x80000000) | 0x7ff00000 | ((word & 0x7fffff) >>> 3);
  }
}

function writeHalves(cells: Cells, at: number, list: Float16Array, length: number): void {
  // A float16 NaN becomes the float64 NaN with the same sign and payload.
  const floats = new Float16Array(list);
  const words = new Uint16Array(floats.buffer);
  for (let i = 0; i < length; i++) {
    const word = words[i];
    if ((word & 0x7fff) <= 0x7c00) {
      cells.values[at + i] = floats[i];
      continue;
    }
    cells.halves[2 * (at + i)] = 0;
    cells.halves[2 * (at + i) + 1] = (word & 0x8000) << 16 | 0x7ff00000 | (word & 0x3ff) << 10;
  }
}

function writeElements(
  cells: Cells,
  at: number,
  field: Field,
  list: ArrayLike<unknown>,
  length: number,
): void {
  for (let i = 0; i < length; i++) {
    const value = list[i];
    cells.values[at + i] = typeof value === "number" ? value : exactNumber(field, value);
  }
}

function writeIntegers(
  cells: Cells,
  at: number,
  field: Field,
  list: NumberArray | readonly unknown[],
  length: number,
): void {
  if (field.dtype === "int64" && list instanceof BigInt64Array) return cells.bits.set(list, at);
  for (let i = 0; i < length; i++) cells.bits[at + i] = exactInteger(field, list[i]);
}

function isBigIntArray(list: unknown): list is BigInt64Array | BigUint64Array {
  return list instanceof BigInt64Array || list instanceof BigUint64Array;
}

function isHalfArray(list: unknown): boolean {
  return typeof Float16Array !== "undefined" && list instanceof Float16Array;
}

function exactNumber(field: Field, value: unknown): number {
  if (typeof value === "number") return value;
  if (typeof value === "boolean") return value ? 1 : 0;
  if (typeof value !== "bigint") throw wrongValue(field, value);
  if (isExact(field.dtype, value)) return Number(value);
  if (field.dtype !== "float64") throw notHeld(field, value);
  throw new RangeError(
    `Cannot append field "${field.name}": an integer must be exact in float64 (declare the field int64 to keep 64 bits), got ${value}`,
  );
}

function exactInteger(field: Field, value: unknown): bigint {
  if (typeof value === "boolean") return value ? 1n : 0n;
  if (typeof value !== "number" && typeof value !== "bigint") throw wrongValue(field, value);
  if (typeof value === "number" && !Number.isSafeInteger(value)) {
    throw new RangeError(
      `Cannot append field "${field.name}": a value of an ${field.dtype} field must be a bigint or a safe integer, got ${value}${
        bigintAdvice(value)
      }`,
    );
  }
  const integer = BigInt(value);
  const kept = field.dtype === "int64" ? BigInt.asIntN(64, integer) : BigInt.asUintN(64, integer);
  if (kept === integer) return integer;
  throw new RangeError(`Cannot append field "${field.name}": a value must fit ${field.dtype}, got ${value}`);
}

export function wrongValue(field: Field, value: unknown): TypeError {
  const allowed = "a number, boolean, bigint, or a flat list of them";
  return new TypeError(
    `Cannot append field "${field.name}": a value must be ${allowed}, got ${describe(value)}`,
  );
}

/** Detached memory, and a buffer made smaller, read as an empty list, which is not what anybody meant to append. */
export function checkAttached(field: Field, list: object): void {
  if (ArrayBuffer.isView(list)) attachedLength(`Cannot append field "${field.name}": the typed array`, list);
}
