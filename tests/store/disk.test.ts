import assert from "node:assert/strict";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import { assertSameStore, edgeFeatures, edgeFields, edgeStore, filesIn, inFolder } from "../support/saved.ts";

function readJson(...path: string[]): Record<string, unknown> {
  return JSON.parse(readFileSync(join(...path), "utf8"));
}

test("saveDataset() writes the files that load_from_disk wants, with all of their keys", () =>
  inFolder(async (folder) => {
    using store = edgeStore();
    const step = Float64Array.from({ length: 300_000 }, (_, i) => i + 10);
    store.appendColumns({ step, single: new Float32Array(300_000) });
    const path = join(folder, "runs");
    await store.saveDataset(path, "train", { fieldFeatures: edgeFeatures, shardBytes: 1000 });
    await store.saveDataset(path, "test", {
      fieldFeatures: edgeFeatures,
      extra: { task: new Array(300_006).fill("x") },
    });
    assert.deepEqual(filesIn(path), [
      "dataset_dict.json",
      "test/data-00000-of-00001.arrow",
      "test/dataset_info.json",
      "test/state.json",
      "train/data-00000-of-00002.arrow",
      "train/data-00001-of-00002.arrow",
      "train/dataset_info.json",
      "train/state.json",
    ]);
    assert.deepEqual(readJson(path, "dataset_dict.json"), { splits: ["train", "test"] });
    const { _data_files: listed, _streamstore_crc32: checksum, ...state } = readJson(
      path,
      "train",
      "state.json",
    );
    const files = listed as { filename: string; crc32: string }[];
    assert.deepEqual(files.map(({ filename }) => filename), [
      "data-00000-of-00002.arrow",
      "data-00001-of-00002.arrow",
    ]);
    for (const digits of [checksum, ...files.map(({ crc32 }) => crc32)]) {
      assert.match(String(digits), /^[0-9a-f]{8}$/);
    }
    assert.deepEqual(state, {
      _fingerprint: null,
      _format_columns: null,
      _format_kwargs: {},
      _format_type: null,
      _output_all_columns: false,
      _split: "train",
    });
    const shared = { citation: "", description: "", homepage: "", license: "" };
    assert.deepEqual(readJson(path, "train", "dataset_info.json"), { ...shared, features: edgeFeatures });
    const task = { dtype: "string", _type: "Value" };
    assert.deepEqual(readJson(path, "test", "dataset_info.json"), {
      ...shared,
      features: { ...edgeFeatures, task },
    });
    // A stream: its first message stands at its very start.
    const shard = readFileSync(join(path, "train", "data-00000-of-00002.arrow"));
    assert.equal(shard.readInt32LE(0), -1);
  }));

test("loadDataset() takes a dataset that has no splits around it, by the split that it says it is", () =>
  inFolder(async (folder) => {
    using store = edgeStore();
    await store.saveDataset(folder, "test", { format: "disk", fieldFeatures: edgeFeatures });
    const path = join(folder, "test");
    using copy = new StreamStore(edgeFields);
    await copy.loadDataset(path, "test");
    assertSameStore(copy, store);
    await assert.rejects(
      copy.loadDataset(path, "train"),
      /the split must be one that .* has \(test\), got train$/,
    );
    await assert.rejects(store.saveDataset(path, "more"), /it is one dataset itself/);
    writeFileSync(
      join(path, "state.json"),
      JSON.stringify({ ...readJson(path, "state.json"), _split: null }),
    );
    using any = new StreamStore(edgeFields);
    await any.loadDataset(path);
    assertSameStore(any, store);
  }));

test("loadDataset() finds a split that a crash left beside its place", () =>
  inFolder(async (folder) => {
    using store = edgeStore();
    for (const [format, name] of [["disk", "train"], ["parquet", "data"]] as const) {
      const path = join(folder, format);
      const target = join(path, name);
      await store.saveDataset(path, "train", { format, fieldFeatures: edgeFeatures });
      // Killed between the two renames: the old one is out of the way, the new one not yet there.
      renameSync(target, join(dirname(target), `.${name}.old`));
      mkdirSync(join(dirname(target), `.${name}.new-0123abcd`));
      using copy = new StreamStore(edgeFields);
      await copy.loadDataset(path);
      assertSameStore(copy, store);
      renameSync(target, join(dirname(target), `.${name}.old`));
      await store.saveDataset(path, "test", { fieldFeatures: edgeFeatures });
      using again = new StreamStore(edgeFields);
      await again.loadDataset(path, "train");
      assertSameStore(again, store);
    }
  }));

test("loadDataset() says what a folder lacks", () =>
  inFolder(async (folder) => {
    using store = edgeStore();
    const fresh = async () => {
      rmSync(folder, { recursive: true });
      await store.saveDataset(folder, "train", { format: "disk", fieldFeatures: edgeFeatures });
    };
    const broken: [() => void, RegExp][] = [
      [() => rmSync(join(folder, "train", "data-00000-of-00001.arrow")), /data-00000-of-00001.arrow/],
      [() => rmSync(join(folder, "train", "state.json")), /must have .*state.json$/],
      [() => writeFileSync(join(folder, "train", "state.json"), "{"), /state.json must be JSON$/],
      [() => writeFileSync(join(folder, "train", "state.json"), "{}"), /state.json must list _data_files$/],
      [
        () => writeFileSync(join(folder, "dataset_dict.json"), "[]"),
        /the split must be one that .* has \(none\)/,
      ],
    ];
    for (const [breakIt, message] of broken) {
      await fresh();
      breakIt();
      using copy = new StreamStore(edgeFields);
      await assert.rejects(copy.loadDataset(folder), message);
      assert.equal(copy.rowCount, 0);
    }
    rmSync(folder, { recursive: true });
    mkdirSync(folder);
    using copy = new StreamStore(edgeFields);
    await assert.rejects(copy.loadDataset(folder), /must hold files of a dataset, got none of any format$/);
  }));
