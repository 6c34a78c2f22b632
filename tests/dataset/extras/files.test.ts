import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { type Feature, type LoadDatasetOptions, StreamStore } from "../../../mod.ts";
import { compareExtras, extra, type ExtrasStore, fields, numbersAt, valuesAt } from "../../support/extras.ts";
import { inFolder } from "../../support/saved.ts";
import { bytes, texts } from "./columns.ts";

const rowCount = 400;

function filled(): ExtrasStore {
  const store = new StreamStore(fields, { extra });
  for (let step = 0; step < rowCount; step++) store.append(step, numbersAt(step), valuesAt(step));
  return store;
}

/** Rows like those of `filled`, without the frames that a format of text cannot hold. */
function filledWithText() {
  const store = new StreamStore({ action: 0 }, { extra: { prompt: "string" } });
  for (let row = 0; row < 10; row++) store.append(row, { action: row }, { prompt: texts[row] });
  return store;
}

test("saveDataset() and loadDataset() keep text and bytes in Parquet, Arrow and folders of both", async () => {
  using store = filled();
  const frames: Feature[] = [{ dtype: "large_binary", _type: "Value" }, { _type: "Image", mode: "RGB" }];
  for (const name of ["x.parquet", "x.arrow", "x.arrows", "disk", "parquet"]) {
    for (const frame of frames) {
      await inFolder(async (folder) => {
        const path = join(folder, name);
        const format = name === "parquet" ? name : undefined;
        const note: Feature = { dtype: "large_string", _type: "Value" };
        await store.saveDataset(path, "train", {
          format,
          fieldFeatures: { frame, note },
          shardBytes: 1_000_000,
        });
        using copy = new StreamStore(fields, { extra });
        await copy.loadDataset(path, "train", { extra: true });
        compareExtras(copy, 0, rowCount);
        assert.deepEqual(copy.rows(0, 100), store.rows(0, 100));
        using made = await StreamStore.loadDataset(path, "train", { extra: ["frame", "note"] });
        assert.deepEqual(made.extra("frame").slice(), store.extra("frame").slice());
        const { schema } = await made.toDataset();
        const { features } = JSON.parse(schema.metadata.get("huggingface")!).info;
        assert.deepEqual([features.frame, features.note], [frame, note], name);
      });
    }
  }
});

test("fromParquet() takes extras, also of a store that has rows already", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "x.parquet");
    using store = filled();
    await store.saveDataset(path);
    using made = await StreamStore.fromParquet(path, { extra: { frame: "bytes" }, columns: ["action"] });
    assert.deepEqual(made.extra("frame").slice(), store.extra("frame").slice());
    await store.fromParquet(path, { extra: ["prompt"] });
    assert.deepEqual(store.extra("prompt").slice(rowCount), store.extra("prompt").slice(0, rowCount));
    assert.deepEqual(store.extra("frame").slice(rowCount), new Array(rowCount).fill(null));
  });
});

test("loadDataset() takes columns of text of CSV and JSON lines", async () => {
  using store = filledWithText();
  for (const name of ["x.jsonl", "x.csv"]) {
    await inFolder(async (folder) => {
      const path = join(folder, name);
      await store.saveDataset(path);
      using made = await StreamStore.loadDataset(path, "train", { extra: true });
      assert.deepEqual(made.extra("prompt").slice(), texts, name);
      assert.deepEqual(made.column("action").values.length, 10);
    });
  }
});

test("loadDataset() keeps what stands in CSV as it stands, also where it looks like a number", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "x.csv.gz");
    writeFileSync(path, gzipSync("a,code,note\n1,007,NaN\n2,1e3,true\n3,,[1]\n4,x,-0\n"));
    using store = await StreamStore.loadDataset(path, "train", { extra: { code: "string", note: "string" } });
    assert.deepEqual(store.extra("code").slice(), ["007", "1e3", null, "x"]);
    assert.deepEqual(store.extra("note").slice(), ["NaN", "true", "[1]", "-0"]);
    using bytesOnly = await StreamStore.loadDataset(path, "train", {
      extra: { code: "bytes" },
      columns: ["a"],
    });
    assert.deepEqual(bytesOnly.extra("code").get(0), new TextEncoder().encode("007"));
  });
});

test("loadDataset() of CSV tells an empty text in quotes from nothing, and takes both for no number", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "x.csv");
    const rows = ['1,"",a', '"",,b', '2,"a,"",b",""', '3,"""","a"",""b"', '4,"\n",""""""', '5," ",'];
    writeFileSync(path, `n,"",text\n${rows.join("\n")}\n`.replaceAll("\n", "\r\n"));
    const load = (options: LoadDatasetOptions) =>
      StreamStore.loadDataset(path, "train", { extra: { "": "string", text: "string" }, ...options });
    using store = await load({});
    assert.deepEqual(store.rows().map(({ n }) => n), [1, undefined, 2, 3, 4, 5]);
    assert.deepEqual(store.extra("").slice(), ["", null, 'a,",b', '"', "\r\n", " "]);
    assert.deepEqual(store.extra("text").slice(), ["a", "b", "", 'a","b', '""', null]);
    using sorted = await load({ sortBy: "text" });
    assert.deepEqual(sorted.extra("text").slice(), ["", '""', "a", 'a","b', "b", null]);
    // As Python's datasets reads it, to whom both are null.
    using nulls = await load({ csv: { nulls: [""] } });
    assert.deepEqual(nulls.extra("").slice(0, 2), [null, null]);
    writeFileSync(path, 'n;text\n1;""\n2;\n3;";"\n4;3" x\n5;""');
    using other = await load({ csv: { delimiter: ";" }, extra: { text: "string" } });
    assert.deepEqual(other.extra("text").slice(), ["", null, ";", '3" x', ""]);
  });
});

