/** Batches whose values are integers, of stores of every width, held against what each value is. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Sampler, StreamStore } from "../../mod.ts";
import { withSeed } from "../support/sampler/compare.ts";
import { grow, makeStore, Model, type ModelToken, type Store } from "../support/sampler/model.ts";
import { declare, wide, widths } from "../support/sampler/widths.ts";
import { Random } from "../support/support.ts";
import { withDirectory } from "../torture/scratch.ts";

const ranges = {
  uint8: [0n, 255n],
  uint16: [0n, 65535n],
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
} as const;
type Integer = keyof typeof ranges;
const integers = Object.keys(ranges) as Integer[];
const classes = { uint8: Uint8Array, uint16: Uint16Array, int32: Int32Array, int64: BigInt64Array };

/** The integer that a value is in a dtype; null where it is none of it. */
function integerOf(value: number | bigint, dtype: Integer): bigint | null {
  if (typeof value === "number" && !Number.isInteger(value)) return null;
  const integer = BigInt(value);
  return integer < ranges[dtype][0] || integer > ranges[dtype][1] ? null : integer;
}

/** What is thrown for a value that is none of a dtype. */
function refusal({ name, value, row }: ModelToken, dtype: Integer): RegExp {
  const got = Object.is(value, -0) ? "-0" : `${value}`;
  const text =
    `Cannot sample: "${name}" must be an integer .* to come as ${dtype}, got ${got} in row ${row}$`;
  return new RegExp(text.replaceAll("+", "\\+"));
}

/** A batch is the wanted values, or the first that is no integer of the dtype is refused. */
function checkBatch(
  next: () => { readonly values: ArrayLike<number | bigint> },
  tokens: readonly (ModelToken | null)[],
  dtype: Integer,
): void {
  const misfit = tokens.find((token) => token !== null && integerOf(token.value, dtype) === null);
  if (misfit != null) return assert.throws(next, { name: "RangeError", message: refusal(misfit, dtype) });
  const { values } = next();
  assert.equal(values.constructor, classes[dtype]);
  const wanted = tokens.map((token) => token === null ? 0n : integerOf(token.value, dtype)!);
  assert.deepEqual(Array.from(values, BigInt), wanted);
}

test("next() gives integers of every cell that is one, and names the value that is none, with its row", () => {
  const kinds = { refused: 0, taken: 0 };
  for (const [seed, [name, dtypes]] of Object.entries({ wide, ...widths }).entries()) {
    const random = new Random(seed);
    const { store, model } = makeStore(random, 60, dtypes);
    for (const dtype of integers) {
      withSeed(seed, `${name} as ${dtype}`, () => {
        const options = { output: { values: dtype }, order: "sequential", batchSize: 1 } as const;
        const tokens = store.sampler({ ...options, tokens: 2 });
        for (let start = 0; start + 2 <= model.tokens.length; start++) {
          const wanted = model.tokens.slice(start, start + 2);
          const isBad = wanted.some(({ value }) => integerOf(value, dtype) === null);
          kinds[isBad ? "refused" : "taken"]++;
          checkBatch(() => tokens.next()!, wanted, dtype);
          // A batch that was refused is drawn again.
          if (isBad) skipTo(tokens, start + 1, model.tokens.length, 2);
        }
        const rows = store.sampler({ ...options, steps: 1, fields: { observation: 3 } });
        for (const row of model.rows.keys()) {
          const own = model.tokens.filter((token) => token.row === row && token.name === "observation");
          const wanted = [...own, null, null, null].slice(0, 3);
          checkBatch(() => rows.next()!.fields.observation as never, wanted, dtype);
          skipTo(rows, row + 1, model.rows.length, 1);
        }
      });
    }
    store.close();
  }
  assert.ok(kinds.refused > 1000 && kinds.taken > 1000, JSON.stringify(kinds));
});

/** Has a sequential sampler go on with another window of its first epoch, over what the store holds. */
function skipTo(
  sampler: Pick<Sampler, "state" | "restore">,
  position: number,
  end: number,
  length: number,
): void {
  const epoch = { epoch: 0, base: 0, end, windows: end - length + 1 };
  sampler.restore({ ...sampler.state(), position, epoch });
}

test("next() gives each field in its own dtype, and the others in that of the output", () => {
  using store = new StreamStore({ id: "int64", observation: "float32", action: "uint8", done: "bool" });
  const ids = [2n ** 53n + 1n, -5n, 7n];
  ids.forEach((id, step) => {
    store.append(step, { id, observation: [step + 0.5, -step], action: 250 + step, done: step === 2 });
  });
  const sampler = store.sampler({
    steps: 3,
    batchSize: 1,
    fields: {
      id: { width: 1, dtype: "int64" },
      observation: 2,
      action: { width: 2, dtype: "uint16" },
      done: { width: 1 },
    },
    output: { values: "float64" },
    normalize: { observation: { mean: 1, standardDeviation: 2 } },
  });
  for (const batch of [sampler.next()!, sampler.next(sampler.allocate())!]) {
    const { id, observation, action, done } = batch.fields;
    assert.deepEqual(id.values, BigInt64Array.from(ids));
    assert.deepEqual(observation.values, Float64Array.of(-0.25, -0.5, 0.25, -1, 0.75, -1.5));
    assert.deepEqual(action.values, Uint16Array.of(250, 0, 251, 0, 252, 0));
    assert.deepEqual(done.values, Float64Array.of(0, 0, 1));
    assert.deepEqual([...action.mask], [1, 0, 1, 0, 1, 0]);
  }
  const wrong = sampler.allocate();
  assert.throws(
    () => sampler.next({ ...wrong, fields: { ...wrong.fields, id: wrong.fields.observation } } as never),
    { message: /out\.fields\.id\.values must be a BigInt64Array, got/ },
  );
});

