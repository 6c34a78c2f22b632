/** Disks that are full, limited or closed for writing: an error each, and never the end of the process. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { StreamStore } from "../../mod.ts";
import { fields, valuesOf } from "../support/full_disk/content.ts";
import { type Kind, run, withMount } from "../support/full_disk/mount.ts";
import { withDirectory } from "../torture/scratch.ts";
import { runFlags } from "../support/runtime.ts";

const child = fileURLToPath(new URL("../support/full_disk/child.ts", import.meta.url));

interface Found {
  readonly code: string;
  readonly message: string;
  readonly rows: number;
}

/** Runs a case of the child in a directory; `prefix` is the command that it is run through. */
function runChild(what: string, directory: string, prefix: readonly string[] = []): Found {
  const [command, ...args] = [...prefix, process.execPath, ...runFlags, child, what, directory];
  const env = { ...process.env, TMPDIR: directory };
  const { status, signal, stdout, stderr } = spawnSync(command, args, { encoding: "utf8", env });
  assert.equal(signal ?? status, 0, `${what}: ${signal ?? status}\n${stdout}\n${stderr}`);
  return JSON.parse(stdout);
}

/** Runs on a file system of its own, or says why it does not. */
function testOn(kind: Kind, name: string, use: (directory: string) => void): void {
  test(`${kind}: ${name}`, (context) => {
    const reason = withMount(kind, use);
    if (reason !== null) skip(context, reason);
  });
}

function skip(_context: TestContext, reason: string): void {
  console.log(`skipped: ${reason}`);
}

for (const kind of ["tmpfs", "ext4"] as const) {
  for (const what of ["temporary", "named"]) {
    testOn(
      kind,
      `a ${what} store on a full disk stays open, readable, and goes on once there is room`,
      (directory) => {
        const { code, message, rows } = runChild(what, directory);
        assert.equal(code, "storage-full");
        const pattern =
          /^Cannot append: no space is left on the disk of (\S+), (\d+) bytes wanted, (\d+) free$/;
        const [, path, wanted, free] = pattern.exec(message) ?? assert.fail(message);
        assert.ok(path.startsWith(directory), path);
        assert.ok(Number(wanted) > 0 && Number(free) >= 0, message);
        assert.ok(rows > 20, `${rows} rows`);
      },
    );
  }
  testOn(kind, "the last byte is used, by chunks of any size", (directory) => {
    runChild("fillToTheLast", directory);
  });
  testOn(kind, "a store that is closed on a full disk loses nothing", (directory) => {
    assert.equal(runChild("closedFull", directory).code, "storage-full");
  });
  testOn(kind, "rows without a token are refused or kept, too", (directory) => {
    // As many as the first chunk has.
    assert.deepEqual(runChild("bareRows", directory), { code: "storage-full", rows: 20_000 });
  });
  testOn(kind, "rows of empty lists are refused or kept, too", (directory) => {
    // By the marks that there is disk space for.
    const { code, rows } = runChild("emptyLists", directory);
    assert.equal(code, "storage-full");
    assert.ok(rows > 1000 && rows < 20_000, `${rows} rows`);
  });
  testOn(kind, "what a process leaves in the tail is found, on a disk that is still full", (directory) => {
    assert.equal(runChild("abandoned", directory).code, "ENOSPC");
    assert.equal(runChild("reopened", directory).code, "storage-full");
  });
  testOn(kind, "what is appended is committed in time on a disk that is full", (directory) => {
    const { code, rows } = runChild("live", directory);
    assert.deepEqual([code, rows], ["ENOSPC", 20]);
  });
  testOn(kind, "a store that cannot be created leaves nothing, and says what it wanted", (directory) => {
    const { code, message } = runChild("create", directory);
    assert.equal(code, "storage-full");
    assert.match(message, /no space is left on the disk of \S+, 1052672 bytes wanted, \d+ free$/);
  });
  testOn(kind, "a first list on a full disk is appended or refused, not both", (directory) => {
    runChild("firstList", directory);
  });
  testOn(kind, "a first list that could be appended is synced, closed and found again", (directory) => {
    runChild("firstListSynced", directory);
  });
  testOn(kind, "all that write files say that the disk is full, and leave nothing", (directory) => {
    const { messages } = runChild("writers", directory) as unknown as { messages: Record<string, string> };
    for (const [way, message] of Object.entries(messages)) {
      assert.match(message, /^Cannot \w+ .*: no space is left on the disk of \S+, \d+ free$/, way);
    }
    assert.equal(Object.keys(messages).length, 13);
  });
  testOn(kind, "a sampler finds episodes where their file cannot be kept, and leaves none", (directory) => {
    runChild("episodes", directory);
  });
}

testOn("few-inodes", "a full inode table is a full disk, and leaves nothing", (directory) => {
  assert.equal(runChild("create", directory).code, "storage-full");
});

testOn("tmpfs", "a file system for reading only can be read", (directory) => {
  makeStore(join(directory, "run.stream"));
  run("mount", "-o", "remount,ro", directory);
  assert.equal(runChild("readOnly", directory).code, "read-only-file-system");
});

test("append() beyond a limit on the size of files is an error, not a signal", (context) =>
  withDirectory((directory) => {
    if (spawnSync("prlimit", ["--version"]).status !== 0) return skip(context, "there is no prlimit here");
    const { code, rows } = runChild("limited", directory);
    assert.equal(code, "file-too-large");
    assert.ok(rows > 1000, `${rows} rows`);
  }));

test("open() of a store without permission to write can only read it", (context) =>
  withDirectory((directory) => {
    makeStore(join(directory, "run.stream"));
    chmodSync(directory, 0o755);
    if (process.getuid?.() !== 0) return skip(context, "only root can become another user");
    const nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    if (spawnSync(nobody[0], [...nobody.slice(1), process.execPath, "--version"]).status !== 0) {
      return skip(context, "setpriv cannot run this runtime as another user");
    }
    assert.equal(runChild("readOnly", directory, nobody).code, "permission-denied");
  }));

test("open() refuses a path that is a file", () =>
  withDirectory((directory) => {
    const path = join(directory, "file");
    writeFileSync(path, "text");
    for (const mode of ["create", "append", "read", undefined] as const) {
      assert.throws(() => StreamStore.open(path, { fields, mode }), /Cannot|not a directory/, mode);
    }
    const below = join(path, "run.stream");
    assert.throws(() => StreamStore.open(below, { fields }), { code: "not-a-directory" });
  }));

function makeStore(path: string): void {
  using store = StreamStore.open(path, { fields, capacity: 1000 });
  for (let step = 0; step < 10; step++) store.append(step, valuesOf(step));
}
