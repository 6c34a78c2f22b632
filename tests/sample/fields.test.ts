import assert from "node:assert/strict";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import { dtypes } from "../support/sampler/cases.ts";
import { withSeed } from "../support/sampler/compare.ts";
import { fromBfloat16, roundTo, type ValueDtype } from "../support/sampler/rounding.ts";
import { Random } from "../support/support.ts";

type Numbers = Float32Array | Float64Array | Float16Array | Uint16Array;

const classes: Readonly<Record<ValueDtype, string>> = {
  float32: "Float32Array",
  float64: "Float64Array",
  float16: "Float16Array",
  bfloat16: "Uint16Array",
};

function numbersOf(values: Numbers, dtype: ValueDtype): number[] {
  return dtype === "bfloat16" ? Array.from(values, fromBfloat16) : Array.from(values);
}

/** Numbers at, just below and just above every border of rounding. */
function borders(): number[] {
  const numbers = [
    0,
    1,
    65504,
    65519.99,
    65520,
    3.4e38,
    3.4028235677973366e38,
    1e308,
    5e-324,
    2 ** -149,
    Infinity,
    NaN,
  ];
  for (const bits of [7, 8, 10, 11, 23, 24]) {
    for (const exponent of [-133, -126, -24, -14, -1, 0, 3, 15, 100]) {
      const half = (1 + 2 ** -bits) * 2 ** exponent;
      const odd = (1 + 3 * 2 ** -bits) * 2 ** exponent;
      numbers.push(
        half,
        half * (1 + 2 ** -52),
        half * (1 - 2 ** -53),
        odd,
        odd * (1 + 2 ** -52),
        odd * (1 - 2 ** -53),
      );
    }
  }
  return numbers.flatMap((number) => [number, -number]);
}

test("next() rounds float64 values to the nearest, of two as near to the even one, in every dtype", () => {
  const random = new Random(1);
  const wide = () => (random.float() - 0.5) * 2 ** (random.below(320) - 160);
  const numbers = [...borders(), ...Array.from({ length: 3000 }, wide)];
  using store = new StreamStore({ a: 0 });
  store.append(0, { a: numbers });
  for (const values of dtypes) {
    const wanted = numbers.map((number) => roundTo(number, values));
    const tokens = store.sampler({ tokens: numbers.length, batchSize: 1, output: { values } }).next()!;
    assert.equal(tokens.values.constructor.name, classes[values]);
    assert.deepEqual(numbersOf(tokens.values, values), wanted, `${values}, tokens`);
    const rows = store.sampler({ steps: 1, fields: { a: numbers.length }, batchSize: 1, output: { values } })
      .next()!;
    assert.equal(rows.fields.a.values.constructor.name, classes[values]);
    assert.deepEqual(numbersOf(rows.fields.a.values, values), wanted, `${values}, fields`);
  }
});

test("next() gives int64 and uint64 values as the nearest float", () => {
  const random = new Random(2);
  const drawn = Array.from({ length: 2000 }, () => {
    const bits = BigInt(random.below(2 ** 32)) << 32n | BigInt(random.below(2 ** 32));
    return bits >> BigInt(random.below(64));
  });
  const edges = [
    0n,
    1n,
    2n ** 53n - 1n,
    2n ** 53n + 1n,
    2n ** 62n + 2n ** 38n + 1n,
    2n ** 63n - 1n,
    65519n,
    65520n,
  ];
  const unsigned = [...edges, 2n ** 63n, 2n ** 64n - 1n, ...drawn];
  const signed = [...edges, -1n, -(2n ** 63n), ...drawn.map((bits) => BigInt.asIntN(64, bits))];
  using store = new StreamStore({ a: { type: 0, dtype: "int64" }, b: { type: 1, dtype: "uint64" } });
  store.append(0, { a: signed, b: unsigned });
  for (const values of dtypes) {
    const [a, b] = [signed, unsigned].map((numbers) => numbers.map((number) => roundTo(number, values)));
    const tokens = store.sampler({ tokens: store.length, batchSize: 1, output: { values } }).next()!;
    assert.deepEqual(numbersOf(tokens.values, values), [...a, ...b], `${values}, tokens`);
    const fields = { a: signed.length, b: unsigned.length };
    const rows = store.sampler({ steps: 1, fields, batchSize: 1, output: { values } }).next()!;
    assert.deepEqual(numbersOf(rows.fields.a.values, values), a, `${values}, int64`);
    assert.deepEqual(numbersOf(rows.fields.b.values, values), b, `${values}, uint64`);
  }
});

