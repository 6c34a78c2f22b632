import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type DatasetFormat, type Feature, StreamStore, StreamStoreError } from "../../mod.ts";
import { realData, skipRealData as skip } from "../support/dataset.ts";
import {
  appendPayload,
  assertSameStore,
  edgeFeatures,
  edgeFields,
  edgeStore,
  filesIn,
  inFolder,
  list,
  value,
} from "../support/saved.ts";

const binary = ["disk", "parquet", "arrow"] as const;
const names: Record<DatasetFormat, string> = {
  disk: "disk",
  parquet: "one.parquet",
  arrow: "one.arrow",
  jsonl: "one.jsonl",
  csv: "one.csv",
};

async function featuresOf(store: StreamStore): Promise<Record<string, Feature>> {
  return JSON.parse((await store.toDataset()).schema.metadata.get("huggingface")!).info.features;
}

for (const format of ["disk", "parquet", "arrow", "jsonl", "csv"] as const) {
  test(`saveDataset() as ${format} saves what loadDataset() loads as it was`, () =>
    inFolder(async (folder) => {
      using store = edgeStore();
      const isBinary = (binary as readonly string[]).includes(format);
      if (isBinary) appendPayload(store);
      const extra = { task: ["a", null, "ü", "", 'b,"c"', "d\ne", "f"].slice(0, store.rowCount) };
      for (const path of [join(folder, names[format]), join(folder, "folder")]) {
        await store.saveDataset(path, "train", { format, fieldFeatures: edgeFeatures, extra });
        using copy = new StreamStore(edgeFields);
        await copy.loadDataset(path);
        assertSameStore(copy, store);
        if (isBinary) assert.deepEqual(await featuresOf(copy), edgeFeatures);
      }
      assert.ok(filesIn(folder).every((name) => !/(^|\/)\./.test(name)), String(filesIn(folder)));
    }));

  test(`saveDataset() as ${format} saves a store without rows`, () =>
    inFolder(async (folder) => {
      using store = new StreamStore({ a: 0, b: 1 });
      const path = join(folder, names[format]);
      await store.saveDataset(path, "train", { format, fieldFeatures: { b: list(value("float32"), 3) } });
      using copy = new StreamStore({ a: 0, b: 1 });
      await copy.loadDataset(path);
      assert.equal(copy.rowCount, 0);
    }));
}

for (const format of binary) {
  test(`saveDataset() as ${format} saves rows of many batches, and the rows after what was dropped`, () =>
    inFolder(async (folder) => {
      using store = new StreamStore({ a: 0, b: 1 }, { capacity: 4096 });
      const rowCount = 300_000;
      const step = Float64Array.from({ length: rowCount }, (_, i) => i);
      const values = Float64Array.from({ length: 5 * rowCount }, (_, i) => i / 8);
      store.appendColumns({ step, a: step, b: { values, width: 5 } });
      const extra = { half: Float32Array.from(step, (i) => i / 2) };
      await store.saveDataset(join(folder, "all"), "train", { format, extra, shardBytes: 6_000_000 });
      if (format !== "arrow") assert.ok(filesIn(folder).length >= 2);
      using copy = new StreamStore({ a: 0, b: 1, half: 2 });
      await copy.loadDataset(join(folder, "all"));
      assert.equal(copy.rowCount, rowCount);
      assert.deepEqual(copy.column("a").values, step);
      assert.deepEqual(copy.column("b").values, values);
      assert.deepEqual(copy.column("half").values, Float64Array.from(step, (i) => i / 2));

      using tail = new StreamStore({ a: 0 }, { retain: { rows: 1000 } });
      for (let i = 0; i < 100_000; i++) tail.append(i, { a: i });
      assert.ok(tail.firstRow > 0);
      await tail.saveDataset(join(folder, "tail"), "train", { format, step: "at" });
      using kept = new StreamStore({ a: 0 });
      await kept.loadDataset(join(folder, "tail"), "train", { step: "at" });
      assert.deepEqual(kept.rows(), tail.rows());
    }));
}

