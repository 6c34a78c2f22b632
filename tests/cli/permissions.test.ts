/** Stores and folders that a user may not read, or not write to. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { inFolder, runtimeFlags } from "../support/cli/command.ts";
import { makeRun } from "../support/cli/stores.ts";

const script = fileURLToPath(new URL("../support/cli/as_nobody.ts", import.meta.url));
/** Permissions do not bind the superuser, so the child becomes somebody else. */
const user = process.getuid?.() === 0 ? "65534" : "self";

function asNobody(folder: string, ...args: readonly string[]) {
  const options = { cwd: folder, encoding: "utf8" } as const;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [...runtimeFlags, script, user, ...args],
    options,
  );
  return { code: status, output: stdout, errors: stderr };
}

test("each verb says that a store may not be read, and ends with 1", () =>
  inFolder((folder) => {
    chmodSync(folder, 0o755);
    const path = makeRun(folder);
    chmodSync(path, 0);
    const calls = [
      ["info"],
      ["head"],
      ["tail"],
      ["tail", "-f"],
      ["stats"],
      ["verify"],
      ["sample"],
      ["view"],
      ["plot", "run.stream", "reward"],
      ["diff", "run.stream", "run.stream"],
      ["repack", "run.stream", "/tmp/never.stream"],
      ["export", "run.stream", "/tmp/never.parquet"],
    ];
    for (const [verb, ...args] of calls) {
      const given = args.includes("run.stream") ? args : [...args, "run.stream"];
      const { code, output, errors } = asNobody(folder, verb, ...given);
      assert.match(errors, /^streamstore: Cannot open the store .*permission/i, verb);
      assert.deepEqual([code, output], [1, ""], verb);
    }
    chmodSync(path, 0o700);
    return Promise.resolve();
  }));

test("what makes something says that a folder may not be written to, and ends with 1", () =>
  inFolder((folder) => {
    chmodSync(folder, 0o755);
    const path = makeRun(folder);
    for (const name of readdirSync(path)) chmodSync(join(path, name), 0o644);
    chmodSync(path, 0o755);
    mkdirSync(join(folder, "closed"), { mode: 0o555 });
    for (
      const args of [["repack", "run.stream", "closed/new.stream"], [
        "export",
        "run.stream",
        "./closed/runs.arrow",
      ]]
    ) {
      const { code, output, errors } = asNobody(folder, ...args);
      assert.match(errors, /^streamstore: .*(permission|denied)/i, args.join(" "));
      assert.deepEqual([code, output], [1, ""]);
    }
    assert.deepEqual(readdirSync(join(folder, "closed")), []);
    return Promise.resolve();
  }));
