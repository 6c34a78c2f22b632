/**
 * The common step, by code made for the fields of one store: an engine reads a property quickest where the code names
 * it, and a loop over the names of a step takes half as long again.
 */
import { isWideInteger } from "../dtypes.ts";
import type { Field } from "../fields.ts";
import { tailRecord } from "../native/abi.ts";
import { int32RangeOf, isAsItIs, writeNarrowed } from "./narrowing.ts";
import { takesFloats, writePlainFloats, writePlainList } from "./plain_lists.ts";
import type { Tail } from "./tail.ts";

/** How far a step has got in the tail, and the place of its last field. */
export class StepEnd {
  record = 0;
  value = 0;
  field = -1;
}

/**
 * Writes a step behind what the tail holds and notes its end, if its names are in field order and its values are numbers,
 * booleans, or lists that `writePlainList` takes. Returns false for every other, and where there is no room.
 */
export type PlainStep = (tail: Tail, stepLow: number, stepHigh: number, values: object) => boolean;

/** Where a program allows no code to be made all steps go the long way. */
const takesNone: PlainStep = () => false;

export function plainStepOf(fields: readonly Field[], end: StepEnd): PlainStep {
  const known = { fields, end, writeNarrowed, writePlainFloats, writePlainList };
  try {
    return new Function(...Object.keys(known), sourceOf(fields))(...Object.values(known));
  } catch (error) {
    if (error instanceof EvalError) return takesNone;
    throw error;
  }
}

/** So many fields are read by one function: engines make longer ones no faster than a loop. Each has a bit of a number. */
const fieldsPerPart = 16;

/**
 * The names that a step shows come first, and set the bits of their places, in a number for each part. Each that is read
 * then is taken off: what an object has without showing it counts for as little as it does the long way.
 *
 * Names stand in the code, since those are the very strings that objects have: strings that a program puts together are
 * compared letter by letter. Records are written in line, since how many calls are taken in is limited a function.
 */
function sourceOf(fields: readonly Field[]): string {
  const { length } = fields;
  const recordsMax = tailRecord.length * length;
  const bodies = Array.from(
    { length: Math.ceil(length / fieldsPerPart) },
    (_, i) => partSource(fields.slice(fieldsPerPart * i, fieldsPerPart * (i + 1)), length, i),
  );
  const given = "(tail, records, cells, stepLow, stepHigh, values)";
  const isOne = bodies.length === 1;
  const parts = isOne
    ? []
    : bodies.map((body, i) => `const part${i} = ${given} => { ${body} return true; };`);
  const show = isOne
    ? "shown += 1 << place++;"
    : `shown[place / ${fieldsPerPart} | 0] += 1 << place++ % ${fieldsPerPart};`;
  const calls = isOne ? bodies : bodies.map((_, i) => `if (!part${i}${given}) return false;`);
  return `const names = ${JSON.stringify(fields.map(({ name }) => name))};
  ${isOne ? "" : `const shown = new Int32Array(${bodies.length});`}
  ${parts.join("")}
  return (tail, stepLow, stepHigh, values) => {
    const { records, values: cells, recordsEnd, valuesEnd } = tail;
    if (recordsEnd + ${recordsMax} > records.length || valuesEnd + ${length} > cells.length) return false;
    let place = 0;
    ${isOne ? "let shown = 0;" : "shown.fill(0);"}
    for (const name in values) {
      while (names[place] !== name) if (++place >= ${length}) return false;
      ${show}
    }
    end.record = recordsEnd;
    end.value = valuesEnd;
    end.field = -1;
    { ${calls.join("")} }
    return end.field >= 0;
  };`;
}

function partSource(fields: readonly Field[], fieldCount: number, part: number): string {
  return `
    let { record, value, field } = end, left = ${
    fieldCount <= fieldsPerPart ? "shown" : `shown[${part}]`
  }, item;
    ${fields.map((field) => fieldSource(field, fieldCount)).join("")}
    end.record = record;
    end.value = value;
    end.field = field;
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
      value += count;
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
  const room = `cells.length - value - ${fieldCount}`;
  const list =
    `else if ((count = writePlainList(tail.cells, value, fields[${position}], item, ${room})) === 0) return false;`;
  if (!takesFloats(field)) return list;
  return `else if (fields[${position}].isList && item instanceof Float32Array && ArrayBuffer.isView(item)) {
        if ((count = writePlainFloats(cells, value, item, ${room})) === 0) return false;
      } ${list}`;
}
