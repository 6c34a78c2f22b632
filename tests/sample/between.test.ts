/** Samplers of a part of the stream; that they draw its windows and no other is compared with the oracle in windows.test.ts. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import { drawStarts } from "../support/sampler/drawing.ts";
import { allStarts, fields, grow, windows } from "../support/sampler/growing.ts";
import { withDirectory } from "../torture/scratch.ts";

const order = "sequential";

test("sampler() of parts that meet has each window that lies in one of them once, at whatever stride", () => {
  using store = grow(new StreamStore(fields), 100);
  const options = { ...windows, steps: 2, stride: 3, order } as const;
  const starts = [[-50, 17], [17, 63], [63, Infinity]].map(([from, to]) =>
    drawStarts(store.sampler({ ...options, between: { steps: [from, to] } }), 1000)
  );
  const all = allStarts(store, { ...windows, steps: 2, stride: 3 });
  assert.deepEqual(starts.flat(), all.filter((start) => ![16, 62].includes(start)));
  assert.ok(all.includes(16));
});

test("sampler() of a part goes on as the stream comes to it and leaves it, with every order", () => {
  for (const order of ["uniform", { kind: "recent", steps: 4 }, { kind: "prioritized" }] as const) {
    using store = grow(new StreamStore(fields), 5);
    const between = { steps: [20n, 30n] } as const;
    const sampler = store.sampler({ ...windows, steps: 1, order, between, seed: 1, batchSize: 200 });
    assert.throws(() => sampler.next(), /got none: the part that between says holds no steps/);
    const drawn = () => [...new Set(drawStarts(sampler, 1000))].sort((a, b) => a - b);
    const newest = typeof order === "object" && "steps" in order;
    for (const rows of [23, 30, 41, 500]) {
      grow(store, rows - store.rowCount);
      const end = Math.min(rows, 30);
      const first = newest ? Math.max(20, end - 4) : 20;
      assert.deepEqual(drawn(), Array.from({ length: end - first }, (_, i) => first + i));
    }
  }
});

test("restore() and loadPriorities() refuse those of another part", () =>
  withDirectory((directory) => {
    using store = grow(new StreamStore(fields), 100);
    const options = { ...windows, order: { kind: "prioritized" } } as const;
    const whole = store.sampler(options);
    const part = store.sampler({ ...options, between: { steps: [40, Infinity] } });
    assert.throws(() => whole.restore(part.state()), /state\.order must be that of this sampler/);
    assert.throws(() => part.restore(whole.state()), /state\.order must be that of this sampler/);
    part.next();
    assert.throws(
      () => part.updatePriorities([10], [1]),
      /ids\[0\] must be the position of a window from 40 to/,
    );
    part.savePriorities(`${directory}/part`);
    assert.throws(() => whole.loadPriorities(`${directory}/part`), {
      name: "RangeError",
      message: /part must know the windows from 0 on, got those from 40 on$/,
    });
    whole.next();
    whole.savePriorities(`${directory}/whole`);
    part.loadPriorities(`${directory}/whole`);
    assert.ok(drawStarts(part, 500).every((start) => start >= 40));
  }));

test("sampler() of a part draws the same ahead, and mixture() draws from the part of each store", () =>
  withDirectory(async (directory) => {
    using store = grow(StreamStore.open(`${directory}/run.stream`, { fields }), 200);
    using other = grow(new StreamStore(fields), 60);
    const options = { ...windows, between: { steps: [25, 90] }, seed: 4, batchSize: 50 } as const;
    const plain = store.sampler({ ...options, order: "shuffle", epochs: 1 });
    using ahead = store.sampler({ ...options, order: "shuffle", epochs: 1, prefetch: 2 });
    for (let batch = plain.next(); batch !== null; batch = plain.next()) {
      assert.deepEqual([...(await ahead.next())!.starts], [...batch.starts]);
    }
    assert.equal(await ahead.next(), null);
    const mixture = StreamStore.mixture([{ store, weight: 1 }, { store: other, weight: 1 }], options);
    const seen: Set<number>[] = [new Set(), new Set()];
    for (let i = 0; i < 40; i++) {
      const { starts, sources } = mixture.next()!;
      starts.forEach((start, slot) => seen[sources![slot]].add(start));
    }
    for (const [i, one] of [store, other].entries()) {
      const expected = allStarts(one, { ...windows, between: options.between });
      assert.deepEqual([...seen[i]].sort((a, b) => a - b), expected);
      assert.ok(expected[0] >= 25 && expected.at(-1)! <= 87);
    }
  }));

test("sampler() of a part has what is left of it where rows were dropped", () => {
  for (const unit of [{ steps: 1, tokens: 3 }, { tokens: 3, stride: 3 }] as const) {
    using store = grow(new StreamStore(fields, { capacity: 65_536, retain: { rows: 30_000 } }), 20_000);
    const options = {
      ...unit,
      episodes: windows.episodes,
      order,
      epochs: Infinity,
      batchSize: 1000,
    } as const;
    const old = store.sampler({ ...options, between: { steps: [10, 50] } });
    const cut = store.sampler({ ...options, between: { steps: [10, 60_000] } });
    for (const sampler of [old, cut]) sampler.next();
    grow(store, 60_000);
    assert.ok(store.firstRow > 50 && store.firstRow < 60_000);
    const fresh = store.sampler({ ...options, between: { steps: [10, 60_000] }, epochs: 1 });
    const row = "steps" in unit ? 1 : 3;
    const expected = Array.from({ length: 60_000 - store.firstRow }, (_, i) => row * (store.firstRow + i));
    assert.deepEqual(drawStarts(fresh, 1e6), expected);
    cut.restore(store.sampler({ ...options, between: { steps: [10, 60_000] } }).state());
    assert.deepEqual(drawStarts(cut, expected.length), expected);
    assert.throws(() => {
      for (let i = 0; i < 2; i++) old.next();
    }, /got none: the part that between says holds no/);
  }
});

test("sampler() of a part gives the batches of a store that has no other rows, at offsets too", () => {
  const rows = Array.from({ length: 60 }, (_, row) => ({ a: row, done: row % 7 === 2, id: row }));
  using store = new StreamStore(fields);
  using twin = new StreamStore(fields);
  rows.forEach((row, step) => {
    store.append(step, row);
    // From a row with which an episode begins.
    if (step >= 24 && step < 43) twin.append(step, row);
  });
  const shapes = [
    { steps: 4, fields: { a: 1 } },
    { steps: 4, fields: { a: 1 }, boundary: "pad-left" },
    { steps: 4, fields: { a: 1 }, boundary: "pad-right" },
    { fields: { a: { width: 1, offsets: [-1, 0] }, id: { width: 1, offsets: [0, 1, 2] } } },
    { fields: { a: { width: 1, offsets: [-9, 9] } }, boundary: "zero" },
  ] as const;
  for (const shape of shapes) {
    const options = { ...shape, episodes: windows.episodes, order, batchSize: 100 };
    const part = store.sampler({ ...options, between: { steps: [24, 43] } } as never) as unknown as Batches;
    const whole = twin.sampler(options as never) as unknown as Batches;
    const [found, expected] = [part.next()!, whole.next()!];
    assert.ok(found.size >= 10);
    assert.deepEqual([...found.starts], Array.from(expected.starts, (start) => start + 24));
    assert.deepEqual(found.fields, expected.fields);
    assert.deepEqual(found.mask, expected.mask);
  }
});

interface Batches {
  next(): {
    readonly size: number;
    readonly starts: Float64Array;
    readonly fields: unknown;
    readonly mask: unknown;
  } | null;
}
