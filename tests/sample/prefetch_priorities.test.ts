/** Draws that follow priorities, made ahead: as of when they were drawn, and filled by a Worker. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import { fields, grow, windows } from "../support/sampler/growing.ts";
import { Random } from "../support/support.ts";
import { wait } from "../support/time.ts";
import { withDirectory } from "../torture/scratch.ts";

const order = { kind: "prioritized", alpha: 0.7, beta: 0.5 } as const;
const options = { ...windows, order, batchSize: 16, seed: 5 } as const;

interface Prioritized {
  readonly starts: Float64Array;
  readonly ids: Float64Array;
  readonly probabilities: Float64Array;
  readonly weights: Float64Array;
}

/** Everything of a batch, which is filled anew later. */
function copyOf(batch: unknown): string {
  return JSON.stringify(batch, (_, value) => {
    if (typeof value === "bigint") return `${value}`;
    return ArrayBuffer.isView(value) ? Array.from(value as Float64Array) : value;
  });
}

/** So many batches, and in between nothing is updated. */
async function take(sampler: { next(): unknown }, batches: number): Promise<string[]> {
  const taken: string[] = [];
  for (let i = 0; i < batches; i++) taken.push(copyOf(await sampler.next()));
  return taken;
}

/** What a batch must say of its windows by the priorities of the moment when it was drawn. */
function checkModel({ ids, probabilities, weights }: Prioritized, model: ReadonlyMap<number, number>): void {
  const total = [...model.values()].reduce((sum, priority) => sum + priority ** order.alpha, 0);
  const raw = Array.from(ids, (id, i) => {
    const wanted = model.get(id)! ** order.alpha / total;
    assert.ok(Math.abs(probabilities[i] / wanted - 1) < 1e-12, `${id}: ${probabilities[i]}, not ${wanted}`);
    return (model.size * wanted) ** -order.beta;
  });
  weights.forEach((weight, i) => {
    const wanted = raw[i] / Math.max(...raw);
    assert.ok(Math.abs(weight / wanted - 1) < 1e-12, `weight ${weight}, not ${wanted}`);
  });
}

for (const prefetch of [1, 4]) {
  test(`next() ${prefetch} ahead gives batches as of when they were drawn, of a store that grows`, () =>
    withDirectory(async (directory) => {
      using store = grow(StreamStore.open(`${directory}/run.stream`, { fields }), 95);
      using ahead = store.sampler({ ...options, prefetch });
      // The same draws without a Worker: each made so many calls before it is compared.
      const plain = store.sampler(options);
      const model = new Map<number, number>();
      let known = 0;
      let max = 1;
      const waiting: { batch: string; model: Map<number, number> }[] = [];
      const draw = () => {
        // Windows of 3 rows that lie in an episode of 10; new ones have the highest priority so far.
        for (; known + 3 <= store.rowCount; known++) if (known % 10 <= 7) model.set(known, max);
        waiting.push({ batch: copyOf(plain.next()), model: new Map(model) });
      };
      for (let i = 0; i <= prefetch; i++) draw();
      const random = new Random(prefetch);
      for (let call = 0; call < 60; call++) {
        const batch = (await ahead.next())!;
        const wanted = waiting.shift()!;
        assert.equal(copyOf(batch), wanted.batch, `call ${call}`);
        checkModel(batch, wanted.model);
        const ids = batch.ids.slice();
        const priorities = Array.from(ids, () => random.below(5) === 0 ? 0 : 10 * random.float());
        for (const sampler of [ahead, plain]) sampler.updatePriorities(ids, priorities);
        ids.forEach((id, i) => model.set(id, priorities[i]));
        max = Math.max(max, ...priorities);
        if (call % 7 === 3) grow(store, 30);
        if (call % 5 === 0) await wait(3);
        draw();
      }
    }));
}

