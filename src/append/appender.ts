import type { Connection } from "../store/connection.ts";
import { isWideInteger } from "../dtypes.ts";
import type { Field } from "../fields.ts";
import { recordKind, tailRecord } from "../native/abi.ts";
import { readRows } from "../read/rows.ts";
import { narrowStep } from "../steps.ts";
import type { ExtraRow } from "./extra_values.ts";
import type { ExtraRecords, ExtraWriter } from "./extras.ts";
import { Narrowing, takesBooleans } from "./narrowing.ts";
import { StepWriter, twoTo32, unknownField } from "./step_writer.ts";
import { Tail, writeRecord } from "./tail.ts";
import { type FieldValue, listLength, writeList } from "./values.ts";

const recordWords = tailRecord.length;

/** None, where it is not known as a list, or has bigints; those of a Float32Array in line; or all in a call. */
const noLists = 0, floats = 1, others = 2;

/** What happens besides. */
export interface AppenderHooks {
  /** After the tail was moved into the columns, and all of them made durable or not. */
  onFlush?(isDurable: boolean): void;
  /** When a field was written as a list for the first time. */
  onNewList?(): void;
}

/**
 * The writing side: lays steps out in the tail and publishes them, each with one atomic store after all of it is in.
 * A step that is refused half way was never published, and the next one writes over it.
 */
export class Appender {
  /** Tokens and rows that were appended, those in the tail included. */
  tokenCount = 0;
  rowCount = 0;
  lastStep: number | bigint = -Infinity;
  /** From this many rows on `appendPlain` takes no step: the long way sees to what is due. */
  dueRow = Infinity;
  /** Place in field order of the last field of the last step. */
  #lastField = -1;
  readonly #tail: Tail;
  readonly #types: Int32Array;
  readonly #names: readonly string[];
  /** By position, which lists a field takes in the loop. */
  readonly #takesLists: Uint8Array;
  /** What fields make of numbers; null where all store them as they are. */
  readonly #narrowing: Narrowing | null;
  readonly #writer: StepWriter;
  readonly #plainRecords = new PlainRecords();

  constructor(
    private readonly connection: Connection,
    private readonly fields: readonly Field[],
    private readonly hooks: AppenderHooks = {},
    private readonly extras: ExtraWriter | null = null,
  ) {
    this.#types = Int32Array.from(fields, ({ type }) => type);
    this.#names = fields.map(({ name }) => name);
    const narrowing = new Narrowing(fields);
    this.#narrowing = narrowing.isNeeded ? narrowing : null;
    this.#takesLists = new Uint8Array(fields.length);
    this.#writer = new StepWriter(fields, extras, () => this.#findLastField());
    this.#tail = new Tail(connection);
    this.reload();
  }

  /**
   * The common step, in one loop over locals: a later step, names in field order, values that are numbers, booleans, or
   * lists of a field known as one. Returns false, with nothing published, for every other, and
   * when the store is closed; `write` does the same for all cases.
   */
  appendPlain(step: unknown, values: object): boolean {
    const { connection } = this;
    if (connection.isWriting) return false;
    connection.isWriting = true;
    try {
      return typeof step === "number" &&
        this.#writePlain(step, values as Readonly<Record<string, FieldValue>>);
    } finally {
      connection.isWriting = false;
    }
  }

  /** The same with values of extras. */
  appendPlainWith(step: unknown, values: unknown, row: ExtraRow): boolean {
    const { connection, extras } = this;
    if (connection.isWriting || extras === null || typeof values !== "object" || values === null) {
      return false;
    }
    connection.isWriting = true;
    try {
      return typeof step === "number" && this.#writePlainWith(extras, step, values, row);
    } finally {
      connection.isWriting = false;
    }
  }

