/** What saveLeRobot() refuses, by its options and by the rows of the store. */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { loadLeRobot, saveLeRobot, type SaveLeRobotOptions, StreamStore } from "../../../mod.ts";
import { fps, ownStore, type Row } from "../../support/lerobot/datasets.ts";
import { filesIn, inFolder } from "../../support/saved.ts";

const options = { fps, episodes: { starts: [0] }, tasks: ["Do it."] };

/** Options that are refused, and the words that say so. */
const refusals: [Partial<SaveLeRobotOptions>, RegExp, ErrorConstructor][] = [
  [{ fps: 0 }, /fps must be a number above 0, got 0$/, RangeError],
  [{ episodes: { id: "a" } }, /episodes\.id must be among the fields action, .*, got "a"$/, TypeError],
  [
    { episodes: { starts: [0, 12] } },
    /starts must be rows below 12, of which each is in an episode, got 12$/,
    RangeError,
  ],
  [{ episodes: { starts: [3, 3] } }, /episodes\.starts\[1\] must be more than 3/, RangeError],
  [{ tasks: [] }, /tasks must be a list of at least one name, got an array of 0$/, RangeError],
  [{ tasks: ["A", "A"] }, /tasks\[1\] must be another name than those before, got "A"$/, RangeError],
  [{ episodeTasks: [1] }, /episodeTasks\[0\] must be a place in tasks, 0 to 0, got 1$/, RangeError],
  [{ episodeTasks: [0, 0] }, /episodeTasks must be as many as there are episodes, 1, got 2$/, RangeError],
  [{ robotType: 3 as never }, /robotType must be a string or null, got 3$/, RangeError],
  [{ fields: ["b"] }, /fields must be among action, .*, got "b"$/, TypeError],
  [{ fields: ["action"], features: { mode: {} } }, /features must be of action, .*, got "mode"$/, TypeError],
  [
    { features: { action: { dtype: "float8" } } },
    /the dtype of "action" must be bool, .*, got "float8"/,
    TypeError,
  ],
  [
    { features: { action: { shape: [2] } } },
    /"action" at row 0 must have 2 values, got a list of 1$/,
    RangeError,
  ],
  [
    { features: { action: { shape: [0] } } },
    /the shape of "action" must be 1 to 5 lengths above 0, got \[0\]$/,
    RangeError,
  ],
  [
    { features: { action: { dtype: "int8" } } },
    /"action" at row 2 must be a value of int8, got 1\.41/,
    RangeError,
  ],
  [
    { features: { index: { dtype: "int32" } } },
    /the dtype of "index" must be int64, got "int32"$/,
    TypeError,
  ],
  [{ chunkFiles: 0 }, /chunkFiles must be a whole number above 0, got 0$/, RangeError],
  [{ fileBytes: -1 }, /fileBytes must be a number above 0, got -1$/, RangeError],
];

test("saveLeRobot() refuses options, and leaves nothing", () =>
  inFolder(async (folder) => {
    using store: StreamStore = ownStore();
    for (const [change, message, kind] of refusals) {
      await assert.rejects(
        saveLeRobot(store, join(folder, "new"), { ...options, ...change }),
        (error: Error) => {
          assert.match(error.message, message);
          assert.ok(error.message.startsWith("Cannot "), error.message);
          assert.equal(error.name, kind.name);
          return true;
        },
      );
      assert.deepEqual(readdirSync(folder), []);
    }
  }));

/** Rows that LeRobot could not take. */
async function refuses(row: Row, message: RegExp, change: Partial<SaveLeRobotOptions> = {}): Promise<void> {
  await inFolder(async (folder) => {
    const fields = { a: 0, list: 1, index: { type: 2, dtype: "int64" }, task_index: 3, "b/c": 4 } as const;
    using store: StreamStore = new StreamStore(fields);
    for (let step = 0; step < 3; step++) {
      store.append(step, { a: 1, list: [1, 2], index: step, task_index: 0, "b/c": 0 });
    }
    store.append(3, { a: 1, list: [1, 2], index: 3, task_index: 0, "b/c": 0, ...row } as never);
    const names = ["a", "list", "index", "task_index"];
    const saved = saveLeRobot(store, join(folder, "new"), { ...options, fields: names, ...change });
    await assert.rejects(saved, { message, name: "RangeError" });
    assert.deepEqual(readdirSync(folder), []);
  });
}

test("saveLeRobot() refuses rows that LeRobot could not take, and leaves nothing", async () => {
  await refuses({ a: null }, /"a" at row 3 must have a value, as every frame has of every feature/);
  await refuses({ list: [] }, /"list" at row 3 must have a value/);
  await refuses({ list: [1, 2, 3] }, /"list" at row 3 must have 2 values, got a list of 3$/);
  await refuses({ index: 7 }, /"index" at row 3 must be 3, as LeRobot counts, got 7; without the field/);
  await refuses({ task_index: 1 }, /"task_index" at row 3 must be a place in tasks, 0 to 0, got 1$/);
  await refuses({ task_index: null }, /"task_index" at row 3 must have a value/);
  await refuses({}, /the name of a feature must have no "\/", got "b\/c"$/, { fields: ["b/c"] });
  await refuses({}, /episodeTasks must be left out where there is a field "task_index"/, {
    episodeTasks: [0],
  });
});

test("saveLeRobot() counts an index that a row lacks, and counts anew one that is left out", () =>
  inFolder(async (folder) => {
    using store = new StreamStore({ index: { type: 0, dtype: "int64" }, a: 1 });
    store.append(0, { index: 0, a: 5 });
    store.append(1, { a: 6 });
    await saveLeRobot(store, join(folder, "lacks"), options);
    store.append(2, { index: 70, a: 7 });
    await saveLeRobot(store, join(folder, "anew"), { ...options, fields: ["a"] });
    for (const [name, expected] of [["lacks", [0n, 1n]], ["anew", [0n, 1n, 2n]]] as const) {
      const { store: copy } = await loadLeRobot(join(folder, name));
      assert.deepEqual([...copy.column("index").values as unknown as BigInt64Array], expected);
      copy.close();
    }
  }));

test("saveLeRobot() overwrites nothing, and saves no dataset without rows", () =>
  inFolder(async (folder) => {
    using store = ownStore();
    writeFileSync(join(folder, "notes.txt"), "mine");
    await assert.rejects(saveLeRobot(store, folder, options), { code: "already-exists" });
    await assert.rejects(saveLeRobot(store, join(folder, "notes.txt"), options), { code: "already-exists" });
    assert.deepEqual(readdirSync(folder), ["notes.txt"]);
    mkdirSync(join(folder, "empty"));
    await saveLeRobot(store, join(folder, "empty"), options);
    assert.equal(filesIn(join(folder, "empty")).length, 5);
    using none = new StreamStore({ a: 0 });
    await assert.rejects(
      saveLeRobot(none, join(folder, "none"), options),
      /the store must have at least 1 row, got 0$/,
    );
  }));
