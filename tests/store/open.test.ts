/** How stores in directories are opened: modes, and every way in which that is refused. */
import { tableFromArrays } from "apache-arrow";
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import process from "node:process";
import { test } from "node:test";
import { StreamStore, StreamStoreError } from "../../mod.ts";
import { Child } from "../torture/child.ts";
import { compareRows, type Content, fields as contentFields } from "../torture/content.ts";
import { withDirectory } from "../torture/scratch.ts";

const fields = { action: 1, observation: 0 };
type Store = StreamStore<typeof fields>;

/** For `assert.throws`: an error with this code, whose message matches. */
function refused(code: string, message: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof StreamStoreError, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, message);
    return true;
  };
}

test("open() without a mode creates a store, and goes on with it the next time", () =>
  withDirectory((directory) => {
    const path = `${directory}/run.stream`;
    for (const [step, rowCount] of [[0, 1], [5, 2]]) {
      using store: Store = StreamStore.open(path, { fields });
      store.append(step, { action: step, observation: [1, 2] });
      assert.equal(store.rowCount, rowCount);
    }
    using store = StreamStore.open(path);
    assert.deepEqual(store.fields, [
      { name: "action", type: 1, dtype: "float64" },
      { name: "observation", type: 0, dtype: "float64" },
    ]);
    const observation = Float64Array.of(1, 2);
    assert.deepEqual(store.rows(), [{ step: 0, action: 0, observation }, {
      step: 5,
      action: 5,
      observation,
    }]);
  }));

test("open() to create makes a store where nothing or an empty directory is, and nowhere else", () =>
  withDirectory((directory) => {
    const path = `${directory}/run.stream`;
    StreamStore.open(path, { fields, mode: "create" }).close();
    assert.throws(
      () => StreamStore.open(path, { fields, mode: "create" }),
      refused("already-exists", /^Cannot create a store at .*run\.stream: there is one already$/),
    );
    mkdirSync(`${directory}/empty`);
    StreamStore.open(`${directory}/empty`, { fields, mode: "create" }).close();
    mkdirSync(`${directory}/full`);
    writeFileSync(`${directory}/full/notes.txt`, "mine");
    for (const mode of ["create", undefined] as const) {
      const open = () => StreamStore.open(`${directory}/full`, { fields, mode });
      assert.throws(open, refused("already-exists", /^Cannot create a store at .*full/));
    }
    assert.deepEqual(readdirSync(`${directory}/full`), ["notes.txt"]);
    // What was refused has left nothing, beside its place neither.
    assert.deepEqual(readdirSync(directory).sort(), ["empty", "full", "run.stream"]);
  }));

test("open() says what is missing", () =>
  withDirectory((directory) => {
    const path = `${directory}/run.stream`;
    assert.throws(
      () => StreamStore.open(path),
      refused("not-found", /there is none, and no fields are given/),
    );
    for (const mode of ["append", "read"] as const) {
      assert.throws(
        () => StreamStore.open(path, { fields, mode }),
        refused("not-found", /^Cannot open the store/),
      );
    }
    const orphan = () => StreamStore.open(`${directory}/absent/run.stream`, { fields });
    assert.throws(orphan, refused("not-found", /^Cannot create a store at/));
    assert.deepEqual(readdirSync(directory), []);
  }));

test("open() of a path that is a file, or leads through one, is not-a-directory in every mode", () =>
  withDirectory((directory) => {
    writeFileSync(`${directory}/file`, "mine");
    for (const path of [`${directory}/file`, `${directory}/file/run.stream`]) {
      for (const mode of [undefined, "create", "append", "read"] as const) {
        assert.throws(() => StreamStore.open(path, { fields, mode }), refused("not-a-directory", /^Cannot /));
      }
    }
    assert.equal(readFileSync(`${directory}/file`, "utf8"), "mine");
  }));

test("open() of a store of which a file is a directory is not-a-file", () =>
  withDirectory((directory) => {
    for (const name of ["store.json", "head", "row.u64", "sums"]) {
      const path = `${directory}/${name}.stream`;
      StreamStore.open(path, { fields }).close();
      rmSync(`${path}/${name}`);
      mkdirSync(`${path}/${name}`);
      assert.throws(
        () => StreamStore.open(path),
        refused("not-a-file", /^Cannot open the store .*: there must be a file, got a directory$/),
      );
    }
  }));