  #writePlainWith(extras: ExtraWriter, step: number, values: object, row: ExtraRow): boolean {
    const tail = this.#tail;
    if (!Number.isSafeInteger(step) || !(step > this.lastStep) || this.rowCount >= this.dueRow) return false;
    if (tail.isCopied || this.connection.isClosed) return false;
    const { recordsEnd } = tail;
    const wordsEnd = tail.extras!.end;
    let isAppended = false;
    extras.begin(tail);
    try {
      if (!extras.write(this.rowCount, row, step, this.#plainRecords.begin(tail, step))) return false;
      tail.recordsEnd = this.#plainRecords.at;
      extras.hold();
      isAppended = this.#writePlain(step, values as Readonly<Record<string, FieldValue>>);
    } finally {
      if (!isAppended) {
        tail.recordsEnd = recordsEnd;
        extras.drop(wordsEnd);
      }
    }
    if (isAppended) extras.keep();
    return isAppended;
  }

  #writePlain(step: number, values: Readonly<Record<string, FieldValue>>): boolean {
    const names = this.#names;
    const tail = this.#tail;
    const records = tail.records;
    const cells = tail.values;
    const types = this.#types;
    const takesLists = this.#takesLists;
    const narrowing = this.#narrowing;
    const first = tail.recordsEnd;
    let record = first;
    let value = tail.valuesEnd;
    if (!(step > this.lastStep) || this.rowCount >= this.dueRow) return false;
    if (record + recordWords * names.length > records.length || value + names.length > cells.length) {
      return false;
    }
    const stepLow = step | 0;
    let stepHigh = stepLow >> 31;
    if (stepLow !== step) {
      if (!Number.isSafeInteger(step)) return false;
      stepHigh = Math.floor(step / twoTo32);
    }
    let position = 0;
    for (const name in values) {
      while (names[position] !== name) if (++position >= names.length) return false;
      const item = values[name];
      let count = 1;
      if (typeof item === "number") {
        if (narrowing === null || narrowing.rules[position] === 0) cells[value] = item;
        else if (
          (item | 0) === item && item >= narrowing.leasts[position] && item <= narrowing.mosts[position]
        ) cells[value] = item | 0;
        else if (!narrowing.write(tail.cells, value, position, item)) return false;
      } else if (typeof item === "boolean") {
        if (narrowing === null || narrowing.rules[position] <= takesBooleans) cells[value] = item ? 1 : 0;
        else if (!narrowing.write(tail.cells, value, position, item ? 1 : 0)) return false;
      } else if (
        takesLists[position] === floats && item instanceof Float32Array && ArrayBuffer.isView(item)
      ) {
        count = writePlainFloats(cells, value, item, cells.length - value - names.length);
        if (count === 0) return false;
      } else {
        count = this.#writePlainList(position, value, item);
        if (count === 0) return false;
      }
      writeRecord(records, record, stepLow, stepHigh, types[position], count);
      record += recordWords;
      value += count;
      position++;
    }
    if (record === first) return false;
    this.#publish(record, value, 1, step, position - 1);
    return true;
  }

  /** Writes a list for `appendPlain` and returns its length, or 0 for what is not plain. */
  #writePlainList(position: number, at: number, item: FieldValue): number {
    if (typeof item !== "object" || item === null || this.#takesLists[position] === noLists) return 0;
    const field = this.fields[position];
    const { cells } = this.#tail;
    const count = listLength(field, item);
    if (count <= 0 || at + count + this.fields.length > cells.values.length) return 0;
    writeList(cells, at, field, item, count);
    return count;
  }

