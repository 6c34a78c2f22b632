/** How stores in directories are made: whole or not at all, with nothing left beside them. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs, {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { StreamStore, StreamStoreError } from "../../mod.ts";
import { unfinished } from "../../src/store/durable_file.ts";
import { Random } from "../support/support.ts";
import { Child } from "../torture/child.ts";
import { compareRows, type Content, fields as contentFields } from "../torture/content.ts";
import { withDirectory } from "../torture/scratch.ts";
import { runFlags } from "../support/runtime.ts";

const fields = { action: 1 };

/** What creators that were killed have left, but for those who died before there was anything to tell by. */
function leftoversIn(directory: string): { all: string[]; locked: string[] } {
  const all = readdirSync(directory).filter((name) => unfinished(name) !== null);
  const sizeOf = (name: string) =>
    statSync(`${directory}/${name}/head`, { throwIfNoEntry: false })?.size ?? 0;
  return { all, locked: all.filter((name) => sizeOf(name) > 0) };
}

/** Lets a minute pass. */
function makeOld(directory: string): void {
  const then = new Date(Date.now() - 61_000);
  utimesSync(directory, then, then);
}

test("open() creates a store whole or not at all, whenever it is killed, and the next leaves nothing beside it", () =>
  withDirectory(async (directory) => {
    const random = new Random(3);
    let leftoverCount = 0;
    for (let round = 0; round < 12; round++) {
      const first = 1000 * round;
      const child = new Child("creator.ts", { prefix: `${directory}/`, first });
      await child.waitForLines(1);
      await new Promise((resolve) => setTimeout(resolve, 15 * random.float()));
      // Every other one in the midst of a creation: most of its time goes into the rest.
      const deadline = performance.now() + (round % 2 === 1 ? 1000 : 0);
      while (performance.now() < deadline && leftoversIn(directory).all.length === 0) continue;
      await child.kill();
      assert.equal(child.errors, "");
      const left = leftoversIn(directory);
      leftoverCount += left.all.length;
      for (const name of left.all) if (!left.locked.includes(name)) makeOld(`${directory}/${name}`);
      const last = Number(child.line);
      for (let i = first; i <= last + 1; i++) {
        const path = `${directory}/${i}.stream`;
        if (!existsSync(path)) {
          assert.equal(i, last + 1);
          StreamStore.open(path, { fields: contentFields }).close();
        }
        using store: Content = StreamStore.open(path, { fields: contentFields });
        compareRows(store, 0, store.rowCount);
        assert.ok(store.rowCount >= (i <= last ? 1 : 0));
      }
      assert.deepEqual(leftoversIn(directory).all, []);
    }
    assert.ok(leftoverCount > 0, "no child was killed while it created a store");
  }));

test("open() leaves alone what creators of stores whose names begin alike are working on", () =>
  withDirectory(async (directory) => {
    const prefix = `${directory}/${"n".repeat(40)}`;
    const children = [0, 1000, 2000].map((first) => new Child("creator.ts", { prefix, first }));
    await Promise.all(children.map((child) => child.waitForLines(100)));
    for (const child of children) await child.kill();
    for (const child of children) {
      assert.equal(child.errors, "");
      assert.ok(child.lineCount >= 100);
    }
    for (const name of leftoversIn(directory).all) makeOld(`${directory}/${name}`);
    StreamStore.open(`${prefix}.stream`, { fields }).close();
    assert.deepEqual(leftoversIn(directory).all, []);
  }));

test("open() removes a leftover once nobody holds its lock, or where there is none after a minute", () =>
  withDirectory((directory) => {
    const [dead, held, young, old] = Array.from(
      { length: 4 },
      () => `${directory}/.run.stream.new-${crypto.randomUUID()}`,
    );
    const other = `${directory}/.other.stream.new-${crypto.randomUUID()}`;
    StreamStore.open(dead, { fields }).close();
    using living: StreamStore<typeof fields> = StreamStore.open(held, { fields });
    mkdirSync(young);
    // Its creator may be about to lock it.
    writeFileSync(`${young}/head`, "");
    mkdirSync(old);
    for (const path of [held, old]) makeOld(path);
    mkdirSync(other);
    makeOld(other);

    StreamStore.open(`${directory}/run.stream`, { fields }).close();
    assert.deepEqual([dead, held, young, old].map(existsSync), [false, true, true, false]);
    assert.ok(existsSync(other));
    living.append(0, { action: 1 });
    living.sync();
    assert.equal(living.rowCount, 1);
  }));

test("open() removes nothing that a user has made, whatever its name", () =>
  withDirectory((directory) => {
    const beside = `${directory}/.run.stream.new-`;
    const kept = [`${beside}keep`, `${beside}${crypto.randomUUID()}`, `${beside}${crypto.randomUUID()}`];
    for (const path of kept.slice(0, 2)) {
      using store: StreamStore<typeof fields> = StreamStore.open(path, { fields });
      store.append(0, { action: 7 });
    }
    mkdirSync(kept[2]);
    writeFileSync(`${kept[2]}/notes.txt`, "text");
    for (const path of kept) makeOld(path);
    const before = readdirSync(directory, { recursive: true }).length;
    StreamStore.open(`${directory}/run.stream`, { fields }).close();
    const made = 1 + readdirSync(`${directory}/run.stream`).length;
    assert.equal(readdirSync(directory, { recursive: true }).length, before + made);
    for (const path of kept.slice(0, 2)) {
      using store = StreamStore.open(path, { mode: "read" });
      assert.deepEqual(store.rows(), [{ step: 0, action: 7 }]);
    }
  }));

