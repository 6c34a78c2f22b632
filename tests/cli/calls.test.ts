/** Calls that are wrong, that ask for help, and outputs that nobody reads to the end. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { main } from "../../cli.ts";
import { verbs } from "../../src/cli/verbs.ts";
import { call, inFolder, noTerminal, onTerminal, shell } from "../support/cli/command.ts";
import { makeHostile, makeRun, steering } from "../support/cli/stores.ts";

const names = verbs.map(({ name }) => name);

test("main() lists the verbs with --help, help and nothing, and says which of them are wrong calls", () =>
  inFolder(async (folder) => {
    for (const args of [["--help"], ["help"]]) {
      const { code, output, errors } = await call(folder, ...args);
      assert.deepEqual([code, errors], [0, ""]);
      for (const { name, summary } of verbs) {
        assert.match(output, new RegExp(`^  ${name} +${summary.slice(0, 30)}`, "m"));
      }
    }
    const { code, output, errors } = await call(folder);
    assert.deepEqual([code, output], [2, ""]);
    assert.equal(errors, `streamstore: A verb must be given: ${names.join(", ")}\n`);
  }));

for (const name of names) {
  test(`${name} --help has an example, and help ${name} is the same`, () =>
    inFolder(async (folder) => {
      const { code, output, errors } = await call(folder, name, "--help");
      assert.deepEqual([code, errors], [0, ""]);
      assert.match(output, new RegExp(`^Usage: streamstore ${name} `));
      assert.match(output, new RegExp(`^Example: streamstore ${name} `, "m"));
      assert.equal((await call(folder, "help", name)).output, output);
    }));
}

test("main() refuses verbs, options, fields and numbers that there are not with 2, and suggests near ones", () =>
  inFolder(async (folder) => {
    makeRun(folder);
    const wrong: [string[], RegExp][] = [
      [
        ["inof", "run.stream"],
        /^streamstore: There is no verb "inof" \(did you mean "info"\?\): there are info, /,
      ],
      [
        ["head", "run.stream", "--feilds", "action"],
        /unknown option '--feilds'\n\(Did you mean --fields\?\)/,
      ],
      [
        ["head", "run.stream", "--fields", "acton"],
        /no field or extra "acton" \(did you mean "action"\?\): there are action, /,
      ],
      [["head", "run.stream", "-n", "three"], /A whole number must be given, got "three"/],
      [["head", "run.stream", "--format", "xml"], /Allowed choices are table, jsonl, csv/],
      [["head"], /missing required argument 'path'/],
      [["head", "run.stream", "more"], /too many arguments/],
    ];
    for (const [args, message] of wrong) {
      const { code, output, errors } = await call(folder, ...args);
      assert.match(errors, message);
      assert.deepEqual([code, output], [2, ""], args.join(" "));
    }
  }));

const readers = ["info", "head", "tail", "stats", "sample"];

test("what reads a store says of one that is not there or is damaged, and ends with 1", () =>
  inFolder(async (folder) => {
    makeRun(folder);
    writeFileSync(join(folder, "file"), "");
    const path = join(folder, "run.stream");
    const expect = async (verb: string, name: string, message: RegExp) => {
      const { code, output, errors } = await call(folder, verb, name);
      assert.match(errors, message);
      assert.deepEqual([code, output], [1, ""], `${verb} ${name}`);
    };
    for (const verb of readers) {
      await expect(
        verb,
        "none.stream",
        /^streamstore: Cannot open the store \S+none\.stream: there is none\n$/,
      );
      await expect(verb, "file", /^streamstore: Cannot open the store \S+file: /);
    }
    writeFileSync(join(path, "store.json"), "{}");
    for (const verb of readers) {
      await expect(verb, "run.stream", /^streamstore: Cannot open the store \S+: .*store\.json/);
    }
  }));

test("an output that is closed ends the command quietly", () =>
  inFolder(async (folder) => {
    makeRun(folder, 30_000);
    for (const format of ["table", "jsonl", "csv"]) {
      const line =
        `streamstore head run.stream -n 30000 --format ${format} 2> errors | head -n 1; echo "\${PIPESTATUS[@]}"; cat errors`;
      const { output } = await shell(folder, line);
      assert.match(output, /^[^\n]+\n0 0\n$/, format);
    }
  }));

/** What this program writes itself on a terminal: bold titles, and bars that come and go. */
const own: [RegExp | string, string][] = [
  ["\u001b[1m", ""],
  ["\u001b[22m", ""],
  ["\r\u001b[2K", ""],
  [/\r(?=[A-Z]\w+ing )/g, ""],
  ["\u001b[K", ""],
];

/** All that steers a terminal, but the end of a line. */
// deno-lint-ignore no-control-regex
const steers = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/;

test(
  "names and text of a store cannot steer a terminal, in any format",
  { skip: noTerminal },
  () =>
    inFolder(async (folder) => {
      makeHostile(folder);
      const calls = [
        ["info", "hostile.stream"],
        ["info", "hostile.stream", "--json"],
        ...["head", "tail"].flatMap((verb) =>
          ["table", "jsonl", "csv"].map((format) => [verb, "hostile.stream", "--format", format])
        ),
        ["stats", "hostile.stream"],
        ["stats", "hostile.stream", "--json"],
        ["plot", "hostile.stream", `field${steering}`],
        [
          "sample",
          "hostile.stream",
          "--steps",
          "2",
          "--fields",
          `field${steering}`,
          "--extra",
          `extra${steering}`,
        ],
        ["sample", "hostile.stream", "--steps", "2", "--fields", `field${steering}`, "--json"],
        ["sample", "hostile.stream", "--tokens", "2"],
        ["verify", "hostile.stream"],
        ["diff", "hostile.stream", "run.stream"],
        ["repack", "hostile.stream", "copy\u001b[31m.stream"],
        ["export", "hostile.stream", "runs\u001b[31m.parquet"],
        ["import", "runs\u001b[31m.parquet", "made\u001b[31m.stream"],
        ["head", "hostile.stream", "--fields", "no\u001b[31mne"],
        ["head", "no\u001b[31mne.stream"],
        ["no\u001b[31mne"],
        ["head", "hostile.stream", "--no\u001b[31mne"],
      ];
      for (const args of calls) {
        const { output } = await onTerminal(folder, args);
        assert.notEqual(output, "");
        const rest = own.reduce((text, [pattern, kept]) => text.replaceAll(pattern, kept), output);
        assert.doesNotMatch(rest, steers, args.join(" "));
      }
    }),
);

test("main() runs in the process that calls it", async () => {
  assert.equal(await main(["head", "./not-there.stream"]), 1);
});
