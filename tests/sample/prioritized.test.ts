import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import type { SamplerOptions } from "../../src/sample/options.ts";
import { drawAnyCase } from "../support/sampler/cases.ts";
import { withSeed } from "../support/sampler/compare.ts";
import { chiSquare, chiSquareLimit } from "../support/sampler/drawing.ts";
import { makeStore as makeRandomStore } from "../support/sampler/model.ts";
import type { Name } from "../support/sampler/widths.ts";
import { windowsOf } from "../support/sampler/oracle.ts";
import { Random } from "../support/support.ts";

type Store = StreamStore<{ a: 0; done: 1 }>;

function grow(store: Store, rows: number): Store {
  const first = store.rowCount;
  for (let step = first; step < first + rows; step++) store.append(step, { a: step, done: step % 10 === 9 });
  return store;
}

function makeStore(rows: number): Store {
  return grow(new StreamStore({ a: 0, done: 1 }), rows);
}

const windows = { steps: 3, fields: { a: 1 }, episodes: { end: "done" } } as const;

function prioritized(alpha: number, beta = 0.4) {
  return { kind: "prioritized", alpha, beta } as const;
}

interface Prioritized {
  next():
    | { readonly ids: Float64Array; readonly probabilities: Float64Array; readonly weights: Float64Array }
    | null;
}

