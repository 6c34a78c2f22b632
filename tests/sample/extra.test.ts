/** Text and bytes beside the rows of batches. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import { valuesAt } from "../support/extras.ts";
import { boundaries } from "../support/sampler/cases.ts";
import { windowsOf } from "../support/sampler/oracle.ts";
import { Random } from "../support/support.ts";
import { withDirectory } from "../torture/scratch.ts";

const fields = { action: 0, done: 1 } as const;
const extra = { prompt: "string", frame: "bytes", note: "string" } as const;
const isEnd = (row: number) => row % 9 === 4 || row % 31 === 20;

/** Rows that are their steps, with episodes of 1 to 9 rows. */
function fill(store: StreamStore<typeof fields, typeof extra>, rows: number, from = 0): void {
  for (let step = from; step < from + rows; step++) {
    const numbers = step % 6 === 5 ? { done: isEnd(step) } : { action: step, done: isEnd(step) };
    store.append(step, numbers, valuesAt(step));
  }
}

type Value = string | Uint8Array | null;

/** What a window of rows has of an extra, by the values that were appended: padded as the boundary says. */
function expected(
  name: keyof typeof extra,
  { start, length }: { readonly start: number; readonly length: number },
  width: number,
  boundary: string,
): Value[] {
  const values: Value[] = [];
  for (let row = start; row < start + length; row++) values.push(valuesAt(row)[name]);
  while (values.length < width) {
    if (boundary === "pad-left") values.unshift(null);
    else values.push(null);
  }
  return values;
}

/** Long arrays are compared as bytes: a comparison element by element takes seconds. */
function assertSame(got: readonly Value[], wanted: readonly Value[], what: string): void {
  assert.equal(got.length, wanted.length, what);
  for (const [i, value] of wanted.entries()) {
    const found = got[i];
    if (value instanceof Uint8Array && found instanceof Uint8Array) {
      assert.equal(Buffer.compare(found, value), 0, `${what} ${i}`);
    } else assert.equal(found, value, `${what} ${i}`);
  }
}

test("next() gives the text and bytes of every row of every window, for every boundary", () => {
  const rows = 120;
  using store = new StreamStore(fields, { extra });
  fill(store, rows);
  const model = {
    firstRow: 0,
    sessions: [],
    rows: Array.from(
      { length: rows },
      (_, row) => ({ step: row, cells: { terminated: [isEnd(row) ? 1 : 0] } }),
    ),
  };
  const random = new Random(14);
  for (const boundary of boundaries) {
    for (const isDense of [true, false]) {
      const length = 1 + random.below(6);
      const stride = 1 + random.below(2);
      const rule = { unit: "steps", length, stride, boundary, episodes: { end: "terminated" } } as const;
      const windows = windowsOf(model as never, rule as never);
      const sampler = store.sampler({
        steps: length,
        ...(isDense ? { fields: { action: 1 } } : {}),
        episodes: { end: "done" },
        boundary,
        stride,
        order: "sequential",
        batchSize: 7,
        extra: ["frame", "prompt", "note"],
      });
      let drawn = 0;
      for (const batch of sampler) {
        assert.deepEqual(Object.keys(batch.extra), ["frame", "prompt", "note"]);
        for (const name of ["frame", "prompt", "note"] as const) {
          assert.equal(batch.extra[name].length, batch.size);
          for (let slot = 0; slot < batch.size; slot++) {
            const window = windows[drawn + slot];
            assert.equal(batch.starts[slot], window.start);
            const what = `${boundary} ${length} ${name} ${window.start}`;
            assertSame(batch.extra[name][slot], expected(name, window, length, boundary), what);
          }
        }
        drawn += batch.size;
      }
      assert.equal(drawn, windows.length);
    }
  }
});

test("next() makes the lists anew, and types are those of the store", () => {
  using store = new StreamStore(fields, { extra });
  fill(store, 8);
  const options = { steps: 2, fields: { action: 1 }, order: "sequential", batchSize: 3 } as const;
  const sampler = store.sampler({ ...options, extra: ["frame", "prompt"] });
  const first = sampler.next()!;
  const frames: readonly (readonly (Uint8Array | null)[])[] = first.extra.frame;
  const prompts: readonly (readonly (string | null)[])[] = first.extra.prompt;
  const [oldFrames, oldPrompts] = [frames.map((row) => [...row]), prompts.map((row) => [...row])];
  // @ts-expect-error: it was not asked for.
  assert.equal(first.extra.note, undefined);
  assert.equal(sampler.next(), first);
  assert.notEqual(first.extra.frame, frames);
  assert.deepEqual(first.extra.prompt[0], [valuesAt(3).prompt, valuesAt(4).prompt]);
  assert.deepEqual([frames, prompts], [oldFrames, oldPrompts]);
  frames[0][0]!.fill(9);
  assert.deepEqual(store.extra("frame").get(0), valuesAt(0).frame);

  const out = sampler.allocate();
  const last = sampler.next(out)!;
  assert.deepEqual([last.size, last.extra.prompt], [1, [[valuesAt(6).prompt, valuesAt(7).prompt]]]);
  const again = store.sampler({ ...options, extra: ["frame"] });
  assert.equal(again.next(out as never), out);
  assert.deepEqual(out.extra.frame[0], [valuesAt(0).frame, valuesAt(1).frame]);
  assert.equal("extra" in store.sampler(options).next()!, false);
  assert.deepEqual(Object.keys(store.sampler({ ...options, extra: [] }).next()!.extra), []);
});

