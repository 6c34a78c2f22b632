/** Values of extras: read from what the caller hands over, and laid out in the tail beside their steps' records. */
import type { Connection } from "../store/connection.ts";
import type { ExtraInfo } from "../extras.ts";
import { describe } from "../fields.ts";
import { extraState, extraValueBytesMax, tailExtraBytesMax } from "../native/abi.ts";
import { check } from "../native/status.ts";
import { attachedLength, kindOf, lengthOf, plainView, privateView } from "../typed_array.ts";
import type { Tail } from "./tail.ts";
import { type TailExtras, tailTextMax } from "./tail_extras.ts";

/** A value that was checked: a text that becomes bytes in the tail, or bytes. */
type Checked = string | Uint8Array | null;

/** The values of one step, by the places of the extras. */
export type ExtraRow = readonly Checked[];

const encoder = new TextEncoder();

/** Reads the values of one step. Each is read once. */
export function readExtraRow(extras: readonly ExtraInfo[], given: unknown): ExtraRow {
  const action = "Cannot append";
  const row: Checked[] = [];
  for (let place = 0; place < extras.length; place++) row.push(null);
  checkObject(given, action);
  for (const name in given) {
    const place = placeOf(extras, name, action);
    row[place] = checkValue(extras[place], (given as Record<string, unknown>)[name], action);
  }
  return row;
}

export function checkObject(given: unknown, action: string): asserts given is object {
  const isList = Array.isArray(given) || ArrayBuffer.isView(given);
  if (typeof given === "object" && given !== null && !isList) return;
  throw new TypeError(`${action}: extra must be an object of names and values, got ${describe(given)}`);
}

/** Reads the values of several steps, of which each extra has a list. */
export function readExtraRows(extras: readonly ExtraInfo[], given: unknown, stepsMax: number): ExtraRow[] {
  const action = "Cannot append";
  checkObject(given, action);
  const rows: Checked[][] = [];
  let length = -1;
  for (const name of Object.keys(given)) {
    const place = placeOf(extras, name, action);
    const list: unknown = (given as Record<string, unknown>)[name];
    if (list === null || list === undefined) continue;
    if (!Array.isArray(list)) {
      throw new TypeError(
        `${action}: extra "${name}" must be a list with a value for each step, got ${describe(list)}`,
      );
    }
    const count: number = list.length;
    const isAlike = length < 0 ? count >= 0 && count <= stepsMax : count === length;
    if (!isAlike) {
      throw new RangeError(
        `${action}: extra "${name}" must have a value for each step${
          length < 0 ? `, at most ${stepsMax}` : `, ${length} as the others`
        }, got ${describe(count)}`,
      );
    }
    length = count;
    for (let i = 0; i < length; i++) {
      rows[i] ??= new Array(extras.length).fill(null);
      rows[i][place] = checkValue(extras[place], list[i], action);
    }
  }
  return rows;
}

