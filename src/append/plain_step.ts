/**
 * The common step, by code made for the fields of one store: an engine reads a property quickest where the code names
 * it, and a loop over the names of a step takes half as long again.
 */
import { isWideInteger } from "../dtypes.ts";
import type { Field } from "../fields.ts";
import { tailRecord, tailState } from "../native/abi.ts";
import { updates } from "../store/connection.ts";
import { int32RangeOf, isAsItIs, writeNarrowed } from "./narrowing.ts";
import { takesFloats, writePlainFloats, writePlainList } from "./plain_lists.ts";
import { placeMax, type Tail } from "./tail.ts";

/** What goes on with each step. */
interface Progress {
  tokenCount: number;
  rowCount: number;
  lastStep: number | bigint;
  lastField: number;
  publish(record: number, value: number, rowCount: number, step: number, field: number): void;
}

/**
 * Writes a step behind what the tail holds and publishes it, if its names are in field order and its values are numbers,
 * booleans, or lists that `writePlainList` takes. Returns false for every other, and where there is no room.
 */
export type PlainStep = (step: number, values: object) => boolean;

/** Where a program allows no code to be made all steps go the long way. */
const takesNone: PlainStep = () => false;

export function plainStepOf(fields: readonly Field[], tail: Tail, progress: Progress): PlainStep {
  const { state, whole } = tail;
  const memory = { tail, state, allRecords: whole.records, allCells: whole.values };
  const known = { ...memory, fields, progress, updates, writeNarrowed, writePlainFloats, writePlainList };
  try {
    return new Function(...Object.keys(known), sourceOf(fields, tail.isCopied))(...Object.values(known));
  } catch (error) {
    if (error instanceof EvalError) return takesNone;
    throw error;
  }
}

/** So many fields are read by one function: engines make longer ones no faster than a loop. Each has a bit of a number. */
const fieldsPerPart = 16;

/** Makes of places, in words of records and in values, numbers of which engines know that they are small: they check no sum. */
const placeMask = 2 * placeMax - 1;

/**
 * The names that a step shows come first, and set the bits of their places, in a number for each part. Each that is read
 * then is taken off: what an object has without showing it counts for as little as it does the long way.
 *
 * Names stand in the code, since those are the very strings that objects have: strings that a program puts together are
 * compared letter by letter. Records are written in line, since how many calls are taken in is limited a function. What
 * stays the same is a parameter of what makes the code, not a constant of its own, whose place would be looked at each
 * time: one store after another has its own, and shares the code with those of the same fields.
 */
function sourceOf(fields: readonly Field[], isCopied: boolean): string {
  const { length } = fields;
  const parts = Array.from(
    { length: Math.ceil(length / fieldsPerPart) },
    (_, i) => fields.slice(fieldsPerPart * i, fieldsPerPart * (i + 1)),
  );
  const isOne = parts.length === 1;
  return `${isOne ? "" : severalSource(parts, length)}
  return (step, values) => {
    const records = allRecords, cells = allCells, { recordsEnd, valuesEnd } = tail;
    if (recordsEnd + ${tailRecord.length * length} > tail.recordsMax) return false;
    if (valuesEnd + ${length} > tail.valuesMax) return false;
    const stepLow = step | 0;
    let stepHigh = stepLow >> 31;
    if (stepLow !== step) {
      if (!Number.isSafeInteger(step)) return false;
      stepHigh = Math.floor(step / ${2 ** 32});
    }
    let place = 0;
    ${isOne ? shownSource(fields) : shownOfSeveralSource(length)}
    let record = recordsEnd & ${placeMask}, value = valuesEnd & ${placeMask}, field = -1;
    ${isOne ? partSource(parts[0], length, "shown") : callsSource(parts)}
    if (field < 0) return false;
    ${isCopied ? "progress.publish(record, value, 1, step, field);" : publishSource()}
    return true;
  };`;
}

/** From a place on, a name is looked for among the fields that are left. */
function shownSource(fields: readonly Field[]): string {
  const cases = fields.map(({ name, position }) => `
        case ${position}:
          place = ${position + 1};
          if (name === ${JSON.stringify(name)}) { shown += ${1 << position}; continue; }`);
  return `let shown = 0;
    for (const name in values) {
      switch (place) { ${cases.join("")}
        default: return false;
      }
    }`;
}

