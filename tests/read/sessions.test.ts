/** Where writers began: kept with the rows, whatever wrote them and however the writers ended. */
import assert from "node:assert/strict";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { Float64, Int64, Table, vectorFromArray } from "apache-arrow";
import { StreamStore } from "../../mod.ts";
import { Random } from "../support/support.ts";
import { withDirectory } from "../torture/scratch.ts";

const fields = { action: 0, observation: 1, reward: 2 } as const;
type Store = StreamStore<typeof fields>;

/** What the death of the writer would leave now, under another name. */
function copyOf(path: string): string {
  const copy = `${path}.copy`;
  cpSync(path, copy, { recursive: true });
  return copy;
}

function sessionsOf(path: string, mode: "append" | "read"): readonly number[] {
  using store = StreamStore.open(path, { mode });
  return store.sessions;
}

/** The ways to begin rows, one or more after step `last`. */
const ways: readonly ((store: Store, last: number) => void | Promise<void>)[] = [
  (store, last) => store.append(last + 1, { action: 1, observation: [1, 2], reward: 3 }),
  (store, last) => store.append(last + 1, { observation: [] }),
  (store, last) => store.append(last + 1, {}),
  (store, last) => store.append([last + 1, last + 1, last + 2], ["action", "reward", "action"], [1, 2, 3]),
  // More than the tail takes.
  (store, last) => store.append(last + 1, { observation: new Float64Array(70_000) }),
  (store, last) => store.appendColumns({ step: [last + 1, last + 2], action: [1, 2] }),
  (store, last) =>
    store.appendColumns({ step: [last + 1, last + 2], observation: { values: [1], offsets: [0, 0, 1] } }),
  async (store, last) => {
    const step = vectorFromArray([last + 1, last + 2].map(BigInt), new Int64());
    await store.fromDataset(new Table({ step, reward: vectorFromArray([1, 2], new Float64()) }), {
      step: "step",
    });
  },
];

test("sessionRows() has the first row that each opening began, whatever wrote it", () =>
  withDirectory(async (directory) => {
    const path = `${directory}/run.stream`;
    const expected: number[] = [];
    for (const [round, write] of [...ways, ...ways].entries()) {
      using store = StreamStore.open(path, { fields, commitEvery: false });
      assert.deepEqual(store.sessions, expected);
      expected.push(store.rowCount);
      // Once committed with its first rows, and once with later ones, the first in the tail meanwhile.
      await write(store, 10 * round);
      assert.deepEqual(store.sessions, expected);
      if (round < ways.length) store.flush();
      store.append(10 * round + 5, { action: 1 });
      assert.deepEqual(store.sessions, expected);
    }
    assert.deepEqual(sessionsOf(path, "read"), expected);
    using store = StreamStore.open(path, { mode: "read" });
    assert.deepEqual((await store.verify()).damaged, []);
  }));

test("sessionRows() has nothing of an opening that begins no row, though it goes on with the last", () =>
  withDirectory((directory) => {
    const path = `${directory}/run.stream`;
    for (let i = 0; i < 2; i++) StreamStore.open(path, { fields }).close();
    assert.deepEqual(sessionsOf(path, "append"), []);
    {
      using store = StreamStore.open(path, { fields });
      store.append(7, { action: 1 });
    }
    {
      using store = StreamStore.open(path, { fields });
      store.append(7, { observation: [] });
      assert.deepEqual(store.sessions, [0]);
    }
    assert.deepEqual(sessionsOf(path, "append"), [0]);
    {
      using store = StreamStore.open(path, { fields });
      store.append(7, { reward: 1 });
      store.append(8, { action: 1 });
      assert.deepEqual(store.sessions, [0, 1]);
      assert.deepEqual(store.rows(), [{
        step: 7,
        action: 1,
        observation: new Float64Array(0),
        reward: 1,
      }, { step: 8, action: 1 }]);
    }
    assert.deepEqual(sessionsOf(path, "read"), [0, 1]);
  }));

test("sessionRows() keeps where a writer began that was killed, in the tail or not", () =>
  withDirectory((directory) => {
    const phases: readonly [string, (store: Store) => void, number[]][] = [
      ["before it appended", () => {}, [0]],
      ["in the last row of the one before", (store) => store.append(1, { reward: 1 }), [0]],
      ["with rows in the tail", (store) => store.append(2, { action: 1 }), [0, 2]],
      ["with the last row and more in the tail", (store) => {
        store.append(1, { reward: 1 });
        store.append(2, {});
      }, [0, 2]],
      ["with rows in the columns", (store) => {
        store.append(2, { action: 1 });
        store.flush();
      }, [0, 2]],
      ["with rows in both", (store) => {
        for (const step of [2, 3]) {
          store.append(step, { action: 1 });
          if (step === 2) store.flush();
        }
      }, [0, 2]],
    ];
    for (const [index, [when, act, expected]] of phases.entries()) {
      const path = `${directory}/${index}.stream`;
      {
        using first = StreamStore.open(path, { fields });
        for (const step of [0, 1]) first.append(step, { action: step });
      }
      using killed = StreamStore.open(path, { fields, commitEvery: false });
      act(killed);
      const { rowCount } = killed;
      const copy = copyOf(path);
      assert.deepEqual(sessionsOf(copy, "append"), expected, when);
      // And of the writer that comes after it.
      {
        using next = StreamStore.open(copy, { fields });
        next.append(9, {});
        assert.deepEqual(next.sessions, [...expected, rowCount], when);
      }
      assert.deepEqual(sessionsOf(copy, "read"), [...expected, rowCount], when);
    }
  }));

