import type { Connection, TailMemory } from "./connection.ts";
import { describe, type Field } from "./fields.ts";
import { check } from "./native/status.ts";
import { isInt64, narrowStep } from "./steps.ts";
import {
  type Cells,
  cellsOver,
  checkAttached,
  type FieldValue,
  listLength,
  type NumberArray,
  type Scalar,
  writeList,
  writeScalar,
  wrongValue,
} from "./values.ts";

/** Counts of a record that are no number of tokens; see zig/src/format.zig. */
const emptyList = 0;
const bareRow = -1;
const listField = -2;

/** Int32 words of one record: step (low, high), type, count. */
const recordWords = 4;

/** Thrown inside when a step does not fit what is left of the buffers. */
const noRoom = Symbol("no room");

const twoTo32 = 2 ** 32;

/**
 * The writing side: lays steps out in the tail and publishes them, each with one atomic store after all of it is in.
 * A step that is refused half way was never published, and the next one writes over it.
 */
export class Appender {
  /** Tokens and rows that were appended, those in the tail included. */
  tokenCount: number;
  rowCount: number;
  lastStep: number | bigint;
  /** Place in field order of the last field of the last step. */
  #lastPosition = -1;
  readonly #names: readonly string[];
  readonly #types: Int32Array;
  /** The names of the fields that store numbers as they are, at their positions. */
  readonly #plainNames: readonly (string | null)[];
  /** By position, 1 where such a field is known as a list. */
  readonly #takesLists: Uint8Array;
  readonly #fieldOfName: ReadonlyMap<string, Field>;
  /** Where the number of published records stands; null once the store is closed. */
  #state: Int32Array | null;
  /** Whether the tail here is memory of the engine's own, which a call copies after every append. */
  #isCopied: boolean;
  #records: Int32Array;
  #cells: Cells;
  /** Published records (in words) and values. */
  #recordsEnd = 0;
  #valuesEnd = 0;
  /** Where the step in hand has got to. */
  #record = 0;
  #value = 0;
  #step: number | bigint = 0;
  #stepRows = 0;
  #stepRecord = 0;
  #isNewStep = false;
  #position = -1;
  #newList = false;

  constructor(private readonly connection: Connection, private readonly fields: readonly Field[]) {
    this.tokenCount = connection.tokenCount;
    this.rowCount = connection.rowCount;
    this.lastStep = connection.rowCount > 0 ? narrowStep(connection.lastStep) : -Infinity;
    this.#names = fields.map(({ name }) => name);
    this.#types = Int32Array.from(fields, ({ type }) => type);
    this.#plainNames = fields.map(({ name, kind }) => kind === 0 ? name : null);
    this.#takesLists = new Uint8Array(fields.length);
    this.#knowLists();
    this.#fieldOfName = new Map(fields.map((field) => [field.name, field]));
    const mapped = connection.mapTail();
    const tail = mapped ?? copiedTail();
    this.#state = tail.state;
    this.#isCopied = mapped === null;
    this.#records = tail.records;
    this.#cells = cellsOver(tail.values);
  }

