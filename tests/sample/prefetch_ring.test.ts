/** Batches ahead stand in shared memory: no message each, and the event loop has its turns all the same. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import { allocateRing, Maker, Taker } from "../../src/sample/prefetch/ring.ts";
import { drawStarts } from "../support/sampler/drawing.ts";
import { fields, grow, windows } from "../support/sampler/growing.ts";
import { wait } from "../support/time.ts";
import { withDirectory } from "../torture/scratch.ts";

/** Replaces the class of Workers by one that tells of each that is made. */
async function watchingWorkers(made: (worker: Worker) => void, run: () => Promise<void>): Promise<void> {
  const { Worker } = globalThis;
  globalThis.Worker = class extends Worker {
    constructor(...given: ConstructorParameters<typeof Worker>) {
      super(...given);
      made(this);
    }
  };
  try {
    await run();
  } finally {
    globalThis.Worker = Worker;
  }
}

test("next() ahead takes batches that are ready without a message each", () =>
  withDirectory(async (directory) => {
    using store = grow(StreamStore.open(`${directory}/run.stream`, { fields }), 500);
    const options = { ...windows, order: "shuffle", batchSize: 16, seed: 2 } as const;
    const plain = store.sampler(options);
    let messages = 0;
    const listen = (worker: Worker) => worker.addEventListener("message", () => messages++);
    await watchingWorkers(listen, async () => {
      using ahead = store.sampler({ ...options, prefetch: 16 });
      const starts: number[] = [];
      for (let round = 0; round < 40; round++) {
        for (let i = 0; i < 16; i++) starts.push(...(await ahead.next())!.starts);
        await wait(5);
      }
      assert.deepEqual(starts, drawStarts(plain, starts.length));
      // On a machine with much else to do the Worker is late now and then, and then says so.
      assert.ok(messages < 200, `${messages} messages for 640 batches`);
    });
  }));

test("next() ahead, in a loop that only takes, leaves turns to timers", () =>
  withDirectory(async (directory) => {
    using store = grow(StreamStore.open(`${directory}/run.stream`, { fields }), 500);
    using ahead = store.sampler({ ...windows, batchSize: 64, prefetch: 8 });
    await ahead.next();
    let ticks = 0;
    const timer = setInterval(() => ticks++, 5);
    const end = performance.now() + 500;
    for await (const _ of ahead) if (performance.now() > end) break;
    clearInterval(timer);
    assert.ok(ticks >= 5, `${ticks} ticks in half a second`);
  }));

test("close() ends a Worker that waits because nobody takes, and one that was taken from in part", () =>
  withDirectory(async (directory) => {
    using store = grow(StreamStore.open(`${directory}/run.stream`, { fields }), 500);
    const workers: Worker[] = [];
    await watchingWorkers((worker) => workers.push(worker), async () => {
      for (const taken of [1, 4]) {
        const ahead = store.sampler({ ...windows, batchSize: 4, prefetch: 3 });
        for (let i = 0; i < taken; i++) await ahead.next();
        await wait(20);
        const closed = new Promise<void>((resolve) => {
          workers.at(-1)!.addEventListener("message", ({ data }) => data.kind === "closed" && resolve());
        });
        ahead.close();
        await closed;
        // And again, from where it was.
        assert.equal((await ahead.next())!.size, 4);
        assert.equal(ahead.state().position, 4 * (taken + 1));
        ahead.close();
      }
    });
  }));

test("next() throws where the Worker was ended from outside, also of batches drawn by priority, and then starts another", () =>
  withDirectory(async (directory) => {
    using store = grow(StreamStore.open(`${directory}/run.stream`, { fields }), 500);
    const workers: Worker[] = [];
    await watchingWorkers((worker) => workers.push(worker), async () => {
      for (const order of ["shuffle", { kind: "prioritized" }] as const) {
        using ahead = store.sampler({ ...windows, order, batchSize: 4, seed: 1, prefetch: 2 });
        await ahead.next();
        await wait(20);
        workers.at(-1)!.terminate();
        const { position } = ahead.state();
        // Those that were made before are there still. Deno lets a Worker go on until it gives up its turn.
        const takeAll = async () => {
          for (let taken = 0; taken < 1_000_000; taken++) await ahead.next();
        };
        await assert.rejects(takeAll(), {
          name: "StreamStoreError",
          code: "internal",
          message: "Cannot sample: the Worker has ended without a word, as one that was ended from outside",
        });
        const reached = ahead.state().position;
        assert.ok(reached >= position, `${reached} after ${position}`);
        assert.equal((await ahead.next())!.size, 4);
        assert.equal(ahead.state().position, reached + 4);
        // Nothing is left to end: the program need not wait for it.
        workers.at(-1)!.terminate();
        await wait(100);
        ahead.close();
      }
    });
  }));

test("Maker and Taker agree on which batches are in the ring, also where their counts wrap", () => {
  const memory = allocateRing(3, 8);
  const [maker, taker] = [new Maker(memory), new Taker(memory)];
  const near = 2 ** 31 - 4;
  // As after so many batches; each side counts for itself.
  for (const side of [maker, taker]) Reflect.set(side, "count", near);
  new Int32Array(memory.words).fill(near, 0, 2);
  let made = 0;
  let taken = 0;
  for (let round = 0; round < 50; round++) {
    while (made - taken < 3 && (made < taken + 1 || round % 3 > 0)) {
      const epoch = made % 2 === 0 ? { epoch: 1, base: made, end: 3, windows: 4 } : undefined;
      assert.equal(maker.waitForRoom(0), true);
      maker.publish({ generation: 1, size: made, position: made * 2 ** 40, epoch });
      made++;
    }
    const epoch = taken % 2 === 0 ? { epoch: 1, base: taken, end: 3, windows: 4 } : undefined;
    assert.deepEqual(taker.peek(), { generation: 1, size: taken, position: taken * 2 ** 40, epoch });
    assert.equal(taker.slot, (near + taken) % 3);
    taker.release();
    taken++;
  }
  assert.equal(made > taken, taker.peek() !== null);
  taker.order();
  assert.deepEqual([maker.waitForRoom(0), maker.waitForRoom(1), maker.waitForRoom(2)], [false, true, true]);
});
