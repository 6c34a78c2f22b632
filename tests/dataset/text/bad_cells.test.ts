/** What is said of a cell that its field cannot hold, in every format of text. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { type FieldMap, type LoadDatasetOptions, StreamStore } from "../../../mod.ts";
import { inFolder, loadText } from "../../support/saved.ts";

test("loadDataset() names one bad cell among many with file, row, line, column, value and what is allowed", () =>
  inFolder(async (folder) => {
    const rowCount = 40_000;
    const bad = 33_333;
    const cells = Array.from({ length: rowCount }, (_, i) => i === bad ? '"oops"' : `${i}`);
    const files: Record<string, [string, number]> = {
      // A line of names, and before the bad row one cell that takes two lines.
      "x.csv": [
        `a,t\n${cells.map((cell, i) => `${cell},${i === 5 ? '"two\nlines"' : "t"}`).join("\n")}\n`,
        bad + 3,
      ],
      "x.tsv": [`t\ta\n${cells.map((cell) => `t\t${cell}`).join("\n")}\n`, bad + 2],
      // A blank line in front.
      "x.jsonl": [`\n${cells.map((cell) => `{"a": ${cell}}`).join("\n")}\n`, bad + 2],
      "x.json": [`[\n${cells.map((cell) => `{"a": ${cell}}`).join(",\n")}\n]\n`, bad + 2],
    };
    for (const [name, [text, line]] of Object.entries(files)) {
      for (const suffix of ["", ".gz"]) {
        const path = join(folder, name + suffix);
        writeFileSync(path, suffix === "" ? text : gzipSync(text));
        using store = new StreamStore({ a: 0 });
        await assert.rejects(store.loadDataset(path), (error: Error) => {
          assert.ok(error instanceof TypeError);
          const [message] = error.message.split(";");
          assert.equal(
            message,
            `Cannot load a dataset: "a" at row ${bad} of ${path} (line ${line}) must be a number, true, false, or a list of them, got "oops"`,
          );
          assert.doesNotMatch(error.message, /toDataset/);
          return true;
        });
        assert.equal(store.rowCount, 0);
      }
    }
  }));

test("loadDataset() gives the place of whatever else a cell is refused for", async () => {
  const integer = { a: { type: 0, dtype: "int64" } } as const;
  const cases: [string, FieldMap, string, RegExp, LoadDatasetOptions?][] = [
    [
      "x.csv",
      integer,
      "a\n1\n1.5\n",
      /"a" at row 1 of .*x\.csv \(line 3\) must be an integer that fits int64, got 1\.5$/,
    ],
    [
      "x.csv",
      { a: 0 },
      "a\n\n9007199254740993\n",
      /"a" at row 1 of .*x\.csv \(line 3\) must be exact in float64, got 9007199254740993/,
    ],
    [
      "x.csv",
      { a: 0 },
      'a,b\n1,2\n\n"[1]",2\n',
      /"a" at row 1 of .*x\.csv \(line 4\) must be a number, as in the rows before, got \[1\]/,
    ],
    ["x.csv", { a: 0 }, "a,b\n1,2\n\n1,2,3\n", /row 1 of .*x\.csv \(line 4\) must have 2 cells, got 3$/],
    ["x.csv", { a: 0 }, 'a\n1\n"2\n', /x\.csv: .*uote.*, from line 3$/],
    [
      "x.jsonl",
      { a: 0 },
      '{"a": 1}\n\n{"a": {"b": NaN}}\n',
      /"a" at row 1 of .*\(line 3\) must be a number.*, got \{"b":"NaN"\}; to load without/,
    ],
    [
      "x.jsonl",
      { a: 0 },
      '{"a": [0.5, 9007199254740993]}',
      /"a" at row 0 of .*\(line 1\) must be exact in float64 beside fractions, or fit 64 bits, got 9007199254740993/,
    ],
    [
      "x.jsonl",
      { a: 0 },
      '{"a": [1]}\n{"a": [1, null]}',
      /the list of "a" at row 1 of .*\(line 2\) must hold numbers only, got a null/,
    ],
    [
      "x.json",
      { a: 0 },
      '[{"a": 1, "t": 5},\n\n{"a": 2, "t": 4}]',
      /the step of row 1 of .*\(line 3\) must be > 5, the step before it, got 4/,
      { step: "t" },
    ],
    [
      "x.csv",
      { a: 0 },
      "a,t\n1,5\n2,x\n",
      /the step column "t" at row 1 of .*\(line 3\) must be an int64, got x/,
      { step: "t" },
    ],
    [
      "x.csv",
      { a: 0 },
      "a,t\n1,5\n2,x\n",
      /the step column "t" at row 1 of .*\(line 3\) must be an int64, got x/,
      { step: "t", sortBy: "a" },
    ],
  ];
  for (const [name, fields, text, message, options] of cases) {
    await assert.rejects(loadText(name, fields, text, options), { message }, text);
  }
  const long = "x".repeat(500);
  await assert.rejects(
    loadText("x.csv", { a: 0 }, `a\n${long}\n`),
    (error: Error) => error.message.length < 300,
  );
});
