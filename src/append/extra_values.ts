/** Values of extras as callers hand them over: each read once, and checked before anything is written. */
import type { ExtraInfo } from "../extras.ts";
import { describe } from "../fields.ts";
import { extraValueBytesMax } from "../native/abi.ts";
import { attachedLength, kindOf, plainView, readElements } from "../typed_array.ts";
import { encoder, tailTextMax } from "./tail_extras.ts";

/** A value that was checked: a text that becomes bytes in the tail, or bytes. */
export type Checked = string | Uint8Array | null;

/** The values of one step, by the places of the extras. A text that the tail takes is looked at where it becomes bytes. */
export type ExtraRow = readonly Checked[];

/**
 * What is given of each extra, by its place among them: undefined stands for nothing, and so does null. The caller's own code
 * may run in this.
 *
 * @param values Where it is put: as many as there are extras. Pushing to an empty list would make room for many.
 */
export function readExtras(
  extras: readonly ExtraInfo[],
  given: unknown,
  action: string,
  values = new Array<unknown>(extras.length),
): unknown[] {
  const isList = Array.isArray(given) || ArrayBuffer.isView(given);
  if (typeof given !== "object" || given === null || isList) {
    throw new TypeError(`${action}: extra must be an object of names and values, got ${describe(given)}`);
  }
  for (let place = 0; place < extras.length; place++) values[place] = undefined;
  // What an object inherits is not given by it.
  const names = Object.keys(given);
  for (let i = 0; i < names.length; i++) {
    const place = placeOf(extras, names[i], action);
    values[place] = (given as Record<string, unknown>)[names[i]] ?? undefined;
  }
  return values;
}

function placeOf(extras: readonly ExtraInfo[], name: string, action: string): number {
  for (let place = 0; place < extras.length; place++) if (extras[place].name === name) return place;
  const state = extras.length === 0
    ? "the store must be made with { extra } to take some"
    : `extra must be among ${extras.map(({ name }) => name).join(", ")}`;
  throw new TypeError(`${action}: ${state}, got ${describe(name)}`);
}

const appending = "Cannot append";

/** Reads the values of one step into a list that has a place for each. */
export function readExtraRow(extras: readonly ExtraInfo[], given: unknown, row: Checked[]): ExtraRow {
  readExtras(extras, given, appending, row);
  for (let place = 0; place < row.length; place++) {
    const value = row[place];
    const isShort = typeof value === "string" && value.length <= tailTextMax;
    if (!isShort || extras[place].kind !== "string") row[place] = checkValue(extras[place], value, appending);
  }
  return row;
}

/** Reads the values of several steps, of which each extra has a list. */
export function readExtraRows(extras: readonly ExtraInfo[], given: unknown, stepsMax: number): ExtraRow[] {
  const rows: Checked[][] = [];
  let length = -1;
  for (const [place, list] of readExtras(extras, given, appending).entries()) {
    if (list === undefined) continue;
    const name = `${appending}: extra "${extras[place].name}"`;
    if (!Array.isArray(list)) {
      throw new TypeError(`${name} must be a list with a value for each step, got ${describe(list)}`);
    }
    const count: number = list.length;
    const isAlike = length < 0 ? count >= 0 && count <= stepsMax : count === length;
    if (!isAlike) {
      const allowed = length < 0 ? `at most ${stepsMax}` : `${length} as the others`;
      throw new RangeError(`${name} must have a value for each step, ${allowed}, got ${describe(count)}`);
    }
    length = count;
    for (let i = 0; i < length; i++) {
      rows[i] ??= new Array(extras.length).fill(null);
      rows[i][place] = checkValue(extras[place], list[i], appending);
    }
  }
  return rows;
}

/** Reads a list of values. */
export function readExtraList(extra: ExtraInfo, list: readonly unknown[], action: string): Checked[] {
  const values: Checked[] = [];
  readElements(`${action}: extra "${extra.name}"`, list, (value, i) => {
    values.push(checkValue(extra, value, `${action}: at row ${i}`));
  });
  return values;
}

/** Checks a value; a long text becomes bytes. */
export function checkValue(extra: ExtraInfo, value: unknown, action: string): Checked {
  if (value === null || value === undefined) return null;
  if (
    extra.kind === "string" && typeof value === "string" && value.length <= tailTextMax &&
    value.isWellFormed()
  ) {
    return value;
  }
  const name = `${action}: extra "${extra.name}"`;
  if (extra.kind === "string") {
    if (typeof value !== "string") throw new TypeError(`${name} must be a string, got ${describe(value)}`);
    checkWellFormed(name, value);
    return checkLength(name, encoder.encode(value));
  }
  if (kindOf(value) !== "Uint8Array") {
    throw new TypeError(`${name} must be a Uint8Array, got ${describe(value)}`);
  }
  attachedLength(name, value as Uint8Array);
  return checkLength(name, plainView(value as Uint8Array));
}

function checkLength(name: string, bytes: Uint8Array): Uint8Array {
  if (bytes.length <= extraValueBytesMax) return bytes;
  throw new RangeError(`${name} must have at most ${extraValueBytesMax} bytes, got ${bytes.length}`);
}

export function checkWellFormed(name: string, text: string): void {
  if (text.isWellFormed()) return;
  throw new RangeError(`${name} must be well-formed text, got a lone surrogate at ${loneSurrogateAt(text)}`);
}

function loneSurrogateAt(text: string): number {
  for (let i = 0; i < text.length; i++) {
    const unit = text.codePointAt(i)!;
    if (unit >= 0xd800 && unit <= 0xdfff) return i;
    if (unit > 0xffff) i++;
  }
  return -1;
}

/** Throws where values of several steps are not as many as the steps. */
export function checkRowCount(rows: readonly ExtraRow[], steps: number): void {
  if (rows.length === 0 || rows.length === steps) return;
  throw new RangeError(
    `Cannot append: extra must have a value for each step, ${steps}, got ${rows.length}`,
  );
}
