import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type Feature, type FieldMap, type LoadDatasetOptions, StreamStore } from "../../../mod.ts";
import { inFolder, list, loadText, plainRows, value } from "../../support/saved.ts";
import { bitsOf, Random } from "../../support/support.ts";

const load = (fields: FieldMap, text: string, options?: LoadDatasetOptions) =>
  loadText("x.jsonl", fields, text, options);

test("saveDataset() writes JSON lines as Python's json does", () =>
  inFolder(async (folder) => {
    using store = new StreamStore({ a: 0, n: { type: 1, dtype: "int64" }, v: 2, m: 3, b: 4 });
    store.append(0, { a: 1, n: 2n ** 53n + 1n, v: [0.1, -0], m: [1, 2, 3, 4], b: true });
    store.append(1, { a: NaN, v: [], m: [5, 6, 7, 8] });
    store.append(2, { a: 1e21, n: -1, v: [Infinity, -Infinity, NaN, 5e-324] });
    const path = join(folder, "x.jsonl");
    const fieldFeatures: Record<string, Feature> = { m: list(list(value("int8"), 2)), b: value("bool") };
    await store.saveDataset(path, "train", { fieldFeatures, extra: { task: ['say "ü"', null, "a\nb"] } });
    assert.equal(
      readFileSync(path, "utf8"),
      `{"a": 1.0, "n": 9007199254740993, "v": [0.1, -0.0], "m": [[1, 2], [3, 4]], "b": true, "task": "say \\"ü\\""}
{"a": NaN, "n": null, "v": [], "m": [[5, 6], [7, 8]], "b": null, "task": null}
{"a": 1e+21, "n": -1, "v": [Infinity, -Infinity, NaN, 5e-324], "m": null, "b": null, "task": "a\\nb"}
`,
    );
    using copy = new StreamStore({ a: 0, n: { type: 1, dtype: "int64" }, v: 2, m: 3, b: 4 });
    await copy.loadDataset(path);
    assert.deepEqual(copy.rows(), store.rows());
    const { features } = JSON.parse((await copy.toDataset()).schema.metadata.get("huggingface")!).info;
    assert.deepEqual(features, {
      a: value("float64"),
      n: value("int64"),
      v: list(value("float64")),
      m: list(list(value("float64"), 2)),
      b: value("bool"),
    });
  }));

test("loadDataset() reads JSON lines: keys in any order or left out, nulls, blank lines, Windows' line ends", async () => {
  using store = await load(
    { a: 0, v: 1, flag: 2 },
    '{"other": {"x": [1]}, "v": [], "a": 1}\r\n\r\n{"a": null}\n  {"flag": true, "v": [true, 2.5]}\n{}',
  );
  assert.deepEqual(plainRows(store), [{ a: 1, v: [] }, {}, { v: [1, 2.5], flag: 1 }, {}]);
});

test("loadDataset() of JSON lines takes integers of any length exactly, beside anything", async () => {
  const fields = { i: { type: 0, dtype: "int64" }, u: { type: 1, dtype: "uint64" }, f: 2 } as const;
  const min = -(2n ** 63n);
  const max = 2n ** 64n - 1n;
  using store = await load(
    fields,
    `{"i": ${min}, "u": ${max}, "f": [9007199254740994, 0.1234567890123456789]}
{"i": null, "u": 1, "f": [1e22, 10000000000000000000000]}
{"i": 9007199254740993, "text": "12345678901234567890 NaN \\" 1", "u": null}
{"i": 5, "f": [-9007199254740994]}
`,
  );
  assert.deepEqual(plainRows(store), [
    { i: min, u: max, f: [9007199254740994, 0.1234567890123456789] },
    { u: 1n, f: [1e22, 1e22] },
    { i: 9007199254740993n },
    { i: 5n, f: [-9007199254740994] },
  ]);
  for (
    const [field, text, message] of [
      [{ f: 0 }, "9007199254740993", /"f" at row 0 of .* must be exact in float64, got 9007199254740993/],
      [{ f: 0 }, "[0.5, 9007199254740993]", /"f" at row 0 of .* must be exact in float64 beside fractions/],
      [
        { f: { type: 0, dtype: "int64" } },
        "9223372036854775808",
        /must be an integer that fits int64, got 9223372036854775808/,
      ],
      [{ f: { type: 0, dtype: "int64" } }, "1.5", /must be an integer that fits int64, got 1.5/],
      [{ f: { type: 0, dtype: "uint64" } }, "-1", /must be an integer that fits uint64, got -1/],
    ] as [FieldMap, string, RegExp][]
  ) {
    await assert.rejects(load(field, `{"f": ${text}}`), message);
  }
});