  /**
   * The common step, in one loop over locals: a later step, names in field order, float64 fields, values that are
   * numbers, booleans, or lists of a field known as one. Returns false, with nothing published, for every other, and
   * when the store is closed; `appendStep` does the same for all cases.
   */
  appendPlain(step: number, values: Readonly<Record<string, FieldValue>>): boolean {
    const names = this.#plainNames;
    const records = this.#records;
    const cells = this.#cells.values;
    const types = this.#types;
    const takesLists = this.#takesLists;
    let record = this.#recordsEnd;
    let value = this.#valuesEnd;
    if (!(step > this.lastStep) || this.#state === null) return false;
    if (record + recordWords * names.length > records.length || value + names.length > cells.length) return false;
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
        cells[value] = item;
      } else if (typeof item === "boolean") {
        cells[value] = item ? 1 : 0;
      } else if (item instanceof Float32Array && takesLists[position] === 1) {
        count = item.length;
        if (count === 0 || value + count + names.length > cells.length) return false;
        let hasNan = false;
        for (let i = 0; i < count; i++) {
          const element = item[i];
          cells[value + i] = element;
          if (element !== element) hasNan = true;
        }
        if (hasNan) return false;
      } else {
        count = this.#writePlainList(position, value, item);
        if (count === 0) return false;
      }
      records[record] = stepLow;
      records[record + 1] = stepHigh;
      records[record + 2] = types[position];
      records[record + 3] = count;
      record += recordWords;
      value += count;
      position++;
    }
    if (record === this.#recordsEnd) return false;
    if (this.#isCopied) this.#copy(record, value);
    else Atomics.store(this.#state, 0, record / recordWords);
    this.tokenCount += value - this.#valuesEnd;
    this.rowCount++;
    this.lastStep = step;
    this.#lastPosition = position - 1;
    if (this.#isCopied) return true;
    this.#recordsEnd = record;
    this.#valuesEnd = value;
    return true;
  }

  /** Writes a list for `appendPlain` and returns its length, or 0 for what is not plain. */
  #writePlainList(position: number, at: number, item: FieldValue): number {
    if (typeof item !== "object" || item === null || this.#takesLists[position] === 0) return 0;
    const count = listLength(item);
    if (count <= 0 || at + count + this.#names.length > this.#cells.values.length) return 0;
    writeList(this.#cells, at, this.fields[position], item);
    return count;
  }

  /** One step, its fields by name in any order: the long way, which does all that `appendPlain` leaves. */
  appendStep(step: number | bigint, values: Readonly<Record<string, FieldValue>>): void {
    if (typeof values !== "object" || values === null) {
      throw new TypeError(`Cannot append: fields must be an object of names and values, got ${describe(values)}`);
    }
    this.#retried(() => this.#writeStep(step, values));
  }

  /** Any number of tokens or lists, strictly in field order within each step. */
  appendSequences(
    steps: ArrayLike<number | bigint>,
    names: readonly string[],
    values: ArrayLike<FieldValue>,
  ): void {
    if (steps.length !== names.length || steps.length !== values.length) {
      throw new RangeError(
        `Cannot append: steps, fields and values must have the same length, got ${steps.length}, ${names.length} and ${values.length}`,
      );
    }
    this.#retried(() => this.#writeSequences(steps, names, values));
  }

  #retried(write: () => void): void {
    try {
      write();
    } catch (error) {
      if (error !== noRoom) throw error;
      this.#makeRoom(write);
    }
  }

  /** Moves the tail into the columns. */
  flush(): void {
    if (this.#recordsEnd > 0 || this.#isCopied) this.connection.flush();
    this.#recordsEnd = 0;
    this.#valuesEnd = 0;
  }

  /** Takes over the counts after steps were added behind the tail's back; the tail is empty then. */
  reload(): void {
    this.tokenCount = this.connection.tokenCount;
    this.rowCount = this.connection.rowCount;
    this.lastStep = this.rowCount > 0 ? narrowStep(this.connection.lastStep) : -Infinity;
    this.#knowLists();
    // A later call may only go on with a later step: which fields this one had is not looked up.
    this.#lastPosition = this.fields.length - 1;
  }

  /** Lets go of the tail's memory, which ends with the store. */
  release(): void {
    const tail = copiedTail(0);
    this.#state = null;
    this.#records = tail.records;
    this.#cells = cellsOver(tail.values);
  }

  #writeStep(step: number | bigint, values: Readonly<Record<string, FieldValue>>): void {
    this.#begin();
    this.#beginStep(step);
    const names = this.#names;
    let position = 0;
    for (const name in values) {
      let at = position;
      while (at < names.length && names[at] !== name) at++;
      if (at === names.length) return this.#writeUnordered(step, values);
      position = at + 1;
      const value = values[name];
      if (value !== null && value !== undefined) this.#writeField(this.fields[at], value);
    }
    this.#endStep();
    this.#publish();
  }

  /** The names do not come in field order, or one of them is no field. */
  #writeUnordered(step: number | bigint, values: Readonly<Record<string, FieldValue>>): void {
    for (const name in values) this.#fieldOf(name);
    this.#begin();
    this.#beginStep(step);
    for (const field of this.fields) {
      const value = values[field.name];
      if (value !== null && value !== undefined) this.#writeField(field, value);
    }
    this.#endStep();
    this.#publish();
  }

  #writeSequences(
    steps: ArrayLike<number | bigint>,
    names: readonly string[],
    values: ArrayLike<FieldValue>,
  ): void {
    this.#begin();
    for (let i = 0; i < names.length; i++) {
      const field = this.#fieldOf(names[i]);
      if (i === 0 || steps[i] != this.#step) {
        if (i > 0) this.#endStep();
        this.#beginStep(steps[i]);
      }
      const value = values[i];
      if (field.position <= this.#position) throw this.#outOfOrder(field);
      if (value !== null && value !== undefined) this.#writeField(field, value);
      else this.#position = field.position;
    }
    if (names.length > 0) this.#endStep();
    this.#publish();
  }

  #fieldOf(name: string): Field {
    const field = this.#fieldOfName.get(name);
    if (field !== undefined) return field;
    throw new TypeError(
      `Cannot append: fields must be among ${this.#names.join(", ")}, got ${describe(name)}`,
    );
  }

  #begin(): void {
    this.#record = this.#recordsEnd;
    this.#value = this.#valuesEnd;
    this.#stepRows = 0;
    this.#step = this.lastStep;
    this.#position = this.#lastPosition;
    this.#newList = false;
  }

  #beginStep(step: number | bigint): void {
    this.#stepRecord = this.#record;
    this.#isNewStep = step > this.#step;
    if (this.#isNewStep && (Number.isSafeInteger(step) || (typeof step === "bigint" && isInt64(step)))) {
      this.#step = step;
      this.#position = -1;
      this.#stepRows++;
    } else {
      this.#checkSameStep(step);
    }
  }

