import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import { boundaries } from "../support/sampler/cases.ts";
import { drawStarts } from "../support/sampler/drawing.ts";
import { allStarts, fields, grow, inTemporaryFolder, windows } from "../support/sampler/growing.ts";

test("next() passes over windows that were dropped, and leaves the others as they were", () => {
  for (const order of ["sequential", "shuffle", "uniform", { kind: "prioritized" }] as const) {
    for (const unit of ["steps", "tokens"] as const) {
      for (const boundary of boundaries) {
        using store = new StreamStore(fields, { capacity: 65_536, retain: { rows: 32_000 } });
        const window = unit === "steps" ? { steps: 3, fields: { a: 1 } } as const : { tokens: 9 } as const;
        const episodes = { end: "done" } as const;
        const sampler = store.sampler({
          ...window,
          boundary,
          stride: 2,
          episodes,
          order,
          seed: 1,
          batchSize: 64,
        });
        grow(store, 64_000);
        const what = `${JSON.stringify(order)} of ${unit}, ${boundary}`;
        const before = drawStarts(sampler, 640);
        assert.equal(before.length, 640, what);
        grow(store, 64_000);
        const first = unit === "steps" ? store.firstRow : store.firstToken;
        assert.ok(store.firstRow > 64_000);
        const after = drawStarts(sampler, 640);
        assert.ok(after.every((start) => start >= first), what);
        assert.equal(after.length, order === "sequential" ? 0 : 640, what);
      }
    }
  }
});

test("next() gives the rest of an epoch, each window once, where rows were dropped in its middle", () => {
  for (const order of ["sequential", "shuffle"] as const) {
    for (const stride of [1, 3]) {
      using store = new StreamStore(fields, { capacity: 65_536, retain: { rows: 48_000 } });
      grow(store, 80_000);
      const first = store.firstRow;
      const options = { ...windows, stride, order, seed: 5, batchSize: 100, epochs: 1 };
      const sampler = store.sampler(options);
      const whole = drawStarts(store.sampler(options), 200_000);
      const drawn = drawStarts(sampler, 500);
      const state = sampler.state();
      grow(store, 32_000);
      assert.ok(store.firstRow > first && store.firstRow < 80_000);
      const rest = whole.slice(500).filter((start) => start >= store.firstRow);
      assert.deepEqual(drawn, whole.slice(0, 500));
      assert.deepEqual(drawStarts(sampler, 200_000), rest, `${order}, stride ${stride}`);
      // Also for one that is made when those rows have gone: it finds the same episodes.
      const restored = store.sampler(options);
      restored.restore(state);
      assert.deepEqual(drawStarts(restored, 200_000), rest, `${order}, stride ${stride}, restored`);
    }
  }
});

test("next() without episodes keeps windows a multiple of the stride from the first row, dropped or not", () => {
  using store = new StreamStore(fields, { capacity: 65_536, retain: { rows: 32_000 } });
  grow(store, 96_000);
  for (const stride of [7, 1000]) {
    for (const window of [{ steps: 3, fields: { a: 1 } }, { tokens: 9 }] as const) {
      const starts = allStarts(store, { ...window, stride });
      assert.ok(
        starts.length > 0 && starts.every((start) => start % stride === 0),
        `stride ${stride}: ${starts[0]}`,
      );
    }
  }
  const starts = allStarts(store, {
    steps: 3,
    fields: { a: 1 },
    stride: 7,
    episodes: { starts: [3, 80_000] },
  });
  assert.ok(starts.every((start) => (start < 80_000 ? start - 3 : start - 80_000) % 7 === 0));
});

test("sampler() draws alike, made before or after rows were dropped", () => {
  for (const window of [{ steps: 3, fields: { a: 1 } }, { tokens: 9 }] as const) {
    using store = new StreamStore(fields, { capacity: 65_536, retain: { rows: 32_000 } });
    grow(store, 1_600);
    const options = { ...window, episodes: { end: "done" }, seed: 3, batchSize: 200 } as const;
    const early = store.sampler(options);
    early.next();
    grow(store, 96_000);
    const late = store.sampler(options);
    early.restore(late.state());
    assert.deepEqual(drawStarts(early, 1000), drawStarts(late, 1000));
  }
});

test("updatePriorities() goes on while rows are dropped, and after a load", () => {
  inTemporaryFolder((folder) => {
    using store = new StreamStore(fields, { capacity: 65_536, retain: { rows: 24_000 } });
    const sampler = store.sampler({ ...windows, order: { kind: "prioritized" }, seed: 1, batchSize: 64 });
    grow(store, 32_000);
    for (let round = 0; round < 40; round++) {
      const { ids, starts } = sampler.next()!;
      assert.ok(starts.every((start) => start >= store.firstRow));
      if (round % 10 === 5) sampler.savePriorities(join(folder, "priorities"));
      grow(store, 3_200);
      // Some of these have been dropped since they were drawn: that is no error, but any other id is.
      sampler.updatePriorities(ids, ids.map(() => 3));
      const bad = [0, ids[0], store.rowCount];
      assert.throws(() => sampler.updatePriorities(bad, [1, 1, 1]), /ids\[2\] must be /);
      // What was saved knows rows that have gone meanwhile.
      if (round % 10 === 9) sampler.loadPriorities(join(folder, "priorities"));
    }
    assert.ok(store.firstRow > 80_000);
  });
});

test("next() of rows as episodes draws each token of held rows, whenever the sampler was made and rows were dropped", () => {
  using store = new StreamStore({ token: "uint16" }, { capacity: 65_536, retain: { rows: 3000 } });
  const widths = [3, 0, 1, 40];
  // The first token of each row, and the end of the last.
  const starts = [0];
  const append = (rows: number) => {
    for (let i = 0; i < rows; i++) {
      const row = store.rowCount;
      const width = widths[row % 4];
      store.append(row, { token: Array.from({ length: width }, () => row % 65_536) });
      starts.push(starts.at(-1)! + width);
    }
    store.flush();
  };
  const options = { tokens: 2, episodes: "rows", order: "sequential", epochs: 1, batchSize: 1000 } as const;
  append(10);
  const early = store.sampler({ ...options, epochs: Infinity });
  early.next();
  append(60_000);
  assert.ok(store.firstRow > 4);
  const expected: number[] = [];
  for (let row = store.firstRow; row < store.rowCount; row++) {
    for (let token = starts[row]; token + 2 <= starts[row + 1]; token++) expected.push(token);
  }
  assert.deepEqual(drawStarts(store.sampler(options), 1e6), expected);
  early.restore(store.sampler({ ...options, epochs: Infinity }).state());
  assert.deepEqual(drawStarts(early, expected.length), expected);
  for (const { values } of store.sampler({ ...options, order: "shuffle" })) {
    for (let at = 0; at < values.length; at += 2) assert.equal(values[at], values[at + 1]);
  }
  // The newest window is of the last row alone.
  assert.equal(store.context({ tokens: 100, episodes: "rows" }).lengths[0], widths[(store.rowCount - 1) % 4]);
});
