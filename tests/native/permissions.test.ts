/** What works in Deno with how much permission. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const skip = "Deno" in globalThis ? false : "permissions are Deno's: Bun has none";
const root = fileURLToPath(new URL("../..", import.meta.url));

/** Runs the child with these permissions only; returns what it prints, or the error it ends with. */
function run(...flags: string[]): string {
  const script = `${root}tests/support/children/permissions.ts`;
  try {
    const stdio: ("ignore" | "pipe")[] = ["ignore", "pipe", "pipe"];
    return execFileSync(process.execPath, ["run", "--no-prompt", "--no-check", ...flags, script], {
      encoding: "utf8",
      stdio,
    });
  } catch (error) {
    return (error as { stderr: string }).stderr;
  }
}

const expected = {
  length: 220_001,
  rowCount: 40_002,
  gathered: [777, 777, 3, 7],
  got: [0, 1, 1, 0],
  row: 39_999,
  sum: 40_000 * 39_999 / 2 + 7,
};

test("everything that copies works with --allow-ffi=<folder>; window() says what it needs", { skip }, () => {
  const printed = JSON.parse(run(`--allow-ffi=${root}build/lib`));
  const refusal =
    "StreamStoreError: Cannot view the columns: zero-copy windows need --allow-ffi without a path; " +
    "gather() copies and works with less";
  assert.deepEqual(printed, { ...expected, refusal });
});

test("windows work with --allow-ffi", { skip }, () => {
  assert.deepEqual(JSON.parse(run("--allow-ffi")), { ...expected, refusal: "none" });
});

test("without --allow-ffi the error names the flag", { skip }, () => {
  // Some other permission, or the child would get all of them.
  assert.match(run("--allow-env=NONE"), /Cannot (load|find) the native library.*--allow-ffi/s);
});
