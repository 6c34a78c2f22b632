/** Everything that reads a store, held against the model, bit for bit. */
import assert from "node:assert/strict";
import type { Dtype, DtypeArray, Window } from "../../../mod.ts";
import type { Random } from "../support.ts";
import { type CellRule, copiedValue, storedBits } from "./cells.ts";
import type { AnyStore, TypedModel } from "./model.ts";
import { arrayOf, cellsOf, isNan, valueOf } from "./values.ts";

/** All of a store, by every way to read it; a few indices and ranges are drawn. */
export function compareStore(store: AnyStore, model: TypedModel, random: Random): void {
  assert.equal(store.length, model.tokens.length);
  assert.equal(store.rowCount, model.rows.length);
  for (const { name } of model.declared) compareColumn(store, model, name);
  compareRows(store, model, 0, model.rows.length);
  compareTokens(store, model, random, true);
  compareStats(store, model);
}

/** One field: its array's class, its bits, and what its rows have of it. */
export function compareColumn(store: AnyStore, model: TypedModel, name: string): void {
  const { values, width, offsets } = store.column(name);
  const dtype = model.dtypeOf(name);
  assertSameArray(values, arrayOf(dtype, model.cellsOf(name)), name);
  const lengths = model.rows.map(({ cells }) => cells.get(name)?.length ?? 0);
  if (new Set(lengths).size <= 1) {
    assert.deepEqual([width, offsets], [lengths[0] ?? width, null], name);
    return;
  }
  const ends = [0];
  for (const length of lengths) ends.push(ends[ends.length - 1] + length);
  assert.deepEqual([width, offsets], [null, Float64Array.from(ends)], name);
}

/** Class and bytes. Numbers alone would not tell -0 from 0, nor one NaN from another. */
export function assertSameArray(found: DtypeArray, expected: DtypeArray, what: string): void {
  assert.equal(found.constructor, expected.constructor, what);
  assert.equal(found.length, expected.length, what);
  const [left, right] = [found, expected].map((array) =>
    new Uint8Array(array.buffer as ArrayBuffer, array.byteOffset, array.byteLength)
  );
  const at = left.findIndex((byte, i) => byte !== right[i]);
  if (at >= 0) {
    const i = Math.floor(at / found.BYTES_PER_ELEMENT);
    assert.fail(`${what}[${i}] is ${found[i]}, not ${expected[i]}, or has other bits`);
  }
}

/**
 * Rows `[from, to)`: single numbers as they are, and lists in the array of their dtype. A reader that is behind may not
 * know yet that a field has lists.
 */
export function compareRows(
  store: AnyStore,
  model: TypedModel,
  from: number,
  to: number,
  isBehind = false,
): void {
  store.rows(from, to).forEach((row, i) => {
    const { step, cells } = model.rows[from + i];
    const where = `row ${from + i}`;
    assert.equal(BigInt(row.step), step, where);
    const names = Object.keys(row).filter((name) => name !== "step");
    assert.deepEqual(names.sort(), [...cells.keys()].sort(), where);
    for (const name of names) {
      const dtype = model.dtypeOf(name);
      const expected = arrayOf(dtype, cells.get(name)!);
      const value = (row as Record<string, unknown>)[name];
      const what = `${name} of ${where}`;
      const isList = isBehind ? typeof value === "object" : model.lists.has(name);
      if (isList) assertSameArray(value as DtypeArray, expected, what);
      else if (!Object.is(value, expected[0]) || expected.length !== 1) {
        assert.fail(`${what} is ${value}, not ${expected[0]}`);
      }
    }
  });
}

type List = ArrayLike<number | bigint>;

/** Faster than `deepEqual` by far. */
function assertSameList(found: List, expected: List, what: string): void {
  assert.equal(found.length, expected.length, what);
  for (let i = 0; i < expected.length; i++) {
    if (found[i] !== expected[i]) assert.fail(`${what}[${i}] is ${found[i]}, not ${expected[i]}`);
  }
}

const unsigned: Readonly<Record<number, Dtype>> = { 8: "uint64", 4: "uint32", 2: "uint16", 1: "uint8" };

