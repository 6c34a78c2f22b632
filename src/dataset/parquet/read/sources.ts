import type { Bitmap, Source } from "../../../append/batch.ts";
import type { Field } from "../../../fields.ts";
import { ShapeError } from "../../table/sources.ts";
import { clearBits, isSet, setBits } from "../../table/bitmaps.ts";
import { innerCount } from "../../features.ts";
import type { NumberColumn } from "./layout.ts";
import type { Chunk } from "./values.ts";
import { newWords, type Words } from "./values.ts";
import { toSteps } from "../../table/row_steps.ts";
import type { NumberKeys } from "../../sort/keys.ts";
import { numberAt } from "../../value_types.ts";

/** Lays a column chunk of a Parquet file out for a batch. */
export function chunkSource(
  chunk: Chunk,
  column: NumberColumn,
  field: Field,
  rowCount: number,
  nanForNull: boolean,
): Source {
  const isList = column.lists.length > 0;
  const shared = { field, dtype: column.dtype, firstValue: 0, nanForNull, isList };
  if (!isList) {
    const { words, validity } = spread(chunk, column);
    return { ...shared, values: words, width: 1, offsets: null, validity, valueValidity: null };
  }
  const isPlain = chunk.definitions === null && column.lists.length === 1;
  const rows = isPlain ? readPlainLists(chunk, rowCount) : readLists(chunk, column, rowCount);
  checkRows(rows, column);
  const { offsets, validity, nulls: valueValidity } = rows;
  const values = valueValidity === null
    ? chunk.words
    : withRoomForNulls(chunk.words, valueValidity, offsets[rowCount], column);
  return { ...shared, values, width: null, offsets, validity, valueValidity };
}

/** Steps out of a column of integers. */
export function chunkSteps(
  chunk: Chunk,
  column: NumberColumn,
  refuse: (row: number, got: unknown) => Error,
): BigInt64Array {
  const { words, validity } = spread(chunk, column);
  return toSteps(
    chunk.length,
    (row) => validity === null || isSet(validity, row) ? numberAt(words, column.dtype, row) : null,
    refuse,
  );
}

/** What rows are sorted by, out of a column of scalars. */
export function chunkKeys(chunk: Chunk, column: NumberColumn): NumberKeys {
  const { words, validity } = spread(chunk, column);
  return { kind: "numbers", length: chunk.length, values: words, dtype: column.dtype, first: 0, validity };
}

/** Scalars, each in its row's place. */
function spread(chunk: Chunk, column: NumberColumn): { words: Words; validity: Bitmap | null } {
  const { words, definitions, length } = chunk;
  if (definitions === null) return { words, validity: null };
  const bytes = setBits(length);
  for (let row = 0; row < length; row++) {
    if (definitions[row] < column.definitionMax) clearBits(bytes, row, 1);
  }
  const validity = { bytes, firstBit: 0 };
  return { words: withRoomForNulls(words, validity, length, column), validity };
}

function withRoomForNulls(words: Words, present: Bitmap, count: number, { dtype }: NumberColumn): Words {
  const placed = newWords(dtype, count);
  let next = 0;
  for (let i = 0; i < count; i++) if (isSet(present, i)) placed[i] = words[next++];
  return placed;
}

interface Lists {
  readonly offsets: Int32Array;
  readonly validity: Bitmap | null;
  /** A bit for every value, unset where it is null; null where none is. */
  readonly nulls: Bitmap | null;
}

/** Where nothing is null or empty, every value is a slot, and a row begins where a slot repeats nothing. */
function readPlainLists({ repetitions, length }: Chunk, rowCount: number): Lists {
  const offsets = new Int32Array(rowCount + 1);
  let row = 0;
  for (let slot = 0; slot < length; slot++) if (repetitions![slot] === 0) offsets[row++] = slot;
  checkRowCount(row, rowCount);
  offsets[rowCount] = length;
  return { offsets, validity: null, nulls: null };
}

function checkRowCount(found: number, expected: number): void {
  if (found !== expected) throw new Error(`it must have ${expected} rows, has ${found}`);
}

/** Goes through the levels: where rows begin, which of them are null, and which values are. */
function readLists(chunk: Chunk, column: NumberColumn, rowCount: number): Lists {
  const { definitions, length } = chunk;
  const repetitions = chunk.repetitions!;
  const { lists, definitionMax } = column;
  const units = levelUnits(column);
  const offsets = new Int32Array(rowCount + 1);
  const rowBits = setBits(rowCount);
  const nullSlots: number[] = [];
  let hasNullRow = false;
  let [row, value, rowStart] = [-1, 0, 0];
  for (let slot = 0; slot < length; slot++) {
    const repetition = repetitions[slot];
    const definition = definitions === null ? definitionMax : definitions[slot];
    if (repetition === 0) {
      offsets[++row] = value;
      rowStart = value;
      if (definition < lists[0].present) {
        hasNullRow = true;
        clearBits(rowBits, row, 1);
      }
    }
    if (definition < lists[0].entry) continue;
    if (units.length > 1) checkPlace(units, row, value - rowStart, repetition);
    const missing = lists.findIndex(({ entry }) => definition < entry);
    const count = missing < 0 ? 1 : units[missing - 1];
    if (missing >= 0 && definition >= lists[missing].present) throw new ShapeError(row, count, 0);
    if (definition < definitionMax) { for (let i = 0; i < count; i++) nullSlots.push(value + i); }
    value += count;
  }
  checkRowCount(row + 1, rowCount);
  offsets[rowCount] = value;
  const nulls = nullSlots.length > 0 ? { bytes: setBits(value), firstBit: 0 } : null;
  for (const slot of nullSlots) clearBits(nulls!.bytes, slot, 1);
  return { offsets, validity: hasNullRow ? { bytes: rowBits, firstBit: 0 } : null, nulls };
}

/** How many values one entry of each level of lists has, from the outermost inwards; the last level's have one. */
function levelUnits({ layout }: NumberColumn): number[] {
  const units = [1];
  for (const level of layout.levels.slice(1).reverse()) units.unshift(units[0] * (level as number));
  return units;
}

/** The repetition level says in which list a value goes on; with lists of one length, its place in the row says so too. */
function checkPlace(units: readonly number[], row: number, place: number, repetition: number): void {
  const level = units.findIndex((unit) => place % unit === 0);
  const expected = place === 0 ? 0 : level + 1;
  if (repetition === expected) return;
  const found = repetition < expected ? place % units[0] : "more";
  throw new ShapeError(row, units[0] / units[1], found);
}

/** Rows of a fixed length must have it, and all rows whole entries. */
function checkRows({ offsets, validity }: Lists, { layout }: NumberColumn): void {
  const outer = layout.levels[0];
  const entryValues = innerCount(layout);
  if (typeof outer === "string" && entryValues === 1) return;
  for (let row = 0; row < offsets.length - 1; row++) {
    const isNull = validity !== null && !isSet(validity, row);
    const count = offsets[row + 1] - offsets[row];
    const isRight = typeof outer === "number" ? count === outer * entryValues : count % entryValues === 0;
    if (isNull || isRight) continue;
    if (typeof outer === "number") throw new ShapeError(row, outer * entryValues, count);
    throw new ShapeError(row, entryValues, count % entryValues);
  }
}