test("normalize: true leaves fields that come as integers as they are, and to name one is refused", () => {
  using store = new StreamStore({ a: 0, b: 1 });
  for (let step = 0; step < 4; step++) store.append(step, { a: step, b: 10 * step });
  const fields = { a: { width: 1, dtype: "int32" }, b: 1 } as const;
  const options = { steps: 4, batchSize: 1, fields } as const;
  const batch = store.sampler({ ...options, normalize: true }).next()!;
  assert.deepEqual([...batch.fields.a.values], [0, 1, 2, 3]);
  assert.ok(Math.abs(batch.fields.b.values.reduce((sum, value) => sum + value)) < 1e-6);
  const moments = { mean: 0, standardDeviation: 1 };
  const cases: readonly [object, RegExp][] = [
    [
      { ...options, normalize: { a: moments } },
      /normalize\.a must be left out where the field comes as int32/,
    ],
    [
      { tokens: 2, normalize: true, output: { values: "uint8" } },
      /normalize must be left out where output\.v/,
    ],
    [{ tokens: 2, normalize: { b: moments }, output: { values: "int64" } }, /normalize must be left out/],
    [
      { ...options, fields: { a: { width: 1, dtype: "int8" } } },
      /fields\.a\.dtype must be float32 or .* "int8"/,
    ],
    [{ ...options, fields: { a: { width: 0 } } }, /fields\.a\.width must be a positive integer/],
    [
      { ...options, fields: { a: { dtype: "int32" } } },
      /fields\.a\.width must be a positive integer .* undef/,
    ],
    [
      { ...options, fields: { a: { width: 1, dtpye: "int32" } } },
      /an option must be one of fields\.a\.width/,
    ],
    [{ ...options, fields: { a: null } }, /fields\.a must be a positive integer .* got null/],
    [{ ...options, fields: { a: [1] } }, /fields\.a/],
  ];
  for (const [given, message] of cases) assert.throws(() => store.sampler(given as never), { message });
  let reads = 0;
  const hostile = {
    get width() {
      return ++reads;
    },
  };
  const { fields: read } = store.sampler({ ...options, fields: { b: hostile } }).next()!;
  assert.deepEqual([reads, read.b.width, read.b.values.length], [1, 1, 4]);
});

test("a language model's tokens come as the uint16 that they are, from every sampler", async () =>
  await withDirectory(async (directory) => {
    using store = StreamStore.open(`${directory}/text.stream`, { fields: { token: "uint16" } });
    const random = new Random(3);
    const text = Uint16Array.from({ length: 3000 }, () => random.below(2 ** 16));
    store.appendColumns({ step: text.keys().toArray(), token: text });
    const options = {
      tokens: 65,
      batchSize: 8,
      seed: 5,
      output: { values: "uint16", types: null, steps: null },
    };
    const asked = options as typeof options & { output: { values: "uint16"; types: null; steps: null } };
    const plain = store.sampler(asked).next()!;
    for (let slot = 0; slot < 8; slot++) {
      const start = plain.starts[slot];
      assert.deepEqual(plain.values.slice(65 * slot, 65 * slot + 65), text.slice(start, start + 65));
    }
    using ahead = store.sampler({ ...asked, prefetch: 2 });
    assert.deepEqual((await ahead.next())!.values.slice(), plain.values);
    const mixture = StreamStore.mixture([store], asked).next()!;
    assert.deepEqual(mixture.values.slice(0, 65), text.slice(mixture.starts[0], mixture.starts[0] + 65));
    const { values } = store.context({ tokens: 9, output: { values: "uint16" } });
    assert.deepEqual(values, text.slice(-9));
    assert.throws(
      () => store.sampler({ ...asked, output: { values: "uint8" } }).next(),
      /"token" must be an integer from 0 to 255 to come as uint8, got \d+ in row \d+$/,
    );
  }));

test("context() names the row of a value that is no integer, also of one that is in the tail", () => {
  using store: Store = new StreamStore(declare(wide));
  const model = new Model();
  grow(store, model, new Random(2), 30);
  store.flush();
  store.append(1000, { action: 5n });
  store.append(1001, { action: 2n ** 40n });
  const message = new RegExp(
    `^Cannot read a context: "action" must be .* to come as uint8, got ${2 ** 40} in row ${
      model.rows.length + 1
    }$`,
  );
  const fields = { action: { width: 1, dtype: "uint8" } } as const;
  assert.throws(() => store.context({ steps: 2, fields }), { message });
  assert.throws(() => store.context({ tokens: 2, output: { values: "uint8" } }), { message });
});
