import { describe, type Field } from "../fields.ts";
import { markKind, tailRecord } from "../native/abi.ts";
import { isInt64, wrongStep } from "../steps.ts";
import {
  type Cells,
  checkAttached,
  checkElements,
  type FieldValue,
  listLength,
  type NumberArray,
  type Scalar,
  writeList,
  writeScalar,
  wrongValue,
} from "./values.ts";

/** Stands for the place of a field that has to be looked up. */
export const unknownField = -2;

/** Thrown when a step does not fit what is left of the buffers. */
export const noRoom: unique symbol = Symbol("no room");

const twoTo32 = 2 ** 32;

/** Where the writer begins: in buffers, from a word of records and a value on, and in the stream. */
export interface Place {
  readonly records: Int32Array;
  readonly cells: Cells;
  readonly record: number;
  readonly value: number;
  /** How many records may still say what tokens cannot. */
  readonly marksLeft: number;
  /** The last step, and the place in field order of its last field. */
  readonly step: number | bigint;
  readonly field: number;
}

/** Tokens or lists as the seed gives them: sequences of one length. */
export interface Sequences {
  readonly steps: ArrayLike<number | bigint>;
  readonly names: ArrayLike<string>;
  readonly values: ArrayLike<FieldValue>;
}

/**
 * Lays steps out as records and values, with every check there is. What it has written is nobody's until the caller
 * publishes it, so it may throw half way.
 */
export class StepWriter {
  /** Where it has got to: the next word of records, the next value, the last step and field, and rows begun. */
  record = 0;
  value = 0;
  marksLeft = 0;
  step: number | bigint = -Infinity;
  field = -1;
  rowCount = 0;
  /** Whether a field was written as a list for the first time. */
  hasNewList = false;
  #records: Int32Array = new Int32Array(0);
  #cells!: Cells;
  #stepRecord = 0;
  #isNewStep = false;
  readonly #names: readonly string[];
  readonly #fieldOfName: ReadonlyMap<string, Field>;
  /** By position, 1 for the fields that a step's values name: what they only inherit is not theirs. */
  readonly #isGiven: Uint8Array;

  /** @param findLastField Looks up the place of the last field of the last step, where nothing else tells. */
  constructor(private readonly fields: readonly Field[], private readonly findLastField: () => number) {
    this.#names = fields.map(({ name }) => name);
    this.#isGiven = new Uint8Array(fields.length);
    this.#fieldOfName = new Map(fields.map((field) => [field.name, field]));
  }

  /** Goes to a place. */
  begin({ records, cells, record, value, marksLeft, step, field }: Place): void {
    this.#records = records;
    this.#cells = cells;
    this.record = record;
    this.value = value;
    this.marksLeft = marksLeft;
    this.step = step;
    this.field = field;
    this.rowCount = 0;
    this.hasNewList = false;
  }

  /** One step, its fields by name in any order. */
  writeStep(step: number | bigint, values: Readonly<Record<string, FieldValue>>): void {
    const isGiven = this.#isGiven.fill(0);
    let isEmpty = true;
    for (const name in values) {
      isGiven[this.#fieldOf(name).position] = 1;
      isEmpty = false;
    }
    if (isEmpty && !isPlain(values)) throw noFields(values);
    this.#beginStep(step);
    for (const field of this.fields) {
      const value = isGiven[field.position] === 1 ? values[field.name] : null;
      if (value !== null && value !== undefined) this.#writeField(field, value);
    }
    this.#endStep();
  }

  /** Any number of tokens or lists, strictly in field order within each step. */
  writeSequences({ steps, names, values }: Sequences, count: number): void {
    for (let i = 0; i < count; i++) {
      const field = this.#fieldOf(names[i]);
      const step = steps[i];
      if (i === 0 || step != this.step) {
        if (i > 0) this.#endStep();
        this.#beginStep(step);
      }
      const value = values[i];
      if (value !== null && value !== undefined) this.#writeField(field, value);
    }
    if (count > 0) this.#endStep();
  }

  #fieldOf(name: string): Field {
    const field = this.#fieldOfName.get(name);
    if (field !== undefined) return field;
    throw new TypeError(
      `Cannot append: fields must be among ${this.#names.join(", ")}, got ${describe(name)}`,
    );
  }

