/** Fields at offsets around anchors, held against the rows of a plain model. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { offsetsOf, range, StreamStore } from "../../mod.ts";
import { episodeRules } from "../support/sampler/cases.ts";
import { withSeed } from "../support/sampler/compare.ts";
import { drawStarts } from "../support/sampler/drawing.ts";
import { grow, makeStore, type Model, type Store } from "../support/sampler/model.ts";
import { startRows } from "../support/sampler/oracle.ts";
import { roundTo } from "../support/sampler/rounding.ts";
import { declare, type Name, wide, widths } from "../support/sampler/widths.ts";
import { Random } from "../support/support.ts";
import { withDirectory } from "../torture/scratch.ts";

interface Asked {
  readonly fields: {
    readonly [Key in Name]?: { readonly width: number; readonly offsets: readonly number[] };
  };
  readonly boundary: "edge" | "zero";
  readonly episodes?: ReturnType<typeof episodeRules>[number];
  readonly normalize?: { readonly [Key in Name]?: { mean: number; standardDeviation: number } };
}

interface Given {
  readonly size: number;
  readonly starts: ArrayLike<number>;
  readonly steps: ArrayLike<bigint> | null;
  readonly fields: {
    readonly [name: string]: {
      readonly values: ArrayLike<number>;
      readonly mask: ArrayLike<number>;
      readonly offsetMask: ArrayLike<number>;
      readonly offsets: readonly number[];
    };
  };
}

/** The rows of an anchor's episode that are held. */
function episodeOf(
  model: Model,
  starts: readonly number[],
  anchor: number,
): readonly [first: number, end: number] {
  const first = Math.max(...starts.filter((start) => start <= anchor));
  const end = Math.min(model.rows.length, ...starts.filter((start) => start > anchor));
  return [Math.max(first, model.firstRow), end];
}

/** Every number of a slot is what the model has at its offset. */
function compareSlot(
  batch: Given,
  slot: number,
  model: Model,
  asked: Asked,
  starts = startRows(model, asked.episodes),
): void {
  const anchor = batch.starts[slot];
  const [first, end] = episodeOf(model, starts, anchor);
  if (batch.steps !== null) assert.equal(batch.steps[slot], model.rows[anchor].step);
  for (const [name, { width, offsets }] of Object.entries(asked.fields)) {
    const { values, mask, offsetMask } = batch.fields[name];
    assert.deepEqual(batch.fields[name].offsets, offsets);
    const moment = asked.normalize?.[name as Name];
    for (const [i, offset] of offsets.entries()) {
      const row = anchor + offset;
      const isInside = row >= first && row < end;
      const place = slot * offsets.length + i;
      const what = `${name} of row ${row}, offset ${offset} of anchor ${anchor} in [${first}, ${end})`;
      assert.equal(offsetMask[place], isInside ? 1 : 0, what);
      const near = Math.min(Math.max(row, first), end - 1);
      const cells = isInside || asked.boundary === "edge" ? model.rows[near].cells[name as Name] ?? [] : [];
      for (let k = 0; k < width; k++) {
        const number = moment === undefined || cells[k] === undefined
          ? cells[k]
          : (Number(cells[k]) - moment.mean) * (1 / moment.standardDeviation);
        const wanted = number === undefined ? 0 : roundTo(number, "float32");
        const got = values[place * width + k];
        assert.ok(Object.is(got, wanted), `value ${k} of ${what} is ${got}, not ${wanted}`);
        assert.equal(mask[place * width + k], isInside && k < cells.length ? 1 : 0, `mask ${k} of ${what}`);
      }
    }
  }
}

function drawOffsets(random: Random): number[] {
  if (random.below(2) === 0) return range(-random.below(5), 1 + random.below(9));
  return Array.from({ length: 1 + random.below(4) }, () => random.below(25) - 12);
}

function drawAsked(random: Random, model: Model): Asked {
  const rules = episodeRules(random, model.rows.length, model.dtypes);
  const names = (["observation", "action", "reward"] as const).filter((name) => name in model.dtypes);
  return {
    fields: Object.fromEntries(names.map((name) => [name, { width: 3, offsets: drawOffsets(random) }])),
    boundary: random.below(2) === 0 ? "edge" : "zero",
    episodes: rules[random.below(rules.length)],
    ...(random.below(3) === 0 ? { normalize: { observation: { mean: 1, standardDeviation: 4 } } } : {}),
  };
}

test("next() gives each field's rows around every row of every episode, masked where they lie outside", () => {
  for (const [seed, [name, dtypes]] of Object.entries({ wide, ...widths }).entries()) {
    for (let round = 0; round < 4; round++) {
      const random = new Random(100 * seed + round);
      const { store, model } = makeStore(random, 1 + random.below(50), dtypes);
      const asked = drawAsked(random, model);
      withSeed(seed, `${name}, ${JSON.stringify(asked)}`, () => {
        const sampler = store.sampler({ ...asked, batchSize: 7, order: "sequential" } as never);
        const anchors: number[] = [];
        const starts = startRows(model, asked.episodes);
        for (const batch of sampler as unknown as Iterable<Given>) {
          for (let slot = 0; slot < batch.size; slot++) {
            compareSlot(batch, slot, model, asked, starts);
            anchors.push(batch.starts[slot]);
          }
        }
        assert.deepEqual(anchors, [...model.rows.keys()], "every row is an anchor");
      });
      store.close();
    }
  }
});

