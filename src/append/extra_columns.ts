/** Extras of many steps: checked whole, then written by the library beside a batch of their rows. */
import type { Connection } from "../store/connection.ts";
import type { ExtraInfo } from "../extras.ts";
import { nothing } from "../native/arguments.ts";
import { describe } from "../fields.ts";
import { attachedLength, lengthOf, privateView, readElements } from "../typed_array.ts";
import { checkObject, checkValue, placeOf } from "./extras.ts";

/** Values of an extra, one for each step: null or undefined for a step without. Taken by `appendColumns`. */
type Values = readonly (string | Uint8Array | null)[];

/** By the places of the extras: the values that were given. */
type ExtraColumns = ReadonlyMap<number, Values>;

const action = "Cannot append columns";

/** So many rows, and about so many bytes, go to the library together. */
const rowsPerBlock = 2048;
const bytesPerBlock = 1 << 20;

const encoder = new TextEncoder();

/** Reads what the caller hands over. Each value is read once. */
export function readExtraColumns(extras: readonly ExtraInfo[], given: unknown): ExtraColumns {
  const columns = new Map<number, Values>();
  if (given === undefined) return columns;
  checkObject(given, action);
  for (const name of Object.keys(given)) {
    const place = placeOf(extras, name, action);
    const list: unknown = (given as Record<string, unknown>)[name];
    if (list === null || list === undefined) continue;
    if (!Array.isArray(list)) {
      throw new TypeError(`${action}: extra "${name}" must be a list of values, got ${describe(list)}`);
    }
    const values: (string | Uint8Array | null)[] = [];
    readElements(`${action}: extra "${name}"`, list, (value, i) => {
      values.push(checkValue(extras[place], value, `${action}: at row ${i}`));
    });
    columns.set(place, values);
  }
  return columns;
}

/** Throws where there are not as many values as steps. */
export function checkExtraColumns(
  extras: readonly ExtraInfo[],
  columns: ExtraColumns,
  rowCount: number,
): void {
  for (const [place, values] of columns) {
    const name = `${action}: extra "${extras[place].name}"`;
    if (values.length !== rowCount) {
      throw new RangeError(`${name} must have a value for each step, ${rowCount}, got ${values.length}`);
    }
    // A buffer may be gone since it was looked at.
    for (const value of values) if (typeof value === "object" && value !== null) attachedLength(name, value);
  }
}

/** Writes them beside the rows of a batch that is not committed yet. */
export function writeExtraColumns(connection: Connection, columns: ExtraColumns): void {
  const { rowCount } = connection;
  for (const [place, values] of columns) {
    for (let from = 0; from < values.length;) {
      from = writeBlock(connection, place, values, from, rowCount);
    }
  }
}

/** Returns the first value of the next block. */
function writeBlock(
  connection: Connection,
  place: number,
  values: Values,
  from: number,
  rowsBefore: number,
): number {
  const lengths = new Int32Array(Math.min(rowsPerBlock, values.length - from)).fill(-1);
  const parts: Uint8Array[] = [];
  let byteCount = 0;
  let count = 0;
  while (count < lengths.length && byteCount < bytesPerBlock) {
    const value = values[from + count];
    if (value !== null) {
      const bytes = typeof value === "string" ? encoder.encode(value) : privateView(value);
      lengths[count] = bytes.length;
      byteCount += bytes.length;
      parts.push(bytes);
    }
    count++;
  }
  const bytes = parts.length === 1 ? parts[0] : joined(parts, byteCount);
  const { tables, store } = connection;
  const code = tables.extras.ss_extra_append(
    store,
    place,
    rowsBefore + from,
    lengths,
    count,
    bytes.length > 0 ? bytes : nothing,
    bytes.length,
  );
  connection.checkGrowth(code, action);
  return from + count;
}

function joined(parts: readonly Uint8Array[], byteCount: number): Uint8Array {
  const bytes = new Uint8Array(byteCount);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += lengthOf(part);
  }
  return bytes;
}
