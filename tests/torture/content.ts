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

/** The stores under test: of wide values, of narrow ones that differ, and of one narrow dtype. */
export const fieldsBy = {
  wide: fieldsOf(["float64", "float64", "int64", "float64"]),
  narrow: fieldsOf(["float32", "float16", "int32", "uint32"]),
  uint16: fieldsOf(["uint16", "uint16", "uint16", "uint16"]),
} as const;

export type Widths = keyof typeof fieldsBy;

export const fields = fieldsBy.wide;

export type Content = StreamStore<typeof fields>;

/** Of the stores under test, which one this is. */
export function widthsOf(store: Pick<StreamStore, "fields">): Widths {
  const [{ dtype }] = store.fields;
  return dtype === "float64" ? "wide" : dtype === "uint16" ? "uint16" : "narrow";
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

export function contentOf(step: number, widths: Widths = "wide"): StepContent {
  return widths === "wide" ? wideContentOf(step) : narrowContentOf(step, widths);
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
function narrowContentOf(step: number, widths: Exclude<Widths, "wide">): StepContent {
  const wide = wideContentOf(step);
  const isOneDtype = widths === "uint16";
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
  return {
    step: steps,
    action: Float64Array.from(contents, ({ action }) => action),
    observation: { values: contents.flatMap(({ observation }) => observation), offsets },
    sum: Float64Array.from(contents, ({ sum }) => sum),
  };
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
  const { action, observation, extra, sum } = contentOf(step, widths);
  const found = row.observation as Float64Array;
  const isWhole = row.step === step && row.action === action && row.sum === sum &&
    (row.extra ?? null) === extra &&
    found?.length === observation.length && observation.every((value, i) => found[i] === value);
  if (isWhole) return;
  const expected = { step, action, observation: Float64Array.from(observation), sum };
  assert.deepEqual(
    row,
    extra === null ? expected : { ...expected, extra },
    `Row ${step} is not as it was written`,
  );
}

/** A stream of so many rows does not end within a block that is written by one call. */
export function compareEnd(rowCount: number): void {
  if (rowCount % blockSteps === 0 || !isColumnsBlock(rowCount)) return;
  assert.fail(`Half a batch is there: ${rowCount % blockSteps} of ${blockSteps} rows, ${rowCount} in all`);
}

/** A whole number below 2^20 that follows from a step and a salt. */
function mix(step: number, salt: number): number {
  let mixed = Math.imul(step ^ Math.imul(salt, 0x9e3779b1), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 12;
}
