import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import { boundaries, drawCase, episodeRules, outputs } from "../support/sampler/cases.ts";
import { compareWindow, type TokenBatch, withSeed } from "../support/sampler/compare.ts";
import { drawStarts } from "../support/sampler/drawing.ts";
import {
  allStarts,
  fields,
  grow,
  inTemporaryFolder,
  type Store,
  windows,
} from "../support/sampler/growing.ts";
import { fields as modelFields, grow as growModel, Model } from "../support/sampler/model.ts";
import { windowsOf } from "../support/sampler/oracle.ts";
import { Random } from "../support/support.ts";

function makeStore(rows: number): Store {
  return grow(new StreamStore(fields), rows);
}

test("next() goes through the rows that were there when the epoch began, and then through the new ones", () => {
  for (const order of ["sequential", "shuffle"] as const) {
    using store = makeStore(25);
    const sampler = store.sampler({ ...windows, order, epochs: 3, batchSize: 1, seed: 1 });
    const first = allStarts(store);
    const drawn = drawStarts(sampler, 5);
    grow(store, 12);
    drawn.push(...drawStarts(sampler, first.length - 5));
    assert.deepEqual(drawn.sort((a, b) => a - b), first, order);
    const second = allStarts(store);
    const next = drawStarts(sampler, 1);
    // Restored in the middle of an epoch it is still that epoch.
    grow(store, 30);
    const restored = store.sampler({ ...windows, order, epochs: 3, batchSize: 1 });
    restored.restore(JSON.parse(JSON.stringify(sampler.state())));
    next.push(...drawStarts(restored, second.length - 1));
    assert.deepEqual(next.sort((a, b) => a - b), second, order);
    const third = allStarts(store);
    assert.deepEqual(drawStarts(restored, 1000).sort((a, b) => a - b), third, order);
    assert.ok(first.length < second.length && second.length < third.length);
  }
});

test("next() draws from new rows at once by uniform, recent and prioritized orders", () => {
  using store = makeStore(1);
  const orders = [
    { kind: "recent", steps: 1 },
    { kind: "recent", decay: 1e-300 },
    { kind: "prioritized", alpha: 1 },
    "uniform",
  ] as const;
  for (const boundary of ["pad-left", "within"] as const) {
    const samplers = orders.map((order) =>
      store.sampler({ steps: 1, fields: { a: 1 }, boundary, order, batchSize: 400, seed: 6 })
    );
    for (let round = 0; round < 20; round++) {
      grow(store, 1);
      const last = store.rowCount - 1;
      for (const [i, sampler] of samplers.entries()) {
        const { starts } = sampler.next()!;
        const isDrawn = i < 2 ? starts.every((start) => start === last) : starts.includes(last);
        assert.ok(isDrawn, `${JSON.stringify(orders[i])} has not drawn row ${last}`);
      }
    }
  }
});

test("next() over growing random stores matches the oracle after every append", () => {
  for (let seed = 1; seed <= 8; seed++) {
    const random = new Random(seed);
    using store = new StreamStore(modelFields);
    const model = new Model();
    growModel(store, model, random, 3);
    const rules = episodeRules(random, 40);
    const cases = [0, 1, 2].map(() =>
      drawCase(
        random,
        model,
        outputs[2 * random.below(2)],
        boundaries[random.below(4)],
        rules[random.below(rules.length)],
      )
    );
    const samplers = cases.map(({ options }) =>
      store.sampler(
        { ...options, truncate: true, order: "sequential", epochs: Infinity, batchSize: 1 } as never,
      )
    );
    growModel(store, model, random, 25, () => {
      cases.forEach(({ rule, form, options }, i) => {
        const expected = windowsOf(model, rule);
        withSeed(seed, `${JSON.stringify(options)} at ${model.rows.length} rows`, () => {
          for (const window of expected) {
            compareWindow(samplers[i].next() as unknown as TokenBatch, 0, model, rule, window, form);
          }
        });
      });
    });
  }
});

test("next() counts an end, or an ID, that comes in a second append for the same step", () => {
  for (const episodes of [{ end: "done" }, { id: "id" }] as const) {
    using store = new StreamStore(fields);
    const sampler = store.sampler({
      ...windows,
      episodes,
      order: "sequential",
      epochs: Infinity,
      batchSize: 1,
    });
    for (let step = 0; step < 40; step++) {
      store.append(step, { a: step });
      if (step > 3) sampler.next();
      if ("end" in episodes && step % 10 === 9) store.append(step, { done: 1 });
      if ("id" in episodes) store.append(step, { id: Math.floor(step / 10) });
      if (step > 3) sampler.next();
    }
    const fresh = allStarts(store, { ...windows, episodes });
    assert.deepEqual(fresh, allStarts(makeStore(40)));
    const restarted = store.sampler({ ...windows, episodes, order: "sequential" }).state();
    sampler.restore(restarted);
    assert.deepEqual(drawStarts(sampler, fresh.length), fresh);
  }
});

