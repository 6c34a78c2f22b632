/**
 * What the writers under test write: every step's content follows from its number, so that whoever finds a step can
 * tell whether it is whole and whether somebody ever wrote it.
 */
import assert from "node:assert/strict";
import type { ColumnsInput, Dtype, StreamStore } from "../../mod.ts";

/** `observation` varies in length and may be empty; most rows lack `extra`; `sum` is a checksum of the row. */
function fieldsOf<const Own extends readonly Dtype[]>([action, observation, extra, sum]: Own) {
  return {
    action: { type: 3, dtype: action },
    observation: { type: 7, dtype: observation },
    extra: { type: 1, dtype: extra },
    sum: { type: 0, dtype: sum },
  };
}

/** The stores under test: of wide values, of narrow ones that differ, of one narrow dtype, of rows alike, of one field. */
export const fieldsBy = {
  wide: fieldsOf(["float64", "float64", "int64", "float64"]),
  narrow: fieldsOf(["float32", "float16", "int32", "uint32"]),
  uint16: fieldsOf(["uint16", "uint16", "uint16", "uint16"]),
  alike: fieldsOf(["float32", "float32", "float32", "float32"]),
  single: { observation: { type: 7, dtype: "uint16" } },
} as const;

export type Widths = keyof typeof fieldsBy;

export const fields = fieldsBy.wide;

export type Content = StreamStore<typeof fields>;

/** Of the stores under test, which one this is. */
export function widthsOf(store: Pick<StreamStore, "fields">): Widths {
  const { fields } = store;
  if (fields.length === 1) return "single";
  const [action, observation] = fields.map(({ dtype }) => dtype);
  if (action === "float32") return observation === "float32" ? "alike" : "narrow";
  return action === "float64" ? "wide" : "uint16";
}

/** One step, as `append` takes it. */
export interface StepContent {
  readonly action: number;
  readonly observation: number[];
  readonly extra: bigint | number | null;
  readonly sum: number;
}

/** Steps are written in blocks of so many, some of them by one call of `appendColumns`: all of the block or nothing. */
export const blockSteps = 32;

export function isColumnsBlock(step: number): boolean {
  return mix(Math.floor(step / blockSteps), 99) % 4 === 0;
}

/** Steps that a writer may append by two calls: until the second the last row is open, whoever has written the first. */
export function isSplit(step: number, widths: Widths): boolean {
  return widths !== "single" && !isColumnsBlock(step) && mix(step, 31) % 8 === 0;
}

export function contentOf(step: number, widths: Widths = "wide"): StepContent {
  if (widths === "wide") return wideContentOf(step);
  if (widths === "alike") return alikeContentOf(step);
  const narrow = narrowContentOf(step, widths);
  return widths === "single" ? { observation: narrow.observation } as StepContent : narrow;
}

/** The fields of the first call of two. */
export function firstPartOf({ action, observation }: StepContent): StepContent {
  return { action, observation } as StepContent;
}

/** What all rows have, so that blocks of them have one layout. */
function alikeContentOf(step: number): StepContent {
  const [action, ...observation] = [1, 2, 3, 4].map((salt) => mix(step, salt) / 1024);
  return { action, observation, extra: null, sum: step % 2 ** 24 };
}

function wideContentOf(step: number): StepContent {
  const action = mix(step, 1) / 8;
  const length = mix(step, 2) % 10;
  const observation = Array.from({ length }, (_, i) => mix(step, 3 + i) / 1024);
  const hasExtra = !isColumnsBlock(step) && mix(step, 20) % 4 === 0;
  const extra = hasExtra ? BigInt(step) << 32n : null;
  const sum = observation.reduce((total, value) => total + value, step + action + (hasExtra ? 1 : 0));
  return { action, observation, extra, sum };
}

/** The same shape in numbers that fit: halves have 11 bits. */
function narrowContentOf(step: number, widths: Widths): StepContent {
  const wide = wideContentOf(step);
  const isOneDtype = widths !== "narrow";
  const action = isOneDtype ? mix(step, 1) & 0xffff : wide.action;
  const observation = wide.observation.map((value) => {
    return isOneDtype ? 1024 * value & 0xffff : (1024 * value & 0x3ff) / 16;
  });
  const extra = wide.extra === null ? null : mix(step, 21) & 0x7fff;
  const whole = observation.reduce((total, value) => total + 16 * value, step + 8 * action + (extra ?? 0));
  return { action, observation, extra, sum: isOneDtype ? whole & 0xffff : whole >>> 0 };
}

