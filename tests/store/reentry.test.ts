/** Code of the caller's own that runs in the middle of a call: what it may do with the store, and what it cannot spoil. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { type FieldValue, StreamStore, type StreamStoreError } from "../../mod.ts";
import { startHub } from "../support/hub/server.ts";
import { withDirectory } from "../torture/scratch.ts";

const fields = { a: 0, b: 1, c: 2, n: { type: 3, dtype: "int64" } } as const;
type Store = StreamStore<typeof fields>;

/** A list of one value, which runs `code` when its element is read, or its length. */
function listThatRuns(code: () => void, when: "element" | "length"): number[] {
  if (when === "element") {
    return Object.defineProperty([0], 0, { get: () => (code(), 3) }) as number[];
  }
  return new Proxy([3], {
    get(list, key) {
      if (key === "length") code();
      return Reflect.get(list, key);
    },
  });
}

/** Calls that write the row that `expectTokens` has for a step, and run `code` on their way. */
const outers: Record<string, (store: Store, code: () => void, step: number) => void> = {
  "a getter, names in order": (store, code, step) =>
    store.append(step, {
      a: 1,
      get b() {
        return code(), 3;
      },
      c: 5,
    }),
  "a getter, names out of order": (store, code, step) =>
    store.append(step, {
      c: 5,
      get b() {
        return code(), 3;
      },
      a: 1,
    }),
  "a getter, a step as bigint": (store, code, step) =>
    store.append(BigInt(step), {
      a: 1,
      get b() {
        return code(), 3;
      },
      c: 5,
    }),
  "a getter of the first field": (store, code, step) =>
    store.append(step, {
      get a() {
        return code(), 1;
      },
      b: 3,
      c: 5,
    }),
  "a getter of the last field": (store, code, step) =>
    store.append(step, {
      a: 1,
      b: 3,
      get c() {
        return code(), 5;
      },
    }),
  "a proxy of the values": (store, code, step) => {
    const values = { a: 1, b: 3, c: 5 };
    store.append(step, new Proxy(values, { get: (target, key) => (code(), Reflect.get(target, key)) }));
  },
  "a proxy that lists its keys": (store, code, step) => {
    const values = { a: 1, b: 3, c: 5 };
    store.append(step, new Proxy(values, { ownKeys: (target) => (code(), Reflect.ownKeys(target)) }));
  },
  "sequences": (store, code, step) => {
    const values = Object.defineProperty([1, 0, 5], 1, { get: () => (code(), 3) }) as number[];
    store.append([step, step, step], ["a", "b", "c"], values);
  },
  "a getter among the steps of sequences": (store, code, step) => {
    const steps = Object.defineProperty([step, 0, step], 1, { get: () => (code(), step) }) as number[];
    store.append(steps, ["a", "b", "c"], [1, 3, 5]);
  },
  "columns": (store, code, step) =>
    store.appendColumns({
      step: [step],
      a: [1],
      get b() {
        return code(), [3];
      },
      c: [5],
    }),
  "an element of a column": (store, code, step) =>
    store.appendColumns({ step: [step], a: [1], b: listThatRuns(code, "element"), c: [5] }),
  "an element of the steps": (store, code, step) => {
    const steps = Object.defineProperty([0], 0, { get: () => (code(), step) }) as number[];
    store.appendColumns({ step: steps, a: [1], b: [3], c: [5] });
  },
  "the width of a column": (store, code, step) =>
    store.appendColumns({
      step: [step],
      a: [1],
      b: {
        values: [3],
        get width() {
          return code(), 1;
        },
      },
      c: [5],
    }),
};

