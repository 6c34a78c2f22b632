/** `completion`, as shells use it. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { verbs } from "../../src/cli/verbs.ts";
import { call, inFolder } from "../support/cli/command.ts";

const shownVerbs = verbs.map(({ name, summary }) => ({ name, summary }));

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

const zsh = fileURLToPath(new URL("../support/cli/completed.zsh", import.meta.url));
const fish = fileURLToPath(new URL("../support/cli/completed.fish", import.meta.url));

/** How a shell is asked what it completes lines to, and what the file with its script is called. */
const shells = {
  zsh: { file: "_streamstore", ask: ["zsh", "-f", zsh] },
  fish: { file: "streamstore.fish", ask: ["fish", "--no-config", fish] },
} as const;

/** Lines, and of the words that could come there those that do. */
const lines: Readonly<Record<string, readonly string[]>> = {
  "streamstore ": [...verbs.map(({ name }) => name), "help"],
  "streamstore head run.stream --f": ["--fields", "--format"],
  "streamstore head run.stream --h": ["--help"],
  "streamstore head run.stream --format ": ["table", "jsonl", "csv"],
  "streamstore sample x --boundary pad-": ["pad-left", "pad-right"],
  "streamstore completion z": ["zsh"],
  "streamstore help ver": ["verify"],
  "streamstore head run.": ["run.stream"],
};
/** What moves the cursor and sets colours. */
// deno-lint-ignore no-control-regex
const terminalCodes = /\u001b\[[0-9;?]*[a-zA-Z]|\r/g;
const words = new Set(Object.values(lines).flat());

for (const [name, { file, ask: [command, ...args] }] of Object.entries(shells)) {
  const isThere = spawnSync(command, ["--version"]).status === 0;
  if (!isThere) console.log(`Not run: there is no ${name}`);

  test(`completion ${name}: ${name} itself completes verbs, options, their values, and paths`, {
    skip: !isThere && `there is no ${name}`,
  }, () =>
    inFolder(async (folder) => {
      writeFileSync(join(folder, file), (await call(folder, "completion", name)).output);
      writeFileSync(join(folder, "run.stream"), "");
      const env = { ...process.env, HOME: folder, TERM: "xterm" };
      const options = { cwd: folder, env, encoding: "utf8", timeout: 30_000 } as const;
      const asked = Object.keys(lines);
      const { status, stdout, stderr } = spawnSync(command, [...args, ...asked], options);
      assert.deepEqual([status, stderr], [0, ""], stdout);
      const answers = stdout.split(/^== (.*)$/m).slice(1);
      for (const [index, line] of asked.entries()) {
        assert.equal(answers[2 * index], line);
        const shown = answers[2 * index + 1].replace(terminalCodes, " ");
        // A terminal shows the line again, too.
        const found = shown.replaceAll(line.replace(/\S*$/, "").trim(), " ").split(/\s+/)
          .filter((word) => words.has(word));
        assert.deepEqual([...new Set(found)].sort(), [...lines[line]].sort(), line);
      }
    }));

  test(`completion ${name} knows every verb and option`, () =>
    inFolder(async (folder) => {
      const { code, output } = await call(folder, "completion", name);
      assert.equal(code, 0);
      for (const { name } of verbs) assert.match(output, new RegExp(`\\b${name}\\b`));
      for (const option of ["salvage-to", "sort-by", "batch-size"]) {
        assert.ok(output.includes(option), option);
      }
    }));
}

test("completion --json has a line for each verb, with its options and what they take", () =>
  inFolder(async (folder) => {
    const { code, output, errors } = await call(folder, "completion", "--json");
    assert.deepEqual([code, errors], [0, ""]);
    const found = output.trimEnd().split("\n").map((line) => JSON.parse(line));
    assert.deepEqual(found.map(({ name, summary }) => ({ name, summary })), shownVerbs);
    const { options } = found.find(({ name }) => name === "head");
    const optionOf = (flag: string) => options.find(({ flags }: { flags: string[] }) => flags.includes(flag));
    assert.deepEqual(optionOf("--format"), {
      flags: ["--format"],
      value: "format",
      choices: ["table", "jsonl", "csv"],
      description: "how rows are written",
    });
    assert.equal(optionOf("-n").value, "rows");
    assert.equal(optionOf("--json").value, undefined);
    // That of every verb.
    for (const { name, options } of found) {
      if (name !== "view") assert.ok(JSON.stringify(options).includes('"--json"'), name);
    }
  }));

test("completion needs either a shell or --json", () =>
  inFolder(async (folder) => {
    for (
      const [args, message] of [
        [[], /^streamstore: A shell must be named: bash, zsh, fish\n/],
        [["bash", "--json"], /^streamstore: --json lists verbs: it goes with no shell\n/],
      ] as const
    ) {
      const { code, output, errors } = await call(folder, "completion", ...args);
      assert.deepEqual([code, output], [2, ""]);
      assert.match(errors, message);
    }
  }));

test("completion refuses other shells with 2", () =>
  inFolder(async (folder) => {
    const { code, errors } = await call(folder, "completion", "tcsh");
    assert.equal(code, 2);
    assert.match(errors, /Allowed choices are bash, zsh, fish/);
  }));