export function placeOf(extras: readonly ExtraInfo[], name: string, action: string): number {
  for (let place = 0; place < extras.length; place++) if (extras[place].name === name) return place;
  const state = extras.length === 0
    ? "the store must be made with { extra } to take some"
    : `extra must be among ${extras.map(({ name }) => name).join(", ")}`;
  throw new TypeError(`${action}: ${state}, got ${describe(name)}`);
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
    if (!value.isWellFormed()) {
      throw new RangeError(
        `${name} must be well-formed text, got a lone surrogate at ${loneSurrogateAt(value)}`,
      );
    }
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

function loneSurrogateAt(text: string): number {
  for (let i = 0; i < text.length; i++) {
    const unit = text.codePointAt(i)!;
    if (unit >= 0xd800 && unit <= 0xdfff) return i;
    if (unit > 0xffff) i++;
  }
  return -1;
}

/** Where the records of a row's values go. Returns false where there is no room. */
export interface ExtraRecords {
  writeExtraRecord(place: number): boolean;
}

/** Lays values out in the tail. What it has laid out is nobody's until it is kept. */
export class ExtraWriter {
  #tail!: Tail;
  /** The next word of the tail. */
  #word = 0;
  #valuesLeft = 0;
  /** The first row that can get a value, by the places of the extras: as published, and with what is laid out. */
  readonly #nextRows: Float64Array;
  readonly #rows: Float64Array;
  /** Bytes of each that are laid out and not published. */
  readonly #aheadBytes: Float64Array;
  #isKnown = false;
  readonly #place = new Float64Array(1);

  constructor(private readonly connection: Connection, readonly extras: readonly ExtraInfo[]) {
    this.#nextRows = new Float64Array(extras.length);
    this.#rows = new Float64Array(extras.length);
    this.#aheadBytes = new Float64Array(extras.length);
  }

  /** Rows were appended, or the store opened, past this writer. */
  reload(): void {
    this.#isKnown = false;
  }

  /** Goes to the end of what the tail holds. */
  begin(tail: Tail): void {
    if (!this.#isKnown) this.#learn();
    this.#tail = tail;
    this.#word = tail.extras!.end;
    this.#valuesLeft = tail.extras!.valuesMax;
    // A call of the engine's for few numbers takes longer than a loop.
    for (let place = 0; place < this.#rows.length; place++) {
      this.#rows[place] = this.#nextRows[place];
      this.#aheadBytes[place] = 0;
    }
  }

  #learn(): void {
    const { tables, store } = this.connection;
    const state = new Float64Array(extraState.length);
    for (const place of this.extras.keys()) {
      check(tables.extras.ss_extra_state(store, place, state), "Cannot append");
      this.#nextRows[place] = state[extraState.nextRow];
    }
    this.#isKnown = true;
  }

  /** What was laid out is about to be published. */
  hold(): void {
    this.#tail.extras!.end = this.#word;
  }

  /** It is not published after all. */
  drop(end: number): void {
    this.#tail.extras!.end = end;
  }

  /** It is published. */
  keep(): void {
    this.#tail.extras!.valuesMax = this.#valuesLeft;
    for (let place = 0; place < this.#rows.length; place++) this.#nextRows[place] = this.#rows[place];
  }

  /** Lays out the values of a row, each with a record. Returns false where there is no room. */
  write(row: number, values: ExtraRow, step: number | bigint, records: ExtraRecords): boolean {
    for (let place = 0; place < values.length; place++) {
      const value = values[place];
      if (value === null) continue;
      if (row < this.#rows[place]) throw this.#isThere(place, step);
      if (--this.#valuesLeft < 0 || !records.writeExtraRecord(place) || !this.#put(place, value)) {
        return false;
      }
      this.#rows[place] = row + 1;
    }
    return true;
  }

  #isThere(place: number, step: number | bigint): RangeError {
    return new RangeError(
      `Cannot append: extra "${
        this.extras[place].name
      }" of step ${step} must be null to get a value, got a step that has one`,
    );
  }

  #put(place: number, value: string | Uint8Array): boolean {
    const area = this.#tail.extras!;
    const length = typeof value === "string"
      ? this.#putText(area, value)
      : this.#putBytes(area, place, value);
    if (length < 0) return false;
    this.#aheadBytes[place] += length;
    return true;
  }

  /** Returns how many bytes it has, or -1 where there is no room. */
  #putText(area: TailExtras, text: string): number {
    const at = area.placeFor(this.#word, 3 * text.length);
    if (at < 0) return -1;
    let length = writeAscii(area.bytes, at, text);
    if (length < 0) length = encoder.encodeInto(text, area.bytes.subarray(at, at + 3 * text.length)).written;
    this.#word = area.note(this.#word, length);
    return length;
  }

  #putBytes(area: TailExtras, place: number, bytes: Uint8Array): number {
    const length = lengthOf(bytes);
    // Its buffer may be gone since it was looked at.
    attachedLength(`Cannot append: extra "${this.extras[place].name}"`, bytes);
    if (length > tailExtraBytesMax) return this.#putPlaced(area, place, privateView(bytes));
    const at = area.placeFor(this.#word, length);
    if (at < 0) return -1;
    area.bytes.set(bytes, at);
    this.#word = area.note(this.#word, length);
    return length;
  }

  #putPlaced(area: TailExtras, place: number, bytes: Uint8Array): number {
    if (this.#word + 2 > area.wordsMax) return -1;
    const { connection, extras } = this;
    const ahead = this.#aheadBytes[place];
    connection.checkGrowth(
      connection.tables.extras.ss_extra_place(
        connection.store,
        place,
        ahead,
        bytes,
        bytes.length,
        this.#place,
      ),
      `Cannot append: extra "${extras[place].name}"`,
    );
    this.#word = area.notePlaced(this.#word, bytes.length, this.#place[0]);
    return bytes.length;
  }
}

/** A text of more units is quicker by the encoder, which costs much for few. */
const asciiMax = 128;

/** Writes a short text of ASCII only, and returns its length, or -1 for what is none. */
function writeAscii(bytes: Uint8Array, at: number, text: string): number {
  const { length } = text;
  if (length > asciiMax) return -1;
  let all = 0;
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i);
    all |= unit;
    bytes[at + i] = unit;
  }
  return all < 128 ? length : -1;
}

/** Throws where values of several steps are not as many as the steps. */
export function checkRowCount(rows: readonly ExtraRow[], steps: number): void {
  if (rows.length === 0 || rows.length === steps) return;
  throw new RangeError(
    `Cannot append: extra must have a value for each step, ${steps}, got ${rows.length}`,
  );
}