test("next() has null for columns that are not wanted, and the others have their classes", () => {
  using store = new StreamStore({ a: 0 });
  for (let step = 0; step < 10; step++) store.append(step - 3, { a: step });
  const all = store.sampler({ tokens: 4, batchSize: 3 }).next()!;
  assert.deepEqual(
    [all.values, all.types, all.steps, all.starts, all.lengths, all.mask].map(({ constructor }) =>
      constructor.name
    ),
    ["Float32Array", "Int32Array", "BigInt64Array", "Float64Array", "Int32Array", "Uint8Array"],
  );
  assert.deepEqual([all.size, all.values.length, all.starts.length, all.mask.length], [3, 12, 3, 12]);
  assert.deepEqual([all.ids, all.probabilities, all.weights, all.sources], [null, null, null, null]);
  const none = store.sampler({ tokens: 4, batchSize: 3, output: { values: null, types: null, steps: null } })
    .next()!;
  assert.deepEqual([none.values, none.types, none.steps], [null, null, null]);
  assert.deepEqual([...none.lengths], [4, 4, 4]);
  const order = "sequential";
  const floats = store.sampler({ tokens: 4, batchSize: 1, order, output: { steps: "float64" } }).next()!;
  assert.deepEqual(floats.steps, Float64Array.of(-3, -2, -1, 0));
});

test("next() gives int64 steps exactly", () => {
  using store = new StreamStore({ a: 0 });
  const steps = [-(2n ** 63n), -1n, 2n ** 53n + 1n, 2n ** 63n - 1n];
  for (const step of steps) store.append(step, { a: 0 });
  const options = { batchSize: 1, order: "sequential" } as const;
  assert.deepEqual([...store.sampler({ ...options, tokens: 4 }).next()!.steps], steps);
  assert.deepEqual([...store.sampler({ ...options, steps: 4, fields: { a: 1 } }).next()!.steps], steps);
  const floats = store.sampler({ ...options, tokens: 4, output: { steps: "float64" } }).next()!;
  assert.deepEqual([...floats.steps], steps.map(Number));
});

test("next() masks or cuts fields that are absent, shorter or longer than their width, or throws", () => {
  using store = new StreamStore({ a: 0, list: 1 });
  const lists = [[1, 2], undefined, [], [3], [4, 5, 6]];
  lists.forEach((list, step) => store.append(step, { a: step, list }));
  const options = { steps: 5, batchSize: 1 } as const;
  const wide = store.sampler({ ...options, fields: { list: 4 } }).next()!.fields.list;
  assert.deepEqual([...wide.values], [1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 4, 5, 6, 0]);
  assert.deepEqual([...wide.mask], [1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 0]);
  const cut = store.sampler({ ...options, fields: { list: 2, a: 1 }, truncate: true }).next()!.fields;
  assert.deepEqual([...cut.list.values], [1, 2, 0, 0, 0, 0, 3, 0, 4, 5]);
  assert.deepEqual([...cut.list.mask], [1, 1, 0, 0, 0, 0, 1, 0, 1, 1]);
  assert.deepEqual([...cut.a.values], [0, 1, 2, 3, 4]);
  const sampler = store.sampler({ ...options, fields: { list: 2 } });
  const state = sampler.state();
  assert.throws(() => sampler.next(), {
    name: "RangeError",
    message:
      'Cannot sample: "list" must have <= 2 values a row, got 3 in row 4; fields sets the width, truncate cuts',
  });
  assert.deepEqual(sampler.state(), state);
});

test("next() cuts rows of more tokens than the output is wide at the padded side, or throws", () => {
  using store = new StreamStore({ a: 0, list: 1 });
  for (let step = 0; step < 4; step++) store.append(step, { a: step, list: [10 * step, 10 * step + 1] });
  const options = { steps: 2, tokens: 4, batchSize: 1, order: "sequential" } as const;
  assert.throws(() => store.sampler(options).next(), {
    name: "RangeError",
    message:
      "Cannot sample: the rows of a window must have <= 4 tokens, got 6 from row 0 on; tokens sets the width, truncate cuts",
  });
  const left = store.sampler({ ...options, truncate: true }).next()!;
  assert.deepEqual([[...left.values], left.lengths[0]], [[0, 0, 1, 1], 4]);
  const right = store.sampler({ ...options, truncate: true, boundary: "pad-left" });
  assert.deepEqual([...right.next()!.values], [0, 0, 0, 1]);
  assert.deepEqual([...right.next()!.values], [1, 1, 10, 11]);
  const wide = store.sampler({ ...options, tokens: 7 }).next()!;
  assert.deepEqual([[...wide.values], [...wide.mask]], [[0, 0, 1, 1, 10, 11, 0], [1, 1, 1, 1, 1, 1, 0]]);
  // Without `tokens` the width is that of the widest row when the sampler is made.
  const made = store.sampler({ steps: 2, batchSize: 1 });
  assert.equal(made.next()!.values.length, 6);
  store.append(4, { a: 4, list: [1, 2, 3, 4, 5, 6] });
  assert.throws(() => {
    for (let draw = 0; draw < 100; draw++) made.next();
  }, /must have <= 6 tokens, got 10 from row 3 on/);
});

