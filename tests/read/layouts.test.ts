/** Rows of one layout are found by arithmetic, others by a look: what is read is the same, whatever is known of them. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import { Random } from "../support/support.ts";
import { withDirectory } from "../torture/scratch.ts";

const fields = { observation: -4, action: { type: 9, dtype: "int64" }, done: 2 } as const;
type Store = StreamStore<typeof fields>;

/** What was appended, in plain lists. */
class Model {
  readonly steps: number[] = [];
  readonly starts: number[] = [];
  readonly tokens: { readonly step: number; readonly type: number; readonly value: number }[] = [];

  add(
    store: Store,
    step: number,
    observation: number[] | undefined,
    action: number | undefined,
    done?: number,
  ) {
    this.steps.push(step);
    this.starts.push(this.tokens.length);
    for (const value of observation ?? []) this.tokens.push({ step, type: -4, value });
    if (action !== undefined) this.tokens.push({ step, type: 9, value: action });
    if (done !== undefined) this.tokens.push({ step, type: 2, value: done });
    store.append(step, { observation, action: action === undefined ? undefined : BigInt(action), done });
  }
}

/** Stretches of rows that are alike and of rows that are not, none of which ends with a block. */
function fill(store: Store): Model {
  const model = new Model();
  const random = new Random(5);
  let step = -20_000;
  for (let i = 0; i < 14_000; i++) model.add(store, step += 2, [i, i + 0.5, -i], i % 7, 0);
  for (let i = 0; i < 5000; i++) {
    const kind = random.below(4);
    if (kind === 0) model.add(store, step += 2, undefined, undefined);
    else model.add(store, step += 2, Array.from({ length: kind }, () => i), kind === 2 ? undefined : i, kind);
  }
  for (let i = 0; i < 9000; i++) model.add(store, step += 3, undefined, i, 1);
  return model;
}

function compare(store: Store, model: Model): void {
  const random = new Random(6);
  const { tokens, steps, starts } = model;
  assert.equal(store.length, tokens.length);
  const indices = Array.from({ length: 3000 }, () => random.below(tokens.length));
  const got = store.get(indices);
  assert.deepEqual([...got.steps], indices.map((index) => BigInt(tokens[index].step)));
  assert.deepEqual([...got.values], indices.map((index) => tokens[index].value));
  for (const index of indices.slice(0, 300)) {
    const row = store.rowOfToken(index);
    assert.equal(steps[row], tokens[index].step);
    assert.equal(store.rowOfStep(steps[row]), row);
  }
  // Across stretches and blocks.
  for (const length of [1, 17, 700, 30_000]) {
    const begin = random.below(tokens.length - length);
    const expected = BigInt64Array.from(tokens.slice(begin, begin + length), ({ step }) => BigInt(step));
    assert.deepEqual(store.window(begin, length).steps, expected);
    const gathered = store.gather([begin, 0], length, { values: null, types: null, steps: "float64" });
    assert.deepEqual(gathered.steps.subarray(0, length), Float64Array.from(expected, Number));
  }
  for (const [name, type] of [["action", 9], ["done", 2], ["observation", -4]] as const) {
    const values = Array.from(store.column(name).values as ArrayLike<number | bigint>, Number);
    assert.deepEqual(values, tokens.filter((token) => token.type === type).map(({ value }) => value), name);
  }
  const from = random.below(steps.length - 300);
  const rows = store.rows(from, from + 300);
  for (const [i, row] of rows.entries()) {
    assert.equal(row.step, steps[from + i]);
    const at = starts[from + i];
    const end = from + i + 1 < starts.length ? starts[from + i + 1] : tokens.length;
    const action = tokens.slice(at, end).find(({ type }) => type === 9)?.value;
    assert.equal(row.action, action === undefined ? undefined : BigInt(action));
  }
  compareDense(store, model);
}

/** Windows of rows as a trainer draws them. */
function compareDense(store: Store, { steps, starts, tokens }: Model): void {
  const sampler = store.sampler({
    steps: 40,
    fields: { action: 1, observation: 4 },
    batchSize: 60,
    seed: 8,
    boundary: "pad-left",
  });
  for (let batches = 0; batches < 8; batches++) {
    const { starts: firstRows, lengths, fields } = sampler.next()!;
    for (let window = 0; window < 60; window++) {
      for (let i = 0; i < lengths[window]; i++) {
        const row = firstRows[window] + i;
        const at = 40 * window + 40 - lengths[window] + i;
        const end = row + 1 < steps.length ? starts[row + 1] : tokens.length;
        const own = tokens.slice(starts[row], end);
        const action = own.find(({ type }) => type === 9)?.value;
        assert.equal(fields.action.mask[at], action === undefined ? 0 : 1);
        assert.equal(fields.action.values[at], action ?? 0);
        const observation = own.filter(({ type }) => type === -4).map(({ value }) => value);
        const expected = Array.from({ length: 4 }, (_, k) => observation[k] ?? 0);
        assert.deepEqual([...fields.observation.values.subarray(4 * at, 4 * at + 4)], expected);
      }
    }
  }
}

test("everything that reads gives what was appended, from rows that are alike and from rows that are not", () =>
  withDirectory((directory) => {
    const path = `${directory}/run.stream`;
    using store: Store = StreamStore.open(path, { fields, capacity: 10_000 });
    const model = fill(store);
    compare(store, model);
    using reader: Store = StreamStore.open(path, { mode: "read" });
    store.flush();
    reader.refresh();
    compare(reader, model);
  }));

test("what is known of blocks may be cut, damaged or another store's: all is read all the same, and verify() tells", async () =>
  await withDirectory(async (directory) => {
    const path = `${directory}/run.stream`;
    const store: Store = StreamStore.open(path, { fields, capacity: 10_000 });
    const model = fill(store);
    store.close();
    const other: Store = StreamStore.open(`${directory}/other.stream`, { fields });
    for (let step = 0; step < 30_000; step++) other.append(step, { done: 1 });
    other.close();
    const whole = new Uint8Array(readFileSync(`${path}/blocks`));
    assert.equal(whole.length, 32 * Math.floor((28_000 - 1) / 4096));
    const mutants: [string, Uint8Array, boolean][] = [
      ["whole", whole, false],
      ["cut", whole.slice(0, 40), false],
      ["empty", new Uint8Array(0), false],
      ["zeros", new Uint8Array(whole.length), false],
      ["foreign", new Uint8Array(readFileSync(`${directory}/other.stream/blocks`)), true],
      ["reversed", whole.slice().reverse(), true],
      ["moved", Uint8Array.from([...whole.subarray(32), ...whole.subarray(0, 32)]), true],
    ];
    for (let byte = 0; byte < 32; byte += 3) {
      const flipped = whole.slice();
      for (let at = byte; at < flipped.length; at += 32) flipped[at] ^= 1 << (byte % 8);
      mutants.push([`byte ${byte} of each`, flipped, true]);
    }
    for (const [name, bytes, isDamaged] of mutants) {
      writeFileSync(`${path}/blocks`, bytes);
      using found: Store = StreamStore.open(path, { mode: "read" });
      compare(found, model);
      const { damaged } = await found.verify();
      assert.deepEqual(damaged.map(({ file }) => file), isDamaged ? ["blocks"] : [], name);
    }
  }));
