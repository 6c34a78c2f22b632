/** Who writes a store. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { StreamStore } from "../../mod.ts";
import { runtimeFlags } from "../support/cli/command.ts";

const fields = { value: 0 } as const;

function withPath(use: (path: string) => void | Promise<void>): () => Promise<void> {
  return async () => {
    const folder = mkdtempSync(join(tmpdir(), "streamstore-writer-"));
    try {
      await use(join(folder, "run.stream"));
    } finally {
      rmSync(folder, { recursive: true });
    }
  };
}

test(
  "writer is this process's ID for its own store, for a reader beside it, and null once it is closed",
  withPath((path) => {
    using temporary = new StreamStore(fields);
    const store = StreamStore.open(path, { fields });
    using reader = StreamStore.open(path, { mode: "read" });
    assert.deepEqual([temporary.writer, store.writer, reader.writer], [
      process.pid,
      process.pid,
      process.pid,
    ]);
    store.close();
    assert.throws(() => store.writer, { code: "closed" });
    assert.equal(reader.writer, null);
    using next = StreamStore.open(path);
    assert.deepEqual([next.writer, reader.writer], [process.pid, process.pid]);
  }),
);

const child = fileURLToPath(new URL("../support/cli/writer.ts", import.meta.url));

test(
  "writer is that of another process, and null once that was killed",
  withPath(async (path) => {
    StreamStore.open(path, { fields: { value: "float64", done: "bool" } }).close();
    using reader = StreamStore.open(path, { mode: "read" });
    assert.equal(reader.writer, null);
    const writer = spawn(process.execPath, [...runtimeFlags, child, path], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await new Promise((resolve) => writer.stdout.once("data", resolve));
    assert.equal(reader.writer, writer.pid);
    const ended = new Promise((resolve) => writer.once("close", resolve));
    writer.kill("SIGKILL");
    await ended;
    assert.equal(reader.writer, null);
  }),
);

test(
  "writer can be asked for as often as one likes, and never keeps a writer out",
  withPath((path) => {
    StreamStore.open(path, { fields }).close();
    using reader = StreamStore.open(path, { mode: "read" });
    for (let round = 0; round < 200; round++) {
      assert.equal(reader.writer, null);
      using store = StreamStore.open(path);
      assert.equal(reader.writer, process.pid);
      assert.throws(() => StreamStore.open(path), { code: "locked" });
      assert.equal(store.writer, process.pid);
    }
  }),
);

test("extras tells name and kind of each, in the order in which they were declared", () => {
  using store = new StreamStore(fields, { extra: { prompt: "string", frame: "bytes" } });
  assert.deepEqual(store.extras, [{ name: "prompt", kind: "string" }, { name: "frame", kind: "bytes" }]);
  using bare = new StreamStore(fields);
  assert.deepEqual(bare.extras, []);
});
