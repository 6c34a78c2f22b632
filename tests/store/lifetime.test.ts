import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { StreamStore, StreamStoreError } from "../../mod.ts";
import { collectGarbage } from "../support/support.ts";
import { keepInMemory, smallChunks } from "../support/in_memory.ts";

keepInMemory();

const isLinux = existsSync("/proc/self/fd");
const notLinux = isLinux ? false : "counts of open files come from /proc, which this system lacks";

function openFiles(): number {
  return readdirSync("/proc/self/fd").length;
}

/** Maps of files that have no name any more: those of temporary stores. */
function mappedFiles(): number {
  return readFileSync("/proc/self/maps", "utf8").split("\n").filter((line) => line.endsWith("(deleted)"))
    .length;
}

const closed = (error: unknown) => error instanceof StreamStoreError && error.code === "closed";

/** By name, uses of every member of a store that is no symbol. */
const uses: Readonly<Record<string, ((store: StreamStore<{ a: 0 }>) => unknown)[]>> = {
  append: [
    (store) => store.append(1, { a: 1 }),
    (store) => store.append(1n, { a: 1 }),
    (store) => store.append([1], ["a"], [1]),
  ],
  appendColumns: [(store) => store.appendColumns({ step: [1], a: [1] })],
  extra: [(store) => store.extra("none")],
  window: [(store) => store.window(0, 1)],
  get: [(store) => store.get([0])],
  gather: [(store) => store.gather([0], 1)],
  sampler: [
    (store) => store.sampler({ tokens: 1, batchSize: 1 }),
    (store) => store.sampler({ tokens: 1, batchSize: 1, prefetch: 1 }),
  ],
  context: [(store) => store.context({ steps: 1 })],
  row: [(store) => store.row(0)],
  rows: [(store) => store.rows()],
  rowOfToken: [(store) => store.rowOfToken(0)],
  rowOfStep: [(store) => store.rowOfStep(0)],
  rowAtOrAfter: [(store) => store.rowAtOrAfter(0)],
  tokenOfRow: [(store) => store.tokenOfRow(0)],
  gatherRows: [(store) => store.gatherRows([0], { steps: 1, fields: { a: 1 } })],
  column: [(store) => store.column("a")],
  stats: [(store) => store.stats()],
  toDataset: [(store) => store.toDataset()],
  fromDataset: [async (store) => store.fromDataset(await tableOfOneRow())],
  fromParquet: [(store) => store.fromParquet("none.parquet")],
  saveDataset: [(store) => store.saveDataset("./none")],
  loadDataset: [(store) => store.loadDataset("./none.jsonl")],
  flush: [(store) => store.flush()],
  sync: [(store) => store.sync()],
  seal: [(store) => store.seal()],
  refresh: [(store) => store.refresh()],
  waitForRows: [(store) => store.waitForRows(1)],
  writer: [(store) => store.writer],
  recovery: [(store) => store.recovery],
  sessions: [(store) => store.sessions],
  verify: [(store) => store.verify()],
};

/** What README says still answers: as it stood when the store was closed. */
const answering = ["length", "firstToken", "firstRow", "rowCount", "fields", "extras", "isClosed"] as const;

function tableOfOneRow() {
  using other = new StreamStore({ a: 0 }, smallChunks);
  other.append(0, { a: 1 });
  return other.toDataset();
}

test("close() twice does nothing, and every use after it is a named error, but for what tells what there was", async () => {
  const store = new StreamStore({ a: 0 }, smallChunks);
  store.append(0, { a: 1 });
  const before = answering.map((name) => store[name]);
  store.close();
  store.close();
  store[Symbol.dispose]();
  assert.equal(store.isClosed, true);
  for (const [name, list] of Object.entries(uses)) {
    for (const use of list) await assert.rejects(async () => await use(store), closed, name);
  }
  assert.deepEqual(answering.map((name) => store[name]), [...before.slice(0, -1), true]);
  const members = Reflect.ownKeys(StreamStore.prototype).filter((name) => typeof name === "string");
  const notTried = ["close", "constructor", "toString"];
  const named = [...Object.keys(uses), ...answering, ...notTried];
  assert.deepEqual(members.filter((name) => !named.includes(name)), []);
});