/** What the caller's code does, and whether that writes; what only reads may work or be `busy`. */
const inners: Record<string, { readonly writes: boolean; readonly run: (store: Store) => unknown }> = {
  "append": { writes: true, run: (store) => store.append(2000, { a: 2 }) },
  "append, refused": {
    writes: true,
    run: (store) => store.append(2000, { a: 2, typo: 1 } as Record<string, FieldValue>),
  },
  "append, the long way": { writes: true, run: (store) => store.append(2000, { a: [2, 3], n: 5n }) },
  "append of sequences": { writes: true, run: (store) => store.append([300, 300], ["a", "b"], [99, 2]) },
  "appendColumns": { writes: true, run: (store) => store.appendColumns({ step: [2000, 2001], a: [9, 9] }) },
  "flush": { writes: true, run: (store) => store.flush() },
  "sync": { writes: true, run: (store) => store.sync() },
  "close": { writes: true, run: (store) => store.close() },
  "dispose": { writes: true, run: (store) => store[Symbol.dispose]() },
  "window": { writes: false, run: (store) => store.window(0, store.length) },
  "get": { writes: false, run: (store) => store.get([store.length - 1]) },
  "gather": { writes: false, run: (store) => store.gather([0], store.length) },
  "rows": { writes: false, run: (store) => store.rows() },
  "column": { writes: false, run: (store) => store.column("a") },
  "stats": { writes: false, run: (store) => store.stats() },
  "rowOfStep": { writes: false, run: (store) => store.rowOfStep(0) },
  "rowAtOrAfter": { writes: false, run: (store) => store.rowAtOrAfter(0) },
  "tokenOfRow": { writes: false, run: (store) => store.tokenOfRow(0) },
  "context": { writes: false, run: (store) => store.context({ steps: 2, fields: { a: 1 } }) },
  "sampler": { writes: false, run: (store) => store.sampler({ tokens: 1, batchSize: 1 }).next() },
  "inspect": { writes: false, run: (store) => assert.match(inspect(store), /tokens in/) },
};

/** What stands of every inner call in turn: a row with a and b, that of the outer call, and one with a. */
const stepOf = (index: number) => 3 * index;

function expectTokens(store: StreamStore, first: number, count: number, what: string): void {
  const { steps, types, values } = store.window(6 * first, 6 * count);
  const expected = Array.from({ length: count }, (_, i) => stepOf(first + i));
  const stepsExpected = expected.flatMap((step) => [step, step, step + 1, step + 1, step + 1, step + 2]);
  assert.deepEqual([...steps], stepsExpected.map(BigInt), what);
  assert.deepEqual([...types], expected.flatMap(() => [0, 1, 0, 1, 2, 0]), what);
  assert.deepEqual([...values], expected.flatMap(() => [7, 8, 1, 3, 5, 4]), what);
  assert.equal(store.rowCount, 3 * (first + count), what);
  assert.equal(store.length, 6 * (first + count), what);
}

/** Makes the outer call of a store run the inner one, amid rows that are in the tail or committed. */
function callWithin(store: Store, [outerName, innerName]: [string, string], index: number): void {
  const [outer, inner] = [outers[outerName], inners[innerName]];
  let runs = 0;
  outer(store, () => {
    runs++;
    try {
      inner.run(store);
      assert.ok(!inner.writes, `${innerName}: it wrote`);
    } catch (error) {
      assert.equal((error as StreamStoreError).code, "busy", `${innerName}: ${error}`);
      assert.match(
        (error as Error).message,
        /^Cannot .+: the store must be idle, got a call from within/,
      );
    }
  }, stepOf(index) + 1);
  assert.ok(runs > 0, innerName);
}

for (const outerName of Object.keys(outers)) {
  test(`${outerName}: what it calls is refused as busy or reads, and spoils nothing`, () =>
    withDirectory((directory) => {
      for (const isCommitted of [true, false]) {
        const path = `${directory}/${isCommitted}.stream`;
        const names = Object.keys(inners);
        {
          using store = StreamStore.open(path, { fields, capacity: 100 });
          for (const [index, innerName] of names.entries()) {
            store.append(stepOf(index), { a: 7, b: 8 });
            if (isCommitted) store.flush();
            callWithin(store, [outerName, innerName], index);
            store.append(stepOf(index) + 2, { a: 4 });
            const place = isCommitted ? "committed" : "in the tail";
            expectTokens(store, index, 1, `${outerName}, ${innerName}, ${place}`);
          }
        }
        using reader = StreamStore.open(path, { mode: "read" });
        expectTokens(reader, 0, names.length, `${outerName}, opened again`);
      }
    }));
}