  #beginStep(step: number | bigint): void {
    this.#stepRecord = this.record;
    this.#isNewStep = step > this.step;
    if (this.#isNewStep && (Number.isSafeInteger(step) || (typeof step === "bigint" && isInt64(step)))) {
      this.step = step;
      this.field = -1;
      this.rowCount++;
    } else {
      this.#checkSameStep(step);
    }
  }

  /** Going on with the last step is fine; everything else that is not later is an error. */
  #checkSameStep(step: number | bigint): void {
    if (typeof step !== "bigint" && !Number.isSafeInteger(step)) {
      throw wrongStep("Cannot append", "a step", step);
    }
    if (typeof step === "bigint" && !isInt64(step)) {
      throw new RangeError(`Cannot append: a step must fit int64, got ${step}`);
    }
    if (step < this.step) throw new RangeError(`Cannot append: step must be >= ${this.step}, got ${step}`);
    if (this.field === unknownField) this.field = this.findLastField();
  }

  #writeField(field: Field, value: unknown): void {
    if (field.position <= this.field) throw this.#outOfOrder(field);
    const at = this.value;
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
    this.value = at + count;
    this.field = field.position;
  }

  #writeListValue(field: Field, value: object): number {
    const length = listLength(field, value);
    if (length < 0) throw wrongValue(field, value);
    if (length === 0) checkAttached(field, value);
    if (this.value + length > this.#cells.values.length) {
      // Before memory is made for as many as a list that holds nothing may claim to have.
      checkElements(field, value as ArrayLike<unknown>, length);
      throw noRoom;
    }
    if (!field.isList) {
      this.hasNewList = true;
      this.#writeRecord(field.type, markKind.listField);
    }
    writeList(this.#cells, this.value, field, value as NumberArray | readonly Scalar[], length);
    return length === 0 ? markKind.emptyList : length;
  }

  #writeRecord(type: number, count: number): void {
    const records = this.#records;
    const at = this.record;
    if (at >= records.length) throw noRoom;
    if (count <= 0 && --this.marksLeft < 0) throw noRoom;
    const step = this.step;
    if (typeof step === "number") {
      records[at + tailRecord.step] = step | 0;
      records[at + tailRecord.step + 1] = Math.floor(step / twoTo32);
    } else {
      records[at + tailRecord.step] = Number(BigInt.asIntN(32, step));
      records[at + tailRecord.step + 1] = Number(step >> 32n);
    }
    records[at + tailRecord.type] = type;
    records[at + tailRecord.count] = count;
    this.record = at + tailRecord.length;
  }

  /** A new step without any field is still a row, and says so. */
  #endStep(): void {
    if (this.#isNewStep && this.record === this.#stepRecord) this.#writeRecord(0, markKind.bareRow);
  }

  #outOfOrder(field: Field): RangeError {
    const last = this.#names[this.field];
    const order = this.#names.join(", ");
    return new RangeError(
      `Cannot append: at step ${this.step} fields after "${last}" must follow it in field order (${order}), got "${field.name}"`,
    );
  }
}

/** Throws where a step was left out, or is something else, before anything is said of the fields. */
export function checkIsStep(step: unknown, values: unknown): void {
  if (typeof step === "number" || typeof step === "bigint") return;
  const isMissing = values === undefined;
  const advice = isMissing ? "; the step comes before the fields: append(step, { … })" : "";
  throw wrongStep("Cannot append", "a step", step, advice);
}

export function noFields(values: unknown): TypeError {
  return new TypeError(
    `Cannot append: fields must be an object of names and values, got ${describe(values)}`,
  );
}

/** Whether an object without names can be meant as a step without fields: a Map or a list cannot. */
function isPlain(values: object): boolean {
  const prototype = Object.getPrototypeOf(values);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