  /** Has the writer write what `task` says, which returns whether it has fitted, and publishes it. */
  write(task: (writer: StepWriter) => boolean): void {
    if (!this.#attempt(task)) this.#makeRoom(task);
    if (this.#writer.newLists.length > 0) this.hooks.onNewList?.();
  }

  #attempt(task: (writer: StepWriter) => boolean): boolean {
    const writer = this.#writer;
    writer.begin(this.#tail, this.lastStep, this.#lastField, this.rowCount);
    if (!task(writer)) return false;
    this.extras?.hold();
    this.#publish(writer.record, writer.value, writer.rowCount, writer.step, writer.field);
    this.extras?.keep();
    this.#tail.marksLeft = writer.marksLeft;
    if (writer.newLists.length > 0) this.#noteLists(writer.newLists);
    return true;
  }

  /** Makes everything that was written part of the stream. */
  #publish(record: number, value: number, rows: number, step: number | bigint, field: number): void {
    this.tokenCount += this.#tail.publish(record, value);
    this.rowCount += rows;
    this.lastStep = step;
    this.#lastField = field;
  }

  /**
   * Finds room for a step that the tail may not take any more: empties it, and where that is not enough reserves more
   * disk space. What is larger than all of that goes past the tail.
   */
  #makeRoom(task: (writer: StepWriter) => boolean): void {
    if (this.#tail.recordsEnd > 0) {
      this.flush();
      if (this.#attempt(task)) return;
    }
    if (!this.#tail.isCopied) {
      this.connection.reserve();
      this.#tail.restart();
      if (this.#attempt(task)) return;
    }
    this.#tail.writePast(() => this.#attempt(task));
  }

  /** Whether everything is in the columns, also the lists without values that no count shows. */
  get isFlushed(): boolean {
    return this.#tail.isCopied ? !this.connection.isWritable : this.#tail.recordsEnd === 0;
  }

  /** The values in the tail, or null where only the native library knows. */
  get tailValues(): number | null {
    return this.#tail.isCopied ? null : this.#tail.valuesEnd;
  }

  /** Moves the tail into the columns. */
  flush(): void {
    if (this.#tail.recordsEnd > 0 || this.#tail.isCopied) this.connection.flush();
    this.#tail.restart();
    this.hooks.onFlush?.(false);
  }

  /** The same, and makes everything durable. */
  sync(): void {
    this.connection.sync();
    this.#tail.restart();
    this.hooks.onFlush?.(true);
  }

  /** Takes over the counts after steps were added behind the tail's back; the tail is empty then. */
  reload(): void {
    this.tokenCount = this.connection.tokenCount;
    this.rowCount = this.connection.rowCount;
    this.lastStep = this.rowCount > 0 ? narrowStep(this.connection.lastStep) : -Infinity;
    this.#knowLists();
    this.#tail.restart();
    this.extras?.reload();
    // Looked up where a call goes on with that step.
    this.#lastField = unknownField;
  }

  /** Lets go of the tail's memory, which ends with the store. */
  release(): void {
    this.#tail.release();
  }

  /** The place of the last field of the last row, which is in the columns, or -1 where the row has none. */
  #findLastField(): number {
    const { connection, fields, rowCount } = this;
    const [row] = readRows(connection, fields, rowCount - 1, rowCount);
    return fields.findLastIndex(({ name }) => Object.hasOwn(row, name));
  }

  #noteLists(fields: readonly Field[]): void {
    for (const field of fields) field.isList = true;
    this.#knowLists();
  }

  #knowLists(): void {
    for (const { position, dtype, isList } of this.fields) {
      const takesFloats = dtype === "float64" || dtype === "float32";
      this.#takesLists[position] = !isList || isWideInteger(dtype) ? noLists : takesFloats ? floats : others;
    }
  }
}

/** The records of extras at one step. */
class PlainRecords implements ExtraRecords {
  at = 0;
  #records!: Int32Array;
  #stepLow = 0;
  #stepHigh = 0;

  begin({ records, recordsEnd }: Tail, step: number): this {
    this.#records = records;
    this.at = recordsEnd;
    this.#stepLow = step | 0;
    this.#stepHigh = Math.floor(step / twoTo32);
    return this;
  }

  writeExtraRecord(place: number): boolean {
    const { at } = this;
    if (at >= this.#records.length) return false;
    writeRecord(this.#records, at, this.#stepLow, this.#stepHigh, place, recordKind.extra);
    this.at = at + recordWords;
    return true;
  }
}

/** Writes a list of at most `lengthMax` for `appendPlain`, in line, and returns its length, or 0 for what is not plain. */
function writePlainFloats(cells: Float64Array, at: number, list: Float32Array, lengthMax: number): number {
  const length = list.length;
  // Own properties and subclasses may say another length than there are elements: those at its end tell.
  if (typeof length !== "number" || (length | 0) !== length || length <= 0 || length > lengthMax) return 0;
  if (list[length - 1] === undefined || list[length] !== undefined) return 0;
  let hasNan = false;
  for (let i = 0; i < length; i++) {
    const element = list[i];
    cells[at + i] = element;
    if (element !== element) hasNan = true;
  }
  return hasNan ? 0 : length;
}
