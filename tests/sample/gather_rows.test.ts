/** Windows at rows that are chosen, held against those that a sampler draws of them and against the oracle. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { range, StreamStore, type StreamStoreError } from "../../mod.ts";
import { boundaries, drawCase, episodeRules } from "../support/sampler/cases.ts";
import { compareWindow, type TokenBatch, withSeed } from "../support/sampler/compare.ts";
import { makeStore } from "../support/sampler/model.ts";
import { windowsOf } from "../support/sampler/oracle.ts";
import { wide, widths } from "../support/sampler/widths.ts";
import { Random } from "../support/support.ts";

test("gatherRows() gives the oracle's window of every row that has one, and refuses the others by their place", () => {
  const counts = { given: 0, refused: 0 };
  for (const [seed, [name, dtypes]] of Object.entries({ wide, ...widths }).entries()) {
    for (const boundary of boundaries) {
      const random = new Random(10 * seed + boundaries.indexOf(boundary));
      const { store, model } = makeStore(random, 40, dtypes);
      const rules = episodeRules(random, model.rows.length, model.dtypes);
      const drawn = drawCase(random, model, "fields", boundary, rules[random.below(rules.length)]);
      const { stride: _stride, between: _between, ...options } = {
        ...drawn.options,
        truncate: true,
      } as Record<string, unknown>;
      const form = { ...drawn.form, truncate: true };
      const rule = { ...drawn.rule, stride: 1, between: undefined };
      withSeed(seed, `${name}, ${JSON.stringify(options)}`, () => {
        const windows = windowsOf(model, rule);
        const chosen = Array.from(windows, () => windows[random.below(windows.length)]);
        const rows = chosen.map(({ anchor }) => anchor);
        const batch = store.gatherRows(rows, options as never) as unknown as TokenBatch;
        assert.equal(batch.size, rows.length);
        chosen.forEach((window, slot) => compareWindow(batch, slot, model, rule, window, form));
        counts.given += rows.length;
        const anchors = new Set(windows.map(({ anchor }) => anchor));
        const without = [...model.rows.keys()].filter((row) => !anchors.has(row));
        for (const row of [...without, -1, 40, 0.5, NaN, 2 ** 53]) {
          const message = new RegExp(`^Cannot gather rows: rows\\[${rows.length}\\] must be .*, got ${row}$`);
          assert.throws(() => store.gatherRows([...rows, row], options as never), {
            name: "RangeError",
            message,
          });
          counts.refused++;
        }
      });
      store.close();
    }
  }
  assert.ok(counts.given > 500 && counts.refused > 400, JSON.stringify(counts));
});

function makeEpisodes(rows: number) {
  const store = new StreamStore({ a: "uint8", done: "bool" });
  for (let step = 0; step < rows; step++) store.append(step, { a: [step, step + 1], done: step % 10 === 9 });
  return store;
}

test("gatherRows() with offsets gives what a sampler does, in each field's dtype, also into the caller's arrays", () => {
  using store = makeEpisodes(55);
  const options = {
    fields: { a: { width: 2, offsets: range(-3, 4), dtype: "uint8" }, done: { width: 1, offsets: [0] } },
    episodes: { end: "done" },
    boundary: "zero",
  } as const;
  const wanted = store.sampler({ ...options, order: "sequential", batchSize: 55 }).next()!;
  const rows = [9, 54, 0, 10, 9];
  const batch = store.gatherRows(rows, options);
  const taken = store.gatherRows(BigInt64Array.from(rows, BigInt), options, batch);
  assert.equal(taken, batch);
  for (const name of ["a", "done"] as const) {
    for (const column of ["values", "mask", "offsetMask"] as const) {
      const [got, all] = [taken.fields[name][column], wanted.fields[name][column]];
      const each = all.length / 55;
      const expected = rows.flatMap((row) => [...all.subarray(row * each, (row + 1) * each)]);
      assert.deepEqual([...got], expected, `${name}.${column}`);
    }
  }
  assert.deepEqual([...taken.starts], rows);
  assert.deepEqual([...taken.steps].map(Number), rows);
  const other = store.gatherRows(rows, options);
  assert.notEqual(other.fields.a.values, batch.fields.a.values);
  // A row that is only in the tail.
  store.append(55, { a: [7, 8], done: false });
  assert.deepEqual([...store.gatherRows([55], { steps: 1, fields: { a: 2 } }).fields.a.values], [7, 8]);
  assert.equal(store.gatherRows([], options).size, 0);
  assert.equal(store.gatherRows([], options).fields.a.values.length, 0);
});

test("gatherRows() refuses rows, options and arrays that cannot be, and fills nothing then", () => {
  using store = makeEpisodes(30);
  const options = { steps: 2, fields: { a: 2 }, episodes: { end: "done" } } as const;
  const refused: readonly [unknown, object, RegExp][] = [
    [[9], options, /rows\[0\] must be a row with 1 more of its episode after it, got 9/],
    [
      [29],
      { ...options, episodes: { starts: [0] } },
      /must be a row with 1 more of its episode after it, got 29/,
    ],
    [[29], { steps: 2, fields: { a: 2 } }, /must be a row with 1 more after it, got 29/],
    [[30], options, /must be a whole number from 0 to 29, got 30/],
    [[0, "1"], options, /rows\[1\] must be a number, got "1"/],
    [5, options, /rows must be a list or typed array of numbers, got 5/],
    [null, options, /rows must be a list/],
    [[0], { steps: 2 }, /fields must be an object of names and widths, got undefined/],
    [[0], { ...options, tokens: 5 }, /an option must be one of steps, fields, .* got tokens/],
    [[0], { ...options, stride: 2 }, /got stride/],
    [[0], { ...options, boundary: "zero" }, /boundary must be within or pad-left or pad-right or cross/],
    [[0], { fields: { a: 1 } }, /fields need steps, the rows of a window, or offsets/],
    [[0], 3 as never, /options must be an object, got 3/],
    [[0], null as never, /options must be an object, got null/],
    [[0, 1], { steps: 2, fields: { a: 2 ** 27 } }, /a batch must have <= 268435456 values a column, got 2 x/],
  ];
  for (const [rows, given, message] of refused) {
    assert.throws(() => store.gatherRows(rows as never, given as never), { message });
  }
  const out = store.gatherRows([0, 1], options);
  out.fields.a.values.fill(99);
  const bad: readonly [unknown, RegExp][] = [
    [store.gatherRows([0], options), /^Cannot gather rows: out\.starts must have length 2, got 1/],
    [{ ...out, fields: {} }, /out\.fields\.a\.values must be a Float32Array, got undefined/],
    [{ ...out, mask: out.lengths }, /out\.mask must be a Uint8Array/],
    [7, /^Cannot gather rows: out must be a batch, got 7/],
    [{ ...out, fields: { a: { ...out.fields.a, values: new Float64Array(8) } } }, /must be a Float32Array/],
  ];
  for (const [given, message] of bad) {
    assert.throws(() => store.gatherRows([0, 1], options, given as never), { message });
  }
  assert.throws(() => store.gatherRows([0, 9], options, out), { name: "RangeError" });
  assert.ok(out.fields.a.values.every((value) => value === 99));
  const misfit = { steps: 1, fields: { a: 1 }, output: { values: "uint8" } } as const;
  assert.throws(() => store.gatherRows([3], misfit), {
    message: /"a" must have <= 1 values a row, got 2 in row 3/,
  });
  store.close();
  assert.throws(() => store.gatherRows([0], options), { code: "closed" });
});

test("gatherRows() reads what the caller hands over once, and another call from within is refused", () => {
  using store = makeEpisodes(30);
  const options = { steps: 1, fields: { a: 2 } } as const;
  let reads = 0;
  const rows = new Proxy([4, 5], {
    get: (list, name) => (reads += name === "0" ? 1 : 0, Reflect.get(list, name)),
  });
  assert.deepEqual([...store.gatherRows(rows, options).starts], [4, 5]);
  assert.equal(reads, 1);
  const out = store.gatherRows([0, 1], options);
  const errors: unknown[] = [];
  const acting = {
    ...out,
    get starts() {
      try {
        store.gatherRows([9], options);
      } catch (error) {
        errors.push((error as StreamStoreError).code);
      }
      try {
        store.append(100, { a: [1, 2] });
      } catch (error) {
        errors.push((error as StreamStoreError).code);
      }
      return out.starts;
    },
  };
  store.gatherRows([2, 3], options, acting as never);
  assert.deepEqual(errors, ["busy", "busy"]);
  assert.deepEqual([...out.fields.a.values], [2, 3, 3, 4]);
  const closing = new Proxy([0], { get: (list, name) => (store.close(), Reflect.get(list, name)) });
  assert.throws(() => store.gatherRows(closing, options), { code: "closed" });
});
