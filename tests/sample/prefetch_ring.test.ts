/** Batches ahead stand in shared memory: no message each, and the event loop has its turns all the same. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import { allocateRing, Maker, Taker, Wake } from "../../src/sample/prefetch/ring.ts";
import { drawStarts } from "../support/sampler/drawing.ts";
import { fields, grow, windows } from "../support/sampler/growing.ts";
import { Random } from "../support/support.ts";
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

/** Replaces how threads wait and wake each other. */
function withAtomics(replaced: Partial<Pick<typeof Atomics, "wait" | "notify">>, run: () => void): void {
  const { wait, notify } = Atomics;
  Object.assign(Atomics, replaced);
  try {
    run();
  } finally {
    Object.assign(Atomics, { wait, notify });
  }
}

test("Wake wakes who waits for no more than there is, from the moment when it looks for the last time", () => {
  const words = new Int32Array(new SharedArrayBuffer(32));
  let woken = 0;
  const notify = () => ++woken;
  const sleeps: number[] = [];
  const wait = (_: unknown, place: number, before: number, ms = Infinity) => {
    if (Atomics.load(words, place) === before) sleeps.push(ms);
    return "ok" as const;
  };
  withAtomics({ wait: wait as never, notify }, () => {
    const [here, there] = [new Wake(words, 3), new Wake(words, 3)];
    there.wake();
    assert.equal(woken, 0, "nobody waits");
    here.wait(2, () => true);
    assert.deepEqual(sleeps, [], "it is there");
    here.wait(2, () => {
      there.wake(1);
      assert.equal(woken, 0, "too few");
      return false;
    }, 7);
    assert.deepEqual(sleeps, [7]);
    here.wait(2, () => {
      there.wake(2);
      there.wake(2);
      return false;
    });
    assert.equal(woken, 1, "once");
    assert.deepEqual(sleeps, [7], "who is called between its look and its sleep does not sleep");
    there.wake();
    assert.equal(woken, 1, "it waits no more");
  });
});

test("Taker waits for more batches each time that it has to wait again at once, and the Worker wakes it for them all", () => {
  for (
    const [slotCount, expected] of [[64, [1, 2, 4, 8, 16, 16]], [5, [1, 2, 4, 4]], [2, [1, 1, 1]]] as const
  ) {
    const memory = allocateRing(slotCount, 8);
    const [maker, taker] = [new Maker(memory), new Taker(memory)];
    const made: number[] = [];
    let isWoken = false;
    const wait = () => {
      made.push(0);
      // What the Worker does meanwhile.
      for (isWoken = false; !isWoken; made[made.length - 1]++) {
        maker.publish({ generation: 1, size: 1, position: 0 });
      }
      return "ok";
    };
    withAtomics({ wait: wait as never, notify: () => Number(isWoken = true) }, () => {
      for (const count of expected) {
        taker.wait(1);
        for (let taken = 0; taken < count; taken++) taker.release();
      }
      assert.deepEqual(made, expected);
      // A trainer that has had enough batches for a while waits for one again.
      for (let i = 0; i < 40; i++) {
        maker.publish({ generation: 1, size: 1, position: 0 });
        taker.release();
      }
      taker.wait(1);
      assert.equal(made.at(-1), 1);
    });
  }
});

test("Taker wakes a Worker that waits for room once there is some for several batches, and at once before it waits itself", () => {
  for (const [slotCount, expected] of [[64, 16], [5, 2], [3, 1], [2, 1]]) {
    const memory = allocateRing(slotCount, 8);
    const [maker, taker] = [new Maker(memory), new Taker(memory)];
    let released = 0;
    let isWoken = false;
    const wait = () => {
      for (; !isWoken; released++) taker.release();
      return "ok";
    };
    withAtomics({ wait: wait as never, notify: () => Number(isWoken = true) }, () => {
      for (let slot = 0; slot < slotCount; slot++) maker.publish({ generation: 1, size: 1, position: 0 });
      assert.equal(maker.waitForRoom(0), true);
      assert.equal(released, expected);
    });
  }
  const memory = allocateRing(64, 8);
  const [maker, taker] = [new Maker(memory, true), new Taker(memory)];
  let woken = 0;
  const wait = () => {
    taker.announce({ generation: 1, size: 1, position: 0 });
    assert.equal(woken, 0, "a batch that was drawn is not enough");
    taker.await();
    return "ok";
  };
  withAtomics({ wait: wait as never, notify: () => ++woken }, () => maker.waitForRoom(0));
  assert.equal(woken, 1);
});

test("next() ahead gives every batch, in small and large rings, to a trainer that is now faster and now slower", () =>
  withDirectory(async (directory) => {
    using store = grow(StreamStore.open(`${directory}/run.stream`, { fields }), 500);
    for (const order of ["shuffle", { kind: "prioritized" }] as const) {
      for (const prefetch of [1, 5, 40]) {
        const options = { ...windows, order, batchSize: 4, seed: prefetch } as const;
        const plain = store.sampler(options);
        using ahead = store.sampler({ ...options, prefetch });
        const random = new Random(prefetch);
        for (let taken = 0; taken < 200; taken++) {
          if (random.float() < 0.02) await wait(random.float() * 4);
          for (const end = performance.now() + random.float() * 0.05; performance.now() < end;);
          const [got, expected] = [(await ahead.next())!.starts, plain.next()!.starts];
          assert.deepEqual(got, expected, `${JSON.stringify(order)}, prefetch ${prefetch}, batch ${taken}`);
        }
      }
    }
  }));

test("next() throws where the Worker has not begun within a minute, and not before", () =>
  withDirectory(async (directory) => {
    using store = grow(StreamStore.open(`${directory}/run.stream`, { fields }), 50);
    const { Worker, setInterval, performance } = globalThis;
    let [now, ended] = [0, 0];
    // A Worker of which nothing is ever heard, and a clock that only the test moves.
    const silent = class {
      postMessage() {}
      terminate() {
        ended++;
      }
    };
    const watch = Promise.withResolvers<() => void>();
    Object.assign(globalThis, {
      Worker: silent,
      setInterval: (look: () => void) => watch.resolve(look),
      performance: { now: () => now },
    });
    let error: unknown = null;
    try {
      using ahead = store.sampler({ ...windows, batchSize: 4, prefetch: 2 });
      const next = ahead.next().catch((thrown) => error = thrown);
      const look = await watch.promise;
      for (now of [1000, 60_900]) {
        look();
        await Promise.resolve();
        assert.equal(error, null);
      }
      now = 61_000;
      look();
      await next;
      assert.match(
        String(error),
        /^StreamStoreError: Cannot sample: the Worker has not begun within 60 s, as one/,
      );
      assert.equal(ended, 1);
    } finally {
      Object.assign(globalThis, { Worker, setInterval, performance });
    }
    using again = store.sampler({ ...windows, batchSize: 4, prefetch: 2 });
    assert.equal((await again.next())!.size, 4);
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