test("open() shows fields that differ", () =>
  withDirectory((directory) => {
    const path = `${directory}/run.stream`;
    StreamStore.open(path, { fields: { a: 0, b: { type: 1, dtype: "int64" } } }).close();
    StreamStore.open(path, { fields: { a: { type: 0 }, b: { type: 1, dtype: "int64" } } }).close();
    const cases = [
      [{ a: 0 }, /must be \{ a: 0, b: 1 int64 \}, got \{ a: 0 \}: the store has \{ b: 1 int64 \} besides$/],
      [{ a: 0, b: 1 }, /lacks \{ b: 1 \} and has \{ b: 1 int64 \}/],
      [{ a: 2, b: { type: 1, dtype: "int64" } }, /lacks \{ a: 2 \} and has \{ a: 0 \}/],
      [{ b: { type: 1, dtype: "int64" }, a: 0 }, /got \{ b: 1 int64, a: 0 \}: in another order/],
    ] as const;
    for (const [given, message] of cases) {
      for (const mode of [undefined, "append", "read"] as const) {
        assert.throws(
          () => StreamStore.open(path, { fields: given, mode }),
          refused("fields-differ", message),
        );
      }
    }
  }));

test("open() refuses wrong arguments before anything is made", () =>
  withDirectory((directory) => {
    for (const path of ["", "a\0b", 5, null]) {
      const open = () => StreamStore.open(path as string, { fields });
      assert.throws(open, { name: "TypeError", message: /^Cannot open a store: the path must be a string/ });
    }
    const path = `${directory}/run.stream`;
    for (const options of [{ mode: "write" }, { capacity: 0 }, { capacity: 2 ** 32 }, { capacity: 1.5 }]) {
      assert.throws(() => StreamStore.open(path, { fields, ...options as { capacity: number } }), RangeError);
    }
    assert.throws(() => StreamStore.open(path, { fields: {} }), RangeError);
    assert.deepEqual(readdirSync(directory), []);
  }));

test("open() tells a second writer who has the store, in the same process too, and lets readers in", () =>
  withDirectory((directory) => {
    const path = `${directory}/run.stream`;
    const writer: Store = StreamStore.open(path, { fields });
    const message = new RegExp(`: the process ${process.pid} is writing it$`);
    assert.throws(() => StreamStore.open(path), refused("locked", message));
    using reader = StreamStore.open(path, { mode: "read" });
    writer.append(0, { action: 1 });
    writer.close();
    assert.equal(reader.refresh(), true);
    assert.equal(reader.rowCount, 1);
    StreamStore.open(path).close();
  }));

test("open() names another process that has the lock, which is free as soon as it is dead", () =>
  withDirectory(async (directory) => {
    const path = `${directory}/run.stream`;
    for (let round = 0; round < 2; round++) {
      const child = new Child("kill_writer.ts", { path, seed: round, capacity: 1000 });
      await child.waitForLines(3);
      const message = new RegExp(`: the process ${child.id} is writing it$`);
      assert.throws(() => StreamStore.open(path), refused("locked", message));
      await child.kill();
      using store: Content = StreamStore.open(path, { fields: contentFields });
      assert.ok(store.rowCount >= Number(child.line));
      compareRows(store, 0, store.rowCount);
    }
  }));

test("open() to read gives a store that refuses to write, and stays usable", () =>
  withDirectory(async (directory) => {
    const path = `${directory}/run.stream`;
    using writer: Store = StreamStore.open(path, { fields });
    writer.append(0, { action: 1, observation: [1] });
    writer.flush();
    using reader: Store = StreamStore.open(path, { mode: "read" });
    const writes = [
      () => reader.append(1, { action: 1 }),
      () => reader.append(1, { observation: [1, 2] }),
      () => reader.append(1n, { action: 1 }),
      () => reader.append([1], ["action"], [1]),
      () => reader.appendColumns({ step: [1], action: [1] }),
      () => reader.sync(),
    ];
    for (const write of writes) assert.throws(write, refused("read-only", /^Cannot /));
    for (
      const table of [tableFromArrays({ action: [1] }), tableFromArrays({ action: new Float64Array(0) })]
    ) {
      await assert.rejects(reader.fromDataset(table), refused("read-only", /^Cannot load a dataset/));
    }
    assert.equal(reader.rowCount, 1);
    writer.append(1, { action: 2 });
    writer.flush();
    assert.equal(reader.refresh(), true);
    assert.deepEqual(reader.row(1), { step: 1, action: 2 });
  }));

const isRoot = process.getuid?.() === 0;
const asRoot = isRoot ? "permissions do not bind the user root, who runs this" : false;

test(
  "open() of what the user may not touch is permission-denied",
  { skip: asRoot },
  () =>
    withDirectory((directory) => {
      const path = `${directory}/run.stream`;
      StreamStore.open(path, { fields }).close();
      chmodSync(`${path}/head`, 0o000);
      for (const mode of ["append", "read"] as const) {
        assert.throws(
          () => StreamStore.open(path, { mode }),
          refused("permission-denied", /^Cannot open the store/),
        );
      }
      chmodSync(directory, 0o500);
      const create = () => StreamStore.open(`${directory}/second.stream`, { fields });
      assert.throws(create, refused("permission-denied", /^Cannot create a store at/));
      chmodSync(directory, 0o700);
    }),
);