test("next() ahead fills every kind of window that priorities are drawn for", () =>
  withDirectory(async (directory) => {
    using store = StreamStore.open(`${directory}/run.stream`, { fields, extra: { note: "string" } });
    for (let step = 0; step < 95; step++) {
      store.append(step, { a: step, done: step % 10 === 9, id: 3n }, { note: `row ${step}` });
    }
    const episodes = windows.episodes;
    const kinds = [
      { tokens: 7, episodes, boundary: "pad-left", stride: 2 },
      { steps: 4, episodes, boundary: "pad-right", normalize: true, output: { values: "float64" } },
      { steps: 2, fields: { a: 1, done: 2 }, between: { steps: [20, 70] }, shard: { index: 1, count: 3 } },
      { fields: { a: { width: 1, offsets: [-2, 0, 3] } }, episodes, boundary: "edge" },
      { steps: 3, fields: { a: 1 }, episodes, extra: ["note"], boundary: "pad-left" },
    ] as const;
    for (const kind of kinds) {
      const asked = { ...kind, order, batchSize: 9, seed: 3 } as const;
      using ahead = store.sampler({ ...asked, prefetch: 2 } as never) as unknown as {
        next(): Promise<unknown>;
        close(): void;
        [Symbol.dispose](): void;
      };
      const plain = store.sampler(asked as never) as unknown as { next(): unknown };
      assert.deepEqual(await take(ahead, 12), await take(plain, 12), JSON.stringify(kind));
    }
  }));

test("state(), priorities in a file and restore() go on with the very next windows, ahead or not", () =>
  withDirectory(async (directory) => {
    using store = grow(StreamStore.open(`${directory}/run.stream`, { fields }), 300);
    using running = store.sampler({ ...options, prefetch: 3 });
    for (let i = 0; i < 10; i++) {
      const { ids } = (await running.next())!;
      running.updatePriorities(ids, ids.map((id) => id % 7));
    }
    const path = join(directory, "priorities");
    running.savePriorities(path);
    const state = JSON.parse(JSON.stringify(running.state()));
    assert.equal(state.position, 160);
    const plain = store.sampler({ ...options, seed: 9 });
    plain.loadPriorities(path);
    plain.restore(state);
    const wanted = await take(plain, 12);
    using other = store.sampler({ ...options, seed: 9, prefetch: 2 });
    // The Worker has begun with something else, and is waited for.
    const before = other.next();
    other.loadPriorities(path);
    other.restore(state);
    await before;
    other.restore(state);
    assert.deepEqual(await take(other, 12), wanted);
    assert.equal(other.seed, 5n);
    // What was drawn ahead is thrown away, and drawn again by what is known now.
    running.restore(state);
    assert.deepEqual(running.state(), state);
    assert.deepEqual(await take(running, 12), wanted);
    // Another Worker is told by the sampler, which has all priorities.
    for (const at of [state, plain.state()]) {
      running.restore(at);
      plain.restore(at);
      running.close();
      assert.deepEqual(await take(running, 5), await take(plain, 5));
      running.close();
      assert.deepEqual(await take(running, 5), await take(plain, 5));
    }
  }));

test("updatePriorities() is kept when the Worker crashes", () =>
  withDirectory(async (directory) => {
    using store = grow(StreamStore.open(`${directory}/run.stream`, { fields }), 100);
    using sampler = store.sampler({ ...options, prefetch: 2 });
    const plain = store.sampler(options);
    for (const one of [sampler, plain]) one.updatePriorities([0, 20, 41], [9, 0, 200]);
    const { Worker } = globalThis;
    try {
      globalThis.Worker = class extends Worker {
        constructor() {
          super(new URL("../support/children/crashing_worker.ts", import.meta.url).href, { type: "module" });
        }
      };
      await assert.rejects(sampler.next(), { code: "internal", message: /the Worker has crashed/ });
    } finally {
      globalThis.Worker = Worker;
    }
    assert.deepEqual(await take(sampler, 6), await take(plain, 6));
  }));

test("next() ahead draws again what was dropped before the Worker came to it", () =>
  withDirectory(async (directory) => {
    using store = StreamStore.open(`${directory}/run.stream`, {
      fields,
      capacity: 65_536,
      retain: { rows: 24_000 },
    });
    grow(store, 32_000);
    for (const window of [{ steps: 3, fields: { a: 1 } }, { tokens: 9 }] as const) {
      using ahead = store.sampler({
        ...window,
        episodes: { end: "done" },
        order,
        batchSize: 32,
        prefetch: 3,
      });
      // The first batches are drawn at once, and the Worker is still to start when the rows are gone.
      const first = ahead.next();
      for (let i = 0; i < 20; i++) grow(store, 6400);
      const held = "steps" in window ? store.firstRow : store.firstToken;
      for (let round = 0; round < 30; round++) {
        const batch = (await (round === 0 ? first : ahead.next()))!;
        assert.equal(batch.size, 32);
        assert.equal(ahead.state().position, 32 * (round + 1));
        const ids = batch.ids!;
        assert.deepEqual([...ids], [...batch.starts]);
        assert.ok(batch.starts.every((start) => start >= held), `round ${round}`);
        const values = (batch.fields?.a ?? batch as { values: unknown }).values as Float32Array;
        const perStart = "steps" in window ? 1 : 3;
        batch.starts.forEach((start, i) => {
          const [at, row] = [i * values.length / 32, Math.floor(start / perStart)];
          if (start % perStart === 0) assert.equal(values[at], row);
        });
        ahead.updatePriorities(ids, ids.map((id) => id % 5));
      }
    }
  }));

