import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { StreamStore } from "../../mod.ts";
import type { SamplerOptions } from "../../src/sample/options.ts";
import { drawStarts } from "../support/sampler/drawing.ts";
import { wait } from "../support/time.ts";
import { runFlags } from "../support/runtime.ts";

const fields = { a: 0, done: 1 } as const;
type Store = StreamStore<typeof fields>;

function grow(store: Store, rows: number): Store {
  const first = store.rowCount;
  for (let step = first; step < first + rows; step++) store.append(step, { a: step, done: step % 10 === 9 });
  store.flush();
  return store;
}

async function withStore(rows: number, run: (store: Store, path: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "prefetch-"));
  try {
    const path = join(folder, "run.stream");
    using store = StreamStore.open(path, { fields });
    await run(grow(store, rows), path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const windows = { tokens: 4, episodes: { end: "done" }, seed: 3, batchSize: 8 } as const;

interface Prefetching {
  next(): Promise<{ readonly size: number; readonly starts: Float64Array } | null>;
}

/** The starts of so many batches. */
async function take(sampler: Prefetching, batches: number): Promise<number[]> {
  const starts: number[] = [];
  for (let i = 0; i < batches; i++) starts.push(...(await sampler.next())?.starts ?? []);
  return starts;
}

test("next() ahead gives the batches of a sampler without, in every array", async () => {
  await withStore(95, async (store) => {
    const cases: SamplerOptions<"a" | "done">[] = [
      { steps: 2, order: "shuffle", epochs: 2, boundary: "pad-left" },
      {
        steps: 3,
        fields: { a: 1, done: 2 },
        order: { kind: "recent", decay: 0.9 },
        boundary: "pad-right",
        shard: { index: 1, count: 3 },
        normalize: true,
        output: { values: "float16", steps: null },
      },
    ];
    for (const [i, given] of cases.entries()) {
      const options = { ...given, episodes: windows.episodes, batchSize: 8, seed: 3 };
      const plain = store.sampler(options);
      using ahead = store.sampler({ ...options, prefetch: 1 + i });
      for (let round = 0; round < 60; round++) {
        const [wanted, got] = [plain.next(), await ahead.next()];
        assert.deepEqual(ahead.state(), plain.state());
        assert.equal(JSON.stringify(got, plainValues), JSON.stringify(wanted, plainValues));
        if (wanted === null) break;
      }
    }
  });
});

test("next() ahead normalizes integers by moments that are read once, when the sampler is made", async () => {
  const path = join(mkdtempSync(join(tmpdir(), "prefetch-")), "run.stream");
  using store = StreamStore.open(path, { fields: { count: { type: 0, dtype: "int64" } } });
  for (let step = 0; step < 8; step++) store.append(step, { count: BigInt(step) });
  let reads = 0;
  const moments = {
    get mean() {
      return ++reads;
    },
    standardDeviation: 2,
  };
  using ahead = store.sampler({
    tokens: 4,
    batchSize: 2,
    order: "sequential",
    normalize: { count: moments },
    prefetch: 1,
  });
  assert.equal(reads, 1);
  assert.deepEqual([...(await ahead.next())!.values], [-0.5, 0, 0.5, 1, 0, 0.5, 1, 1.5]);
  assert.equal(reads, 1);
});

function plainValues(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return `${value}`;
  return ArrayBuffer.isView(value) ? Array.from(value as Float64Array) : value;
}

test("sampler() ahead, in for await, goes on to the last epoch's end, and once more from where it was left", async () => {
  await withStore(95, async (store) => {
    const options = { ...windows, order: "shuffle", epochs: 2 } as const;
    const whole = drawStarts(store.sampler(options), 10_000);
    const sampler = store.sampler({ ...options, prefetch: 4 });
    const starts: number[] = [];
    let rounds = 0;
    while (starts.length < whole.length && rounds++ < 100) {
      let left = 25;
      for await (const batch of sampler) {
        starts.push(...batch.starts);
        if (--left === 0) break;
      }
    }
    assert.deepEqual(starts, whole);
    assert.equal(rounds, Math.ceil(whole.length / 200));
    for await (const _ of sampler) assert.fail("a batch after the end");
  });
});

test("state() is that of the last batch that was handed out, however many are ready", async () => {
  await withStore(300, async (store) => {
    const options = { ...windows, order: "shuffle" } as const;
    const whole = drawStarts(store.sampler(options), 400);
    using sampler = store.sampler({ ...options, prefetch: 6 });
    const drawn: number[] = [];
    for (const batches of [0, 1, 5]) {
      drawn.push(...await take(sampler, batches - drawn.length / 8));
      await wait(20);
      const state = sampler.state();
      assert.equal(state.position, 8 * batches);
      const restored = store.sampler({ ...options, seed: 9, batchSize: 5 });
      restored.restore(JSON.parse(JSON.stringify(state)));
      assert.deepEqual([...drawn, ...drawStarts(restored, 400 - 8 * batches)], whole);
    }
  });
});

test("restore() throws away what was made ahead, also while a batch is waited for", async () => {
  await withStore(300, async (store) => {
    const options = { ...windows, order: "shuffle" } as const;
    const whole = drawStarts(store.sampler(options), 800);
    using sampler = store.sampler({ ...options, prefetch: 3, seed: 77 });
    for (const batches of [0, 3, 20, 4]) {
      const source = store.sampler(options);
      drawStarts(source, 8 * batches);
      // The first next() has started the Worker, and what comes of it now is of no use.
      const before = sampler.next();
      sampler.restore(source.state());
      await before;
      sampler.restore(source.state());
      assert.deepEqual(sampler.state(), source.state());
      assert.deepEqual(await take(sampler, 6), whole.slice(8 * batches, 8 * batches + 48), `at ${batches}`);
    }
    assert.equal(sampler.seed, 3n);
    assert.throws(() => sampler.restore({ ...sampler.state(), order: "other" }), /state\.order must be/);
    assert.throws(() => sampler.restore(null as never), TypeError);
  });
});

test("next() is there at once for a trainer that is slower than the sampler", async () => {
  await withStore(1000, async (store) => {
    using sampler = store.sampler({ ...windows, batchSize: 64, prefetch: 1 });
    await sampler.next();
    let ready = 0;
    for (let round = 0; round < 8; round++) {
      await wait(40);
      let isThere = false;
      const next = sampler.next().then(() => isThere = true);
      // Only what needs no message from the Worker happens meanwhile.
      for (let turn = 0; turn < 10; turn++) await Promise.resolve();
      if (isThere) ready++;
      await next;
    }
    // On a machine with much else to do a Worker may be late now and then.
    assert.ok(ready >= 4, `only ${ready} of 8 batches were ready`);
  });
});

test("next() leaves a batch as it is until the next is asked for, and draws rows that come", async () => {
  await withStore(50, async (store) => {
    using sampler = store.sampler({ ...windows, order: "sequential", epochs: Infinity, prefetch: 1 });
    for (let round = 0; round < 5; round++) {
      const batch = (await sampler.next())!;
      const copy = [...batch.values];
      await wait(10);
      assert.deepEqual([...batch.values], copy);
      assert.ok(Math.max(...batch.starts) < 100);
    }
    grow(store, 50);
    assert.ok(Math.max(...await take(sampler, 60)) > 180);
  });
});

test("next() throws an error of the Worker, and goes on when its cause is gone", async () => {
  await withStore(50, async (store, path) => {
    const short = store.sampler({
      ...windows,
      tokens: 15,
      prefetch: 2,
      episodes: { starts: [0, 5, 10, 15, 20, 25, 30, 35, 40, 45] },
    });
    await assert.rejects(short.next(), {
      name: "RangeError",
      message: /there must be a valid window of 15 tokens, got none/,
    });
    grow(store, 20);
    assert.equal((await short.next())!.size, 8);
    short.close();
    using gone = store.sampler({ ...windows, prefetch: 2 });
    renameSync(path, `${path}.away`);
    await assert.rejects(gone.next(), { name: "StreamStoreError", code: "not-found" });
    renameSync(`${path}.away`, path);
    assert.equal((await gone.next())!.size, 8);
  });
});

test("next() throws on a row that comes too wide when its window is drawn, after the batches before it", async () => {
  await withStore(20, async (store) => {
    const options = { steps: 2, batchSize: 4, order: "sequential" } as const;
    const sampler = store.sampler({ ...options, prefetch: 2 });
    store.append(20, { a: [1, 2, 3], done: 1 });
    store.flush();
    const starts: number[] = [];
    const drain = async () => {
      for await (const batch of sampler) starts.push(...batch.starts);
    };
    await assert.rejects(drain(), {
      name: "RangeError",
      message: /^Cannot sample: the rows of a window must have <= 4 tokens, got 6 from row 19 on/,
    });
    assert.deepEqual(starts, Array.from({ length: 16 }, (_, i) => i));
    assert.equal(sampler.state().position, 16);
  });
});

test("next() throws when the Worker crashes, and then starts another", async () => {
  await withStore(50, async (store) => {
    const { Worker } = globalThis;
    const crashing = class extends Worker {
      constructor() {
        super(new URL("../support/children/crashing_worker.ts", import.meta.url).href, { type: "module" });
      }
    };
    using sampler = store.sampler({ ...windows, order: "shuffle", prefetch: 2 });
    try {
      globalThis.Worker = crashing;
      await assert.rejects(sampler.next(), {
        name: "StreamStoreError",
        code: "internal",
        message: /^Cannot sample: the Worker has crashed: [^]*out of luck/,
      });
    } finally {
      globalThis.Worker = Worker;
    }
    assert.deepEqual(await take(sampler, 3), drawStarts(store.sampler({ ...windows, order: "shuffle" }), 24));
  });
});

test("close() while a batch is waited for is an error there, and closing twice does nothing", async () => {
  await withStore(50, async (store) => {
    const sampler = store.sampler({ ...windows, order: "sequential", epochs: Infinity, prefetch: 2 });
    const waiting = sampler.next();
    await assert.rejects(sampler.next(), { name: "StreamStoreError", code: "busy" });
    sampler.close();
    sampler.close();
    await assert.rejects(waiting, {
      name: "StreamStoreError",
      code: "closed",
      message: "Cannot sample: the sampler was closed",
    });
    assert.deepEqual(
      await take(sampler, 2),
      drawStarts(store.sampler({ ...windows, order: "sequential" }), 16),
    );
    sampler.close();
    store.close();
    await assert.rejects(sampler.next(), { code: "closed" });
  });
});

/** Runs a script by this runtime, as far as it says itself what it is. */
function run(path: string, way: string): Promise<string> {
  const script = fileURLToPath(new URL("../support/children/prefetching.ts", import.meta.url));
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [...runFlags, script, path, way], { timeout: 20_000 }, (error, out) => {
      if (error !== null) reject(error);
      else resolve(out);
    });
  });
}

test("sampler() ahead lets a process end that leaves the loop, or closes the sampler", async () => {
  await withStore(60, async (_store, path) => {
    const ways = { end: 15, break: 3, throw: 3, close: 1, "start and close": -1 };
    const outputs = await Promise.all(Object.keys(ways).map((way) => run(path, way)));
    assert.deepEqual(outputs, Object.values(ways).map((count) => `${count} batches\n`));
  });
});
