import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

/** Runs an example in a process of its own. */
function run(name: string): { readonly status: number | null; readonly output: string } {
  const path = fileURLToPath(new URL(`../examples/${name}`, import.meta.url));
  const flags = "deno" in process.versions ? ["run", "-A", "--no-check"] : [];
  const { status, stdout, stderr } = spawnSync(process.execPath, [...flags, path], { encoding: "utf8" });
  return { status, output: stdout + stderr };
}

test("a trainer that is killed goes on with the same windows", () => {
  const { status, output } = run("trainer.ts");
  assert.equal(status, 0, output);
  assert.match(output, /killed [1-3] times, 300 updates/);
  assert.match(output, /never killed: the same\nits weights: the same/);
});
