/** Statistics by their definitions, from rows: what those of a store are compared with. */
import assert from "node:assert/strict";
import { FieldStats, StreamStore } from "../../../mod.ts";
import { Random } from "../support.ts";

export const fields = {
  a: 0,
  list: 7,
  rare: -3,
  count: { type: 5, dtype: "int64" },
  size: { type: 6, dtype: "uint64" },
} as const;
export type Name = keyof typeof fields;
export const names = Object.keys(fields) as Name[];
export type Rows = readonly { readonly [name: string]: unknown }[];

export const quantiles = [0, 0.001, 0.1, 0.25, 0.5, 0.75, 0.9, 0.999, 1];
export const errorMax = (1 + 1e-12) / 257;

/** Appends a row drawn at random, sometimes in two steps; sometimes with fields left out, empty lists, and odd values. */
export function appendRandom(store: StreamStore<typeof fields>, random: Random, step: number): void {
  const odd = [NaN, Infinity, -Infinity, -0, 0, 5e-324, 1e-310, 1e150, -1e150, 1e-200];
  const value = () =>
    random.below(30) === 0 ? odd[random.below(odd.length)] : 1e9 + (random.float() - 0.5) * 10;
  const first: Record<string, unknown> = {};
  const later: Record<string, unknown> = {};
  if (random.below(5) > 0) first.a = value();
  if (random.below(5) > 0) first.list = Array.from({ length: random.below(6) }, value);
  if (random.below(20) === 0) later.rare = Math.exp(40 * random.float() - 20) * (random.below(2) - 0.5);
  if (random.below(3) > 0) later.count = BigInt(random.below(2 ** 31)) * BigInt(random.below(2 ** 31)) * -1n;
  if (random.below(3) > 0) later.size = 2n ** 64n - 1n - BigInt(random.below(100));
  if (random.below(2) === 0) store.append(step, { ...first, ...later } as never);
  else {
    store.append(step, first as never);
    if (random.below(4) === 0) store.stats();
    store.append(step, later as never);
  }
}

/** What the statistics must be, by the definitions, from rows. */
export function expectStats(stats: FieldStats, rows: Rows, name: string, state = ""): void {
  const cells = rows.map((row) => row[name]);
  const all = cells.flatMap((cell): number[] =>
    cell === undefined
      ? []
      : Array.from(ArrayBuffer.isView(cell) ? cell as unknown as ArrayLike<number> : [cell as number], Number)
  );
  const values = all.filter(Number.isFinite).sort((a, b) => a - b);
  assert.equal(stats.rowCount, rows.length, state);
  assert.equal(stats.missing, cells.filter((cell) => cell === undefined).length, `${state} missing`);
  assert.equal(stats.nonFinite, all.length - values.length, state);
  assert.equal(stats.count, values.length, state);
  if (values.length === 0) {
    for (const key of ["min", "max", "mean", "standardDeviation"] as const) {
      assert.ok(Number.isNaN(stats[key]));
    }
    assert.ok(Number.isNaN(stats.quantile(0.5)));
    return;
  }
  assert.equal(stats.min, values[0] + 0, state);
  assert.equal(stats.max, values.at(-1)! + 0, state);
  const [mean, deviation] = momentsOf(values);
  assert.ok(
    isNear(stats.mean, mean, 1e-13 * Math.max(Math.abs(values[0]), Math.abs(values.at(-1)!))),
    `${state} mean ${stats.mean} for ${mean}`,
  );
  assert.ok(
    isNear(stats.standardDeviation, deviation, 1e-10 * deviation),
    `${state} deviation ${stats.standardDeviation} for ${deviation}`,
  );
  for (const q of quantiles) {
    const exact = values[Math.floor(q * (values.length - 1))];
    const bound = q === 0 || q === 1 ? 0 : Math.max(errorMax * Math.abs(exact), 2 ** -1029);
    assert.ok(
      isNear(stats.quantile(q), exact, bound),
      `${state} quantile ${q} is ${stats.quantile(q)} for ${exact}`,
    );
  }
}

export const isNear = (value: number, expected: number, bound: number) => Math.abs(value - expected) <= bound;

/** Mean and deviation in two passes with compensated sums, scaled by a power of two so that nothing overflows. */
export function momentsOf(values: readonly number[]): [number, number] {
  const largest = values.reduce((size, value) => Math.max(size, Math.abs(value)), 0);
  const scale = 2 ** Math.max(-1000, Math.min(1000, Math.ceil(Math.log2(largest || 1))));
  const mean = sumOf(values.map((value) => value / scale)) / values.length;
  const distances = values.map((value) => value / scale - mean);
  const squares = sumOf(distances.map((distance) => distance ** 2)) - sumOf(distances) ** 2 / values.length;
  return [mean * scale, Math.sqrt(squares / values.length) * scale];
}

/** With Neumaier's compensation. */
export function sumOf(values: readonly number[]): number {
  let [sum, rest] = [0, 0];
  for (const value of values) {
    const next = sum + value;
    rest += Math.abs(sum) >= Math.abs(value) ? (sum - next) + value : (value - next) + sum;
    sum = next;
  }
  return sum + rest;
}
