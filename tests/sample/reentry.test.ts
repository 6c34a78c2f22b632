/** Code of the caller's own that runs in the middle of a sampler's call: the inner call is refused, the outer one whole. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { after, test } from "node:test";
import { type Mixture, type Sampler, StreamStore, type StreamStoreError } from "../../mod.ts";

const fields = { a: 0, done: 1 } as const;
type Store = StreamStore<typeof fields>;

function makeStore(): Store {
  const store = new StreamStore(fields);
  for (let step = 0; step < 30; step++) store.append(step, { a: step, done: step % 10 === 9 });
  return store;
}

const makeSampler = (store: Store) =>
  store.sampler({
    tokens: 4,
    batchSize: 8,
    seed: 1,
    order: { kind: "prioritized", alpha: 1 },
  }) as unknown as Sampler;

const folder = mkdtempSync(`${tmpdir()}/sampler-reentry-`);
after(() => rmSync(folder, { recursive: true }));
const path = `${folder}/priorities`;

/** Properties that run code when they are read. */
function acting<Held extends object>(held: Held, code: () => void): Held {
  const acted = {};
  for (const [name, value] of Object.entries(held)) {
    Object.defineProperty(acted, name, { enumerable: true, get: () => (code(), value) });
  }
  return acted as Held;
}

function actingList(items: readonly number[], code: () => void): number[] {
  return new Proxy([...items], { get: (list, name) => (code(), Reflect.get(list, name)) });
}

const ids = [0, 10, 20, 30];
const priorities = [100, 200, 300, 400];

/** Calls that read what the caller hands over. */
const outers: Record<string, (sampler: Sampler, code: () => void) => unknown> = {
  "next": (sampler, code) => {
    const batch = sampler.allocate();
    sampler.next(acting(batch, code));
    return batch;
  },
  "updatePriorities, ids": (sampler, code) => sampler.updatePriorities(actingList(ids, code), priorities),
  "updatePriorities, priorities": (sampler, code) =>
    sampler.updatePriorities(ids, actingList(priorities, code)),
  "restore": (sampler, code) => sampler.restore(acting({ ...sampler.state(), position: 80 }, code)),
};

/** What the code does. All of it would change what is drawn next. */
const inners: Record<string, (sampler: Sampler, store: Store) => unknown> = {
  "next": (sampler) => sampler.next(),
  "next with a batch": (sampler) => sampler.next(sampler.allocate()),
  "an iterator": (sampler) => sampler[Symbol.iterator]().next(),
  "updatePriorities": (sampler) => sampler.updatePriorities([1, 2, 3, 4, 5, 6, 7, 8], Array(8).fill(1000)),
  "restore": (sampler) => sampler.restore({ ...sampler.state(), position: 8 }),
  "savePriorities": (sampler) => sampler.savePriorities(`${path}-inner`),
  "loadPriorities": (sampler) => sampler.loadPriorities(path),
  "another sampler": (_, store) => makeSampler(store).next(),
  "append": (_, store) => store.append(1000, { a: 1 }),
  "close": (_, store) => store.close(),
};

/** What is drawn next, with which probabilities. */
function drawn(sampler: Sampler): unknown {
  return Array.from({ length: 5 }, () => {
    const { starts, ids, probabilities, values } = sampler.next()!;
    return [starts, ids, probabilities, values].map((array) => [...array!]);
  });
}

/** Runs code that must be refused each time. */
function refused(run: () => unknown, what: string): { code: () => void; times: number } {
  const counted = {
    times: 0,
    code() {
      counted.times++;
      assert.throws(run, (error: StreamStoreError) => {
        assert.equal(error.code, "busy", `${what}: ${error}`);
        assert.match(error.message, /^Cannot .+: the store must be idle, got a call from within another/);
        return true;
      }, `${what}: it was done`);
    },
  };
  return counted;
}

for (const [outerName, outer] of Object.entries(outers)) {
  test(`${outerName}: what it calls is refused as busy, and all of it is done`, () => {
    for (const [innerName, inner] of Object.entries(inners)) {
      const what = `${outerName}, ${innerName}`;
      using store = makeStore();
      using alone = makeStore();
      const [sampler, twin] = [makeSampler(store), makeSampler(alone)];
      twin.savePriorities(path);
      for (const one of [sampler, twin]) one.updatePriorities([3, 4], [50, 60]);
      const counted = refused(() => inner(sampler, store), what);
      const result = outer(sampler, counted.code);
      const wanted = outer(twin, () => {});
      assert.ok(counted.times > 0, what);
      assert.deepEqual(result, wanted, what);
      assert.deepEqual(sampler.state(), twin.state(), what);
      assert.deepEqual(drawn(sampler), drawn(twin), what);
      assert.equal(store.rowCount, 30, what);
    }
  });
}

test("updatePriorities() sets all of many, whatever its lists try", () => {
  using store = makeStore();
  const sampler = makeSampler(store);
  const all = Array.from({ length: 57 }, (_, i) => i);
  const counted = refused(() => sampler.updatePriorities([0, 1, 2, 3], [9, 9, 9, 9]), "inner");
  sampler.updatePriorities(all, actingList(all.map((id) => id === 40 ? 7 : 0), counted.code));
  assert.ok(sampler.next()!.starts.every((start) => start === 40));
});

test("mixture() is in the middle of a call of all its stores", () => {
  using one = makeStore();
  using two = makeStore();
  const make = () =>
    StreamStore.mixture([{ store: one, weight: 1 }, { store: two, weight: 1 }, { store: one, weight: 1 }], {
      tokens: 4,
      batchSize: 8,
      seed: 1,
    });
  const [mixture, twin] = [make(), make()];
  const state = { ...mixture.state(), position: 80 };
  const calls: Record<string, (mixture: ReturnType<typeof make>, code: () => void) => unknown> = {
    "next": (mixture, code) => {
      const batch = mixture.allocate();
      mixture.next(acting(batch, code));
      return batch;
    },
    "restore": (mixture, code) => mixture.restore(acting(state, code)),
  };
  const tried: ((mixture: Mixture<object>) => unknown)[] = [
    (mixture) => mixture.next(),
    (mixture) => mixture.restore(state),
    () => one.append(1000, { a: 1 }),
    () => two.append(1000, { a: 1 }),
    () => two.close(),
  ];
  for (const [name, call] of Object.entries(calls)) {
    for (const run of tried) {
      const counted = refused(() => run(mixture), `${name}, ${run}`);
      assert.deepEqual(call(mixture, counted.code), call(twin, () => {}));
      assert.ok(counted.times > 0);
      assert.deepEqual(mixture.next(), twin.next());
    }
  }
});

test("next() and append() work after a call that was refused in the middle of another", () => {
  using store = makeStore();
  const sampler = makeSampler(store);
  for (const outer of Object.values(outers)) {
    assert.throws(() => outer(sampler, () => assert.fail("stop")), /stop/);
  }
  assert.ok(sampler.next() !== null);
  store.append(1000, { a: 1 });
  assert.equal(store.rowCount, 31);
});

test("next() is refused within an append, and goes on after it", () => {
  using store = makeStore();
  const [sampler, twin] = [makeSampler(store), makeSampler(store)];
  const counted = refused(() => sampler.next(), "next within append");
  store.append(1000, acting({ a: 1, done: 0 }, counted.code));
  assert.ok(counted.times > 0);
  assert.deepEqual(drawn(sampler), drawn(twin));
});
