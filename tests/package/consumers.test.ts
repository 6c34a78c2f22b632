/** The package in an empty folder, as users of this runtime install it, without the toolchain. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, test } from "node:test";
import { Consumer } from "./consumer.ts";
import { root } from "./packed.ts";
import { isNode, runtimeName } from "../support/runtime.ts";

let consumer: Consumer;
before(async () => {
  consumer = await Consumer.make();
});
after(() => consumer.close());

const collected = { values: [1, 999, -999, 1], windows: 91 };

test("a script collects, looks at windows and samples ahead in a Worker, with nothing but the package", async () => {
  assert.deepEqual(await consumer.run("script.ts"), collected);
  assert.equal(consumer.libraries().length, 1);
});

test("a script that is started in another directory", async () => {
  assert.deepEqual(await consumer.run("script.ts", tmpdir()), collected);
});

test("the package in a Worker", async () => {
  assert.deepEqual(await consumer.run(isNode ? "with_thread.ts" : "with_worker.ts"), { sum: 4950 });
});

test("what is loaded on first use is found: Arrow", async () => {
  assert.deepEqual(await consumer.run("dataset.ts"), { rows: 100, last: 99 });
});

test("the viewer has its page and its Worker", async () => {
  const hashOf = (name: string) =>
    createHash("sha256").update(readFileSync(join(root, "build/view", name))).digest("hex");
  assert.deepEqual(await consumer.run("viewer.ts"), {
    script: hashOf("client.js"),
    style: hashOf("client.css"),
    greatest: [24, 49, 74, 99],
  });
});

test("two versions in one process share a directory as two processes do", async () => {
  const values = Array.from({ length: 10 }, (_, index) => 90 + index);
  const expected = { refusal: "locked", values, rows: 101, isSame: false };
  assert.deepEqual(await consumer.run("two_versions.ts"), expected);
  assert.equal(consumer.libraries().length, 2);
});

test(
  "a program that esbuild has bundled, with the Worker as its second entry",
  { skip: runtimeName === "deno" && "esbuild resolves no jsr: packages" },
  async () => {
    const esbuild = `node_modules/@esbuild/${process.platform}-${process.arch}/bin/esbuild`;
    const entries = ["script.ts", "streamstore_worker.ts"];
    const flags = ["--bundle", "--platform=node", "--format=esm", "--splitting", "--outdir=bundled"];
    await consumer.execute(join(consumer.folder, esbuild), [...entries, ...flags]);
    rmSync(consumer.home, { recursive: true });
    assert.deepEqual(await consumer.run("bundled/script.js"), collected);
    assert.equal(consumer.libraries().length, 1);
  },
);

test(
  "bun build --compile: one file that runs anywhere",
  { skip: runtimeName !== "bun" && "a command of Bun's" },
  async () => {
    const entries = ["./script.ts", "./streamstore_worker.ts"];
    await consumer.execute(process.execPath, ["build", "--compile", ...entries, "--outfile", "program"]);
    const folder = mkdtempSync(join(tmpdir(), "streamstore-program-"));
    try {
      renameSync(join(consumer.folder, "program"), join(folder, "program"));
      mkdirSync(join(folder, "data"));
      rmSync(consumer.home, { recursive: true });
      const printed = await consumer.execute(join(folder, "program"), [join(folder, "data")], folder);
      assert.deepEqual(JSON.parse(printed), collected);
      assert.equal(consumer.libraries().length, 1);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);

test(
  "bun build: a bundle and its Worker",
  { skip: runtimeName !== "bun" && "a command of Bun's" },
  async () => {
    const entries = ["./script.ts", "./streamstore_worker.ts"];
    await consumer.execute(process.execPath, ["build", "--target", "bun", ...entries, "--outdir", "bundle"]);
    assert.deepEqual(await consumer.run("bundle/script.js"), collected);
  },
);
