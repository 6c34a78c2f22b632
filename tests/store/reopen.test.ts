/** What a store remembers from one opening to the next, wherever it lies and however often it is opened. */
import { tableFromArrays } from "apache-arrow";
import assert from "node:assert/strict";
import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import { compareRows, type Content, contentOf, fields } from "../torture/content.ts";
import { withDirectory } from "../torture/scratch.ts";

test("open() goes on with the next step, through any number of chunks", () =>
  withDirectory(async (directory) => {
    const path = `${directory}/run.stream`;
    for (let round = 0; round < 20; round++) {
      using store: Content = StreamStore.open(path, { fields, capacity: 64 });
      assert.equal(store.rowCount, 100 * round);
      if (round === 7) store.flush();
      for (let step = 100 * round; step < 100 * (round + 1); step++) store.append(step, contentOf(step));
    }
    using store: Content = StreamStore.open(path, { fields });
    assert.equal(compareRows(store, 0, store.rowCount), 2000);
    assert.deepEqual((await store.verify()).damaged, []);
    assert.deepEqual(store.recovery, {
      recoveredTokens: 0,
      recoveredRows: 0,
      cutTokens: 0,
      cutRows: 0,
      cutWrites: 0,
    });
    assert.throws(() => store.append(1998, { sum: 1 }), {
      name: "RangeError",
      message: /step must be >= 1999/,
    });
  }));

test("open() keeps steps beyond what a float holds in order", () =>
  withDirectory((directory) => {
    const path = `${directory}/run.stream`;
    const step = 2n ** 62n;
    {
      using store = StreamStore.open(path, { fields: { a: 0 } });
      store.append(step, { a: 1 });
    }
    using store = StreamStore.open(path, { fields: { a: 0 } });
    assert.throws(() => store.append(step - 1n, { a: 1 }), RangeError);
    store.append(step + 1n, { a: 2 });
    assert.deepEqual(store.rows(), [{ step, a: 1 }, { step: step + 1n, a: 2 }]);
  }));

/** What a store says of a field, in the features of a dataset made of it. */
async function featureOf(store: StreamStore, name: string): Promise<unknown> {
  const table = await store.toDataset();
  return JSON.parse(table.schema.metadata.get("huggingface")!).info.features[name];
}

function knownLists(path: string): string[] {
  const manifest: { fields: { name: string; isList: boolean }[] } = JSON.parse(
    readFileSync(`${path}/store.json`, "utf8"),
  );
  return manifest.fields.filter(({ isList }) => isList).map(({ name }) => name);
}

test("open() knows a field that was written as a list, also where every list has one value", () =>
  withDirectory(async (directory) => {
    const ways = [
      (store: StreamStore) => store.append(0, { a: [1] }),
      (store: StreamStore) => store.append([0], ["a"], [[1]]),
      (store: StreamStore) => store.appendColumns({ step: [0], a: { values: [1], width: 1 } }),
    ];
    for (const [i, write] of ways.entries()) {
      const path = `${directory}/${i}.stream`;
      {
        using store: StreamStore = StreamStore.open(path, { fields: { a: 0, b: 1 } });
        // So many marks that the one that matters is not among the first.
        for (let step = -3000; step < 0; step++) store.append(step, { b: [] });
        write(store);
        assert.deepEqual(knownLists(path), ["a", "b"]);
      }
      using store: StreamStore = StreamStore.open(path);
      assert.deepEqual(store.row(3000), { step: 0, a: Float64Array.of(1) });
      assert.deepEqual(await featureOf(store, "a"), await featureOf(store, "b"));
    }
  }));

test("open() knows a list although the writer died before it could note so in store.json", () =>
  withDirectory((directory) => {
    const path = `${directory}/run.stream`;
    {
      using store: StreamStore = StreamStore.open(path, { fields: { a: 0, b: 1 } });
      for (let step = 0; step < 5000; step++) store.append(step, { b: [] });
      copyFileSync(`${path}/store.json`, `${directory}/before.json`);
      store.append(5000, { a: [1] });
    }
    renameSync(`${directory}/before.json`, `${path}/store.json`);
    using store = StreamStore.open(path);
    assert.deepEqual(store.row(5000), { step: 5000, a: Float64Array.of(1) });
    // And now it is noted, whatever marks come after.
    assert.deepEqual(knownLists(path), ["a", "b"]);
  }));