test("loadDataset() keeps any value of JSON lines as JSON, and refuses as text what is none", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "x.jsonl");
    const values = [
      '"a\\u0001#7 \\u00fc"',
      '{"n": 12345678901234567890, "l": [1.5, null, NaN]}',
      "null",
      "true",
      "-0.0",
    ];
    writeFileSync(path, values.map((value, i) => `{"a": ${i}, "it": ${value}}\n`).join("") + '{"a": 5}\n');
    using store = await StreamStore.loadDataset(path, "train", { extra: { it: "json" } });
    assert.deepEqual(store.extra("it").slice(), [
      '"a\\u0001#7 ü"',
      '{"n":12345678901234567890,"l":[1.5,null,NaN]}',
      null,
      "true",
      "-0.0",
      null,
    ]);
    await assert.rejects(
      StreamStore.loadDataset(path, "train", { extra: { it: "string" } }),
      /^TypeError: Cannot load a dataset: "it" at row 1 of .*x.jsonl \(line 2\) must be a text; as an extra of "json" whatever stands there is kept, got \{"n"/,
    );
    writeFileSync(path, '{"a": 1, "it": "x"}\n{"a": 2, "it": "\\ud800"}\n');
    await assert.rejects(
      StreamStore.loadDataset(path, "train", { extra: true }),
      /"it" at row 1 of .*x.jsonl \(line 2\) must be well-formed text, got a lone surrogate$/,
    );
  });
});

test("loadDataset() sorts extras along, and by them", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "x.parquet");
    using store = filled();
    await store.saveDataset(path);
    using sorted = new StreamStore(fields, { extra });
    await sorted.loadDataset(path, "train", { sortBy: "prompt" });
    const encoder = new TextEncoder();
    const prompts = store.extra("prompt").slice().map((prompt, row) => ({
      row,
      bytes: prompt === null ? null : encoder.encode(prompt),
    }));
    const order = prompts.toSorted((one, other) =>
      one.bytes === null || other.bytes === null
        ? Number(one.bytes === null) - Number(other.bytes === null)
        : Buffer.compare(one.bytes, other.bytes)
    ).map(({ row }) => row);
    for (const name of ["prompt", "frame", "note"] as const) {
      const values = store.extra(name).slice();
      assert.deepEqual(sorted.extra(name).slice(), order.map((row) => values[row]), name);
    }
  });
});

test("saveDataset() refuses bytes in formats of text, and a name that is given twice", async () => {
  await inFolder(async (folder) => {
    using store = filled();
    for (const name of ["x.csv", "x.jsonl"]) {
      await assert.rejects(
        store.saveDataset(join(folder, name)),
        /the column "frame" must be of numbers, strings, or lists or structs of them, got Binary/,
      );
    }
    using twice = new StreamStore({ a: 0 }, { extra: { a: "string" } });
    await assert.rejects(
      twice.toDataset(),
      /every column must have a name of its own, got a field and an extra "a"$/,
    );
    await assert.rejects(
      store.toDataset({ fieldFeatures: { prompt: { dtype: "binary", _type: "Value" } } }),
      /^TypeError: .* the feature of "prompt" must be a Value of string or large_string, or, for paths, an Image/,
    );
    await assert.rejects(
      store.toDataset({ fieldFeatures: { action: { _type: "Image" } } }),
      /the feature of "action" must be Value, ClassLabel/,
    );
  });
});

test("a store that was opened again gives its extras with the features that they were loaded with", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "x.parquet");
    using store = new StreamStore({ action: 0 }, { extra: { frame: "bytes" } });
    for (let row = 0; row < 10; row++) store.append(row, { action: row }, { frame: bytes[row] });
    await store.saveDataset(path, "train", {
      fieldFeatures: { frame: { _type: "Audio", sampling_rate: 8000 } },
    });
    const directory = join(folder, "store");
    (await StreamStore.loadDataset(path, "train", { path: directory, extra: true })).close();
    using opened = StreamStore.open(directory);
    const { schema } = await opened.toDataset();
    assert.deepEqual(JSON.parse(schema.metadata.get("huggingface")!).info.features.frame, {
      _type: "Audio",
      sampling_rate: 8000,
    });
    opened.append(10, { action: 1 });
  });
});

test("saveDataset() of a store that has dropped rows saves the extras of those that it keeps", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "x.parquet");
    const options = { extra: { prompt: "string" }, retain: { rows: 100 } } as const;
    const numbers = new Float64Array(64);
    using store = new StreamStore({ action: 0 }, options);
    const promptAt = (step: number) => step % 3 === 1 ? null : `prompt ${step}`;
    for (let step = 0; step < 3000; step++) {
      store.append(step, { action: numbers }, { prompt: promptAt(step) });
      if (step % 100 === 0) store.flush();
    }
    const { firstRow } = store;
    assert.ok(firstRow > 0, `${firstRow}`);
    await store.saveDataset(path);
    using copy = new StreamStore({ action: 0 }, { extra: { prompt: "string" } });
    await copy.loadDataset(path);
    const expected = Array.from({ length: 3000 - firstRow }, (_, row) => promptAt(firstRow + row));
    assert.deepEqual(copy.extra("prompt").slice(), expected);
  });
});
