import { isWideInteger } from "../dtypes.ts";
import type { Field } from "../fields.ts";
import { tailRecord } from "../native/abi.ts";
import { isAsItIs, writeNarrowed } from "./narrowing.ts";
import { writePlainList } from "./plain_lists.ts";
import { twoTo32 } from "./step_writer.ts";
import { type Tail, writeRecord } from "./tail.ts";
import type { FieldValue } from "./values.ts";

const recordWords = tailRecord.length;

/** Writes three plain arrays whose first step is a new one, as they are common: the same values as of a plain step. */
export class PlainSequences {
  /** How far the last ones have got in the tail: their rows, and the last step and the place of its last field. */
  record = 0;
  value = 0;
  rowCount = 0;
  step: number | bigint = -Infinity;
  field = -1;
  readonly #names: readonly string[];
  /** By place, whether a field takes numbers as they are, and booleans as 1 and 0. */
  readonly #takesNumbers: readonly boolean[];
  readonly #takesBooleans: readonly boolean[];

  constructor(private readonly fields: readonly Field[]) {
    this.#names = fields.map(({ name }) => name);
    this.#takesNumbers = fields.map(isAsItIs);
    this.#takesBooleans = fields.map(({ dtype }) => !isWideInteger(dtype));
  }

  /** Returns false for all that is not plain, and where there is no room. */
  write(
    tail: Tail,
    lastStep: number | bigint,
    steps: readonly unknown[],
    names: readonly unknown[],
    values: readonly unknown[],
  ): boolean {
    const { length } = steps;
    if (length === 0 || names.length !== length || values.length !== length) return false;
    const known = this.#names;
    const { records } = tail;
    let record = tail.recordsEnd, value = tail.valuesEnd, rowCount = 0, place = 0;
    let step = lastStep, stepLow = 0, stepHigh = 0;
    for (let i = 0; i < length; i++) {
      const next = steps[i];
      if (next !== step) {
        if (typeof next !== "number" || !(next > step) || !Number.isSafeInteger(next)) return false;
        step = next;
        stepLow = next | 0;
        stepHigh = Math.floor(next / twoTo32);
        place = 0;
        rowCount++;
      }
      const name = names[i];
      while (place < known.length && known[place] !== name) place++;
      if (place >= known.length || rowCount === 0 || record >= records.length) return false;
      const count = this.#writeValue(tail, value, place, values[i]);
      if (count === 0) return false;
      writeRecord(records, record, stepLow, stepHigh, this.fields[place].type, count);
      record += recordWords;
      value += count;
      place++;
    }
    this.record = record;
    this.value = value;
    this.rowCount = rowCount;
    this.step = step;
    this.field = place - 1;
    return true;
  }

  /** Returns how many values it has written, or 0. */
  #writeValue({ cells }: Tail, at: number, place: number, value: unknown): number {
    const { values } = cells;
    const field = this.fields[place];
    const lengthMax = values.length - at;
    if (lengthMax <= 0) return 0;
    if (typeof value === "number" && this.#takesNumbers[place]) values[at] = value;
    else if (typeof value === "boolean" && this.#takesBooleans[place]) values[at] = value ? 1 : 0;
    else if (typeof value === "number" || typeof value === "boolean") {
      return writeNarrowed(cells, at, field, Number(value)) ? 1 : 0;
    } else return writePlainList(cells, at, field, value as FieldValue, lengthMax);
    return 1;
  }
}
