/** What tokens are without a field to decode them by: windows, gathers, and the files, by the rule for cells. */
import assert from "node:assert/strict";
import { readdirSync, statSync } from "node:fs";
import { test } from "node:test";
import { type Dtype, type DtypeArray, StreamStore } from "../../mod.ts";
import { Random } from "../support/support.ts";
import { compareCells } from "../support/typed/compare.ts";
import { type CellRule, cellRule, copiedValue } from "../support/typed/cells.ts";
import type { AnyStore } from "../support/typed/model.ts";
import { arrayOf, borderCells, drawCell, dtypes, isFloat } from "../support/typed/values.ts";
import { withDirectory } from "../torture/scratch.ts";

/** A token: the dtype of its field, and its own bits. */
interface Token {
  readonly dtype: Dtype;
  readonly cell: bigint;
}

/** Lists of every field: all that stands at its dtype's borders, and some of any bits; and the tokens that they are. */
function fill(store: AnyStore, random: Random): Token[] {
  const tokens: Token[] = [];
  for (let step = 0; step < 4; step++) {
    const values = store.fields.map(({ name, dtype }) => {
      const cells = step === 1
        ? []
        : borderCells(dtype).concat(Array.from({ length: 5 }, () => drawCell(random, dtype)));
      tokens.push(...cells.map((cell) => ({ dtype, cell })));
      return [name, arrayOf(dtype, cells)] as const;
    });
    if (step < 2) store.append(step, Object.fromEntries(values) as never);
    else {
      const columns = values.map(([name, list]) => [name, { values: list, width: list.length }]);
      store.appendColumns({ step: [step], ...Object.fromEntries(columns) });
    }
  }
  return tokens;
}

/** Copies in the cells' own kind, in floats, and in arrays that are handed over. */
function compareCopies(store: AnyStore, tokens: readonly Token[], rule: CellRule): void {
  const expectedIn = (into: Dtype) => tokens.map(({ dtype, cell }) => copiedValue(rule, into, dtype, cell));
  const indices = tokens.map((_, i) => i);
  const copies: [Dtype, unknown][] = [
    [rule.kind, store.gather([0], tokens.length).values],
    [rule.kind, store.get(indices).values],
    [
      rule.kind,
      store.gather([0], tokens.length, { values: arrayOf(rule.kind, indices.map(() => 0n)) } as never).values,
    ],
    ["float64", store.gather([0], tokens.length, { values: "float64" }).values],
    ["float32", store.gather(indices, 1, { values: "float32" }).values],
  ];
  for (const [into, values] of copies) {
    const array = values as DtypeArray;
    assert.equal(array.constructor, arrayOf(into, []).constructor, into);
    expectedIn(into).forEach((value, i) => {
      const { dtype, cell } = tokens[i];
      const what = `token ${i}, 0x${cell.toString(16)} of ${dtype}, in ${into}`;
      assert.ok(Object.is(array[i], value), `${what} is ${array[i]}, not ${value}`);
    });
  }
}

/** What the file of cells is called by. */
const letters = (kind: Dtype) =>
  `${isFloat(kind) ? "f" : kind.startsWith("u") ? "u" : "i"}${kind.replace(/\D/g, "")}`;

function compareStore(directory: string, given: readonly Dtype[], random: Random): void {
  const path = `${directory}/${given.join("-")}.stream`;
  const fields = given.map((dtype, i) => [`${i}`, dtype] as const);
  const rule = cellRule(given);
  const store = StreamStore.open(path, { fields }) as unknown as AnyStore;
  const tokens = fill(store, random);
  compareCells(store.window(0, tokens.length), tokens.map(({ dtype, cell }) => [dtype, cell]), rule);
  compareCopies(store, tokens, rule);
  store.close();
  const [file, ...others] = readdirSync(path).filter((name) => name.startsWith("data."));
  assert.deepEqual([file, others], [`data.${letters(rule.kind)}`, []]);
  assert.equal(statSync(`${path}/${file}`).size, rule.bytes * tokens.length);
  using reader = StreamStore.open(path, { mode: "read" });
  const start = random.below(tokens.length);
  const rest = tokens.slice(start).map(({ dtype, cell }) => [dtype, cell] as const);
  compareCells(reader.window(start, rest.length), rest, rule);
  compareCopies(reader, tokens, rule);
}

function compareAll(sets: readonly (readonly Dtype[])[]): Promise<void> {
  return withDirectory((directory) => {
    const random = new Random(17);
    for (const given of sets) {
      try {
        compareStore(directory, given, random);
      } catch (error) {
        throw new Error(`${given}: ${(error as Error).message}`, { cause: error });
      }
    }
  });
}

test("window() and gather() of fields of one dtype have that dtype's own array, bit for bit", () =>
  compareAll(dtypes.flatMap((dtype) => [[dtype], [dtype, dtype, dtype]])));

test("window() and gather() of two dtypes have the array of their widest, and own bits where that does not hold a value", () =>
  compareAll(dtypes.flatMap((one, i) => dtypes.slice(i + 1).map((other) => [one, other] as const))));

test("window() and gather() of many dtypes have one array for all", () => {
  const random = new Random(3);
  const sets = Array.from(
    { length: 20 },
    () => Array.from({ length: 3 + random.below(4) }, () => dtypes[random.below(dtypes.length)]),
  );
  return compareAll(sets);
});

test("close() leaves windows and gathers of the store's own class, and empty", () => {
  const store = new StreamStore({ tokens: "uint16" });
  store.append(0, { tokens: [1, 2, 3] });
  const window = store.window(0, 3);
  store.close();
  assert.deepEqual([window.values, window.bits], [new Uint16Array(0), new Uint16Array(0)]);
});

test("gather() refuses an array of a class that is neither the cells' own nor of floats, with what is allowed", () => {
  using store = new StreamStore({ tokens: "uint16" });
  store.append(0, { tokens: [1, 2, 3] });
  for (const values of [new Int16Array(3), new Uint8Array(3), new BigInt64Array(3), "int16"]) {
    assert.throws(() => store.gather([0], 3, { values } as never), {
      name: "TypeError",
      message: /values must be .*Uint16Array/,
    });
  }
  assert.throws(() => store.gather([0], 3, { values: new Uint16Array(4) }), RangeError);
});