const orders = [
  "uniform",
  "shuffle",
  { kind: "recent", steps: 13 },
  { kind: "recent", decay: 0.8 },
  { kind: "prioritized", alpha: 0.5 },
] as const;

test("next() gives the same rows in every order, ahead, in shards, of mixtures, and of a store that grows", async () =>
  await withDirectory(async (directory) => {
    const random = new Random(5);
    using store: Store = StreamStore.open(`${directory}/a.stream`, { fields: declare(wide), capacity: 64 });
    const { model } = makeStore(new Random(0), 0);
    grow(store, model, random, 30);
    const asked = {
      fields: {
        observation: { width: 3, offsets: [-1, 0] },
        action: { width: 1, offsets: range(0, 6) },
        reward: { width: 1, offsets: [0] },
      },
      boundary: "edge",
      episodes: { end: ["terminated", "truncated"] },
    } as const;
    for (const order of orders) {
      const options = { ...asked, order, seed: 3, batchSize: 9 };
      const sampler = store.sampler(options as never) as unknown as { next(): Given };
      for (let round = 0; round < 6; round++) {
        const batch = sampler.next();
        for (let slot = 0; slot < batch.size; slot++) compareSlot(batch, slot, model, asked);
        grow(store, model, random, 7);
      }
    }
    const seeded = { ...asked, seed: 8, batchSize: 6, order: "shuffle", epochs: 1 } as const;
    const all = drawStarts(store.sampler(seeded), Infinity);
    assert.deepEqual([...all].sort((a, b) => a - b), [...model.rows.keys()]);
    const shards = [0, 1, 2].map((index) =>
      drawStarts(store.sampler({ ...seeded, shard: { index, count: 3 } }), Infinity)
    );
    assert.deepEqual(all.map((_, i) => shards[i % 3][Math.floor(i / 3)]), all);
    const [first, resumed] = [store.sampler(seeded), store.sampler({ ...seeded, batchSize: 4 })];
    first.next();
    resumed.restore(JSON.parse(JSON.stringify(first.state())));
    assert.deepEqual([...resumed.next()!.starts], all.slice(6, 10));
    using ahead = store.sampler({ ...seeded, prefetch: 2 });
    for (const wanted of store.sampler(seeded)) {
      const got = (await ahead.next())!;
      assert.deepEqual(got.fields.action.values.slice(), wanted.fields.action.values.slice());
      assert.deepEqual(
        got.fields.observation.offsetMask.slice(),
        wanted.fields.observation.offsetMask.slice(),
      );
      assert.deepEqual(got.starts.slice(), wanted.starts.slice());
    }
    const other = makeStore(new Random(6), 25);
    const models = [model, other.model];
    const sources = [{ store, weight: 1 }, { store: other.store, weight: 2 }];
    const mixture = StreamStore.mixture(sources, { ...asked, batchSize: 40 }).next()!;
    for (let slot = 0; slot < 40; slot++) {
      compareSlot(mixture as unknown as Given, slot, models[mixture.sources![slot]], asked);
    }
    other.store.close();
  }));

test("context() gives the rows before the newest one, and repeats it where later ones are asked for", () => {
  using store: Store = new StreamStore(declare(wide), { capacity: 64 });
  const { model } = makeStore(new Random(0), 0);
  const fields = { observation: { width: 3, offsets: [-2, -1, 0, 1] }, action: { width: 1, offsets: [-5] } };
  for (const episodes of [undefined, { id: "episode" }, { end: ["terminated", "truncated"] }] as const) {
    const asked = { fields, boundary: "edge", ...(episodes === undefined ? {} : { episodes }) } as const;
    const { boundary: _, ...options } = asked;
    grow(store, model, new Random(4), 20, () => {
      const batch = store.context(options as typeof options & { steps: 1 }) as unknown as Given;
      assert.equal(batch.starts[0], model.rows.length - 1);
      compareSlot(batch, 0, model, asked);
    });
  }
});

test("rows that were dropped lie outside of every episode", () => {
  using store = new StreamStore({ a: 0 }, { capacity: 65_536, retain: { rows: 32_000 } });
  const rows = 140_000;
  store.appendColumns({ step: Float64Array.from(range(0, rows)), a: Float64Array.from(range(0, rows)) });
  store.flush();
  assert.ok(store.firstRow > 60_000);
  const fields = { a: { width: 1, offsets: [-3, 0, 3] } };
  const batch = store.sampler({ fields, order: "sequential", batchSize: rows }).next()!;
  assert.equal(batch.size, rows - store.firstRow);
  const held = (row: number) => Math.min(rows - 1, Math.max(store.firstRow, row));
  const anchors = range(store.firstRow, rows);
  const wanted = anchors.flatMap((row) => [held(row - 3), row, held(row + 3)]);
  assert.deepEqual(batch.fields.a.values, Float32Array.from(wanted));
  assert.deepEqual([...batch.fields.a.offsetMask.slice(0, 3)], [0, 1, 1]);
  assert.deepEqual([...batch.fields.a.offsetMask.slice(-3)], [1, 1, 0]);
});

