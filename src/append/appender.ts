import type { Connection } from "../store/connection.ts";
import type { Field } from "../fields.ts";
import { recordKind, tailRecord } from "../native/abi.ts";
import { RowReader } from "../read/rows.ts";
import { narrowStep } from "../steps.ts";
import type { ExtraRow } from "./extra_values.ts";
import type { ExtraRecords, ExtraWriter } from "./extras.ts";
import { PlainSequences } from "./plain_sequences.ts";
import { type PlainStep, plainStepOf } from "./plain_step.ts";
import { StepWriter, twoTo32, unknownField } from "./step_writer.ts";
import { Tail, writeRecord } from "./tail.ts";

const recordWords = tailRecord.length;

/** What happens besides. */
export interface AppenderHooks {
  /** After the tail was moved into the columns, and all of them made durable or not. */
  onFlush?(isDurable: boolean): void;
  /** When a field was written as a list for the first time. */
  onNewList?(): void;
}

/**
 * The writing side: lays steps out in the tail and publishes them, each with one store after all of it is in.
 * A step that is refused half way was never published, and the next one writes over it.
 */
export class Appender {
  /** Tokens and rows that were appended, those in the tail included. */
  tokenCount = 0;
  rowCount = 0;
  lastStep: number | bigint = -Infinity;
  /** Place in field order of the last field of the last step. */
  lastField = -1;
  /** From this many rows on `appendPlain` takes no step: the long way sees to what is due. */
  dueRow = Infinity;
  readonly #tail: Tail;
  readonly #plainStep: PlainStep;
  readonly #plainSequences: PlainSequences;
  readonly #writer: StepWriter;
  readonly #plainRecords = new PlainRecords();

  constructor(
    private readonly connection: Connection,
    private readonly fields: readonly Field[],
    private readonly hooks: AppenderHooks = {},
    private readonly extras: ExtraWriter | null = null,
  ) {
    this.#plainSequences = new PlainSequences(fields);
    this.#writer = new StepWriter(fields, extras, () => this.#findLastField());
    this.#tail = new Tail(connection);
    this.#plainStep = plainStepOf(fields, this.#tail, this);
    this.reload();
  }

  /**
   * The common step: a later one, names in field order, values that are numbers, booleans, or lists of a field known as
   * one. Returns false, with nothing published, for every other, and when the store is closed; `write` does the same for
   * all cases.
   */
  appendPlain(step: unknown, values: unknown): boolean {
    const { connection } = this;
    if (connection.isWriting) return false;
    connection.isWriting = true;
    try {
      return typeof step === "number" && this.#writePlain(step, values);
    } finally {
      connection.isWriting = false;
    }
  }

  /** The same for steps by three sequences. */
  appendPlainSequences(steps: unknown, names: unknown, values: unknown): boolean {
    const { connection } = this;
    if (connection.isWriting) return false;
    connection.isWriting = true;
    try {
      return Array.isArray(steps) && Array.isArray(names) && Array.isArray(values) &&
        this.#writePlainSequences(steps, names, values);
    } finally {
      connection.isWriting = false;
    }
  }

  #writePlainSequences(steps: unknown[], names: unknown[], values: unknown[]): boolean {
    const sequences = this.#plainSequences;
    if (!sequences.write(this.#tail, this.lastStep, steps, names, values)) return false;
    const { record, value, rowCount, step, field } = sequences;
    if (this.rowCount + rowCount > this.dueRow) return false;
    this.publish(record, value, rowCount, step, field);
    return true;
  }

  /** The same as `appendPlain` with values of extras. */
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
      isAppended = this.#writePlain(step, values);
    } finally {
      if (!isAppended) {
        tail.recordsEnd = recordsEnd;
        extras.drop(wordsEnd);
      }
    }
    if (isAppended) extras.keep();
    return isAppended;
  }

  #writePlain(step: number, values: unknown): boolean {
    if (typeof values !== "object" || values === null) return false;
    if (!(step > this.lastStep) || this.rowCount >= this.dueRow) return false;
    return this.#plainStep(step, values);
  }

  /** Has the writer write what `task` says, which returns whether it has fitted, and publishes it. */
  write(task: (writer: StepWriter) => boolean): void {
    if (!this.#attempt(task)) this.#makeRoom(task);
    if (this.#writer.newLists.length > 0) this.hooks.onNewList?.();
  }

  #attempt(task: (writer: StepWriter) => boolean): boolean {
    const writer = this.#writer;
    writer.begin(this.#tail, this.lastStep, this.lastField, this.rowCount);
    if (!task(writer)) return false;
    this.extras?.hold();
    this.publish(writer.record, writer.value, writer.rowCount, writer.step, writer.field);
    this.extras?.keep();
    this.#tail.marksLeft = writer.marksLeft;
    for (const field of writer.newLists) field.isList = true;
    return true;
  }

  /** Makes everything that was written part of the stream. */
  publish(record: number, value: number, rows: number, step: number | bigint, field: number): void {
    this.tokenCount += this.#tail.publish(record, value);
    this.rowCount += rows;
    this.lastStep = step;
    this.lastField = field;
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
    this.lastStep = this.connection.isEmpty ? -Infinity : narrowStep(this.connection.lastStep);
    this.#tail.restart();
    this.extras?.reload();
    // Looked up where a call goes on with that step.
    this.lastField = unknownField;
  }

  /** Lets go of the tail's memory, which ends with the store. */
  release(): void {
    this.#tail.release();
  }

  /** The place of the last field of the last row, which is in the columns, or -1 where the row has none. */
  #findLastField(): number {
    const { connection, fields, rowCount } = this;
    const [row] = new RowReader(connection, fields).read(rowCount - 1, rowCount);
    return fields.findLastIndex(({ name }) => Object.hasOwn(row, name));
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
