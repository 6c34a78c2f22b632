/** The programs beside the package, as `./run` starts them. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { runFlags } from "./support/runtime.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Programs whose first comment describes their options, and the files that read them. */
const longRun = "tests/damage/long_run.ts";
const programs = {
  "bench": "bench/main.ts",
  "examples/cluster": "examples/cluster/main.ts",
  "tests/torture": "tests/torture/main.ts",
  "tests/torture/cluster": "tests/torture/cluster/main.ts",
  "tests/damage": longRun,
  "tests/damage/dataset": longRun,
  "tests/support/hub": "tests/support/hub/main.ts",
};

for (const [folder, reader] of Object.entries(programs)) {
  test(`${folder}/main.ts --help prints its options, and a wrong one is told without a stack`, () => {
    const start = (option: string) =>
      spawnSync(process.execPath, [...runFlags, `${root}${folder}/main.ts`, option], { encoding: "utf8" });
    const help = start("--help");
    assert.equal(help.status, 0, help.stderr);
    const [, options] = /readOptions\((?:import\.meta\.)?url, \{([^]*?)\}\);/.exec(
      readFileSync(root + reader, "utf8"),
    )!;
    const names = [...options.matchAll(/"?([\w-]+)"?: \{ type/g)].map(([, name]) => name);
    assert.ok(names.length > 0);
    for (const name of names) assert.match(help.stdout, new RegExp(`--${name}\\b`));
    const wrong = start("--hepl");
    assert.equal(wrong.status, 2);
    assert.match(wrong.stderr, /^Unknown option '--hepl'/);
    assert.doesNotMatch(wrong.stderr, /^ +at /m);
    assert.ok(wrong.stderr.includes(help.stdout.trim()));
  });
}
