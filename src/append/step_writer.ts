import { describe, type Field } from "../fields.ts";
import { recordKind, tailRecord } from "../native/abi.ts";
import { isInt64, wrongStep } from "../steps.ts";
import type { Cells } from "./narrow.ts";
import type { ExtraRow } from "./extra_values.ts";
import type { ExtraWriter } from "./extras.ts";
import { type Tail, writeRecord } from "./tail.ts";
import {
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

const recordWords = tailRecord.length;

/** In place of a count, for values that what is left of the buffers does not hold. */
const noRoom = -1;

export const twoTo32 = 2 ** 32;

/** Tokens or lists as the seed gives them: sequences of one length. */
export interface Sequences {
  readonly steps: ArrayLike<number | bigint>;
  readonly names: ArrayLike<string>;
  readonly values: ArrayLike<FieldValue>;
}

/**
 * Lays steps out as records and values, with every check there is. What it has written is nobody's until the caller
 * publishes it, so it may throw half way; and it may return false, for a step that does not fit what is left of the tail.
 */
export class StepWriter {
  /** Where it has got to: the next word of records, the next value, the last step and field, and rows begun. */
  record = 0;
  value = 0;
  marksLeft = 0;
  step: number | bigint = -Infinity;
  /** The place in field order of the last field of that step. */
  field = -1;
  rowCount = 0;
  /** Fields that were written as a list for the first time. */
  newLists: Field[] = [];
  /** Steps that the call names, and the values of extras at each. */
  stepCount = 0;
  extraRows: readonly ExtraRow[] = [];
  #rowsBefore = 0;
  #records: Int32Array = new Int32Array(0);
  #cells!: Cells;
  #stepRecord = 0;
  #isNewStep = false;
  readonly #names: readonly string[];
  readonly #fieldOfName: ReadonlyMap<string, Field>;
  /** By position, 1 for the fields that a step's values name: what they only inherit is not theirs. */
  readonly #isGiven: Uint8Array;

  /** @param findLastField Looks up the place of the last field of the last step, where nothing else tells. */
  constructor(
    private readonly fields: readonly Field[],
    private readonly extras: ExtraWriter | null,
    private readonly findLastField: () => number,
  ) {
    this.#names = fields.map(({ name }) => name);
    this.#isGiven = new Uint8Array(fields.length);
    this.#fieldOfName = new Map(fields.map((field) => [field.name, field]));
  }

  /** Goes to the end of what the tail holds, and of the stream. */
  begin(tail: Tail, step: number | bigint, field: number, rowsBefore: number): void {
    const { records, cells, recordsEnd, valuesEnd, marksLeft } = tail;
    this.#records = records;
    this.#cells = cells;
    this.record = recordsEnd;
    this.value = valuesEnd;
    this.marksLeft = marksLeft;
    this.step = step;
    this.field = field;
    this.rowCount = 0;
    this.stepCount = 0;
    this.#rowsBefore = rowsBefore;
    this.extras?.begin(tail);
    if (this.newLists.length > 0) this.newLists = [];
  }

  /** One step, its fields by name in any order. */
  writeStep(step: number | bigint, values: Readonly<Record<string, FieldValue>>): boolean {
    const isGiven = this.#isGiven.fill(0);
    let isEmpty = true;
    for (const name in values) {
      isGiven[this.#fieldOf(name).position] = 1;
      isEmpty = false;
    }
    if (isEmpty && !isPlain(values)) throw noFields(values);
    this.#beginStep(step);
    for (const field of this.fields) {
      if (isGiven[field.position] === 1 && !this.#writeField(field, values[field.name])) return false;
    }
    return this.#endStep();
  }

  /** Any number of tokens or lists, strictly in field order within each step. */
  writeSequences({ steps, names, values }: Sequences, count: number): boolean {
    for (let i = 0; i < count; i++) {
      const field = this.#fieldOf(names[i]);
      const step = steps[i];
      if (i === 0 || step != this.step) {
        if (i > 0 && !this.#endStep()) return false;
        this.#beginStep(step);
      }
      if (!this.#writeField(field, values[i])) return false;
    }
    return count === 0 || this.#endStep();
  }

  #fieldOf(name: string): Field {
    const field = this.#fieldOfName.get(name);
    if (field !== undefined) return field;
    throw new TypeError(
      `Cannot append: fields must be among ${this.#names.join(", ")}, got ${describe(name)}`,
    );
  }

  #beginStep(step: number | bigint): void {
    this.stepCount++;
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

  #writeField(field: Field, value: unknown): boolean {
    if (value === null || value === undefined) return true;
    if (field.position <= this.field) throw this.#outOfOrder(field);
    const count = typeof value === "object"
      ? this.#writeListValue(field, value)
      : this.#writeScalarValue(field, value);
    if (count === noRoom || !this.#writeRecord(field.type, count)) return false;
    this.value += count;
    this.field = field.position;
    return true;
  }

  /** Returns how many values it has written, or that there is no room. */
  #writeScalarValue(field: Field, value: unknown): number {
    const at = this.value;
    if (at >= this.#cells.values.length) return noRoom;
    if (typeof value === "number" && field.dtype === "float64") this.#cells.values[at] = value;
    else writeScalar(this.#cells, at, field, value);
    return 1;
  }

  #writeListValue(field: Field, value: object): number {
    const length = listLength(field, value);
    if (length < 0) throw wrongValue(field, value);
    if (length === 0) checkAttached(field, value);
    if (this.value + length > this.#cells.values.length) {
      // Before memory is made for as many as a list that holds nothing may claim to have.
      checkElements(field, value as ArrayLike<unknown>, length);
      return noRoom;
    }
    if (!field.isList) {
      this.newLists.push(field);
      if (!this.#writeRecord(field.type, recordKind.listField)) return noRoom;
    }
    writeList(this.#cells, this.value, field, value as NumberArray | readonly Scalar[], length);
    return length === 0 ? recordKind.emptyList : length;
  }

  /** Returns whether there was room for it. */
  #writeRecord(type: number, count: number): boolean {
    const at = this.record;
    if (at >= this.#records.length) return false;
    // A record of a row without fields becomes no mark.
    const isMark = count === recordKind.emptyList || count === recordKind.listField;
    if (isMark && --this.marksLeft < 0) return false;
    const { step } = this;
    const isNumber = typeof step === "number";
    const stepLow = isNumber ? step | 0 : Number(BigInt.asIntN(32, step));
    const stepHigh = isNumber ? Math.floor(step / twoTo32) : Number(step >> 32n);
    writeRecord(this.#records, at, stepLow, stepHigh, type, count);
    this.record = at + recordWords;
    return true;
  }

  /** For the values of extras: a record that says of which it is. Returns whether there was room for it. */
  writeExtraRecord(place: number): boolean {
    return this.#writeRecord(place, recordKind.extra);
  }

  #writeExtras(): boolean {
    const row = this.#rowsBefore + this.rowCount - 1;
    return this.extras!.write(row, this.extraRows[this.stepCount - 1], this.step, this);
  }

  /** A new step without any field is still a row, and says so. */
  #endStep(): boolean {
    if (this.stepCount <= this.extraRows.length && !this.#writeExtras()) return false;
    if (!this.#isNewStep || this.record > this.#stepRecord) return true;
    return this.#writeRecord(0, recordKind.bareRow);
  }

  #outOfOrder(field: Field): RangeError {
    const last = this.#names[this.field];
    const order = this.#names.join(", ");
    return new RangeError(
      `Cannot append: at step ${this.step} fields after "${last}" must follow it in field order (${order}), got "${field.name}"`,
    );
  }
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