test("next() draws no window across the start of an episode whose ID came late, though it did before", () => {
  for (const boundary of boundaries) {
    using store = new StreamStore(fields);
    const options = { ...windows, boundary, episodes: { id: "id" } } as const;
    grow(store, 5);
    const prioritized = store.sampler({ ...options, order: { kind: "prioritized" }, batchSize: 40, seed: 1 });
    const shuffled = store.sampler({ ...options, order: "shuffle", batchSize: 1, seed: 1 });
    for (let step = 5; step < 60; step++) {
      store.append(step, { a: step });
      for (const isWhole of [false, true]) {
        if (isWhole) store.append(step, { id: Math.floor(step / 7) });
        const valid = store.sampler({ ...options, order: "sequential", batchSize: 1000 }).next()!;
        const known = new Set(Array.from(valid.starts, (start, i) => `${start} ${valid.lengths[i]}`));
        const { starts, lengths, ids } = prioritized.next()!;
        starts.forEach((start, i) =>
          assert.ok(known.has(`${start} ${lengths[i]}`), `${boundary} at ${step}: ${start}`)
        );
        prioritized.updatePriorities(ids, ids.map((id) => 1 + id % 3));
        const drawn = shuffled.next()!;
        // An epoch's windows end where the stream did when it began.
        assert.ok(valid.starts.includes(drawn.starts[0]), `${boundary} at ${step}: ${drawn.starts[0]}`);
      }
    }
    const left = new Set<number>();
    for (let round = 0; round < 100; round++) for (const id of prioritized.next()!.ids) left.add(id);
    const all = store.sampler({ ...options, order: { kind: "prioritized" }, batchSize: 4000, seed: 2 })
      .next()!;
    assert.deepEqual([...left].sort(), [...new Set(all.ids)].sort(), boundary);
  }
});

test("next() goes on with the windows that are left, each once, where an ID comes within the epoch", () => {
  for (const order of ["sequential", "shuffle"] as const) {
    using store = grow(new StreamStore(fields), 20);
    store.append(20, { a: 20 });
    const sampler = store.sampler({
      ...windows,
      episodes: { id: "id" },
      order,
      batchSize: 1,
      seed: 1,
      epochs: 1,
    });
    const drawn = drawStarts(sampler, 3);
    store.append(20, { id: 2 });
    drawn.push(...drawStarts(sampler, 100));
    const wanted = allStarts(store, { ...windows, episodes: { id: "id" } });
    assert.deepEqual(drawn.filter((start) => start !== 18).sort((a, b) => a - b), wanted, order);
  }
});

test("next() begins episodes at rows yet to come when these arrive", () => {
  for (const unit of ["steps", "tokens"] as const) {
    using store = makeStore(8);
    const window = unit === "steps"
      ? { steps: 3, fields: { a: 1 } } as const
      : { tokens: 9, stride: 3 } as const;
    const starts = [0, 5, 12, 13, 2 ** 40];
    const options = { ...window, episodes: { starts } };
    const sampler = store.sampler({ ...options, order: "sequential", epochs: 2, batchSize: 1 });
    const rows = (from: number[]) => unit === "steps" ? from : from.map((start) => start / 3);
    assert.deepEqual(rows(drawStarts(sampler, 4)), [0, 1, 2, 5]);
    grow(store, 9);
    assert.deepEqual(rows(drawStarts(sampler, 100)), [0, 1, 2, 5, 6, 7, 8, 9, 13, 14]);
  }
});

test("next() of a reader follows the writer, and of a store opened again goes on", () => {
  inTemporaryFolder((folder) => {
    const path = join(folder, "run.stream");
    const options = { ...windows, order: "shuffle", seed: 11, batchSize: 7, epochs: 4 } as const;
    let state;
    let wanted: number[];
    {
      using writer = StreamStore.open(path, { fields });
      grow(writer, 30);
      using reader = StreamStore.open(path, { mode: "read" }) as unknown as Store;
      const [ofWriter, ofReader] = [writer.sampler(options), reader.sampler(options)];
      for (let round = 0; round < 20; round++) {
        assert.deepEqual([...ofReader.next()!.starts], [...ofWriter.next()!.starts]);
        assert.deepEqual(ofReader.state(), ofWriter.state());
        grow(writer, 5);
      }
      state = ofWriter.state();
      wanted = drawStarts(ofWriter, 10_000);
    }
    for (const mode of ["read", "append"] as const) {
      using again = StreamStore.open(path, { mode }) as unknown as Store;
      const sampler = again.sampler({ ...options, batchSize: 12, seed: 0 });
      sampler.restore(state);
      assert.deepEqual(drawStarts(sampler, 10_000), wanted, mode);
    }
  });
});

test("restore() refuses a state of a longer stream", () => {
  using long = makeStore(50);
  using short = makeStore(20);
  const options = { ...windows, order: "shuffle" } as const;
  const sampler = long.sampler({ ...options, batchSize: 1 });
  sampler.next();
  const { end } = sampler.state().epoch!;
  assert.equal(end, 50);
  assert.throws(() => short.sampler(options).restore(sampler.state()), {
    name: "RangeError",
    message: "Cannot restore a sampler: the store must have the 50 steps of the state's epoch, got 20",
  });
});