test("sampler() refuses extras that it cannot give, and reads their names once", () => {
  using store = new StreamStore(fields, { extra });
  using without = new StreamStore(fields);
  fill(store, 4);
  const refused = (
    options: object,
    message: RegExp,
    of: StreamStore<typeof fields, never> = store as never,
  ) => assert.throws(() => of.sampler({ steps: 1, fields: { action: 1 }, ...options } as never), { message });
  refused({ extra: ["other"] }, /: extra\[0\] must be among prompt, frame, note, got "other"$/);
  refused({ extra: ["frame", "frame"] }, /extra\[1\] must be another than those before it, got "frame"/);
  refused({ extra: ["frame", 7] }, /extra\[1\] must be among prompt, frame, note, got 7/);
  refused({ extra: "frame" }, /extra must be a list of names, got "frame"/);
  refused({ extra: { frame: true } }, /extra must be a list of names/);
  refused(
    { extra: ["frame"] },
    /extra\[0\] must be left out, for the store has none, got "frame"/,
    without as never,
  );
  refused(
    { extra: ["frame"], steps: undefined, fields: undefined, tokens: 4 },
    /extra needs steps, the rows of a window, got windows of 4 tokens/,
  );
  refused({ extra: ["frame"], fields: undefined, tokens: 1, steps: 2 ** 30 }, /<= 4194304 rows with extra/);
  assert.throws(() => store.context({ steps: 1, extra: ["frame"] } as never), { name: "TypeError" });

  let reads = 0;
  const names = ["frame"] as ["frame"];
  Object.defineProperty(names, 0, { get: () => (reads++, "frame"), enumerable: true });
  const sampler = store.sampler({ steps: 1, fields: { action: 1 }, extra: names });
  sampler.next();
  sampler.next();
  assert.equal(reads, 1);
});

test("gatherRows() gives the text and bytes of its windows, for every boundary, also into the caller's batch", () => {
  using store = new StreamStore(fields, { extra });
  fill(store, 90);
  const names = ["note", "frame"] as const;
  const shared = { fields: { action: 1 }, episodes: { end: "done" }, extra: names } as const;
  for (const boundary of boundaries) {
    const sampler = store.sampler({ ...shared, steps: 3, boundary, order: "sequential", batchSize: 4096 });
    const drawn = sampler.next()!;
    const rows = Array.from(drawn.starts, (start, slot) => {
      return start + (boundary === "pad-left" ? drawn.lengths[slot] - 1 : 0);
    });
    const options = { ...shared, steps: 3, boundary };
    const batch = store.gatherRows(rows.toReversed(), options);
    assert.deepEqual(Object.keys(batch.extra), names);
    for (const name of names) {
      for (const [slot, values] of drawn.extra[name].toReversed().entries()) {
        assertSame(batch.extra[name][slot], values, `${boundary} ${name} ${slot}`);
      }
    }
  }
  const options = { fields: { action: { width: 1, offsets: [-1, 0] } }, extra: ["prompt"] } as const;
  const batch = store.gatherRows([7, 3], options);
  assert.deepEqual(batch.extra.prompt, [[valuesAt(7).prompt], [valuesAt(3).prompt]]);
  const before = batch.extra;
  assert.equal(store.gatherRows([9, 1], options, batch), batch);
  assert.notEqual(batch.extra, before);
  assert.deepEqual(batch.extra.prompt, [[valuesAt(9).prompt], [valuesAt(1).prompt]]);
  assert.deepEqual(store.gatherRows([], options).extra.prompt, []);
  assert.equal("extra" in store.gatherRows([1], { steps: 1, fields: { action: 1 } }), false);
  // @ts-expect-error: it was not asked for.
  assert.equal(batch.extra.note, undefined);
});

test("gatherRows() refuses extras that it cannot give", () => {
  using store = new StreamStore(fields, { extra });
  fill(store, 4);
  const refused = (options: object, message: RegExp) =>
    assert.throws(
      () => store.gatherRows([1], { steps: 1, fields: { action: 1 }, ...options } as never),
      { name: "TypeError", message },
    );
  refused(
    { extra: ["other"] },
    /^Cannot gather rows: extra\[0\] must be among prompt, frame, note, got "other"$/,
  );
  refused({ extra: "frame" }, /^Cannot gather rows: extra must be a list of names, got "frame"$/);
  const options = { steps: 1, fields: { action: 1 }, extra: ["prompt"] } as const;
  const batch = Object.freeze(store.gatherRows([1], options));
  assert.throws(() => store.gatherRows([2], options, batch), {
    message: /^Cannot gather rows: out must take extra, got a batch that is frozen$/,
  });
});

