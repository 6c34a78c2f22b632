import type { Connection } from "../store/connection.ts";
import type { Field } from "../fields.ts";
import { markKind, tailRecord } from "../native/abi.ts";
import { readRows } from "../read/rows.ts";
import { checkIsStep, noFields, noRoom, type Sequences, StepWriter, unknownField } from "./step_writer.ts";
import { narrowStep } from "../steps.ts";
import { copiedTail } from "./tail.ts";
import { lengthOf } from "../typed_array.ts";
import { type Cells, cellsOver, type FieldValue, listLength, sequenceLength, writeList } from "./values.ts";

const twoTo32 = 2 ** 32;

/** Values that a buffer in the engine's own memory holds before it has to be made larger. */
const copiedValues = 4096;

/** What happens besides. */
export interface AppenderHooks {
  /** After every append once `dueRow` is reached. */
  onDue?(): void;
  /** After the tail was moved into the columns. */
  onFlush?(): void;
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
  /** At this many rows, the one being appended not counted, `onDue` is called after every append. */
  dueRow = Infinity;
  /** Place in field order of the last field of the last step. */
  #lastField = -1;
  readonly #types: Int32Array;
  /** The names of the fields that store numbers as they are, at their positions. */
  readonly #plainNames: readonly (string | null)[];
  /** By position, 1 where such a field is known as a list. */
  readonly #takesLists: Uint8Array;
  readonly #writer: StepWriter;
  /** Where the number of published records stands; null once the store is closed. */
  #state: Int32Array | null;
  /** Whether the tail here is memory of the engine's own, which a call copies after every append. */
  #isCopied: boolean;
  /** As long as what the tail may take: disk space for all of it is reserved, so that it can be flushed on a full disk. */
  #records: Int32Array;
  #cells: Cells;
  #marksLeft = Infinity;
  /** Published records (in words) and values. */
  #recordsEnd = 0;
  #valuesEnd = 0;

  constructor(
    private readonly connection: Connection,
    private readonly fields: readonly Field[],
    private readonly hooks: AppenderHooks = {},
  ) {
    this.#types = Int32Array.from(fields, ({ type }) => type);
    this.#plainNames = fields.map(({ name, kind }) => kind === 0 ? name : null);
    this.#takesLists = new Uint8Array(fields.length);
    this.#writer = new StepWriter(fields, () => this.#findLastField());
    const mapped = connection.mapTail();
    const tail = mapped ?? copiedTail(copiedValues);
    this.#state = tail.state;
    this.#isCopied = mapped === null;
    this.#records = tail.records;
    this.#cells = cellsOver(tail.values, tail.values.byteLength / 8);
    this.reload();
  }

  /**
   * The common step, in one loop over locals: a later step, names in field order, float64 fields, values that are
   * numbers, booleans, or lists of a field known as one. Returns false, with nothing published, for every other, and
   * when the store is closed; `appendStep` does the same for all cases.
   */
  appendPlain(step: number, values: Readonly<Record<string, FieldValue>>): boolean {
    const { connection } = this;
    if (connection.isWriting) return false;
    connection.isWriting = true;
    try {
      return this.#writePlain(step, values);
    } finally {
      connection.isWriting = false;
    }
  }

