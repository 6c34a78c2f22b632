/** Rows as objects, beside what plain code makes of the steps that were appended. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Dtype, type FieldEntry, StreamStore } from "../../mod.ts";
import { Random } from "../support/support.ts";

const classes: Readonly<Record<Dtype, { new (values: never): ArrayLike<number | bigint> }>> = {
  float64: Float64Array,
  float32: Float32Array,
  float16: Float16Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  bool: Uint8Array,
};
const dtypes = Object.keys(classes) as Dtype[];

type Value = number | bigint;
type Step = Readonly<Record<string, Value | Value[]>>;

interface Filled {
  readonly store: StreamStore;
  readonly fields: readonly { readonly name: string; readonly dtype: Dtype }[];
  readonly steps: readonly Step[];
}

function valueOf(dtype: Dtype, random: Random): Value {
  const isFloat = dtype.startsWith("float");
  if (isFloat && random.below(20) === 0) return [NaN, -0, Infinity, -Infinity][random.below(4)];
  const number = dtype === "bool" ? random.below(2) : random.below(100) + (isFloat ? 0.5 : 0);
  return dtype.endsWith("int64") ? BigInt(number) * 2n ** 53n + 1n : number;
}

/** Rows that mostly have the same fields, and some of any kind. */
function fill(random: Random, isLong: boolean): Filled {
  const fields = Array.from({ length: 1 + random.below(6) }, (_, i) => ({
    name: ["a", "step 2", '"\\', "ü", "e-1", "done"][i],
    dtype: dtypes[random.below(dtypes.length)],
    width: isLong && i === 0 ? 3000 : random.below(3) === 0 ? [0, 2, 8, 40][random.below(4)] : 1,
    isRare: random.below(4) === 0,
  }));
  const store = new StreamStore(fields.map(({ name, dtype }): FieldEntry => [name, { dtype }]));
  const steps = Array.from({ length: isLong ? 20 : 1200 }, (_, step) => {
    const isOdd = random.below(40) === 0;
    const values: Record<string, Value | Value[]> = {};
    for (const { name, dtype, width, isRare } of fields) {
      if ((isOdd || isRare) && random.below(2) === 0) continue;
      const list = Array.from({ length: isOdd ? random.below(4) : width }, () => valueOf(dtype, random));
      values[name] = list.length === 1 && width === 1 ? list[0] : list;
    }
    store.append(step, values);
    return values;
  });
  return { store, fields, steps };
}

/** Each as its names and values, in order. Lists without a value come last: no token says that they are there. */
function expectedRows({ fields, steps }: Filled): [string, unknown][][] {
  const lists = fields.filter(({ name }) => steps.some((values) => Array.isArray(values[name])));
  const isEmpty = ([, value]: [string, unknown]) => (value as { length?: number }).length === 0;
  return steps.map((values, step) => {
    const entries = fields.filter(({ name }) => name in values).map((field): [string, unknown] => {
      const list = new classes[field.dtype]([values[field.name]].flat() as never);
      return [field.name, lists.includes(field) ? list : list[0]];
    });
    return [["step", step], ...entries.filter((entry) => !isEmpty(entry)), ...entries.filter(isEmpty)];
  });
}

function assertRows(filled: Filled, random: Random): void {
  const { store } = filled;
  const expected = expectedRows(filled);
  const from = random.below(expected.length);
  const to = from + random.below(expected.length - from + 1);
  const row = random.below(expected.length);
  for (const [first, end] of [[0, expected.length], [from, to], [row, row + 1]]) {
    const rows = end === first + 1 ? [store.row(first)] : store.rows(first, end);
    assert.deepEqual(rows.map((found) => Object.entries(found)), expected.slice(first, end));
    assert.ok(rows.every((found) => Object.getPrototypeOf(found) === Object.prototype));
  }
}

test("rows() makes of any steps what was appended: names in their order, arrays of the dtypes", () => {
  for (let seed = 0; seed < 24; seed++) {
    const random = new Random(seed);
    const filled = fill(random, seed % 6 === 5);
    assertRows(filled, random);
    filled.store.close();
  }
});

test("rows() makes the same where a program allows no code to be made", () => {
  const made = globalThis.Function;
  try {
    globalThis.Function = function () {
      throw new EvalError("Code generation from strings disallowed for this context");
    } as unknown as FunctionConstructor;
    const random = new Random(1);
    const filled = fill(random, false);
    assertRows(filled, random);
    filled.store.close();
  } finally {
    globalThis.Function = made;
  }
});

test("rows() gives every list memory that no other has, whatever becomes of it", () => {
  using store = new StreamStore({ list: { dtype: "float32" } });
  const count = 1000;
  for (let step = 0; step < count; step++) store.append(step, { list: [step, -step] });
  const rows = store.rows();
  const lists = rows.map(({ list }) => list as Float32Array<ArrayBuffer>);
  for (const [step, list] of lists.entries()) {
    assert.deepEqual([...list], [step, -step]);
    list.fill(NaN);
  }
  // Those of a buffer that was sent elsewhere are gone with it, and rows that are read then have others.
  lists[count - 1].buffer.transfer();
  assert.deepEqual(
    store.rows(),
    Array.from({ length: count }, (_, step) => ({
      step,
      list: Float32Array.of(step, -step),
    })),
  );
});
