/** Arrays that are not what they say, handed to every method that takes some: in processes of their own. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { runFlags } from "../support/runtime.ts";

const script = fileURLToPath(new URL("../support/children/hostile_arrays.ts", import.meta.url));

function run(...args: string[]) {
  return spawnSync(process.execPath, [...runFlags, script, ...args], {
    encoding: "utf8",
    timeout: 60_000,
    killSignal: "SIGKILL",
  });
}

const sites: string[] = JSON.parse(run().stdout);

test("there are arrays to try", () => assert.ok(sites.length > 30));

/** So many share a process, of which each takes longer to start than to run. */
const sitesPerProcess = 12;

for (let at = 0; at < sites.length; at += sitesPerProcess) {
  const some = sites.slice(at, at + sitesPerProcess);
  test(`an array that is not what it says is taken for what it is, or refused: ${some.join(", ")}`, () => {
    const { status, signal, stdout, stderr } = run(...some);
    assert.deepEqual({ status, signal }, { status: 0, signal: null }, `${stdout}\n${stderr}`);
  });
}