test("saveDataset() to JSON lines keeps every float64 as it is", () =>
  inFolder(async (folder) => {
    const random = new Random(5);
    const bits = BigUint64Array.from({ length: 20_000 }, () =>
      BigInt(random.below(2 ** 32)) << 32n | BigInt(random.below(2 ** 32)));
    const values = new Float64Array(bits.buffer).map((number) =>
      Number.isNaN(number) ? NaN : number
    );
    using store = new StreamStore({ a: 0 });
    store.appendColumns({ step: values.map((_, i) => i), a: values });
    for (const name of ["x.jsonl", "x.csv"]) {
      await store.saveDataset(join(folder, name));
      using copy = new StreamStore({ a: 0 });
      await copy.loadDataset(join(folder, name));
      const found = copy.column("a").values as Float64Array;
      values.forEach((number, i) => assert.equal(bitsOf(found[i]), bitsOf(number), `${name}: ${number}`));
    }
  }));

test("loadDataset() of JSON lines refuses what is no column of numbers by name", async () => {
  const refused: [string, RegExp][] = [
    [
      '{"a": "1"}',
      /"a" at row 0 of .* must be a number, true, false, or a list of them, got "1"; to load without it/,
    ],
    ['{"a": {"b": 1}}', /got \{"b":1\}/],
    ['{"a": 1}\n{"a": [1]}', /must be a number, as in the rows before, got \[1\]/],
    ['{"a": [1]}\n{"a": 1}', /must be a list, as in the rows before, got 1$|got 1;/],
    ['{"a": [[1, 2], [3]]}', /must be a list of lists of 2 entries, as those before, got \[\[1,2\],\[3\]\]/],
    ['{"a": [[1], 2]}', /must be a list of lists, as those before, got \[\[1\],2\]/],
    ['{"a": [1, [2]]}', /lists/],
    ['{"a": [[]]}', /must be a list without empty lists within it, got \[\[\]\]/],
    ['{"a": ["x"]}', /got \["x"\]/],
    ['{"b": 1}', /at least one column must be a field \(a\), got columns b$/],
    ['{"a": 1} {"a": 2}', /line 1 must be a JSON object, got/],
    ['{"a": 1}\n{"a": 1},{"a": 2}', /line 2 must be a JSON object/],
    ['{"a": nan}', /line 1 must be a JSON object/],
    ['{"a": 1}\n\n{"a": ', /line 3 must be a JSON object/],
    ['{"a": [1, null]}', /the list of "a" at row 0 of .* must hold numbers only, got a null inside it/],
  ];
  for (const [text, message] of refused) await assert.rejects(load({ a: 0 }, text), message, text);
  using store = await load({ a: 0 }, '{"a": [1, null]}', { nullInList: "nan" });
  assert.deepEqual(plainRows(store), [{ a: [1, NaN] }]);
});

test("loadDataset() reads JSON lines of many blocks as one, also where a line is longer than a block", () =>
  inFolder(async (folder) => {
    const path = join(folder, "x.jsonl");
    const long = Array.from({ length: 700_000 }, (_, i) => i);
    const lines = Array.from(
      { length: 60_000 },
      (_, i) => `{"n": ${i}, "v": [${i}, "é".length]}`.replace('"é".length', "1"),
    );
    lines.splice(30_000, 0, `{"n": -1, "v": [${long}], "text": "${"é".repeat(3_000_000)}"}`);
    writeFileSync(path, lines.join("\n"));
    using store = new StreamStore({ n: 0, v: 1 });
    await store.loadDataset(path, "train", { sortBy: "n" });
    assert.equal(store.rowCount, 60_001);
    assert.deepEqual([...store.row(0).v as Float64Array], long);
    assert.deepEqual(store.row(60_000), { step: 60_000, n: 59_999, v: Float64Array.of(59_999, 1) });
  }));

test("loadDataset() takes steps out of JSON lines", async () => {
  const text = '{"a": 1, "t": 5}\n{"a": 2, "t": 9223372036854775807}';
  using store = await load({ a: 0 }, text, { step: "t" });
  assert.deepEqual(store.rows(), [{ step: 5, a: 1 }, { step: 2n ** 63n - 1n, a: 2 }]);
  for (const step of ["null", "1.5", '"x"', "[1]", "9223372036854775808"]) {
    await assert.rejects(
      load({ a: 0 }, `{"a": 1, "t": ${step}}`, { step: "t" }),
      /the step column "t" at row 0 of .* must be an int64, got/,
    );
  }
});