test("next() pads with 0 in every array, whatever the arrays held before", () => {
  using store = new StreamStore({ a: 0 });
  for (let step = 1; step <= 3; step++) store.append(step, { a: step });
  for (const boundary of ["pad-left", "pad-right"] as const) {
    const order = "sequential";
    const tokens = store.sampler({ tokens: 3, batchSize: 3, boundary, order });
    const out = tokens.allocate();
    for (const array of [out.values, out.types, out.mask]) array.fill(99);
    out.steps.fill(99n);
    tokens.next(out);
    const expected = boundary === "pad-left" ? [0, 0, 1, 0, 1, 2, 1, 2, 3] : [1, 2, 3, 2, 3, 0, 3, 0, 0];
    assert.deepEqual([...out.values], expected);
    assert.deepEqual([...out.steps].map(Number), expected);
    assert.deepEqual([...out.mask], expected.map((value) => value > 0 ? 1 : 0));
    assert.deepEqual([...out.types], new Array(9).fill(0));
    const rows = store.sampler({ steps: 3, fields: { a: 1 }, batchSize: 3, boundary, order });
    const dense = rows.allocate();
    for (const array of [dense.fields.a.values, dense.fields.a.mask, dense.mask]) array.fill(99);
    rows.next(dense);
    assert.deepEqual([...dense.fields.a.values], expected);
    assert.deepEqual([...dense.fields.a.mask], [...out.mask]);
    assert.deepEqual([...dense.mask], [...out.mask]);
    assert.deepEqual([...dense.lengths], boundary === "pad-left" ? [1, 2, 3] : [3, 2, 1]);
  }
});

test("next() normalizes in float64, by given moments, before it rounds", () => {
  for (let seed = 1; seed <= 5; seed++) {
    const random = new Random(seed);
    const numbers = Array.from({ length: 50 }, () => random.float() * 1000);
    using store = new StreamStore({ a: 0, b: { type: 1, dtype: "int64" }, c: 2 });
    numbers.forEach((number, step) => store.append(step, { a: number, b: BigInt(step) - 20n, c: number }));
    const a = { mean: random.float() * 100, standardDeviation: random.float() + 0.1 };
    const b = { mean: 2, standardDeviation: 0 };
    for (const values of dtypes) {
      withSeed(seed, values, () => {
        const scaled = numbers.flatMap((number, step) => [
          roundTo((number - a.mean) * (1 / a.standardDeviation), values),
          roundTo(step - 20 - 2, values),
          roundTo(number, values),
        ]);
        const options = { normalize: { a, b }, batchSize: 1, output: { values } } as const;
        const tokens = store.sampler({ ...options, tokens: 150 }).next()!;
        assert.deepEqual(numbersOf(tokens.values, values), scaled);
        const { fields } = store.sampler({ ...options, steps: 50, fields: { a: 1, b: 1, c: 1 } }).next()!;
        const dense = [fields.a.values, fields.b.values, fields.c.values].map((column) =>
          numbersOf(column, values)
        );
        assert.deepEqual(dense[0].flatMap((number, row) => [number, dense[1][row], dense[2][row]]), scaled);
      });
    }
  }
});

test("next() with normalize: true takes the moments of what the store holds, and leaves padding 0", () => {
  using store = new StreamStore({ a: 0, constant: 1 });
  const numbers = [3, 5, 5, 11];
  numbers.forEach((a, step) => store.append(step, { a, constant: 7 }));
  const sampler = store.sampler({
    steps: 5,
    fields: { a: 1, constant: 1 },
    boundary: "pad-right",
    order: "sequential",
    batchSize: 1,
    normalize: true,
    output: { values: "float64" },
  });
  const { fields } = sampler.next()!;
  // The mean is 6, and the sum of squares of what differs from it 36.
  const allowed = [Math.sqrt(36 / 4), Math.sqrt(36 / 3)].map((deviation) =>
    numbers.map((a) => (a - 6) / deviation)
  );
  const got = [...fields.a.values].slice(0, 4);
  const isNear = allowed.some((wanted) => wanted.every((value, i) => Math.abs(value - got[i]) < 1e-12));
  assert.ok(isNear, `got ${got}, wanted one of ${JSON.stringify(allowed)}`);
  assert.deepEqual([...fields.constant.values], [0, 0, 0, 0, 0]);
  assert.equal(fields.a.values[4], 0);
});