test("refresh() shows lists as lists, also of a field that became one since", () =>
  withDirectory((directory) => {
    const path = `${directory}/run.stream`;
    using writer: StreamStore = StreamStore.open(path, { fields: { a: 0, b: 1 } });
    using reader = StreamStore.open(path, { mode: "read" });
    writer.append(0, { a: [1] });
    writer.flush();
    reader.refresh();
    assert.deepEqual(reader.row(0), { step: 0, a: Float64Array.of(1) });
    // Later fields of a row that the reader has seen already.
    writer.append(0, { b: [2] });
    writer.flush();
    reader.refresh();
    assert.deepEqual(reader.rows(), [{ step: 0, a: Float64Array.of(1), b: Float64Array.of(2) }]);
  }));

test("loadDataset() remembers the features in store.json", () =>
  withDirectory(async (directory) => {
    const path = `${directory}/run.stream`;
    {
      using store: StreamStore = StreamStore.open(path, { fields: { reward: 0, done: 1 } });
      await store.fromDataset(tableFromArrays({ reward: Float32Array.of(0.5, 1), done: Int8Array.of(0, 1) }));
    }
    using store: StreamStore = StreamStore.open(path);
    assert.deepEqual(await featureOf(store, "reward"), { dtype: "float32", _type: "Value" });
    assert.deepEqual(await featureOf(store, "done"), { dtype: "int8", _type: "Value" });
  }));

test("refresh() learns the features of a dataset that was loaded since", () =>
  withDirectory(async (directory) => {
    const path = `${directory}/run.stream`;
    using store = StreamStore.open(path, { fields: { a: 0 } });
    using reader: StreamStore = StreamStore.open(path, { mode: "read" });
    const table = tableFromArrays({ a: Float32Array.of(1, 2) });
    await store.fromDataset(table);
    reader.refresh();
    assert.deepEqual(await featureOf(reader, "a"), { dtype: "float32", _type: "Value" });
  }));

test("open() finds a store that was moved, by any name", () =>
  withDirectory((directory) => {
    const names = ["two words", "größe 数据 🤖", "%20#?&", "a'b\"c", "-rf", "a".repeat(250), "new\nline"];
    let path = `${directory}/run.stream`;
    StreamStore.open(path, { fields }).close();
    names.forEach((name, i) => {
      const next = `${directory}/${name}`;
      renameSync(path, next);
      path = next;
      using store: Content = StreamStore.open(path, { fields });
      store.append(i, contentOf(i));
    });
    using store: Content = StreamStore.open(path, { mode: "read" });
    compareRows(store, 0, names.length);
    for (const name of names) {
      const made = `${directory}/made-${name}`;
      StreamStore.open(made, { fields }).close();
      assert.equal(statSync(made).isDirectory(), true);
    }
  }));

test("open() minds neither what a crash left nor what others put there", () =>
  withDirectory((directory) => {
    const path = `${directory}/run.stream`;
    StreamStore.open(path, { fields }).close();
    for (const name of ["store.json.new", "notes.txt", ".hidden", "data.f64.old"]) {
      writeFileSync(`${path}/${name}`, "{");
    }
    for (let i = 0; i < 2; i++) {
      using store: Content = StreamStore.open(path, { fields });
      store.append(i, contentOf(i));
    }
    using store: Content = StreamStore.open(path, { mode: "read" });
    compareRows(store, 0, 2);
  }));

test("open() and close(), a thousand times, leave no file open", {
  skip: !existsSync("/proc/self/fd") && "it needs /proc",
}, () =>
  withDirectory((directory) => {
    const path = `${directory}/run.stream`;
    const openFiles = () => readdirSync("/proc/self/fd").length;
    const before = openFiles();
    for (let i = 0; i < 250; i++) {
      using store: Content = StreamStore.open(path, { fields });
      store.append(i, contentOf(i));
      using reader: Content = StreamStore.open(path, { mode: "read" });
      assert.equal(reader.rowCount, i);
      assert.throws(() => StreamStore.open(path, { fields: { a: 0 } }), { code: "fields-differ" });
      assert.throws(() => StreamStore.open(path), { code: "locked" });
      // This one makes a whole store before it is refused.
      if (i % 10 === 0) {
        assert.throws(() => StreamStore.open(directory, { fields }), { code: "already-exists" });
      }
    }
    assert.ok(openFiles() <= before + 5, `${openFiles()} files open, ${before} before`);
    using store: Content = StreamStore.open(path, { fields });
    compareRows(store, 0, 250);
  }));
