/** A Worker that ends without closing its store leaves it as a process does that dies: free, and with all that it appended. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { withDirectory } from "../torture/scratch.ts";
import { runFlags } from "../support/runtime.ts";

const child = fileURLToPath(new URL("../support/children/ended_writers.ts", import.meta.url));
const rounds = 10;

for (const opener of ["main", "worker"]) {
  const where = opener === "main"
    ? "the main thread"
    : "another Worker, where no other thread has the library";
  test(`open() in ${where} takes the store of a Worker that has ended, and never that of a living one`, () =>
    withDirectory((directory) => {
      const args = [...runFlags, child, `${directory}/run.stream`, opener, String(rounds)];
      const { status, signal, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
      assert.equal(signal ?? status, 0, `${stdout}\n${stderr}`);
      const { rows, files } = JSON.parse(stdout) as { rows: number; files: number[] };
      assert.ok(rows > rounds, `${rows} rows`);
      // A store that was left behind has seven files, and the next to be opened closes them.
      assert.ok(files.at(-1)! < files[2] + 14, `open files: ${files}`);
    }));
}