/** The same by a loop: of many fields all that is read stands in other functions, and this one stays small. */
function shownOfSeveralSource(fieldCount: number): string {
  return `shown.fill(0);
    for (const name in values) {
      while (names[place] !== name) if (++place >= ${fieldCount}) return false;
      shown[place / ${fieldsPerPart} | 0] += 1 << place++ % ${fieldsPerPart};
    }`;
}

/** As `progress.publish` does where nothing is copied: its calls take a tenth of a step. */
function publishSource(): string {
  return `
    state[${tailState.publishedCount}] = record / ${tailRecord.length};
    if (recordsEnd === 0) updates.count++;
    tail.recordsEnd = record;
    tail.valuesEnd = value;
    progress.tokenCount += value - valuesEnd;
    progress.rowCount++;
    progress.lastStep = step;
    progress.lastField = field;`;
}

/** A function for each part, which goes on where the one before has ended. */
function severalSource(parts: readonly (readonly Field[])[], fieldCount: number): string {
  const bodies = parts.map((fields, i) => `
    const part${i} = (stepLow, stepHigh, values) => {
      const records = allRecords, cells = allCells;
      let { record, value, field } = end;
      ${partSource(fields, fieldCount, `shown[${i}]`)}
      end.record = record;
      end.value = value;
      end.field = field;
      return true;
    };`);
  return `
    const names = ${JSON.stringify(parts.flat().map(({ name }) => name))};
    const shown = new Int32Array(${parts.length});
    const end = { record: 0, value: 0, field: 0 };${bodies.join("")}`;
}

function callsSource(parts: readonly unknown[]): string {
  return `
    end.record = record;
    end.value = value;
    end.field = field;
    ${parts.map((_, i) => `if (!part${i}(stepLow, stepHigh, values)) return false;`).join("")}
    ({ record, value, field } = end);`;
}

function partSource(fields: readonly Field[], fieldCount: number, shown: string): string {
  return `
    let left = ${shown}, item;
    ${fields.map((field) => fieldSource(field, fieldCount)).join("")}
    if (left !== 0) return false;`;
}

function fieldSource(field: Field, fieldCount: number): string {
  const { name, position, type } = field;
  return `
    item = values[${JSON.stringify(name)}];
    if (item !== undefined) {
      let count = 1;
      if (typeof item === "number") { ${numberSource(field, "item")} }
      else if (typeof item === "boolean") { ${booleanSource(field)} }
      ${listSource(field, fieldCount)}
      records[record + ${tailRecord.step}] = stepLow;
      records[record + ${tailRecord.step + 1}] = stepHigh;
      records[record + ${tailRecord.type}] = ${type};
      records[record + ${tailRecord.count}] = count;
      record += ${tailRecord.length};
      value = value + count & ${placeMask};
      left -= 1 << ${position % fieldsPerPart};
      field = ${position};
    }`;
}

function numberSource(field: Field, number: string): string {
  if (isAsItIs(field)) return `cells[value] = ${number};`;
  const narrow = `if (!writeNarrowed(tail.cells, value, fields[${field.position}], ${number})) return false;`;
  const range = int32RangeOf(field);
  if (range === null) return narrow;
  const [least, most] = range;
  return `if ((item | 0) === item && item >= ${least} && item <= ${most}) cells[value] = item | 0; else ${narrow}`;
}

/** One of 64 bits is no number in its cell. */
function booleanSource(field: Field): string {
  return isWideInteger(field.dtype) ? numberSource(field, "Number(item)") : "cells[value] = item ? 1 : 0;";
}

/** A list leaves room for the fields after it. Floats are written by a call of their own, which engines take in. */
function listSource(field: Field, fieldCount: number): string {
  const { position } = field;
  const room = `tail.valuesMax - value - ${fieldCount}`;
  const list =
    `else if ((count = writePlainList(tail.cells, value, fields[${position}], item, ${room})) === 0) return false;`;
  if (!takesFloats(field)) return list;
  return `else if (fields[${position}].isList && item instanceof Float32Array && ArrayBuffer.isView(item)) {
        if ((count = writePlainFloats(cells, value, item, ${room})) === 0) return false;
      } ${list}`;
}