/** How often each id was drawn in so many batches. */
function countIds(sampler: Prioritized, batches: number): Map<number, number> {
  const counts = new Map<number, number>();
  for (let batch = 0; batch < batches; batch++) {
    for (const id of sampler.next()!.ids) counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return counts;
}

function isNear(got: number, wanted: number): boolean {
  return Math.abs(got - wanted) <= 1e-12 * Math.abs(wanted);
}

/** Every batch agrees with a model of the priorities: probabilities, weights, and that nothing else is drawn. */
function checkBatches(
  sampler: Prioritized,
  model: ReadonlyMap<number, number>,
  alpha: number,
  beta: number,
): void {
  const raised = new Map([...model].map(([id, priority]) => [id, priority === 0 ? 0 : priority ** alpha]));
  const total = [...raised.values()].reduce((sum, power) => sum + power, 0);
  for (let round = 0; round < 3; round++) {
    const { ids, probabilities, weights } = sampler.next()!;
    const wanted = Array.from(ids, (id) => raised.get(id)! / total);
    const raw = wanted.map((probability) => (model.size * probability) ** -beta);
    ids.forEach((id, i) => {
      assert.ok(raised.get(id)! > 0, `id ${id} has priority ${model.get(id)}`);
      assert.ok(
        isNear(probabilities[i], wanted[i]),
        `probability of ${id}: ${probabilities[i]}, not ${wanted[i]}`,
      );
      const weight = raw[i] / Math.max(...raw);
      assert.ok(isNear(weights[i], weight), `weight of ${id}: ${weights[i]}, not ${weight}`);
    });
    assert.equal(Math.max(...weights), 1);
  }
}

test("next() gives probabilities of priority ** alpha, and weights (N * probability) ** -beta by the largest", () => {
  for (const [alpha, beta] of [[1, 1], [0.6, 0.4], [0, 0.5], [2, 0]]) {
    using store = makeStore(40);
    const sampler = store.sampler({ ...windows, order: prioritized(alpha, beta), batchSize: 64, seed: 1 });
    const ids = windowStarts(store);
    const model = new Map(ids.map((id) => [id, 1]));
    checkBatches(sampler, model, alpha, beta);
    const random = new Random(7);
    for (let round = 0; round < 20; round++) {
      const some = Array.from({ length: 10 }, () => ids[random.below(ids.length)]);
      const priorities = some.map(() => random.below(4) === 0 ? 0 : random.float() * 10);
      sampler.updatePriorities(some, priorities);
      some.forEach((id, i) => model.set(id, priorities[i]));
      checkBatches(sampler, model, alpha, beta);
    }
  }
});

function windowStarts(store: Store): number[] {
  return [...store.sampler({ ...windows, order: "sequential", batchSize: 10_000 }).next()!.starts];
}

test("next() draws windows as often as their priorities say, and never at priority 0", () => {
  using store = makeStore(40);
  const sampler = store.sampler({ ...windows, order: prioritized(0.7), batchSize: 1000, seed: 3 });
  const ids = windowStarts(store);
  const priorities = ids.map((_, i) => i % 5);
  sampler.updatePriorities(ids, priorities);
  const counts = countIds(sampler, 60);
  const powers = priorities.map((priority) => priority ** 0.7);
  const total = powers.reduce((sum, power) => sum + power);
  const drawn = ids.filter((_, i) => priorities[i] > 0);
  const expected = powers.filter((power) => power > 0).map((power) => 60_000 * power / total);
  const statistic = chiSquare(drawn.map((id) => counts.get(id) ?? 0), expected);
  assert.ok(statistic < chiSquareLimit(drawn.length - 1), `chi-square ${statistic}`);
  assert.deepEqual([...counts.keys()].sort((a, b) => a - b), drawn);
});

test("next() draws all windows as often before there are priorities", () => {
  using store = makeStore(40);
  const counts = [
    ...countIds(store.sampler({ ...windows, order: prioritized(0.6), batchSize: 500, seed: 8 }), 64).values(),
  ];
  const statistic = chiSquare(counts, counts.map(() => 1000));
  assert.equal(counts.length, 32);
  assert.ok(statistic < chiSquareLimit(31), `chi-square ${statistic}`);
});

test("next() gives a window's anchor as its id, whatever the boundary, the unit and the stride", () => {
  for (let seed = 1; seed <= 40; seed++) {
    const random = new Random(seed);
    const { store, model } = makeRandomStore(random, 2 + random.below(40));
    const { rule, options } = drawAnyCase(random, model);
    const anchors = windowsOf(model, rule).map(({ anchor }) => anchor);
    withSeed(seed, JSON.stringify(options), () => {
      if (anchors.length === 0) return;
      const sampler = store.sampler(
        { ...options, batchSize: 8, order: prioritized(1), seed } as SamplerOptions<Name>,
      );
      sampler.updatePriorities(anchors, anchors.map(() => 0));
      assert.throws(() => sampler.next(), /a window must have a priority above 0, got none/);
      const chosen = anchors[random.below(anchors.length)];
      sampler.updatePriorities([chosen], [2]);
      assert.deepEqual([...sampler.next()!.ids!], new Array(8).fill(chosen));
      const others = model.rows.map((_, row) => row).filter((row) => !anchors.includes(row));
      if (others.length > 0) {
        assert.throws(() => sampler.updatePriorities([others[0]], [1]), /ids\[0\] must be /);
      }
    });
    store.close();
  }
});

test("next() draws new windows at the highest priority so far", () => {
  using store = makeStore(30);
  const sampler = store.sampler({ ...windows, order: prioritized(1), batchSize: 100, seed: 2 });
  const model = new Map(windowStarts(store).map((id) => [id, 1]));
  sampler.updatePriorities([0, 1], [8, 0.5]);
  model.set(0, 8).set(1, 0.5);
  grow(store, 10);
  for (const id of windowStarts(store)) if (!model.has(id)) model.set(id, 8);
  assert.equal(model.size, 32);
  checkBatches(sampler, model, 1, 0.4);
  sampler.updatePriorities([0], [1]);
  model.set(0, 1);
  grow(store, 5);
  for (const id of windowStarts(store)) if (!model.has(id)) model.set(id, 8);
  checkBatches(sampler, model, 1, 0.4);
});

test("updatePriorities() takes the later of two priorities for one id", () => {
  using store = makeStore(30);
  const sampler = store.sampler({ ...windows, order: prioritized(1), batchSize: 10 });
  const model = new Map(windowStarts(store).map((id) => [id, 1]));
  sampler.updatePriorities([5, 6, 5, 5], [9, 3, 9, 2]);
  model.set(5, 2).set(6, 3);
  checkBatches(sampler, model, 1, 0.4);
});

test("updatePriorities() names ids and priorities that are none, and changes nothing", () => {
  using store = makeStore(30);
  const sampler = store.sampler({ ...windows, order: prioritized(1), batchSize: 10 });
  const model = new Map(windowStarts(store).map((id) => [id, 1]));
  const cases: [unknown, unknown, string, string][] = [
    [[0, 8], [5, 5], "RangeError", "ids[1] must be the position of a window from 0 to 27, got 8"],
    [[0, 28], [5, 5], "RangeError", "ids[1] must be the position of a window from 0 to 27, got 28"],
    [[0, -1], [5, 5], "RangeError", "ids[1] must be "],
    [[0, 0.5], [5, 5], "RangeError", "ids[1] must be "],
    [[0, NaN], [5, 5], "RangeError", "ids[1] must be "],
    [[0, Infinity], [5, 5], "RangeError", "ids[1] must be "],
    [[0, 2 ** 53], [5, 5], "RangeError", "ids[1] must be "],
    [[0, 1n], [5, 5], "RangeError", "ids[1] must be "],
    [[0, "1"], [5, 5], "RangeError", "ids[1] must be "],
    [[0, 1], [5, -1], "RangeError", "priorities[1] must be a finite number >= 0, got -1"],
    [[0, 1], [5, NaN], "RangeError", "priorities[1] must be a finite number >= 0, got NaN"],
    [[0, 1], [5, Infinity], "RangeError", "priorities[1] must be a finite number >= 0, got Infinity"],
    [[0, 1], [5, "1"], "RangeError", 'priorities[1] must be a finite number >= 0, got "1"'],
    [[0, 1], [5], "RangeError", "there must be as many priorities as ids, got 1 for 2"],
    [undefined, [5], "TypeError", "ids must be a list or typed array, got undefined"],
    [[0], 5, "TypeError", "priorities must be a list or typed array, got 5"],
    [[0], { length: 1 }, "TypeError", "priorities must be a list or typed array, got "],
    [[0], new DataView(new ArrayBuffer(8)), "TypeError", "priorities must be a list or typed array, got "],
  ];
  for (const [ids, priorities, name, message] of cases) {
    assert.throws(() => sampler.updatePriorities(ids as number[], priorities as number[]), (error: Error) => {
      assert.ok(`${error}`.startsWith(`${name}: Cannot update priorities: ${message}`), `${error}`);
      return true;
    });
  }
  sampler.updatePriorities([], []);
  sampler.updatePriorities(new Float32Array([3]), new Float32Array([0.5]));
  model.set(3, 0.5);
  checkBatches(sampler, model, 1, 0.4);
});

test("updatePriorities() and the like are for prioritized samplers only", () => {
  using store = makeStore(30);
  const sampler = store.sampler(windows);
  const message = (action: string) => ({
    name: "TypeError",
    message: `Cannot ${action}: the order must be prioritized, got uniform`,
  });
  assert.throws(() => sampler.updatePriorities([0], [1]), message("update priorities"));
  assert.throws(() => sampler.savePriorities("x"), message("save priorities"));
  assert.throws(() => sampler.loadPriorities("x"), message("load priorities"));
});

test("loadPriorities() and restore() go on with the very next windows, those that came since at the highest", () => {
  const folder = mkdtempSync(join(tmpdir(), "priorities-"));
  try {
    for (const stride of [1, 3]) {
      using store = makeStore(50);
      const options = { ...windows, stride, order: prioritized(0.8), batchSize: 16, seed: 4 };
      const sampler = store.sampler(options);
      const random = new Random(1);
      for (let round = 0; round < 10; round++) {
        const { ids } = sampler.next()!;
        sampler.updatePriorities(ids, Array.from(ids, () => random.float() * 5));
      }
      const path = join(folder, `priorities-${stride}`);
      sampler.savePriorities(path);
      const state = sampler.state();
      for (let round = 0; round < 2; round++) {
        if (round === 1) grow(store, 25);
        const restored = store.sampler({ ...options, seed: 9, batchSize: 5 });
        restored.loadPriorities(path);
        restored.restore(JSON.parse(JSON.stringify(state)));
        const twin = round === 0 ? store.sampler({ ...options, batchSize: 5 }) : sampler;
        if (round === 0) twin.loadPriorities(path);
        twin.restore(state);
        const [wanted, got] = [twin, restored].map((one) => {
          const [ids, probabilities]: number[][] = [[], []];
          while (ids.length < 80) {
            const batch = one.next()!;
            ids.push(...batch.ids);
            probabilities.push(...batch.probabilities);
          }
          return [ids, probabilities];
        });
        assert.deepEqual(got, wanted, `stride ${stride}, round ${round}`);
      }
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("loadPriorities() refuses those of another store, another alpha or no file, and changes nothing", () => {
  const folder = mkdtempSync(join(tmpdir(), "priorities-"));
  try {
    using store = makeStore(30);
    using longer = makeStore(60);
    const options = { ...windows, order: prioritized(0.8), batchSize: 16, seed: 4 };
    const path = join(folder, "longer");
    const other = longer.sampler(options);
    other.next();
    other.savePriorities(path);
    const sampler = store.sampler(options);
    const twin = store.sampler(options);
    assert.throws(() => sampler.loadPriorities(path), {
      name: "RangeError",
      message: `Cannot load priorities: ${path} must be of this store with 30 steps, got one of 58`,
    });
    assert.throws(() => sampler.loadPriorities(join(folder, "none")), { code: "not-found" });
    writeFileSync(join(folder, "damaged"), "StrmPrio");
    assert.throws(() => sampler.loadPriorities(join(folder, "damaged")), { code: "damaged" });
    const unlike = longer.sampler({ ...options, order: prioritized(0.5) });
    assert.throws(() => unlike.loadPriorities(path), /alpha must be 0\.8, as it was saved with, got 0\.5/);
    for (const [verb, call] of [["save", "savePriorities"], ["load", "loadPriorities"]] as const) {
      assert.throws(() => sampler[call](7 as never), {
        name: "TypeError",
        message: `Cannot ${verb} priorities: path must be a string, got 7`,
      });
    }
    assert.deepEqual(sampler.next(), twin.next());
  } finally {
    rmSync(folder, { recursive: true });
  }
});
