/** What is written beside its place: whoever loses power finds the old one or the new one, whole, and leftovers go. */
import assert from "node:assert/strict";
import fs from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import {
  replaceFile,
  systemError,
  temporaryName,
  unfinished,
  writeFileBeside,
  writeFolderBeside,
} from "../../src/store/durable_file.ts";
import { inFolder } from "../support/saved.ts";
import { PushRecords } from "../../src/dataset/hub/push/record.ts";

/** What the file system was asked to do: `sync PATH` and `rename FROM TO`, in order. */
function recordCalls(work: () => void): string[] {
  const { openSync, fsyncSync, renameSync } = fs;
  const calls: string[] = [];
  const paths = new Map<number, string>();
  fs.openSync = ((path: string, ...rest: [string]) => {
    const file = openSync(path, ...rest);
    paths.set(file, path);
    return file;
  }) as typeof openSync;
  fs.fsyncSync = (file) => {
    fsyncSync(file);
    calls.push(`sync ${paths.get(file)}`);
  };
  fs.renameSync = (from, to) => {
    renameSync(from, to);
    calls.push(`rename ${from} ${to}`);
  };
  try {
    work();
  } finally {
    Object.assign(fs, { openSync, fsyncSync, renameSync });
  }
  return calls;
}

/** By the file that it replaces, what does so in a store's directory. */
const replacing: Readonly<Record<string, (store: StreamStore, directory: string) => () => void>> = {
  "store.json": (store) => () => store.append(0, { reward: [1] }),
  "priorities": (store, directory) => {
    store.append(0, { reward: 1 });
    const sampler = store.sampler({ steps: 1, batchSize: 1, order: { kind: "prioritized" } });
    return () => sampler.savePriorities(join(directory, "priorities"));
  },
  "hub.json": (store, directory) => {
    const target = { endpoint: "http://a", repository: "a/b", branch: "main", config: "c", split: "train" };
    const record = { ...target, rows: 1, tokens: 1, remoteRows: 1, memoryBytes: null, shards: [] };
    return () => new PushRecords(directory, store).add(record);
  },
};

for (const [name, prepare] of Object.entries(replacing)) {
  test(`replaceFile() of ${name}: it is synced, renamed, and its new name synced`, () => {
    const directory = join(fs.mkdtempSync(join(tmpdir(), "streamstore-durable-")), "run.stream");
    try {
      using store: StreamStore = StreamStore.open(directory, { fields: { reward: 0 } });
      const calls = recordCalls(prepare(store, directory));
      const path = join(directory, name);
      const beside = calls[0].split(" ")[1];
      assert.deepEqual([dirname(beside), beside === path], [directory, false]);
      assert.deepEqual(calls, [`sync ${beside}`, `rename ${beside} ${path}`, `sync ${directory}`]);
    } finally {
      fs.rmSync(dirname(directory), { recursive: true });
    }
  });
}

const bytes = new TextEncoder().encode("text");

/** The three ways in which something is written beside its place, by what they write. */
const ways: Readonly<Record<string, (path: string, fail?: () => void) => Promise<void>>> = {
  "replaceFile()": (path, fail) => {
    // A list whose second entry fails is as a disk that is full in the midst.
    const parts = fail === undefined ? [bytes] : Object.defineProperty([bytes, bytes], 1, { get: fail });
    return Promise.try(() => replaceFile(path, "Cannot write", parts));
  },
  "writeFileBeside()": (path, fail) =>
    writeFileBeside(path, (temporary) =>
      Promise.try(() => {
        fs.writeFileSync(temporary, bytes);
        fail?.();
      })),
  "writeFolderBeside()": (path, fail) =>
    writeFolderBeside(path, (temporary) =>
      Promise.try(() => {
        fs.mkdirSync(join(temporary, "inner"));
        fs.writeFileSync(join(temporary, "inner", "file"), bytes);
        fail?.();
      })),
};

for (const [way, write] of Object.entries(ways)) {
  test(`${way} removes what a killed process left a day ago, and nothing else`, () =>
    inFolder(async (folder) => {
      const name = `${"n".repeat(240)}.x`;
      const [old, oldFolder, young, other] = [name, name, name, "other"].map(temporaryName);
      const user = [`.${name.slice(0, 40)}.new-keep`, `.${name.slice(0, 40)}.new-`, "notes.txt"];
      fs.mkdirSync(join(folder, oldFolder, "inner"), { recursive: true });
      for (const entry of [old, young, other, ...user]) fs.writeFileSync(join(folder, entry), "");
      const then = Date.now() / 1000 - 25 * 3600;
      for (const entry of [old, oldFolder, other, ...user]) fs.utimesSync(join(folder, entry), then, then);
      await write(join(folder, name));
      assert.deepEqual(fs.readdirSync(folder).sort(), [name, young, other, ...user].sort());
      assert.equal(unfinished(young), name.slice(0, 40));
    }));

  test(`${way} that fails leaves what was there, and nothing beside it`, () =>
    inFolder(async (folder) => {
      const full = Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
      const fail = () => {
        throw full;
      };
      const path = join(folder, "x");
      for (const before of [[], ["x"]]) {
        if (before.length > 0) await write(path);
        const content = fs.readdirSync(folder, { recursive: true });
        await assert.rejects(write(path, fail), (error) => {
          const told = systemError(error, "Cannot write", path) as { code?: string; message: string };
          assert.match(told.message, /^Cannot write: no space is left on the disk of /);
          return told.code === "storage-full";
        });
        assert.deepEqual(fs.readdirSync(folder, { recursive: true }), content);
      }
    }));
}

test("writeFolderBeside() that fails takes the folders that it made away again", () =>
  inFolder(async (folder) => {
    const path = join(folder, "a", "b", "c");
    await assert.rejects(ways["writeFolderBeside()"](path, () => assert.fail("no")), /no/);
    assert.deepEqual(fs.readdirSync(folder), []);
    fs.mkdirSync(join(folder, "a"));
    await assert.rejects(
      ways["writeFolderBeside()"](
        path,
        () => fs.writeFileSync(join(folder, "a", "mine"), "") ?? assert.fail("no"),
      ),
      /no/,
    );
    assert.deepEqual(fs.readdirSync(folder, { recursive: true }), ["a", join("a", "mine")]);
  }));