test("sessionRows() of a reader has those of the rows that it sees", () =>
  withDirectory((directory) => {
    const path = `${directory}/run.stream`;
    StreamStore.open(path, { fields }).close();
    using reader = StreamStore.open(path, { mode: "read" });
    for (const [round, expected] of [[0], [0, 3], [0, 3, 6]].entries()) {
      using writer = StreamStore.open(path, { fields, commitEvery: false });
      for (let i = 0; i < 3; i++) writer.append(3 * round + i, { action: i });
      reader.refresh();
      assert.deepEqual(reader.sessions, expected.slice(0, -1));
      writer.flush();
      assert.deepEqual(reader.sessions, expected.slice(0, -1));
      reader.refresh();
      assert.deepEqual(reader.sessions, expected);
    }
  }));

test("sessionRows() of a temporary store is the first row, until that is dropped", () => {
  using store = new StreamStore(fields, { retain: { rows: 50 } });
  assert.deepEqual(store.sessions, []);
  store.append(0, { action: 1 });
  assert.deepEqual(store.sessions, [0]);
  for (let step = 1; step < 70_000; step++) store.append(step, { action: 1 });
  store.flush();
  assert.ok(store.firstRow > 0);
  assert.deepEqual(store.sessions, []);
});

test("sessionRows() of a store that drops its oldest rows has those that are kept, whoever opens it", () =>
  withDirectory((directory) => {
    const path = `${directory}/run.stream`;
    const retain = { rows: 1000 };
    using reader =
      (StreamStore.open(path, { fields, retain }).close(), StreamStore.open(path, { mode: "read" }));
    const begun: number[] = [];
    for (let round = 0; round < 8; round++) {
      using store = StreamStore.open(path, { fields, retain });
      begun.push(store.rowCount);
      const step = Array.from({ length: 20_000 }, (_, i) => store.rowCount + i);
      const observation = { values: new Float64Array(4 * step.length), width: 4 };
      store.appendColumns({ step, action: step, observation });
      store.append(step.at(-1)! + 1, { observation: [] });
      store.flush();
      const expected = begun.filter((row) => row >= store.firstRow);
      assert.deepEqual(store.sessions, expected);
      reader.refresh();
      assert.deepEqual([reader.firstRow, reader.sessions], [store.firstRow, expected]);
    }
    const expected = begun.filter((row) => row >= reader.firstRow);
    assert.ok(expected.length < begun.length, `${reader.firstRow} of ${reader.rowCount} rows are dropped`);
    assert.deepEqual(sessionsOf(path, "read"), expected);
    assert.deepEqual(sessionsOf(path, "append"), expected);
  }));

test("sessionRows() tells of damage, of a salvaged store its own, and throws once the store is closed", () =>
  withDirectory(async (directory) => {
    const path = `${directory}/run.stream`;
    for (let round = 0; round < 4; round++) {
      using store = StreamStore.open(path, { fields, capacity: 100 });
      for (let step = 100 * round; step < 100 * round + 100; step++) store.append(step, { action: step });
    }
    const marks = readFileSync(`${path}/marks`);
    const data = readFileSync(`${path}/data.f64`);
    writeFileSync(`${path}/data.f64`, data.fill(1, 8 * 250, 8 * 251));
    {
      using store = StreamStore.open(path, { mode: "read", salvage: true });
      assert.deepEqual([store.rowCount, store.sessions], [200, [0, 100]]);
    }
    // The second mark is of the first row too.
    new DataView(marks.buffer, marks.byteOffset).setBigUint64(16, 0n, true);
    writeFileSync(`${path}/marks`, marks);
    using store = StreamStore.open(path, { mode: "read" });
    assert.deepEqual((await store.verify()).damaged.map(({ file }) => file), ["data.f64", "marks"]);
    assert.throws(() => store.sessions, { code: "damaged" });
    store.close();
    assert.throws(() => store.sessions, { code: "closed" });
  }));

test("sessionRows() of a seeded walk of writers that close, are killed and begin again equals a list", () =>
  withDirectory(async (directory) => {
    for (let seed = 1; seed <= 4; seed++) {
      const random = new Random(seed);
      let path = `${directory}/${seed}.stream`;
      const expected: number[] = [];
      let last = -1;
      for (let round = 0; round < 12; round++) {
        const store = StreamStore.open(path, {
          fields,
          capacity: 100 + random.below(5000),
          commitEvery: false,
        });
        const from = store.rowCount;
        for (let i = random.below(5); i > 0; i--) {
          if (random.below(3) === 0 && last >= 0) {
            store.append(last, {});
          } else {
            await ways[random.below(ways.length)](store, last);
            last = Number(store.row(store.rowCount - 1).step);
          }
          if (random.below(3) === 0) store.flush();
        }
        if (store.rowCount > from) expected.push(from);
        assert.deepEqual(store.sessions, expected, `seed ${seed}, round ${round}`);
        const copy = copyOf(path);
        store.close();
        if (random.below(2) === 0) path = copy;
      }
      assert.deepEqual(sessionsOf(path, "append"), expected, `seed ${seed}`);
      using store = StreamStore.open(path, { mode: "read" });
      assert.deepEqual((await store.verify()).damaged, []);
    }
  }));