test("open() keeps what is in the tail of a store that a user has named like a leftover, whatever its fields", () =>
  withDirectory((directory) => {
    const path = `${directory}/.run.stream.new-${crypto.randomUUID()}`;
    // They stand in cells of float32 as their own bits, which only the fields tell.
    const fields = { count: "int32", value: "float32", size: "uint32" } as const;
    using store = StreamStore.open(`${directory}/own.stream`, { fields, commitEvery: { ms: 1e9 } });
    store.append(0, { count: -1, value: 0.5, size: 2 ** 32 - 1 });
    cpSync(`${directory}/own.stream`, path, { recursive: true });
    makeOld(path);
    StreamStore.open(`${directory}/run.stream`, { fields }).close();
    using kept = StreamStore.open(path, { mode: "read" });
    assert.deepEqual(kept.rows(), [{ step: 0, count: -1, value: 0.5, size: 2 ** 32 - 1 }]);
  }));

test("open() without free descriptors says so, and leaves nothing", () =>
  withDirectory((directory) => {
    const script = fileURLToPath(new URL("../support/children/no_descriptors.ts", import.meta.url));
    const limited = [
      "-c",
      'ulimit -n 200 && exec "$@"',
      "sh",
      process.execPath,
      ...runFlags,
      script,
      directory,
    ];
    const { status, stdout, stderr } = spawnSync("sh", limited, { encoding: "utf8" });
    assert.equal(status, 0, stderr);
    const { failures, names } = JSON.parse(stdout);
    assert.deepEqual(names, ["first.stream", "run.stream"]);
    assert.ok(failures.length >= 7, `${failures.length} attempts`);
    for (const { code, message } of failures) {
      assert.equal(code, "too-many-open-files", message);
      assert.match(message, /^Cannot (create|open|write) .*run\.stream\S*: too many files are open$/);
    }
  }));

test("open() says what is no place for a store, and what is no store", () =>
  withDirectory((directory) => {
    mkdirSync(`${directory}/used`);
    writeFileSync(`${directory}/used/notes.txt`, "text");
    mkdirSync(`${directory}/empty`);
    const lost = `${directory}/no/such/run.stream`;
    const none = `${directory}/none.stream`;
    const used = `${directory}/used`;
    const empty = `${directory}/empty`;
    const cases = [
      [lost, "create", "not-found", `its parent directory must exist, got none at ${directory}/no/such`],
      [
        used,
        "create",
        "already-exists",
        'the directory must be empty, or not be there, got "notes.txt" in it',
      ],
      [none, "append", "not-found", "there is none"],
      [none, "read", "not-found", "there is none"],
      [used, "read", "not-found", "the directory must hold a store, got one without store.json"],
      [empty, "append", "not-found", "the directory must hold a store, got one without store.json"],
    ] as const;
    for (const [path, mode, code, state] of cases) {
      const message = mode === "create"
        ? `Cannot create a store at ${path}: ${state}`
        : `Cannot open the store ${path}: ${state}`;
      assert.throws(() => StreamStore.open(path, { fields, mode }), { code, message });
    }
    assert.throws(() => StreamStore.open(used, { fields }), { code: "already-exists" });
    assert.throws(() => StreamStore.open(lost, { fields }), { code: "not-found" });
    assert.deepEqual(readdirSync(directory).sort(), ["empty", "used"]);
    assert.deepEqual(readdirSync(used), ["notes.txt"]);
    StreamStore.open(empty, { fields }).close();
  }));

test("open() takes a directory that may be written but not read", () =>
  withDirectory((directory) => {
    const nobody = 65534;
    const isRoot = process.getuid?.() === 0;
    if (isRoot) chownSync(directory, nobody, nobody);
    chmodSync(directory, 0o300);
    // Permissions do not bind root, so the child becomes somebody else.
    const script = fileURLToPath(new URL("../support/children/unreadable_parent.ts", import.meta.url));
    const args = [...runFlags, script, `${directory}/run.stream`, ...isRoot ? [String(nobody)] : []];
    const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
    chmodSync(directory, 0o700);
    assert.deepEqual([stdout, stderr], ["EACCES\n1 row\n", ""]);
    assert.deepEqual(readdirSync(directory), ["run.stream"]);
  }));

test("open() leaves nothing where creating fails at its very end", () =>
  withDirectory((directory) => {
    const path = `${directory}/run.stream`;
    const { openSync } = fs;
    fs.openSync = (...args: Parameters<typeof openSync>) => {
      if (args[0] !== directory) return openSync(...args);
      assert.ok(existsSync(path));
      throw Object.assign(new Error("EIO: i/o error"), { code: "EIO" });
    };
    try {
      assert.throws(
        () => StreamStore.open(path, { fields }),
        (error) => error instanceof StreamStoreError && error.code === "input-output",
      );
    } finally {
      fs.openSync = openSync;
    }
    assert.deepEqual(readdirSync(directory), []);
    StreamStore.open(path, { fields }).close();
  }));
