/** What StreamStore writes is read by Python's `datasets`, pyarrow, DuckDB and Polars: the same features and bits. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type DatasetFormat, StreamStore } from "../../mod.ts";
import { type Case, makeCases, makeTextCase } from "./cases.ts";
import { runScript, skipReason } from "./python.ts";
import { storeOf } from "./stores.ts";
import { inFolder, list, value } from "../support/saved.ts";

/** Seconds as a rule; but Python has to start, and a machine may be busy. */
const timeout = 300_000;

interface CheckedFile {
  readonly case: number;
  readonly form: string;
  readonly paths: readonly string[];
  readonly split?: string;
}

interface Report {
  readonly reads: number;
  readonly values: number;
  readonly differences: readonly string[];
}

/** How each form is written: the format, and the path below the case's folder. */
const forms: readonly {
  form: string;
  format: DatasetFormat;
  path: string;
  shardBytes?: number;
  split?: string;
}[] = [
  { form: "disk", format: "disk", path: "disk", shardBytes: 4000 },
  { form: "folder", format: "parquet", path: "folder", shardBytes: 4000, split: "test" },
  { form: "parquet", format: "parquet", path: "one.parquet" },
  { form: "arrow", format: "arrow", path: "one.arrow" },
  { form: "arrow", format: "arrow", path: "one.arrows" },
  { form: "jsonl", format: "jsonl", path: "one.jsonl" },
  { form: "csv", format: "csv", path: "one.csv" },
];

async function writeCase(folder: string, given: Case, index: number): Promise<CheckedFile[]> {
  const { store, options } = storeOf(given);
  const files: CheckedFile[] = [];
  try {
    for (const { form, format, path: name, shardBytes, split = "train" } of forms) {
      const path = join(folder, String(index), name);
      await store.saveDataset(path, split, { ...options, format, ...(shardBytes && { shardBytes }) });
      files.push({ case: index, form, paths: [path], split });
      if (form !== "folder") continue;
      const shards = readdirSync(join(path, "data")).sort().map((shard) => join(path, "data", shard));
      files.push({ case: index, form: "parquet", paths: shards });
    }
  } finally {
    store.close();
  }
  return files;
}

/** For readers that guess what text holds. */
async function writeText(folder: string, given: Case, index: number): Promise<CheckedFile[]> {
  const { store, options } = storeOf(given);
  const path = join(folder, "plain.jsonl");
  await store.saveDataset(path, "train", options);
  store.close();
  return [{ case: index, form: "plain jsonl", paths: [path] }];
}

test(
  "Python reads every feature and edge value in every form",
  { skip: skipReason, timeout },
  () =>
    inFolder(async (folder) => {
      const cases = makeCases(1);
      const files: CheckedFile[] = [];
      for (const [index, given] of cases.entries()) files.push(...await writeCase(folder, given, index));
      cases.push(makeTextCase(1));
      files.push(...await writeText(folder, cases.at(-1)!, cases.length - 1));
      const { reads, values, differences } = runScript<Report>("check.py", folder, { cases, files });
      console.log(`${reads} reads of ${files.length} datasets, ${values} rows of columns compared`);
      assert.deepEqual(differences, []);
      assert.ok(values > 100_000, `${values} values`);
    }),
);

test(
  "Python reads a dataset of many batches, row groups and shards",
  { skip: skipReason, timeout },
  () =>
    inFolder(async (folder) => {
      const rows = 170_000;
      const width = 64;
      using store = new StreamStore({ id: { type: 0, dtype: "int64" }, wide: 1, varied: 2 });
      for (let i = 0; i < rows; i++) {
        const wide = Float64Array.from(
          { length: width },
          (_, k) => (Math.imul(i * width + k, 2654435761) & 0xffffff) / 8,
        );
        const varied = Float64Array.from({ length: i % 4 }, (_, k) => i + k / 16);
        store.append(i, {
          ...(i % 7 === 0 ? {} : { id: BigInt(i) * 2n ** 40n + 1n }),
          wide,
          ...(i % 11 === 0 ? {} : { varied }),
        });
      }
      const options = {
        fieldFeatures: { wide: list(value("float32"), width) },
        extra: { word: Array.from({ length: rows }, (_, i) => `row ${i}`) },
        shardBytes: 16_000_000,
      };
      const paths: Record<string, string> = {};
      for (
        const [form, format, name] of [["disk", "disk", "disk"], ["folder", "parquet", "folder"], [
          "parquet",
          "parquet",
          "x.parquet",
        ], ["arrow", "arrow", "x.arrow"]] as const
      ) {
        paths[form] = join(folder, name);
        await store.saveDataset(paths[form], "train", { ...options, format });
      }
      const report = runScript<{ pieces: Record<string, number>; differences: string[] }>(
        "large.py",
        folder,
        { rows, paths },
      );
      assert.deepEqual(report.differences, []);
      for (const [form, count] of Object.entries(report.pieces)) {
        assert.ok(count > 1, `${count} pieces as ${form}`);
      }
    }),
);