test("docs/promises.md says what still answers after close()", () => {
  const promises = readFileSync(new URL("../../docs/promises.md", import.meta.url), "utf8").replace(
    /\s+/g,
    " ",
  );
  const [, list] = /use after close \(only ([^)]+) still answer\)/.exec(promises) ?? [];
  assert.deepEqual([...(list ?? "").matchAll(/`(\w+)`/g)].map(([, name]) => name), [...answering]);
});

test("append() lets getters among the values neither use the store nor harm it", () => {
  const during = (act: (store: StreamStore<{ a: 0; b: 1 }>) => void) => {
    const store = new StreamStore({ a: 0, b: 1 }, smallChunks);
    for (let step = 0; step < 10; step++) store.append(step, { a: step, b: 1 });
    const values = {
      a: 1,
      get b() {
        act(store);
        return 2;
      },
    };
    return { store, append: () => store.append(50, values) };
  };
  for (
    const act of [
      (store: StreamStore<{ a: 0; b: 1 }>) => store.close(),
      (store: StreamStore<{ a: 0; b: 1 }>) => store.append(store.rowCount, { a: 7 }),
      (store: StreamStore<{ a: 0; b: 1 }>) => store.flush(),
    ]
  ) {
    const { store, append } = during(act);
    try {
      append();
    } catch (error) {
      assert.equal((error as StreamStoreError).code, "busy");
    }
    const rows = store.rows();
    assert.equal(rows.length, store.rowCount);
    assert.deepEqual(rows.slice(0, 10), Array.from({ length: 10 }, (_, step) => ({ step, a: step, b: 1 })));
    assert.equal(store.window(0, store.length).values.length, store.length);
    store.close();
  }
});

test("StreamStore is closed by using, also when its block throws", () => {
  let kept: StreamStore | undefined;
  assert.throws(() => {
    using store = new StreamStore({ a: 0 }, smallChunks);
    kept = store;
    throw new Error("stop");
  }, /stop/);
  assert.equal(kept!.isClosed, true);
});

test("StreamStore may be open a thousand times at once, each with its own tokens", () => {
  const stores = Array.from({ length: 1000 }, (_, i) => {
    const store = new StreamStore({ a: 0 }, { capacity: 10 });
    store.append(i, { a: i });
    return store;
  });
  stores.forEach((store, i) => assert.equal(store.gather([0], 1).values[0], i));
  stores.forEach((store) => store.close());
});

test(
  "close() leaves no file open and no map behind",
  { skip: notLinux },
  async () => {
    const run = () => {
      for (let i = 0; i < 200; i++) {
        using store = new StreamStore({ a: 0 }, { capacity: 10 });
        store.append(0, { a: i });
        assert.equal(store.window(0, 1).values[0], i);
      }
    };
    run();
    const before = { files: openFiles(), maps: mappedFiles() };
    run();
    await collectGarbage(() => mappedFiles() <= before.maps + 20);
    assert.ok(openFiles() <= before.files + 10, `${openFiles()} files open, ${before.files} before`);
    assert.ok(mappedFiles() <= before.maps + 20, `${mappedFiles()} maps, ${before.maps} before`);
  },
);

test(
  "StreamStore is closed by garbage collection where close() was not called",
  { skip: notLinux },
  async () => {
    const before = openFiles();
    for (let i = 0; i < 100; i++) {
      const store = new StreamStore({ a: 0 }, { capacity: 10 });
      store.append(0, { a: i });
      if (i % 2 === 0) assert.equal(store.window(0, 1).values[0], i);
    }
    assert.ok(openFiles() >= before + 300);
    await collectGarbage(() => openFiles() < before + 100);
    assert.ok(openFiles() < before + 100, `${openFiles()} files open, ${before} before`);
  },
);

test("StreamStore() leaves nothing in the directory for temporary files", { skip: notLinux }, () => {
  using store = new StreamStore({ a: 0 }, smallChunks);
  store.append(0, { a: 1 });
  store.flush();
  const maps = readFileSync("/proc/self/maps", "utf8");
  const named = [...maps.matchAll(/ (\/\S*\/#\d+) \(deleted\)$/gm)].map(([, path]) => path);
  assert.ok(named.length > 0);
  for (const path of named) assert.equal(existsSync(path), false);
});