test("append() and appendColumns() with extra: what reads it and calls them is refused as busy", () => {
  const extra = { text: "string", frame: "bytes" } as const;
  type ExtrasStore = StreamStore<typeof fields, typeof extra>;
  const proxied = (code: () => void, values: object) =>
    new Proxy(values, {
      ownKeys: (target) => (code(), Reflect.ownKeys(target)),
      get: (target, key) => (code(), Reflect.get(target, key)),
    });
  const running = <Value>(code: () => void, value: Value): Value[] =>
    Object.defineProperty([value], 0, { get: () => (code(), value) }) as Value[];
  const data = (code: () => void) => ({
    get offsets() {
      return code(), Int32Array.of(0, 1);
    },
    get data() {
      return code(), Uint8Array.of(98);
    },
    get validity() {
      return code(), Uint8Array.of(1);
    },
  });
  const ways: Record<string, (store: ExtrasStore, code: () => void) => void> = {
    "a getter": (store, code) =>
      store.append(1, { a: 1 }, {
        get text() {
          return code(), "b";
        },
      }),
    "a proxy": (store, code) => store.append(1, { a: 1 }, proxied(code, { text: "b" })),
    "a proxy, the long way": (store, code) => store.append(1n, { a: 1 }, proxied(code, { text: "b" })),
    "sequences": (store, code) => store.append([1], ["a"], [1], { text: running(code, "b") }),
    "columns": (store, code) =>
      store.appendColumns({ step: [1], a: [1] }, { extra: { text: running(code, "b") } }),
    "a proxy of columns": (store, code) =>
      store.appendColumns({ step: [1], a: [1] }, { extra: proxied(code, { text: ["b"] }) as never }),
    "data": (store, code) => store.appendColumns({ step: [1], a: [1] }, { extra: { text: data(code) } }),
  };
  const calls: Record<string, (store: ExtrasStore) => void> = {
    ...Object.fromEntries(
      Object.entries(inners).filter(([, { writes }]) => writes).map((
        [name, { run }],
      ) => [name, run as never]),
    ),
    "append with extra": (store) => store.append(2000, { a: 1 }, { text: "inner" }),
    "appendColumns with extra": (store) =>
      store.appendColumns({ step: [2000], a: [1] }, { extra: { text: ["inner"] } }),
  };
  for (const [way, outer] of Object.entries(ways)) {
    for (const [name, inner] of Object.entries(calls)) {
      using store = new StreamStore(fields, { extra });
      store.append(0, { a: 7 }, { text: "a" });
      let runs = 0;
      outer(store, () => {
        runs++;
        assert.throws(() => inner(store), { code: "busy" }, `${way}, ${name}`);
      });
      assert.ok(runs > 0, way);
      assert.deepEqual(
        store.rows(),
        [{ step: 0, a: 7, extra: { text: "a" } }, { step: 1, a: 1, extra: { text: "b" } }],
        `${way}, ${name}`,
      );
    }
    using store = new StreamStore(fields, { extra });
    assert.throws(() => outer(store, () => assert.fail("stop")), /stop/);
    store.append(0, { a: 7 }, { text: "a" });
    assert.deepEqual(store.rows(), [{ step: 0, a: 7, extra: { text: "a" } }], way);
  }
});

test("append() goes on after a getter that throws", () => {
  using store = new StreamStore(fields);
  for (const outer of Object.values(outers)) {
    assert.throws(() => outer(store, () => assert.fail("stop"), 1000), /stop/);
  }
  store.append(1, { a: 1 });
  assert.deepEqual(store.rows(), [{ step: 1, a: 1 }]);
});

test("append() from the getter of another store writes to both", () => {
  using other = new StreamStore(fields);
  for (const outer of Object.values(outers)) {
    using store = new StreamStore(fields);
    outer(store, () => other.append(other.rowCount, { a: 1 }), 1000);
    assert.deepEqual([...store.window(0, 3).values], [1, 3, 5]);
    assert.equal(store.length, 3);
  }
  assert.ok(other.rowCount >= Object.keys(outers).length);
});

test("loadDataset() goes on when onProgress wants to write", async () => {
  const hub = await startHub({});
  try {
    using source = new StreamStore({ a: 0 });
    for (let step = 0; step < 100; step++) source.append(step, { a: step });
    const access = { endpoint: hub.endpoint, token: hub.token };
    await source.saveDataset("user/name", "train", access);
    using store = new StreamStore({ a: 0 });
    const codes: string[] = [];
    const note = (task: () => void) => {
      try {
        task();
        codes.push("done");
      } catch (error) {
        codes.push((error as StreamStoreError).code);
      }
    };
    await store.loadDataset("user/name", "train", {
      ...access,
      onProgress: () => {
        note(() => store.append(5000, { a: 1 }));
        note(() => store.close());
      },
    });
    assert.ok(codes.length > 0);
    assert.deepEqual([...new Set(codes)], ["busy"]);
    assert.deepEqual(store.rows(), source.rows());
  } finally {
    await hub.close();
  }
});