test("saveDataset() carries an extra column of any Arrow type through, piece by piece", () =>
  inFolder(async (folder) => {
    const { vectorFromArray, Bool, List, Field, Int32, Struct, Utf8 } = await import("apache-arrow");
    const rowCount = 260_000;
    using store = new StreamStore({ a: 0 });
    store.appendColumns({
      step: Float64Array.from({ length: rowCount }, (_, i) => i),
      a: new Int8Array(rowCount),
    });
    const flags = Array.from({ length: rowCount }, (_, i) => i % 7 === 0 ? null : i % 3 === 0);
    const lists = Array.from({ length: rowCount }, (_, i) => i % 5 === 0 ? null : [i, i + 1].slice(0, i % 3));
    const texts = Array.from({ length: rowCount }, (_, i) => i % 4 === 0 ? null : `t${i}`);
    const extra = {
      flags: vectorFromArray(flags, new Bool()),
      lists: vectorFromArray(lists, new List(new Field("item", new Int32(), true))),
      texts,
      pairs: vectorFromArray(
        texts.map((text) => text === null ? null : { text }),
        new Struct([new Field("text", new Utf8(), true)]),
      ),
    };
    for (const format of ["arrow", "parquet"] as const) {
      const path = join(folder, `x.${format}`);
      await store.saveDataset(path, "train", { extra: extra as never });
      using copy = new StreamStore({ flags: 0, lists: 1 });
      await copy.loadDataset(path);
      const rows = copy.rows();
      for (let i = 0; i < rowCount; i += 997) {
        const { flags: flag, lists: found } = rows[i];
        assert.deepEqual(flag, flags[i] === null ? undefined : Number(flags[i]), `row ${i}`);
        assert.deepEqual(found && [...found as Float64Array], lists[i] ?? undefined, `row ${i}`);
      }
      using sorted = new StreamStore({ flags: 0 });
      await sorted.loadDataset(path, "train", { sortBy: "texts" });
      assert.equal(sorted.rowCount, rowCount);
    }
  }));

test("saveDataset() adds a second split, replaces one that is there, and leaves others", () =>
  inFolder(async (folder) => {
    for (const format of ["disk", "parquet", "jsonl", "csv", "arrow"] as const) {
      const path = join(folder, format);
      const splits: Record<string, number> = { train: 3, test: 2, "a.b": 1 };
      for (const [split, count] of [["train", 5], ...Object.entries(splits)] as [string, number][]) {
        if (split === "a.b" && !["disk", "parquet"].includes(format)) continue;
        using store = new StreamStore({ a: 0 });
        for (let i = 0; i < count; i++) store.append(i, { a: i });
        // The format is told once; then it is what lies in the folder.
        const options = existsSync(path) ? { shardBytes: 8 } : { format, shardBytes: 8 };
        await store.saveDataset(path, split, options);
      }
      for (const [split, count] of Object.entries(splits)) {
        if (split === "a.b" && !["disk", "parquet"].includes(format)) continue;
        using copy = new StreamStore({ a: 0 });
        await copy.loadDataset(path, split);
        assert.equal(copy.rowCount, count, `${format} ${split}`);
      }
      using other = new StreamStore({ a: 0 });
      await assert.rejects(
        other.loadDataset(path, "validation"),
        (error) =>
          error instanceof StreamStoreError && error.code === "not-found" &&
          /train, test/.test(error.message),
      );
    }
  }));

test("saveDataset() that fails leaves what was there, and nothing beside it", () =>
  inFolder(async (folder) => {
    using store = new StreamStore({ a: 0 });
    store.append(0, { a: 1 });
    using wrong = new StreamStore({ a: 0 });
    const rowCount = 1_200_000;
    const values = new Float64Array(rowCount);
    values[rowCount - 1] = 1000;
    wrong.appendColumns({ step: Float64Array.from(values, (_, i) => i), a: values });
    const fieldFeatures = { a: value("int8") };
    for (const [format, name] of Object.entries(names) as [DatasetFormat, string][]) {
      const path = join(folder, name);
      await store.saveDataset(path, "train", { format });
      const before = filesIn(folder).map((file) => [file, readFileSync(join(folder, file), "hex")]);
      await assert.rejects(
        wrong.saveDataset(path, "train", { format, fieldFeatures }),
        /"a" at row 1199999 must be a value of int8, got 1000$/,
      );
      assert.deepEqual(
        filesIn(folder).map((file) => [file, readFileSync(join(folder, file), "hex")]),
        before,
      );
      await assert.rejects(
        wrong.saveDataset(join(folder, `new ${name}`), "train", { format, fieldFeatures }),
        /must be a value of int8/,
      );
      assert.deepEqual(filesIn(folder).map((file) => file), before.map(([file]) => file));
    }
  }));