test("sampler() refuses offsets that cannot be, by their place", () => {
  using store = new StreamStore({ a: 0, b: 1 });
  for (let step = 0; step < 4; step++) store.append(step, { a: step, b: step });
  const of = (offsets: unknown) => ({ fields: { a: { width: 1, offsets } } });
  const cases: readonly [object, RegExp][] = [
    [of([0, 0.5]), /fields\.a\.offsets\[1\] must be a whole number from -536870912 to 536870912, got 0\.5/],
    [of([2 ** 29 + 1]), /fields\.a\.offsets\[0\] must be a whole number/],
    [of([NaN]), /offsets\[0\] .* got NaN/],
    [of([0, "1"]), /offsets\[1\] .* got "1"/],
    [of([1n]), /offsets\[0\] .* got 1n/],
    [of([]), /fields\.a\.offsets must be one number at least, got an array of 0/],
    [of(3), /fields\.a\.offsets must be a list of whole numbers, got 3/],
    [{ ...of([0]), steps: 2 }, /fields with offsets must have neither steps nor tokens, got steps 2/],
    [{ ...of([0]), tokens: 2 }, /neither steps nor tokens, got tokens 2/],
    [{ ...of([0]), boundary: "within" }, /boundary must be edge or zero, got "within"/],
    [{ steps: 2, boundary: "edge" }, /boundary must be within or pad-left or pad-right or cross, got "edge"/],
    [{ fields: { a: 1 } }, /fields need steps, the rows of a window, or offsets, got neither/],
    [{ ...of(range(0, 2 ** 20)), batchSize: 2 ** 12 }, /a batch must have <= 268435456 values a column/],
  ];
  for (const [options, message] of cases) assert.throws(() => store.sampler(options as never), { message });
  assert.throws(() => store.context({ ...of([0]), padTo: 3 } as never), {
    message: /padTo must be left out/,
  });
  let reads = 0;
  const lying = new Proxy([0, 1], { get: (list, key) => (reads++, Reflect.get(list, key)) });
  const batch = store.sampler({ fields: { a: { width: 1, offsets: lying }, b: 1 }, batchSize: 2 }).next()!;
  assert.deepEqual([batch.fields.a.offsets, batch.fields.b.offsets], [[0, 1], [0]]);
  assert.ok(reads < 12, `${reads} reads`);
  const far = { fields: { a: { width: 1, offsets: [-(2 ** 29), 2 ** 29] } }, order: "sequential" } as const;
  assert.deepEqual([...store.sampler({ ...far, batchSize: 2 }).next()!.fields.a.values], [0, 3, 0, 3]);
  const own = store.sampler({ ...far, batchSize: 2 });
  const wrong = own.allocate();
  const { offsetMask: _, ...without } = wrong.fields.a;
  assert.throws(() => own.next({ ...wrong, fields: { a: without } } as never), {
    message: /out\.fields\.a\.offsetMask must be a Uint8Array, got undefined/,
  });
  const shared = { ...wrong, fields: { a: { ...wrong.fields.a, offsetMask: wrong.fields.a.mask } } };
  assert.throws(() => own.next(shared), { message: /offsetMask must have memory of its own/ });
});

test("range() and offsetsOf() give whole numbers or refuse what falls between two rows", () => {
  assert.deepEqual(range(-2, 2), [-2, -1, 0, 1]);
  for (const [start, end] of [[0, 0], [1, 0], [0.5, 2], [0, NaN], [0, 2 ** 40], ["0", 2]]) {
    assert.throws(() => range(start as number, end as number), {
      name: "RangeError",
      message: /Cannot make a r/,
    });
  }
  for (const fps of [10, 30, 50, 29.97]) {
    const rows = range(-40, 41);
    assert.deepEqual(offsetsOf(rows.map((row) => row / fps), fps), rows);
    assert.deepEqual(offsetsOf(Float64Array.from(rows, (row) => row / fps + 9e-5), fps), rows);
    assert.throws(() => offsetsOf([0, 0.5 / fps], fps), {
      message: /seconds\[1\] must be that of a row, a mul/,
    });
    assert.throws(() => offsetsOf([1 / fps + 1.1e-4], fps), { name: "RangeError" });
  }
  for (const bad of [NaN, Infinity, "0", 1n]) assert.throws(() => offsetsOf([bad as number], 30), RangeError);
  assert.throws(() => offsetsOf(0.5 as never, 30), { name: "TypeError" });
  for (const fps of [0, -1, NaN, Infinity]) {
    assert.throws(() => offsetsOf([0], fps), { message: /fps must be/ });
  }
});
