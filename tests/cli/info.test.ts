/** `info`: of one store, of many, and beside a writer. */
import assert from "node:assert/strict";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import { call, inFolder, noTerminal, onTerminal } from "../support/cli/command.ts";
import { makeRun } from "../support/cli/stores.ts";

/** Bytes differ by what a file system reserves. */
const withoutBytes = (text: string) => text.replace(/^( *bytes +).*$/m, "$1…");

const expected = `\
run.stream
  rows      20
  tokens    90
  bytes     …
  steps     10 to 200
  writer    none
  sessions  1, beginning at row 0
  recovery  nothing to recover

  field        type  dtype    kind        share  newest
  action          0  uint8    number     22.2 %  1
  observation     1  float32  list of 2  44.4 %  [1.9, -10]
  reward          2  float64  number     11.1 %  4.5
  done            3  bool     number     22.2 %  1

  extra   kind    newest
  prompt  string  "Push \\"19\\"."
  frame   bytes   3 bytes (JPEG)
`;

test("info tells of a store, as it stands on a pipe", () =>
  inFolder(async (folder) => {
    makeRun(folder);
    const { code, output, errors } = await call(folder, "info", "run.stream");
    assert.deepEqual([code, withoutBytes(output), errors], [0, expected, ""]);
  }));

test(
  "info tells the same on a terminal, with bold titles",
  { skip: noTerminal },
  () =>
    inFolder(async (folder) => {
      makeRun(folder);
      const { output } = await onTerminal(folder, ["info", "run.stream"]);
      const bold = expected.replace(/^ {2}((?:field|extra) .*)$/gm, "  \u001b[1m$1\u001b[22m");
      assert.equal(withoutBytes(output), bold);
    }),
);

test("info --json is one line, whose numbers are those of the store", () =>
  inFolder(async (folder) => {
    const path = makeRun(folder);
    const { output } = await call(folder, "info", "run.stream", "--json", "--sizes");
    assert.equal(output.indexOf("\n"), output.length - 1);
    const { files, diskBytes, ...found } = JSON.parse(output);
    const sizes = readdirSync(path).sort().map((name) => ({ name, bytes: statSync(join(path, name)).size }));
    assert.deepEqual(
      files.map(({ name, bytes }: { name: string; bytes: number }) => ({ name, bytes })),
      sizes,
    );
    assert.ok(diskBytes > 0);
    assert.deepEqual(found, {
      path: "run.stream",
      rows: 20,
      firstRow: 0,
      tokens: 90,
      firstToken: 0,
      bytes: sizes.reduce((sum, { bytes }) => sum + bytes, 0),
      steps: [10, 200],
      writer: null,
      sessions: [0],
      recovery: { recoveredTokens: 0, recoveredRows: 0, cutTokens: 0, cutRows: 0, cutWrites: 0 },
      fields: [
        { name: "action", type: 0, dtype: "uint8", isList: false, width: [1, 1], share: 20 / 90, newest: 1 },
        {
          name: "observation",
          type: 1,
          dtype: "float32",
          isList: true,
          width: [2, 2],
          share: 40 / 90,
          newest: [Math.fround(1.9), -10],
        },
        {
          name: "reward",
          type: 2,
          dtype: "float64",
          isList: false,
          width: [1, 1],
          share: 10 / 90,
          newest: 4.5,
        },
        { name: "done", type: 3, dtype: "bool", isList: false, width: [1, 1], share: 20 / 90, newest: 1 },
      ],
      extras: [
        { name: "prompt", kind: "string", newest: 'Push "19".' },
        { name: "frame", kind: "bytes", newest: { bytes: 3 } },
      ],
    });
  }));

test("info --sizes lists every file", () =>
  inFolder(async (folder) => {
    const path = makeRun(folder);
    const { output } = await call(folder, "info", "run.stream", "--sizes");
    for (const name of readdirSync(path)) {
      assert.match(output, new RegExp(`^  ${name.replaceAll(".", "\\.")} +[\\d,]+ +[\\d,]+$`, "m"));
    }
  }));

test("info of many stores is a table of them; one that is not there is told, and the others are shown", () =>
  inFolder(async (folder) => {
    makeRun(folder);
    makeRun(folder, 3, "other.stream");
    using writer = StreamStore.open(join(folder, "live.stream"), { fields: ["value"] });
    const { code, output, errors } = await call(
      folder,
      "info",
      "run.stream",
      "none.stream",
      "other.stream",
      "live.stream",
    );
    assert.equal(code, 1);
    assert.match(errors, /^streamstore: Cannot open the store \S+none\.stream: there is none\n$/);
    const lines = output.split("\n").map((line) =>
      line.replace(/\d[\d.]* [KM]?B|\d+ bytes/, "…").split(/ {2,}/)
    );
    assert.deepEqual(lines, [
      ["store", "rows", "tokens", "bytes", "last step", "writer", "fields"],
      ["run.stream", "20", "90", "…", "200", "-", "action, observation, reward, done"],
      ["other.stream", "3", "14", "…", "30", "-", "action, observation, reward, done"],
      ["live.stream", "0", "0", "…", "-", String(process.pid), "value"],
      [""],
    ]);
    writer.close();
    const { output: json } = await call(folder, "info", "run.stream", "other.stream", "--json");
    assert.deepEqual(json.trimEnd().split("\n").map((line) => JSON.parse(line).rows), [20, 3]);
  }));

test("info tells who writes the store, since when writers began, and what was recovered and dropped", () =>
  inFolder(async (folder) => {
    const path = makeRun(folder);
    using writer = StreamStore.open(path);
    writer.append(1000, { action: 1 });
    writer.flush();
    const { output } = await call(folder, "info", "run.stream");
    assert.match(output, new RegExp(`^  writer    process ${process.pid}$`, "m"));
    assert.match(output, /^ {2}sessions {2}2, beginning at rows 0; 20$/m);
    const log = StreamStore.open(join(folder, "log.stream"), {
      fields: ["value"],
      retain: { rows: 70_000 },
      capacity: 65_536,
    });
    log.appendColumns({
      step: Float64Array.from({ length: 300_000 }, (_, i) => i),
      value: new Float64Array(300_000),
    });
    log.flush();
    const { firstRow } = log;
    log.close();
    const { output: dropped } = await call(folder, "info", "log.stream");
    const rows = [300_000 - firstRow, firstRow, 300_000].map((count) => count.toLocaleString("en-US"));
    assert.ok(
      dropped.includes(`  rows      ${rows[0]} (${rows[1]} to ${rows[2]}; earlier ones were dropped)\n`),
      dropped,
    );
  }));

test("info of a store without rows, and of a field without a value", () =>
  inFolder(async (folder) => {
    makeRun(folder, 0);
    const { code, output } = await call(folder, "info", "run.stream");
    assert.equal(code, 0);
    assert.match(output, /^ {2}steps {5}none$/m);
    assert.match(output, /^ {2}reward +2 {2}float64 {2}- +0\.0 % {2}-$/m);
  }));

test("info --episodes counts those that have ended", () =>
  inFolder(async (folder) => {
    makeRun(folder, 23);
    const { output } = await call(folder, "info", "run.stream", "--episodes", "end=done");
    assert.match(output, /^ {2}episodes {2}4, and 3 rows of one that has not ended$/m);
    const { output: json } = await call(folder, "info", "run.stream", "--episodes", "id=action", "--json");
    assert.deepEqual(JSON.parse(json).episodes, { count: 22, unfinishedRows: 1 });
  }));