test("loadDataset() that fails leaves the store as it was", () =>
  inFolder(async (folder) => {
    const good = '{"a": 1}\n'.repeat(3);
    for (
      const [name, text, message] of [
        [
          "x.jsonl",
          good + '{"a": "text"}\n',
          /"a" at row 3 of .* must be a number, true, false, or a list of them, got "text"/,
        ],
        ["y.jsonl", good + "[1]\n", /line 4 must be a JSON object, got \[1\]$/],
        ["x.csv", "a\n1\ntwo\n", /"a" at row 1 of .*x\.csv \(line 3\) must be a number/],
        ["x.arrow", "ARROW1\0\0and then nothing", /Cannot read .*x.arrow/],
        ["x.parquet", "PAR1 and then nothing", /Cannot read .*x.parquet/],
      ] as const
    ) {
      const path = join(folder, name);
      writeFileSync(path, text);
      using store = new StreamStore({ a: 0 });
      store.append(7, { a: 7 });
      await assert.rejects(store.loadDataset(path), message);
      assert.deepEqual(store.rows(), [{ step: 7, a: 7 }]);
      store.append(8, { a: 8 });
    }
  }));

test("saveDataset() and loadDataset() refuse names, splits and formats that are none", async () => {
  using store = new StreamStore({ a: 0 });
  const refused: [() => Promise<void>, RegExp][] = [
    [
      () => store.loadDataset("a/b/c"),
      /^TypeError: Cannot load a dataset: its name must be user\/name, or a path/,
    ],
    [() => store.loadDataset(5 as never), /its name must be a path or user\/name, got 5$/],
    [() => store.loadDataset("./nowhere"), /there must be a file or a folder .\/nowhere, got none$/],
    [() => store.loadDataset("nowhere.csv"), /there must be a file or a folder nowhere.csv, got none$/],
    [
      () => store.saveDataset("./x", "../x"),
      /a split must be named by letters, digits, _ and single dots, got "..\/x"$/,
    ],
    [
      () => store.saveDataset("./x", "train", { format: "xml" as never }),
      /format must be disk, parquet, arrow/,
    ],
    [() => store.saveDataset("./x.csv", "train", { format: "disk" }), /the format disk must have a folder/],
    [
      () => store.saveDataset("./x", "train", { shardBytes: 0 }),
      /shardBytes must be a number above 0, got 0$/,
    ],
  ];
  for (const [run, message] of refused) {
    await assert.rejects(run(), (error) => message.test(String(error)), String(message));
  }
});

test("loadDataset() with columns chooses among the fields, and the others have no token", () =>
  inFolder(async (folder) => {
    using store = edgeStore();
    await store.saveDataset(folder, "train", { format: "disk", fieldFeatures: edgeFeatures });
    using copy = new StreamStore(edgeFields);
    await copy.loadDataset(folder, "train", { columns: ["id", "done"] });
    assert.deepEqual(
      copy.rows(),
      store.rows().map(({ step, id, done }) => ({
        step,
        ...(id === undefined ? {} : { id }),
        ...(done === undefined ? {} : { done }),
      })),
    );
    await assert.rejects(
      copy.loadDataset(folder, "train", { columns: ["other" as never] }),
      /columns must name fields/,
    );
  }));

if (skip) console.log(`Tests of saved real data are skipped: ${skip}`);

test("saveDataset() keeps robot episodes in every format", { skip }, () =>
  inFolder(async (folder) => {
    const fields = {
      "observation.state": 0,
      action: 1,
      timestamp: 2,
      episode_index: { type: 3, dtype: "int64" },
    } as const;
    using store = new StreamStore(fields);
    await store.loadDataset(join(realData, "lerobot-g1"));
    assert.equal(store.rowCount, 7844);
    for (const [format, name] of Object.entries(names) as [DatasetFormat, string][]) {
      await store.saveDataset(join(folder, name), "train", { format });
      using copy = new StreamStore(fields);
      await copy.loadDataset(join(folder, name));
      assertSameStore(copy, store);
      if (format !== "jsonl" && format !== "csv") {
        assert.deepEqual(await featuresOf(copy), await featuresOf(store));
      }
    }
  }));