  /** Going on with the last step is fine; everything else that is not later is an error. */
  #checkSameStep(step: number | bigint): void {
    if (typeof step !== "bigint" && !Number.isSafeInteger(step)) {
      const error = typeof step === "number" ? RangeError : TypeError;
      throw new error(`Cannot append: a step must be a safe integer or a bigint, got ${describe(step)}`);
    }
    if (typeof step === "bigint" && !isInt64(step)) {
      throw new RangeError(`Cannot append: a step must fit int64, got ${step}`);
    }
    if (step < this.#step) throw new RangeError(`Cannot append: step must be >= ${this.#step}, got ${step}`);
  }

  #writeField(field: Field, value: unknown): void {
    if (field.position <= this.#position) throw this.#outOfOrder(field);
    const at = this.#value;
    let count = 1;
    if (typeof value === "number" && field.kind === 0) {
      if (at >= this.#cells.values.length) throw noRoom;
      this.#cells.values[at] = value;
    } else if (typeof value === "object") {
      count = this.#writeListValue(field, value as object);
    } else {
      if (at >= this.#cells.values.length) throw noRoom;
      writeScalar(this.#cells, at, field, value);
    }
    this.#writeRecord(field.type, count);
    this.#value = at + count;
    this.#position = field.position;
  }

  #writeListValue(field: Field, value: object): number {
    const length = listLength(value);
    if (length < 0) throw wrongValue(field, value);
    if (length === 0) checkAttached(field, value);
    if (this.#value + length > this.#cells.values.length) throw noRoom;
    if (!field.isList) {
      this.#newList = true;
      this.#writeRecord(field.type, listField);
    }
    writeList(this.#cells, this.#value, field, value as NumberArray | readonly Scalar[]);
    return length === 0 ? emptyList : length;
  }

  #writeRecord(type: number, count: number): void {
    const records = this.#records;
    const at = this.#record;
    if (at >= records.length) throw noRoom;
    const step = this.#step;
    if (typeof step === "number") {
      records[at] = step | 0;
      records[at + 1] = Math.floor(step / twoTo32);
    } else {
      records[at] = Number(BigInt.asIntN(32, step));
      records[at + 1] = Number(step >> 32n);
    }
    records[at + 2] = type;
    records[at + 3] = count;
    this.#record = at + recordWords;
  }

  /** A new step without any field is still a row, and says so. */
  #endStep(): void {
    if (this.#isNewStep && this.#record === this.#stepRecord) this.#writeRecord(0, bareRow);
  }

  /** Makes everything since `#begin` part of the stream, in one store to memory. */
  #publish(): void {
    if (this.#isCopied) this.#copy(this.#record, this.#value);
    else Atomics.store(this.#state!, 0, this.#record / recordWords);
    this.tokenCount += this.#value - this.#valuesEnd;
    this.rowCount += this.#stepRows;
    this.lastStep = this.#step;
    this.#lastPosition = this.#position;
    if (this.#newList) this.#noteLists();
    if (this.#isCopied) return;
    this.#recordsEnd = this.#record;
    this.#valuesEnd = this.#value;
  }

  /** Hands the step to the native library, which has a tail of its own and copies. */
  #copy(recordEnd: number, valueEnd: number): void {
    const records = recordEnd / recordWords;
    if (records === 0) return;
    const { native, store } = this.connection;
    check(native.ss_store_write(store, this.#records, records, this.#cells.values, valueEnd), "Cannot append");
  }

  #noteLists(): void {
    for (let at = this.#recordsEnd; at < this.#record; at += recordWords) {
      if (this.#records[at + 3] !== listField) continue;
      const type = this.#records[at + 2];
      this.fields[this.#types.indexOf(type)].isList = true;
    }
    this.#knowLists();
  }

  #knowLists(): void {
    for (const { position, kind, isList } of this.fields) this.#takesLists[position] = kind === 0 && isList ? 1 : 0;
  }

  /** Empties the tail and tries again; what is larger than the whole tail goes through a buffer of its own. */
  #makeRoom(write: () => void): void {
    this.flush();
    const { isCopied, records, cells } = { isCopied: this.#isCopied, records: this.#records, cells: this.#cells };
    try {
      for (let valuesMax = 2 * cells.values.length;; valuesMax *= 2) {
        try {
          return write();
        } catch (error) {
          if (error !== noRoom) throw error;
        }
        const larger = copiedTail(valuesMax);
        this.#isCopied = true;
        this.#records = larger.records;
        this.#cells = cellsOver(larger.values);
      }
    } finally {
      this.#isCopied = isCopied;
      this.#records = records;
      this.#cells = cells;
    }
  }

  #outOfOrder(field: Field): RangeError {
    const last = this.#names[this.#position];
    const order = this.#names.join(", ");
    return new RangeError(
      `Cannot append: at step ${this.#step} fields after "${last}" must follow it in field order (${order}), got "${field.name}"`,
    );
  }
}

/** A tail in memory of the engine's own. */
function copiedTail(valuesMax = 4096): TailMemory {
  return {
    state: new Int32Array(2),
    records: new Int32Array(valuesMax * recordWords),
    values: new ArrayBuffer(valuesMax * 8),
  };
}