/** Steps `[from, to)`, as `appendColumns` takes them. */
export function columnsOf(
  from: number,
  to: number,
  widths: Widths = "wide",
): ColumnsInput<keyof typeof fields> {
  const steps = Array.from({ length: to - from }, (_, i) => from + i);
  const contents = steps.map((step) => contentOf(step, widths));
  const offsets = [0];
  for (const { observation } of contents) offsets.push(offsets.at(-1)! + observation.length);
  const observation = { values: contents.flatMap(({ observation }) => observation), offsets };
  if (widths === "single") return { step: steps, observation };
  return {
    step: steps,
    action: Float64Array.from(contents, ({ action }) => action),
    observation,
    sum: Float64Array.from(contents, ({ sum }) => sum),
  };
}

/** The rows of a store that are whole, by number: the last may wait for its second part, and is compared as it is. */
export function countWhole(store: StreamStore): number {
  const [last, widths] = [store.rowCount - 1, widthsOf(store)];
  if (last < store.firstRow || !isSplit(last, widths) || "sum" in store.row(last)) return store.rowCount;
  assertRow(last, store.row(last), firstPartOf(contentOf(last, widths)));
  return last;
}

/** Rows `[from, to)` are those of the steps with these numbers, and whole; returns how many were compared. */
export function compareRows(store: StreamStore, from: number, to: number): number {
  const widths = widthsOf(store);
  for (let first = from; first < to; first += 4096) {
    const rows = store.rows(first, Math.min(to, first + 4096));
    rows.forEach((row, i) => compareRow(first + i, row, widths));
  }
  return to - from;
}

function compareRow(step: number, row: Readonly<Record<string, unknown>>, widths: Widths): void {
  const content = contentOf(step, widths);
  let fieldCount = 0;
  let isWhole = row.step === step;
  for (const [name, value] of Object.entries(content)) {
    if (value === null) continue;
    const found = row[name];
    isWhole &&= Array.isArray(value) ? isList(found, value) : found === value;
    fieldCount++;
  }
  if (!isWhole || Object.keys(row).length !== fieldCount + 1) assertRow(step, row, content);
}

function isList(found: unknown, values: readonly number[]): boolean {
  const list = found as ArrayLike<number> | undefined;
  return list?.length === values.length && values.every((value, i) => list[i] === value);
}

/** Says what is wrong with a row that is not as its content. */
function assertRow(step: number, row: Readonly<Record<string, unknown>>, content: StepContent): void {
  const there = Object.entries(content).filter(([, value]) => value !== null);
  const found = Object.entries(row).map(([name, value]) => {
    return [name, ArrayBuffer.isView(value) ? Array.from(value as Float64Array) : value];
  });
  assert.deepEqual(
    Object.fromEntries(found),
    { step, ...Object.fromEntries(there) },
    `Row ${step} is not as it was written`,
  );
}

/** Every column is what its rows have, one after another, from row `from` on, where the stream begins. */
export function compareColumns(store: StreamStore, from: number, to: number): void {
  const contents = Array.from({ length: to - from }, (_, i) => contentOf(from + i, widthsOf(store)));
  for (const { name } of store.fields) {
    const lists = contents.map((content) => [content[name as keyof StepContent] ?? []].flat());
    const { values, width, offsets } = store.column(name);
    const isSame = lists.flat().every((value, i) => values[i] === value) &&
      lists.flat().length === values.length;
    assert.ok(isSame, `column ${name} is not as it was written`);
    let end = 0;
    for (const [row, { length }] of lists.entries()) {
      const found = offsets === null ? (row + 1) * width! : Number(offsets[row + 1]);
      assert.equal(found, end += length, `column ${name} ends elsewhere in row ${from + row}`);
    }
  }
}

/** A stream of so many rows does not end within a block that is written by one call. */
export function compareEnd(rowCount: number): void {
  if (rowCount % blockSteps === 0 || !isColumnsBlock(rowCount)) return;
  assert.fail(`Half a batch is there: ${rowCount % blockSteps} of ${blockSteps} rows, ${rowCount} in all`);
}

/** A whole number below 2^20 that follows from a step and a salt. */
export function mix(step: number, salt: number): number {
  let mixed = Math.imul(step ^ Math.imul(salt, 0x9e3779b1), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 12;
}
