/** How CSV is read: delimiters, words for null, and dates. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type CsvOptions, type FieldMap } from "../../../mod.ts";
import { loadText, plainRows, value } from "../../support/saved.ts";

const csv = (text: string, options: CsvOptions, fields: FieldMap = { a: 0, b: 1 }) =>
  loadText("x.csv", fields, text, { csv: options });

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
