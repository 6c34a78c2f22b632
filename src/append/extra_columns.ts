/** Extras of many steps: checked whole, then written by the library beside a batch of their rows. */
import type { Connection } from "../store/connection.ts";
import type { ExtraInfo } from "../extras.ts";
import { describe } from "../fields.ts";
import { attachedLength, lengthOf, privateView } from "../typed_array.ts";
import { type ExtraRows, writeExtraRows } from "./extra_rows.ts";
import { checkExtraData, type ExtraData, isThere, readExtraData } from "./extra_arrow.ts";
import { encoder } from "./tail_extras.ts";
import { type Checked, readExtraList, readExtras } from "./extra_values.ts";

/** What is given of an extra: a value for each step, or all of them as Arrow lays them out. */
type Values = readonly Checked[] | ExtraData;

/** By the places of the extras: the values that were given. */
type ExtraColumns = ReadonlyMap<number, Values>;

const action = "Cannot append columns";

/** So many rows, and about so many bytes, go to the library together. */
const rowsPerBlock = 2048;
const bytesPerBlock = 1 << 20;

/** Reads what the caller hands over. Each value is read once. */
export function readExtraColumns(extras: readonly ExtraInfo[], given: unknown): ExtraColumns {
  const columns = new Map<number, Values>();
  if (given === undefined) return columns;
  for (const [place, values] of readExtras(extras, given, action).entries()) {
    if (values === undefined) continue;
    const extra = extras[place];
    if (Array.isArray(values)) columns.set(place, readExtraList(extra, values, action));
    else if (typeof values === "object" && values !== null && !ArrayBuffer.isView(values)) {
      columns.set(place, readExtraData(extra, values, action));
    } else {
      throw new TypeError(
        `${action}: extra "${extra.name}" must be a list of values, or { offsets, data }, got ${
          describe(values)
        }`,
      );
    }
  }
  return columns;
}

/** Throws where there are not as many values as steps, and returns what is to be written. */
export function checkExtraColumns(
  extras: readonly ExtraInfo[],
  columns: ExtraColumns,
  rowCount: number,
): ExtraColumns {
  const checked = new Map<number, Values>();
  for (const [place, values] of columns) {
    if (isData(values)) checked.set(place, checkExtraData(extras[place], values, rowCount, action));
    else {
      checkList(`${action}: extra "${extras[place].name}"`, values, rowCount);
      checked.set(place, values);
    }
  }
  return checked;
}

function isData(values: Values): values is ExtraData {
  return "offsets" in values;
}

function checkList(name: string, values: readonly Checked[], rowCount: number): void {
  if (values.length !== rowCount) {
    throw new RangeError(`${name} must have a value for each step, ${rowCount}, got ${values.length}`);
  }
  // A buffer may be gone since it was looked at.
  for (const value of values) if (typeof value === "object" && value !== null) attachedLength(name, value);
}

/** Writes them beside the rows of a batch that is not committed yet. */
export function writeExtraColumns(connection: Connection, columns: ExtraColumns): void {
  for (const [place, values] of columns) writeExtraColumn(connection, place, values, connection.rowCount);
}

/**
 * Writes the values of one extra, checked, beside rows of a batch from `firstRow` on. A dataset's come in blocks of rows,
 * one after another.
 */
export function writeExtraColumn(
  connection: Connection,
  place: number,
  values: Values,
  firstRow: number,
): void {
  const blockOf = isData(values) ? dataBlock : listBlock;
  const rowCount = isData(values) ? values.offsets.length - 1 : values.length;
  for (let from = 0; from < rowCount;) {
    const block = blockOf(values as never, from, Math.min(rowsPerBlock, rowCount - from));
    writeExtraRows(connection, place, firstRow + from, block);
    from += block.lengths.length;
  }
}

function listBlock(values: readonly Checked[], from: number, rowsMax: number): ExtraRows {
  const lengths = new Int32Array(rowsMax).fill(-1);
  const parts: Uint8Array[] = [];
  let [byteCount, count] = [0, 0];
  while (count < rowsMax && byteCount < bytesPerBlock) {
    const value = values[from + count];
    if (value !== null) {
      const bytes = typeof value === "string" ? encoder.encode(value) : privateView(value);
      lengths[count] = bytes.length;
      byteCount += bytes.length;
      parts.push(bytes);
    }
    count++;
  }
  return { lengths: lengths.subarray(0, count), bytes: joined(parts, byteCount) };
}

/** Of rows one after another the bytes stand so already; only those of a row that is null end a block. */
function dataBlock(column: ExtraData, from: number, rowsMax: number): ExtraRows {
  const { offsets, data } = column;
  const lengths = new Int32Array(rowsMax);
  const start = Number(offsets[from]);
  let [end, count] = [start, 0];
  while (count < rowsMax && end - start < bytesPerBlock) {
    const next = Number(offsets[from + count + 1]);
    const hasValue = isThere(column, from + count);
    lengths[count++] = hasValue ? next - end : -1;
    if (!hasValue && next > end) break;
    end = next;
  }
  return { lengths: lengths.subarray(0, count), bytes: data.subarray(start, end) };
}

function joined(parts: readonly Uint8Array[], byteCount: number): Uint8Array {
  if (parts.length === 1) return parts[0];
  const bytes = new Uint8Array(byteCount);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += lengthOf(part);
  }
  return bytes;
}
