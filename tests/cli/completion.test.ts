/** `completion`, as shells use it. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { verbs } from "../../src/cli/verbs.ts";
import { call, inFolder } from "../support/cli/command.ts";

/** What bash completes a line to, whose last word is begun. */
function completed(folder: string, line: string): string[] {
  const words = line.split(" ");
  const script = `source ./script; COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${
    words.length - 1
  }; _streamstore; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr, status } = spawnSync("bash", ["-c", script], { cwd: folder, encoding: "utf8" });
  assert.deepEqual([status, stderr], [0, ""]);
  return stdout.trim().split("\n").filter((word) => word !== "");
}

test("completion bash completes verbs, options, and their values; all else are paths", () =>
  inFolder(async (folder) => {
    const { code, output, errors } = await call(folder, "completion", "bash");
    assert.deepEqual([code, errors], [0, ""]);
    writeFileSync(join(folder, "script"), output);
    assert.deepEqual(
      completed(folder, "streamstore ").sort(),
      [...verbs.map(({ name }) => name), "help", "--help"].sort(),
    );
    assert.deepEqual(completed(folder, "streamstore he").sort(), ["head", "help"]);
    assert.deepEqual(completed(folder, "streamstore head run.stream --f").sort(), ["--fields", "--format"]);
    assert.deepEqual(completed(folder, "streamstore head run.stream --format "), ["table", "jsonl", "csv"]);
    assert.deepEqual(completed(folder, "streamstore sample x --boundary pad-"), ["pad-left", "pad-right"]);
    assert.deepEqual(completed(folder, "streamstore completion z"), ["zsh"]);
    assert.deepEqual(completed(folder, "streamstore help ver"), ["verify"]);
    assert.deepEqual(completed(folder, "streamstore head ru"), []);
  }));

for (const shell of ["zsh", "fish"]) {
  const isThere = spawnSync(shell, ["--version"]).status === 0;

  test(`completion ${shell} knows every verb and option`, () =>
    inFolder(async (folder) => {
      const { code, output } = await call(folder, "completion", shell);
      assert.equal(code, 0);
      for (const { name } of verbs) assert.match(output, new RegExp(`\\b${name}\\b`));
      for (const option of ["salvage-to", "sort-by", "batch-size"]) {
        assert.ok(output.includes(option), option);
      }
    }));

  test(
    `completion ${shell} is a script that ${shell} takes`,
    { skip: !isThere && `there is no ${shell}` },
    () =>
      inFolder(async (folder) => {
        writeFileSync(join(folder, "script"), (await call(folder, "completion", shell)).output);
        const { status, stderr } = spawnSync(shell, ["-n", "script"], { cwd: folder, encoding: "utf8" });
        assert.deepEqual([status, stderr], [0, ""]);
      }),
  );
}

test("completion refuses other shells with 2", () =>
  inFolder(async (folder) => {
    const { code, errors } = await call(folder, "completion", "tcsh");
    assert.equal(code, 2);
    assert.match(errors, /Allowed choices are bash, zsh, fish/);
  }));
