/** Files of text: arrays of JSON, tabs, gzip; delimiters, words for null and dates; and what is said of a bad cell. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { type CsvOptions, type FieldMap, type LoadDatasetOptions, StreamStore } from "../../../mod.ts";
import { inFolder, loadText, plainRows, value } from "../../support/saved.ts";

const csv = (text: string, options: CsvOptions, fields: FieldMap = { a: 0, b: 1 }) =>
  loadText("x.csv", fields, text, { csv: options });

test("loadDataset() names one bad cell among many with file, row, line, column, value and what is allowed", () =>
  inFolder(async (folder) => {
    const rowCount = 100_000;
    const bad = 77_777;
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

test("loadDataset() of CSV takes another delimiter, words for null and dates", async () => {
  using store = await csv("a;b;c\n1;NA;x\n-;2;y\n;null;NA\n", { delimiter: ";", nulls: ["NA", "null", "-"] });
  assert.deepEqual(plainRows(store), [{ a: 1 }, { b: 2 }, {}]);
  using tabs = await loadText("x.tsv", { a: 0, b: 1 }, 'a\tb\n1\t"[1, 2]"\n2\t[3]\n');
  assert.deepEqual(plainRows(tabs), [{ a: 1, b: [1, 2] }, { a: 2, b: [3] }]);
  using piped = await loadText("x.tsv", { a: 0, b: 1 }, "a|b\n1|2\n", { csv: { delimiter: "|" } });
  assert.deepEqual(plainRows(piped), [{ a: 1, b: 2 }]);
  // Without the option, an error says which one to give.
  await assert.rejects(csv("a;b\n1;2\n", {}), /got columns a;b; csv: \{ delimiter: ";" \} tells them apart$/);
  await assert.rejects(csv("a,b\nNA,2\n", {}), /got "NA"; csv: \{ nulls: \["NA"\] \} reads it as null$/);
  await assert.rejects(
    csv("a,b\n2024-01-31,2\n", {}),
    /got "2024-01-31"; csv: \{ dates: \["a"\] \} reads dates$/,
  );
  await assert.rejects(
    csv('a,b\n"some longer text",2\n', {}),
    /got "some longer text"; to load without it, name the other fields in columns$/,
  );
});

test("loadDataset() of CSV makes microseconds since 1970 of dates, which go out as timestamps", async () => {
  const dates: [string, bigint][] = [
    ["1970-01-01", 0n],
    ["2024-02-29", BigInt(Date.UTC(2024, 1, 29)) * 1000n],
    ["2024-01-31T12:30:15.123456Z", BigInt(Date.UTC(2024, 0, 31, 12, 30, 15, 123)) * 1000n + 456n],
    ["2024-01-31 12:30", BigInt(Date.UTC(2024, 0, 31, 12, 30)) * 1000n],
    ["2024-01-31 12:30:00+02:00", BigInt(Date.UTC(2024, 0, 31, 10, 30)) * 1000n],
    ["2024-01-31T12:30:00,5-0130", BigInt(Date.UTC(2024, 0, 31, 14, 0, 0, 500)) * 1000n],
    ["1969-12-31T23:59:59.999999", -1n],
    ["0001-01-01", -62_135_596_800_000_000n],
    ["9999-12-31T23:59:59.999999Z", 253_402_300_799_999_999n],
  ];
  const fields = { time: { type: 0, dtype: "int64" }, b: 1 } as const;
  const text = `time,b\n${dates.map(([date]) => `"${date}",1\n`).join("")},2\nNA,3\n`;
  using store = await csv(text, { dates: ["time"], nulls: ["NA"] }, fields);
  assert.deepEqual(plainRows(store).map((row) => (row as { time?: bigint }).time), [
    ...dates.map(([, time]) => time),
    undefined,
    undefined,
  ]);
  const { features } = JSON.parse((await store.toDataset()).schema.metadata.get("huggingface")!).info;
  assert.deepEqual(features.time, value("timestamp[us]"));
  // As steps, and to sort by: later ones of another offset come first as text.
  const zones = "t,b\n2024-01-01T12:00:00+00:00,2\n2024-01-01T13:00:00+05:00,1\n";
  using sorted = await loadText("x.csv", { b: 0 }, zones, { csv: { dates: ["t"] }, sortBy: "t", step: "t" });
  assert.deepEqual(sorted.rows(), [
    { step: Date.UTC(2024, 0, 1, 8) * 1000, b: 1 },
    { step: Date.UTC(2024, 0, 1, 12) * 1000, b: 2 },
  ]);
  for (
    const wrong of [
      "2024-02-30",
      "2023-02-29",
      "2024-13-01",
      "2024-00-01",
      "2024-1-1",
      "2024-01-01T24:00:00",
      "2024-01-01T10:60:00",
      "2024-01-01T10:00:60",
      "2024-01-01T10:00:00.0000001",
      "2024-01-01T10:00:00+24:00",
      "01/02/2024",
      "1700000000",
      "yesterday",
    ]
  ) {
    await assert.rejects(
      csv(`time,b\n${wrong},1\n`, { dates: ["time"] }, fields),
      /"time" at row 0 of .*x\.csv \(line 2\) must be a date as 2024-01-31 or .*, got "/,
      wrong,
    );
  }
});

test("loadDataset() of CSV refuses options that are none", async () => {
  const cases: [unknown, RegExp][] = [
    [3, /csv must be an object, got 3/],
    [null, /csv must be an object, got null/],
    [
      { separator: ";" },
      /an option must be one of csv\.delimiter, csv\.nulls, csv\.dates, got csv\.separator/,
    ],
    [{ delimiter: ";;" }, /csv\.delimiter must be one character/],
    [{ delimiter: '"' }, /csv\.delimiter must be one character/],
    [{ delimiter: "" }, /csv\.delimiter must be one character/],
    [{ nulls: "NA" }, /csv\.nulls must be a list of strings/],
    [{ nulls: [1] }, /csv\.nulls must be a list of strings/],
    [{ dates: { time: true } }, /csv\.dates must be a list of strings/],
    [{ dates: ["time"] }, /csv\.dates must name columns \(a, b\), got "time"/],
  ];
  for (const [options, message] of cases) {
    await assert.rejects(csv("a,b\n1,2\n", options as CsvOptions), { message });
  }
  await assert.rejects(
    loadText("x.jsonl", { a: 0 }, '{"a": 1}', { csv: {} }),
    /csv must be left out for files of jsonl/,
  );
});

test("loadDataset() reads one array of objects as JSON lines, however it is laid out", async () => {
  const fields = { a: { type: 0, dtype: "int64" }, v: 1 } as const;
  const texts = [
    '[{"a": 1, "v": [1, 2]}, {"a": 9007199254740993, "v": []}, {}]',
    '\ufeff [\n  {\n    "a": 1,\n    "v": [1, 2]\n  },\n  {"v": [], "a": 9007199254740993},\r\n{}\n]\n\n',
    '[{"a":1,"v":[1,2],"t":"]},{\\"[\\\\"},{"a":9007199254740993,"v":[],"o":{"x":[{}]}},{"t":"\\\\"}]',
  ];
  for (const name of ["x.json", "x.jsonl"]) {
    for (const text of texts) {
      using store = await loadText(name, fields, text);
      assert.deepEqual(plainRows(store), [{ a: 1n, v: [1, 2] }, { a: 9007199254740993n, v: [] }, {}], text);
    }
  }
  for (const text of ["[]", " [ \n ] "]) {
    using store = await loadText("x.json", fields, text);
    assert.equal(store.rowCount, 0);
  }
  using lines = await loadText("x.json", fields, '{"a": 1}\n{"a": 2}\n');
  assert.equal(lines.rowCount, 2);
  const refused: [string, RegExp][] = [
    [
      '[{"a": 1}',
      /x\.json: its array must end with \], and the file with it, got an end within it in line 1$/,
    ],
    ['[{"a": 1},\n{"a": "x', /got an end within it in line 2$/],
    ["[", /got an end within it/],
    ['[{"a": 1}]\n[{"a": 2}]', /must end with \], and the file with it, got "\[\{"a": 2\}\]" in line 2$/],
    ['[{"a": 1},\n\n]', /line 3 must be a JSON object, got nothing$/],
    ['[,{"a": 1}]', /line 1 must be a JSON object, got nothing$/],
    ['[{"a": 1}\n{"a": 2}]', /line 1 must be a JSON object, got \{"a": 1\}\n\{"a": 2\}$/],
    ['[{"a": 1},\n 7]', /line 2 must be a JSON object, got 7$/],
    ['[{"a": 1},\n[{"a": 2}]]', /line 2 must be a JSON object, got \[\{"a": 2\}\]$/],
  ];
  for (const [text, message] of refused) {
    await assert.rejects(loadText("x.json", fields, text), { message }, text);
  }
});

test("loadDataset() reads an array of many blocks on one line as one", () =>
  inFolder(async (folder) => {
    const path = join(folder, "x.json");
    const rowCount = 300_000;
    const long = Array.from({ length: 800_000 }, (_, i) => i);
    const rows = Array.from({ length: rowCount }, (_, i) => `{"n":${i},"v":[${i}],"t":"é ]},${i}"}`);
    rows.splice(1000, 0, `{"n":-1,"v":[${long}]}`);
    writeFileSync(path, `[${rows.join(",")}]`);
    using store = new StreamStore({ n: 0, v: 1 });
    await store.loadDataset(path, "train", { sortBy: "n" });
    assert.equal(store.rowCount, rowCount + 1);
    assert.deepEqual([...store.row(0).v as Float64Array], long);
    assert.equal(store.row(rowCount).n, rowCount - 1);
  }));

test("loadDataset() reads text that gzip has compressed, whatever its name, also in several members", () =>
  inFolder(async (folder) => {
    const texts: Record<string, string> = {
      "x.csv.gz": "a,b\n1,2\n3,4\n",
      "x.tsv.gz": "a\tb\n1\t2\n3\t4\n",
      "x.jsonl.gz": '{"a": 1, "b": 2}\n{"a": 3, "b": 4}\n',
      "x.ndjson.GZ": '{"a": 1, "b": 2}\n{"a": 3, "b": 4}\n',
      "x.json.gz": '[{"a": 1, "b": 2}, {"a": 3, "b": 4}]',
      "y.csv": "a,b\n1,2\n3,4\n",
    };
    for (const [name, text] of Object.entries(texts)) {
      const path = join(folder, name);
      const half = Math.floor(text.length / 2);
      for (
        const bytes of [
          gzipSync(text),
          Buffer.concat([gzipSync(text.slice(0, half)), gzipSync(text.slice(half))]),
        ]
      ) {
        writeFileSync(path, bytes);
        using store = new StreamStore({ a: 0, b: 1 });
        await store.loadDataset(path);
        assert.deepEqual(plainRows(store), [{ a: 1, b: 2 }, { a: 3, b: 4 }], name);
      }
    }
    using store = new StreamStore({ a: 0, b: 1 });
    writeFileSync(join(folder, "z.csv.gz"), "a,b\n1,2\n");
    await assert.rejects(
      store.loadDataset(join(folder, "z.csv.gz")),
      /z\.csv\.gz: it must begin as gzip does, got bytes 97 44$/,
    );
    using split = new StreamStore({ a: 0, b: 1 });
    await split.loadDataset(folder, "train", { format: "jsonl" });
    assert.equal(split.rowCount, 4);
  }));

test("loadDataset() refuses gzip that is cut off or damaged, and loads nothing of it", () =>
  inFolder(async (folder) => {
    const path = join(folder, "x.jsonl.gz");
    const lines = Array.from({ length: 50_000 }, (_, i) => `{"a": ${i}, "b": ${i * 7919 % 10_007}}\n`);
    const whole = gzipSync(lines.join(""));
    using store = new StreamStore({ a: 0 });
    for (const length of [3, 10, 100, whole.length >> 1, whole.length - 9, whole.length - 1]) {
      writeFileSync(path, whole.subarray(0, length));
      await assert.rejects(
        store.loadDataset(path),
        /x\.jsonl\.gz: its gzip must be whole, got: /,
        `${length}`,
      );
    }
    for (const at of [20, whole.length >> 1, whole.length - 6]) {
      const bytes = Uint8Array.from(whole);
      bytes[at] ^= 16;
      writeFileSync(path, bytes);
      await assert.rejects(store.loadDataset(path), /^StreamStoreError: Cannot (read|load) /, `${at}`);
    }
    assert.equal(store.rowCount, 0);
  }));

test("loadDataset() refuses gzip that would be a line without end before it takes much memory", () =>
  inFolder(async (folder) => {
    // 400 MB of one letter in 400 KB, in members of 4 MB.
    const member = gzipSync(Buffer.alloc(4_000_000, "x"));
    const bytes = Buffer.concat(Array(100).fill(member));
    for (
      const [name, message] of [["x.csv.gz", /a line must have at most 256000000 bytes/], [
        "x.json.gz",
        /at most 256000000 (bytes|characters)/,
      ]] as const
    ) {
      const path = join(folder, name);
      writeFileSync(path, name === "x.json.gz" ? Buffer.concat([gzipSync('[{"a": "'), bytes]) : bytes);
      using store = new StreamStore({ a: 0 });
      await assert.rejects(store.loadDataset(path), { message });
    }
  }));

test("saveDataset() refuses names of files that are only read", () =>
  inFolder(async (folder) => {
    using store = new StreamStore({ a: 0 });
    store.append(0, { a: 1 });
    for (const name of ["x.json", "x.tsv", "x.csv.gz", "x.jsonl.gz"]) {
      await assert.rejects(
        store.saveDataset(join(folder, name)),
        /a file's name must end with \.parquet, \.arrow, \.arrows, \.feather, \.jsonl, \.ndjson, \.csv, got /,
      );
    }
  }));

test("loadDataset() takes JSON beside the files of a dataset for none of them", () =>
  inFolder(async (folder) => {
    using store = new StreamStore({ a: 0 });
    store.append(0, { a: 1 });
    await store.saveDataset(join(folder, "train.csv"));
    for (const name of ["info.json", "stats.json"]) writeFileSync(join(folder, name), '{"x": 1}');
    using copy = new StreamStore({ a: 0 });
    await copy.loadDataset(folder);
    assert.equal(copy.rowCount, 1);
  }));