test("next() ahead throws what a sampler without does, after the batches before it, and goes on", () =>
  withDirectory(async (directory) => {
    const path = `${directory}/run.stream`;
    using store = StreamStore.open(path, { fields: { a: 0, done: 1 } });
    for (let step = 0; step < 20; step++) store.append(step, { a: step, done: step % 10 === 9 });
    store.flush();
    const asked = { steps: 2, batchSize: 4, order, seed: 1, prefetch: 2 } as const;
    using sampler = store.sampler(asked);
    const ids = Array.from({ length: 19 }, (_, id) => id);
    sampler.updatePriorities(ids, ids.map(() => 1));
    await sampler.next();
    // Two more were drawn; then there is nothing to draw.
    sampler.updatePriorities(ids, ids.map(() => 0));
    assert.equal((await sampler.next())!.size, 4);
    assert.equal((await sampler.next())!.size, 4);
    await assert.rejects(sampler.next(), /a window must have a priority above 0, got none/);
    await assert.rejects(sampler.next(), /a window must have a priority above 0, got none/);
    sampler.updatePriorities([7], [1]);
    assert.deepEqual([...(await sampler.next())!.starts], [7, 7, 7, 7]);
    assert.equal(sampler.state().position, 16);
    // A row that is wider than the output.
    using wide = store.sampler({ ...asked, tokens: 4 });
    store.append(20, { a: [1, 2, 3], done: 1 });
    wide.updatePriorities(ids, ids.map(() => 0));
    await assert.rejects(wide.next(), {
      name: "RangeError",
      message: /^Cannot sample: the rows of a window must have <= 4 tokens, got 6 from row 19 on/,
    });
    wide.updatePriorities([3, 19], [1, 0]);
    assert.deepEqual([...(await wide.next())!.starts], [3, 3, 3, 3]);
    // Nobody takes what is drawn and filled; a sampler that is closed still has its priorities.
    await wait(10);
    wide.close();
    wide.updatePriorities([3, 4], [0, 1]);
    assert.deepEqual([...(await wide.next())!.starts], [4, 4, 4, 4]);
    store.close();
    await assert.rejects(wide.next(), { code: "closed" });
    assert.throws(() => wide.updatePriorities([3], [1]), { code: "closed" });
  }));

test("updatePriorities() ahead names what it refuses, and changes nothing", () =>
  withDirectory(async (directory) => {
    using store = grow(StreamStore.open(`${directory}/run.stream`, { fields }), 30);
    using ahead = store.sampler({ ...options, prefetch: 2 });
    await ahead.next();
    const bad: [number[], number[], RegExp][] = [
      [[0, 8], [5, 5], /ids\[1\] must be the position of a window from 0 to 27, got 8/],
      [[0, 1], [5, -1], /priorities\[1\] must be a finite number >= 0, got -1/],
      [[0, 1], [5], /there must be as many priorities as ids, got 1 for 2/],
    ];
    for (const [ids, priorities, message] of bad) {
      assert.throws(() => ahead.updatePriorities(ids, priorities), { name: "RangeError", message });
    }
    // The caller's own code runs in the reading, and finds the store in the middle of a call.
    const list = new Proxy([0], {
      get: (target, name) => {
        if (name === "0") ahead.updatePriorities([0], [1]);
        return Reflect.get(target, name);
      },
    });
    assert.throws(() => ahead.updatePriorities(list, [1]), { code: "busy" });
    const plain = store.sampler(options);
    assert.deepEqual(await take(ahead, 3), (await take(plain, 4)).slice(1));
    using uniform = store.sampler({ ...windows, prefetch: 2 });
    for (const [verb, call] of [["update", "updatePriorities"], ["save", "savePriorities"]] as const) {
      assert.throws(() => uniform[call]("x" as never, [] as never), {
        name: "TypeError",
        message: `Cannot ${verb} priorities: the order must be prioritized, got uniform`,
      });
    }
  }));
