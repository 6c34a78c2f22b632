/** Compares windows of batches with what the oracle says. */
import assert from "node:assert/strict";
import type { Model } from "./model.ts";
import { type Form, type ModelWindow, placesOf, rowsOf, type Rule } from "./oracle.ts";
import { fromBfloat16 } from "./rounding.ts";
import type { Name } from "./widths.ts";

type Numbers = ArrayLike<number>;

export interface TokenBatch {
  readonly size: number;
  readonly starts: Numbers;
  readonly lengths: Numbers;
  readonly mask: Numbers;
  readonly steps: ArrayLike<number | bigint> | null;
  readonly values?: Numbers | null;
  readonly types?: Numbers | null;
  readonly fields?: {
    readonly [name: string]: { readonly width: number; readonly values: Numbers; readonly mask: Numbers };
  };
}

/** Throws unless the window in a batch's slot is this one, in every array. */
export function compareWindow(
  batch: TokenBatch,
  slot: number,
  model: Model,
  rule: Rule,
  window: ModelWindow,
  form: Form,
): void {
  const where = `the window from ${window.start} on, ${window.length} ${rule.unit}`;
  same(batch.starts[slot], window.start, `start of ${where}`);
  if (batch.fields !== undefined) return compareFields(batch, slot, model, rule, window, form, where);
  const places = placesOf(model, rule, window, form);
  same(batch.lengths[slot], places.filter((place) => place !== null).length, `length of ${where}`);
  places.forEach((place, i) => {
    const at = slot * form.width + i;
    same(batch.mask[at], place === null ? 0 : 1, `mask[${i}] of ${where}`);
    if (batch.steps !== null) compareStep(batch.steps[at], place?.step ?? 0n, `steps[${i}] of ${where}`);
    if (batch.types != null) same(batch.types[at], place?.type ?? 0, `types[${i}] of ${where}`);
    if (batch.values == null) return;
    same(numberOf(batch.values, at, form), place?.value ?? 0, `values[${i}] of ${where}`);
  });
}

function compareFields(
  batch: TokenBatch,
  slot: number,
  model: Model,
  rule: Rule,
  window: ModelWindow,
  form: Form,
  where: string,
): void {
  same(batch.lengths[slot], window.length, `length of ${where}`);
  for (const [name, { width, values, mask }] of Object.entries(batch.fields!)) {
    rowsOf(model, rule, window, form, name as Name).forEach((row, i) => {
      const place = slot * rule.length + i;
      same(batch.mask[place], row === null ? 0 : 1, `mask[${i}] of ${where}`);
      if (batch.steps !== null) compareStep(batch.steps[place], row?.step ?? 0n, `steps[${i}] of ${where}`);
      for (let k = 0; k < width; k++) {
        const value = row?.values[k];
        const what = `${name}[${i}, ${k}] of ${where}`;
        same(mask[place * width + k], value === undefined ? 0 : 1, `mask of ${what}`);
        same(numberOf(values, place * width + k, form), value ?? 0, what);
      }
    });
  }
}

function numberOf(values: Numbers, at: number, { dtype }: Form): number {
  return dtype === "bfloat16" ? fromBfloat16(values[at]) : values[at];
}

function compareStep(got: number | bigint, wanted: bigint, what: string): void {
  if (got !== (typeof got === "bigint" ? wanted : Number(wanted))) {
    assert.fail(`${what} is ${got}, not ${wanted}`);
  }
}

function same(got: number, wanted: number, what: string): void {
  if (!Object.is(got, wanted)) assert.fail(`${what} is ${format(got)}, not ${format(wanted)}`);
}

function format(value: number): string {
  return Object.is(value, -0) ? "-0" : `${value}`;
}

/** Runs a check for a seed, and says in its error which seed and case it was. */
export function withSeed(seed: number, what: string, check: () => void): void {
  try {
    check();
  } catch (error) {
    throw new Error(`seed ${seed}, ${what}: ${(error as Error).message}`, { cause: error });
  }
}
