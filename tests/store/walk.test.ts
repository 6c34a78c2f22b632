import assert from "node:assert/strict";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import { bitsOf, Model, Random } from "../support/support.ts";

const fields = { a: 4, b: -1, list: 7, count: { type: 9, dtype: "int64" } } as const;

interface Drawn {
  readonly values: Record<string, unknown>;
  readonly cells: Record<string, bigint[]>;
}

/** A scalar of a float64 field, in one of the ways to write it, and its cell. */
function drawScalar(random: Random): [unknown, bigint] {
  const kinds: (() => [unknown, number])[] = [
    () => [true, 1],
    () => [BigInt(random.below(1000)) - 500n, 0],
    () => [NaN, NaN],
    () => [-0, -0],
    () => [-Infinity, -Infinity],
  ];
  const draw = random.below(30) < kinds.length
    ? kinds[random.below(kinds.length)]
    : () => [random.float(), 0] as [number, number];
  const [value, number] = draw();
  return [
    value,
    bitsOf(typeof value === "number" ? value : typeof value === "bigint" ? Number(value) : number),
  ];
}

function drawList(random: Random): [unknown, bigint[]] {
  const length = random.below(50) === 0 ? random.below(3000) : random.below(6);
  const numbers = Array.from({ length }, () => Math.fround(random.float()));
  const list = [Float32Array.from(numbers), Float64Array.from(numbers), numbers][random.below(3)];
  return [list, numbers.map(bitsOf)];
}

function drawStep(random: Random, firstField: number): Drawn {
  const drawn: Drawn = { values: {}, cells: {} };
  const put = (name: string, value: unknown, cells: bigint[]) => {
    drawn.values[name] = value;
    drawn.cells[name] = cells;
  };
  const writers = [
    () => put("a", ...single(drawScalar(random))),
    () => put("b", ...single(drawScalar(random))),
    () => put("list", ...drawList(random)),
    () => {
      const count = (BigInt(random.below(2 ** 31)) << 32n) - 2n ** 62n;
      put("count", count, [count]);
    },
  ];
  writers.forEach((write, field) => {
    if (field >= firstField && random.below(4) > 0) write();
  });
  return drawn;
}

function single([value, cell]: [unknown, bigint]): [unknown, bigint[]] {
  return [value, [cell]];
}

function shuffled(values: Record<string, unknown>, random: Random): Record<string, unknown> {
  const entries = Object.entries(values);
  if (random.below(3) === 0) entries.reverse();
  return Object.fromEntries(entries);
}

/** Reads something small at random and compares it. */
function probe(store: StreamStore<typeof fields>, model: Model, random: Random): void {
  const tokens = model.tokens;
  assert.equal(store.length, tokens.length);
  assert.equal(store.rowCount, model.rows.length);
  if (tokens.length === 0) return;
  const start = random.below(tokens.length);
  const length = random.below(Math.min(200, tokens.length - start) + 1);
  const expected = tokens.slice(start, start + length);
  const window = store.window(start, length);
  assert.deepEqual([...window.bits], expected.map(({ cell }) => cell));
  const { types, steps } = store.gather([start], length, { values: null });
  assert.deepEqual([...types], expected.map(({ type }) => type));
  assert.deepEqual([...steps], expected.map(({ step }) => step));
  const row = random.below(model.rows.length);
  assert.equal(BigInt(store.row(row).step), model.rows[row].step);
  const names = Object.keys(store.row(row)).filter((name) => name !== "step").sort();
  assert.deepEqual(names, [...model.rows[row].cells.keys()].sort());
}

function walk(seed: number): void {
  const random = new Random(seed);
  using store = new StreamStore(fields, { capacity: 1 + random.below(2000) });
  const model = new Model(store.fields);
  let step = random.below(100) - 50;
  for (let round = 0; round < 1500; round++) {
    step += 1 + random.below(3);
    const first = drawStep(random, 0);
    store.append(step, shuffled(first.values, random));
    model.append(step, first.cells);
    // Now and then the same step goes on with the fields that are left.
    if (random.below(5) === 0) {
      const next = ["a", "b", "list", "count"].findLastIndex((name) => name in first.values) + 1;
      const second = drawStep(random, next);
      const names = Object.keys(second.values) as (keyof typeof fields)[];
      store.append(names.map(() => step), names, names.map((name) => second.values[name]) as never);
      model.append(step, second.cells);
    }
    if (random.below(40) === 0) store.flush();
    if (random.below(40) === 0) probe(store, model, random);
  }
  model.expectEqual(store as unknown as StreamStore);
  const { values } = store.column("count");
  assert.deepEqual([...values], model.tokens.filter(({ type }) => type === 9).map(({ cell }) => cell));
}

test("a seeded walk of appends and reads equals a model in plain arrays", () => {
  for (let seed = 1; seed <= 12; seed++) {
    try {
      walk(seed);
    } catch (error) {
      throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error });
    }
  }
});