  #writePlain(step: number, values: Readonly<Record<string, FieldValue>>): boolean {
    const names = this.#plainNames;
    const records = this.#records;
    const cells = this.#cells.values;
    const types = this.#types;
    const takesLists = this.#takesLists;
    const first = this.#recordsEnd;
    let record = first;
    let value = this.#valuesEnd;
    if (!(step > this.lastStep) || this.#state === null || this.rowCount >= this.dueRow) return false;
    if (record + tailRecord.length * names.length > records.length || value + names.length > cells.length) {
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
        cells[value] = item;
      } else if (typeof item === "boolean") {
        cells[value] = item ? 1 : 0;
      } else if (takesLists[position] === 1 && item instanceof Float32Array && ArrayBuffer.isView(item)) {
        count = item.length;
        // Own properties and subclasses may say another length than there are elements: those at its end tell.
        if (typeof count !== "number" || (count | 0) !== count || count <= 0) return false;
        if (item[count - 1] === undefined || item[count] !== undefined) return false;
        if (value + count + names.length > cells.length) return false;
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
      records[record + tailRecord.step] = stepLow;
      records[record + tailRecord.step + 1] = stepHigh;
      records[record + tailRecord.type] = types[position];
      records[record + tailRecord.count] = count;
      record += tailRecord.length;
      value += count;
      position++;
    }
    if (record === first) return false;
    if (this.#isCopied) this.#copy(record, value);
    else Atomics.store(this.#state, 0, record / tailRecord.length);
    this.tokenCount += value - this.#valuesEnd;
    this.rowCount++;
    this.lastStep = step;
    this.#lastField = position - 1;
    if (this.#isCopied) return true;
    this.#recordsEnd = record;
    this.#valuesEnd = value;
    return true;
  }

  /** Writes a list for `appendPlain` and returns its length, or 0 for what is not plain. */
  #writePlainList(position: number, at: number, item: FieldValue): number {
    if (typeof item !== "object" || item === null || this.#takesLists[position] === 0) return 0;
    const field = this.fields[position];
    const count = listLength(field, item);
    if (count <= 0 || at + count + this.fields.length > this.#cells.values.length) return 0;
    writeList(this.#cells, at, field, item, count);
    return count;
  }

  /** One step, its fields by name in any order: the long way, which does all that `appendPlain` leaves. */
  appendStep(step: number | bigint, values: Readonly<Record<string, FieldValue>>): void {
    checkIsStep(step, values);
    if (typeof values !== "object" || values === null) throw noFields(values);
    this.#write(() => this.#writer.writeStep(step, values));
  }

  /** Any number of tokens or lists, strictly in field order within each step. */
  appendSequences(sequences: Sequences): void {
    const { steps, names, values } = sequences;
    const [count, nameCount, valueCount] = [
      sequenceLength("steps", steps),
      sequenceLength("fields", names),
      sequenceLength("values", values),
    ];
    if (count !== nameCount || count !== valueCount) {
      throw new RangeError(
        `Cannot append: steps, fields and values must have the same length, got ${count}, ${nameCount} and ${valueCount}`,
      );
    }
    this.#write(() => {
      this.#writer.writeSequences(sequences, count);
      // What is missing has no token: but not where a getter has taken the memory away meanwhile.
      if (ArrayBuffer.isView(values)) checkKept(values, count);
    });
  }

  /** Has the writer write, and publishes what it wrote. */
  #write(write: () => void): void {
    const attempt = () => {
      this.#writer.begin({
        records: this.#records,
        cells: this.#cells,
        record: this.#recordsEnd,
        value: this.#valuesEnd,
        marksLeft: this.#marksLeft,
        step: this.lastStep,
        field: this.#lastField,
      });
      write();
      this.#publish();
    };
    if (!hasRoom(attempt)) this.#makeRoom(attempt);
    if (this.#writer.hasNewList) this.hooks.onNewList?.();
    if (this.rowCount > this.dueRow) this.hooks.onDue?.();
  }

  /** Whether everything is in the columns, also the lists without values that no count shows. */
  get isFlushed(): boolean {
    return this.#isCopied ? !this.connection.isWritable : this.#recordsEnd === 0;
  }

  /** The values in the tail, or null where only the native library knows. */
  get tailValues(): number | null {
    return this.#isCopied ? null : this.#valuesEnd;
  }

  /** Moves the tail into the columns. */
  flush(): void {
    if (this.#recordsEnd > 0 || this.#isCopied) this.connection.flush();
    this.#beginTail();
    this.hooks.onFlush?.();
  }

  /** The same, and makes everything durable. */
  sync(): void {
    this.connection.sync();
    this.#beginTail();
    this.hooks.onFlush?.();
  }

  /** Goes to the start of the tail, and limits it to what it may take from there. */
  #beginTail(): void {
    this.#recordsEnd = 0;
    this.#valuesEnd = 0;
    if (this.#isCopied || this.#state === null) return;
    const { records, values, marks } = this.connection.room;
    if (this.#records.length !== tailRecord.length * records) {
      this.#records = new Int32Array(this.#records.buffer, 0, tailRecord.length * records);
    }
    if (this.#cells.values.length !== values) {
      this.#cells = cellsOver(this.#cells.values.buffer as ArrayBuffer, values);
    }
    this.#marksLeft = marks;
  }

  /** Takes over the counts after steps were added behind the tail's back; the tail is empty then. */
  reload(): void {
    this.tokenCount = this.connection.tokenCount;
    this.rowCount = this.connection.rowCount;
    this.lastStep = this.rowCount > 0 ? narrowStep(this.connection.lastStep) : -Infinity;
    this.#knowLists();
    this.#beginTail();
    // Looked up where a call goes on with that step.
    this.#lastField = unknownField;
  }

  /** Lets go of the tail's memory, which ends with the store. */
  release(): void {
    // Detached arrays are empty: whatever still holds one reaches no unmapped memory.
    for (const { buffer } of [this.#state!, this.#records, this.#cells.values]) {
      (buffer as ArrayBuffer).transfer();
    }
    this.#state = null;
  }

  /** Makes everything that the writer wrote part of the stream, in one store to memory. */
  #publish(): void {
    const { record, value, marksLeft, step, field, rowCount, hasNewList } = this.#writer;
    if (this.#isCopied) this.#copy(record, value);
    else Atomics.store(this.#state!, 0, record / tailRecord.length);
    this.tokenCount += value - this.#valuesEnd;
    this.rowCount += rowCount;
    this.lastStep = step;
    this.#lastField = field;
    if (hasNewList) this.#noteLists(record);
    if (!this.#isCopied) {
      this.#recordsEnd = record;
      this.#valuesEnd = value;
      this.#marksLeft = marksLeft;
    }
  }

  /** Hands the step to the native library, which has a tail of its own and copies. */
  #copy(recordEnd: number, valueEnd: number): void {
    const records = recordEnd / tailRecord.length;
    if (records === 0) return;
    const { native, store } = this.connection;
    this.connection.checkGrowth(
      native.ss_store_write(store, this.#records, records, this.#cells.values, valueEnd),
      "Cannot append",
    );
  }

  #noteLists(recordEnd: number): void {
    for (let at = this.#recordsEnd; at < recordEnd; at += tailRecord.length) {
      if (this.#records[at + tailRecord.count] !== markKind.listField) continue;
      const type = this.#records[at + tailRecord.type];
      this.fields[this.#types.indexOf(type)].isList = true;
    }
    this.#knowLists();
  }

  /** The place of the last field of the last row, which is in the columns, or -1 where the row has none. */
  #findLastField(): number {
    const { connection, fields, rowCount } = this;
    const [row] = readRows(connection, fields, rowCount - 1, rowCount);
    return fields.findLastIndex(({ name }) => Object.hasOwn(row, name));
  }

  #knowLists(): void {
    for (const { position, kind, isList } of this.fields) {
      this.#takesLists[position] = kind === 0 && isList ? 1 : 0;
    }
  }

  /**
   * Finds room for a step that the tail may not take any more: empties it, and where that is not enough reserves more
   * disk space. What is larger than all of that goes past the tail, through a buffer of its own.
   */
  #makeRoom(write: () => void): void {
    if (this.#recordsEnd > 0) {
      this.flush();
      if (hasRoom(write)) return;
    }
    if (!this.#isCopied) {
      this.connection.reserve();
      this.#beginTail();
      if (hasRoom(write)) return;
    }
    const [isCopied, records, cells] = [this.#isCopied, this.#records, this.#cells];
    try {
      this.#isCopied = true;
      this.#marksLeft = Infinity;
      let valuesMax = Math.max(copiedValues, cells.values.length);
      do {
        valuesMax *= 2;
        const larger = copiedTail(valuesMax);
        this.#records = larger.records;
        this.#cells = cellsOver(larger.values, valuesMax);
      } while (!hasRoom(write));
      // Values that a getter gives may have become fewer meanwhile, and gone into the tail after all.
      if (!isCopied) this.connection.flush();
    } finally {
      this.#isCopied = isCopied;
      this.#records = records;
      this.#cells = cells;
      this.#beginTail();
    }
  }
}

/** Writes, and returns whether there was room. */
function hasRoom(write: () => void): boolean {
  try {
    write();
    return true;
  } catch (error) {
    if (error === noRoom) return false;
    throw error;
  }
}

function checkKept(values: ArrayBufferView, count: number): void {
  const length = lengthOf(values);
  if (length === count) return;
  throw new RangeError(
    `Cannot append: values must keep their length, ${count}, until they have been read, got ${length}`,
  );
}