test("a batch of the caller's that lies about its size is given as many lists as it has windows", () => {
  using store = new StreamStore(fields, { extra });
  fill(store, 9);
  const options = { steps: 1, fields: { action: 1 }, extra: ["prompt"] } as const;
  const sampler = store.sampler({ ...options, batchSize: 2, order: "sequential" });
  const out = Object.assign(sampler.allocate(), { size: 2 ** 40 });
  assert.deepEqual(sampler.next(out)!.extra.prompt, [[valuesAt(0).prompt], [valuesAt(1).prompt]]);
  const given = Object.assign(store.gatherRows([1], options), { size: 2 ** 40 });
  assert.deepEqual(store.gatherRows([2], options, given).extra.prompt, [[valuesAt(2).prompt]]);
});

test("next() leaves a sampler where it stood when a batch of the caller's does not take extra", () => {
  using store = new StreamStore(fields, { extra });
  fill(store, 40);
  const sampler = store.sampler({
    steps: 1,
    fields: { action: 1 },
    seed: 1,
    batchSize: 4,
    extra: ["prompt"],
  });
  const state = sampler.state();
  assert.throws(() => sampler.next(Object.freeze(sampler.allocate())), {
    name: "TypeError",
    message: /out must take extra, got a batch that is frozen/,
  });
  assert.deepEqual(sampler.state(), state);
  let inner: unknown;
  const curious = new Proxy(sampler.allocate(), {
    defineProperty(target, key, descriptor) {
      try {
        store.append(40, { action: 1 });
      } catch (error) {
        inner = error;
      }
      return Reflect.defineProperty(target, key, descriptor);
    },
  });
  assert.equal(sampler.next(curious), curious);
  assert.equal((inner as { code?: string }).code, "busy");
  assert.equal(store.rowCount, 40);
  assert.deepEqual(
    curious.extra.prompt,
    Array.from(curious.starts, (start) => [valuesAt(start).prompt]),
  );
});

test("next() of a mixture gives the extras of each window's own store", () => {
  using one = new StreamStore(fields, { extra });
  const { prompt, ...others } = extra;
  using other = new StreamStore(fields, { extra: { ...others, prompt } });
  fill(one, 60);
  fill(other, 50, 1000);
  const sources = [{ store: one, weight: 1 }, { store: other, weight: 2 }];
  const options = { steps: 3, fields: { action: 1 }, boundary: "pad-left", batchSize: 20, seed: 5 } as const;
  const mixture = StreamStore.mixture(sources, { ...options, extra: ["note", "prompt"] });
  for (let round = 0; round < 5; round++) {
    const batch = mixture.next()!;
    for (let slot = 0; slot < batch.size; slot++) {
      const start = batch.starts[slot] + (batch.sources![slot] === 1 ? 1000 : 0);
      for (const name of ["note", "prompt"] as const) {
        const wanted = expected(name, { start, length: batch.lengths[slot] }, 3, "pad-left");
        assertSame(batch.extra[name][slot], wanted, `${name} of ${start}`);
      }
    }
  }
  using third = new StreamStore(fields, { extra: { prompt: "bytes" } });
  third.append(0, { action: 1 });
  assert.throws(
    () =>
      StreamStore.mixture([{ store: one, weight: 1 }, { store: third as never, weight: 1 }], {
        ...options,
        extra: ["prompt"],
      }),
    {
      name: "TypeError",
      message:
        /sources\[1\].store must have the extra { prompt: string } as the first, got { prompt: bytes }$/,
    },
  );
});

test("next() ahead gives the extras of a sampler without, also after restore", () =>
  withDirectory(async (directory) => {
    using store = StreamStore.open(`${directory}/run.stream`, { fields, extra });
    fill(store, 130);
    const options = {
      steps: 3,
      fields: { action: 1 },
      episodes: { end: "done" },
      boundary: "pad-right",
      order: "shuffle",
      epochs: 1,
      batchSize: 16,
      seed: 3,
      extra: ["frame", "prompt"],
    } as const;
    const plain = store.sampler(options);
    using ahead = store.sampler({ ...options, prefetch: 2 });
    let [middle, size] = [ahead.state(), 0];
    for (let round = 0;; round++) {
      const [wanted, got] = [plain.next(), await ahead.next()];
      assert.equal(got?.size, wanted?.size);
      if (wanted === null || got === null) break;
      size += got.size;
      assert.deepEqual([...got.starts], [...wanted.starts]);
      for (const name of ["frame", "prompt"] as const) {
        for (const [slot, values] of wanted.extra[name].entries()) {
          assertSame(got.extra[name][slot], values, `${name} ${got.starts[slot]}`);
        }
      }
      if (round === 2) middle = ahead.state();
    }
    assert.equal(size, 130);
    ahead.restore(middle);
    plain.restore(middle);
    assert.deepEqual((await ahead.next())!.extra.prompt, plain.next()!.extra.prompt);
  }));
