/** Files that are replaced beside a store's columns: whoever loses power finds the old one or the new one, whole. */
import assert from "node:assert/strict";
import fs from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
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
  test(`${name} is synced, renamed, and its new name synced`, () => {
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