/** The class and the bits of a window's two arrays, by the dtype and the own bits of each token. */
export function compareCells(
  window: Pick<Window, "values" | "bits">,
  tokens: readonly (readonly [Dtype, bigint])[],
  rule: CellRule,
): void {
  const bits = unsigned[rule.bytes];
  const found = cellsOf(bits, window.bits);
  const wanted = tokens.map(([dtype, cell]) => storedBits(rule, dtype, cell));
  wanted.forEach((cell, i) => {
    // The NaN of a narrower float may have any payload.
    if (cell === null && !isNan(rule.kind, found[i])) {
      assert.fail(`cell ${i} is no NaN, but 0x${found[i].toString(16)}`);
    }
  });
  const expected = wanted.map((cell, i) => cell ?? found[i]);
  assertSameArray(window.bits, arrayOf(bits, expected), "bits");
  assertSameArray(window.values, arrayOf(rule.kind, expected), "values");
}

/** Types, steps, and numbers of tokens by window, of a part that is drawn or of all; by gather and get; and their rows. */
export function compareTokens(store: AnyStore, model: TypedModel, random: Random, isWhole = false): void {
  const { tokens } = model;
  const from = isWhole ? 0 : random.below(tokens.length + 1);
  const part = isWhole ? tokens : tokens.slice(from, from + 200);
  const window = store.window(from, part.length);
  assertSameList(window.types, part.map(({ type }) => type), "types");
  compareCells(window, part.map(({ type, cell }) => [model.dtypes.get(type)!, cell]), model.rule);
  assertSameList(window.steps, part.map(({ step }) => step), "steps");
  if (tokens.length === 0) return;
  compareCopies(store, model, random);
  const index = random.below(tokens.length);
  const row = store.rowOfToken(index);
  assert.equal(model.rows[row].step, tokens[index].step);
  assert.equal(store.rowOfStep(tokens[index].step), row);
}

function compareCopies(store: AnyStore, { tokens, rule, dtypes }: TypedModel, random: Random): void {
  const length = 1 + random.below(Math.min(40, tokens.length));
  const starts = Array.from({ length: 8 }, () => random.below(tokens.length - length + 1));
  const indices = starts.flatMap((start) => Array.from({ length }, (_, i) => start + i));
  for (const { types, steps, values } of [store.gather(starts, length), store.get(indices)]) {
    assertSameList(types, indices.map((index) => tokens[index].type), "types");
    assertSameList(steps, indices.map((index) => tokens[index].step), "steps");
    const into = dtypeOfArray(values);
    for (const [i, index] of indices.entries()) {
      const { type, cell } = tokens[index];
      const expected = copiedValue(rule, into, dtypes.get(type)!, cell);
      if (!Object.is(values[i], expected)) assert.fail(`token ${index} is ${values[i]}, not ${expected}`);
    }
  }
}

/** By the name of its class, such as BigUint64Array. */
function dtypeOfArray(array: DtypeArray): Dtype {
  return array.constructor.name.replace(/Big|Array/g, "").toLowerCase() as Dtype;
}

/** What statistics count, which no rounding touches. */
function compareStats(store: AnyStore, model: TypedModel): void {
  const stats = store.stats();
  for (const { name, dtype } of model.declared) {
    const cells = model.cellsOf(name);
    const numbers = cells.map((cell) => Number(valueOf(dtype, cell)));
    const finite = numbers.filter(Number.isFinite);
    const { rowCount, missing, count, nonFinite, min, max } = stats[name];
    const absent = model.rows.filter((row) => !row.cells.has(name)).length;
    assert.deepEqual(
      { rowCount, missing, count, nonFinite },
      {
        rowCount: model.rows.length,
        missing: absent,
        count: finite.length,
        nonFinite: numbers.length - finite.length,
      },
      name,
    );
    finite.sort((a, b) => a - b);
    const ends = [finite[0] ?? NaN, finite[finite.length - 1] ?? NaN];
    // -0 counts as 0.
    assert.deepEqual([min, max], ends.map((end) => end + 0), name);
  }
}
