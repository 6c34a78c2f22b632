/** Extras of many steps as Arrow lays them out: offsets, data, and which rows have a value. */
import { builtin } from "../native/builtin.ts";
import { extraValueBytesMax } from "../native/abi.ts";
import type { ExtraInfo } from "../extras.ts";
import { describe } from "../fields.ts";
import { checkOptions, optionNames } from "../options.ts";
import { type AnyTypedArray, attachedLength, kindOf, lengthOf, privateView } from "../typed_array.ts";

/**
 * Values as Arrow lays them out: that of row `i` is `data[offsets[i]]` up to `data[offsets[i + 1]]`, of a text as UTF-8.
 * Part of {@linkcode ColumnsOptions}.
 */
export interface ExtraData {
  /** Shape `[steps + 1]`, never falling. The first need not be 0. */
  readonly offsets: Int32Array | BigInt64Array;
  /** The values, one after another; shape `[bytes]`. */
  readonly data: Uint8Array;
  /** Bit `i % 8` of byte `i / 8` is 1 where row `i` has a value; without it all have one. Shape `[ceil(steps / 8)]`. */
  readonly validity?: Uint8Array;
}

const keys = optionNames<ExtraData>({ offsets: true, data: true, validity: true });

/** Reads what is given, each thing once. Offsets and validity are copies: no one changes them any more. */
export function readExtraData(extra: ExtraInfo, given: object, action: string): ExtraData {
  const name = `${action}: extra "${extra.name}"`;
  checkOptions(given, keys, action.replace(/^Cannot /, ""), `extra.${extra.name}.`);
  const { offsets, data, validity } = given as Partial<ExtraData>;
  if (kindOf(offsets) !== "Int32Array" && kindOf(offsets) !== "BigInt64Array") {
    throw new TypeError(`${name}: offsets must be an Int32Array or BigInt64Array, got ${describe(offsets)}`);
  }
  checkBytes(`${name}: data`, data);
  if (validity !== undefined) checkBytes(`${name}: validity`, validity);
  return {
    offsets: copyOf(`${name}: offsets`, offsets!),
    data: data!,
    ...(validity === undefined ? {} : { validity: copyOf(`${name}: validity`, validity) }),
  };
}

function checkBytes(name: string, given: unknown): void {
  if (kindOf(given) !== "Uint8Array") {
    throw new TypeError(`${name} must be a Uint8Array, got ${describe(given)}`);
  }
}

function copyOf<Item extends AnyTypedArray>(name: string, array: Item): Item {
  attachedLength(name, array);
  const plain = privateView(array);
  return (plain as unknown as Uint8Array).slice() as unknown as Item;
}

/**
 * Checks all of it, after the last of the caller's own code has run, and returns it with data that nobody else can write
 * meanwhile.
 */
export function checkExtraData(
  extra: ExtraInfo,
  { offsets, data: given, validity }: ExtraData,
  rowCount: number,
  action: string,
): ExtraData {
  const name = `${action}: extra "${extra.name}"`;
  attachedLength(`${name}: data`, given);
  const data = privateView(given);
  if (offsets.length !== rowCount + 1) {
    throw new RangeError(
      `${name}: offsets must be ${rowCount + 1}, one more than steps, got ${offsets.length}`,
    );
  }
  if (validity !== undefined && validity.length < Math.ceil(rowCount / 8)) {
    throw new RangeError(
      `${name}: validity must have a bit for each step, ${
        Math.ceil(rowCount / 8)
      } bytes, got ${validity.length}`,
    );
  }
  const dataLength = lengthOf(data);
  let last = 0;
  for (let i = 0; i < offsets.length; i++) {
    const offset = Number(offsets[i]);
    if (!(offset >= last && offset <= dataLength)) {
      throw new RangeError(`${name}: offsets[${i}] must be from ${last} to ${dataLength}, got ${offset}`);
    }
    if (i > 0 && offset - last > extraValueBytesMax) {
      throw new RangeError(
        `${action}: at row ${
          i - 1
        }: extra "${extra.name}" must have at most ${extraValueBytesMax} bytes, got ${offset - last}`,
      );
    }
    last = offset;
  }
  const checked = { offsets, data, ...(validity === undefined ? {} : { validity }) };
  if (extra.kind === "string") checkText(extra, checked, action);
  return checked;
}

/** Whether a row of a column has a value. */
export function isThere({ validity }: ExtraData, row: number): boolean {
  return validity === undefined || (validity[row >> 3] >> (row & 7) & 1) === 1;
}

/** Checked together where that tells: all are text, and none begins within a character. */
function checkText(extra: ExtraInfo, column: ExtraData, action: string): void {
  const { offsets, data } = column;
  const { isUtf8 } = builtin.buffer;
  const rowCount = offsets.length - 1;
  const [first, end] = [Number(offsets[0]), Number(offsets[rowCount])];
  let isText = isUtf8(data.subarray(first, end));
  for (let i = 0; i < rowCount && isText; i++) {
    const start = Number(offsets[i]);
    isText = start === end || (data[start] & 0xc0) !== 0x80;
  }
  for (let row = 0; row < rowCount && !isText; row++) {
    const value = data.subarray(Number(offsets[row]), Number(offsets[row + 1]));
    if (!isThere(column, row) || isUtf8(value)) continue;
    throw new RangeError(
      `${action}: at row ${row}: extra "${extra.name}" must be UTF-8, got ${describe(value)} that are not`,
    );
  }
}
