/** What Python's `datasets`, pyarrow, DuckDB and Polars write is loaded: the same features and bits. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import { realData, skipRealData } from "../support/dataset.ts";
import { type CaseColumn, makeCases, makeTextCase } from "./cases.ts";
import { runScript, skipReason } from "./python.ts";
import { compareStore, fieldsOf } from "./stores.ts";
import { inFolder } from "../support/saved.ts";

/** Seconds as a rule; but Python has to start, and a machine may be busy. */
const timeout = 300_000;

interface WrittenFile {
  readonly case: number;
  readonly writer: string;
  readonly path: string;
  readonly columns: readonly string[];
  readonly features: boolean;
  readonly nan: "bits" | "any";
}

test(
  "every feature and edge value is read from every writer",
  { skip: skipReason, timeout },
  () =>
    inFolder(async (folder) => {
      const [cases, text] = [makeCases(2), makeTextCase(2)];
      const files = runScript<WrittenFile[]>("write.py", folder, { cases, text, folder });
      const failures: string[] = [];
      let values = 0;
      for (const { case: index, writer, path, columns: names, features, nan } of files) {
        const { name, seed, rowCount, columns: all } = cases[index] ?? text;
        const columns = all.filter((column) => !column.isExtra && names.includes(column.name));
        if (columns.length === 0) continue;
        values += rowCount * columns.length;
        using store = new StreamStore(fieldsOf(columns));
        try {
          await store.loadDataset(path);
          await compareStore(store, columns, rowCount, { hasFeatures: features, nan });
        } catch (error) {
          failures.push(`${writer}, case "${name}" of seed ${seed}: ${(error as Error).message}`);
        }
      }
      console.log(`${files.length} datasets, ${values} rows of columns compared`);
      assert.deepEqual(failures, []);
      assert.ok(values > 100_000, `${values} values`);
    }),
);

const skipShared = skipReason || skipRealData;

test(
  "files that nobody here wrote are read as pyarrow reads them",
  { skip: skipShared, timeout },
  () =>
    inFolder(async (folder) => {
      const names = ["lerobot-g1", "lerobot-studio", "mosaic"].flatMap((name) =>
        (readdirSync(join(realData, name), { recursive: true }) as string[]).map((path) => join(name, path))
      );
      // Of the 20 episodes, which are alike, three.
      const paths = names.filter((name) => /(?<!episode_0000(?:0[3-9]|1\d))\.parquet$/.test(name))
        .map((name) => join(realData, name)).sort();
      const files = runScript<CaseColumn[][]>("describe.py", folder, paths);
      let values = 0;
      for (const [i, columns] of files.entries()) {
        if (columns.length === 0) continue;
        const rowCount = columns[0].rows.length;
        using store = new StreamStore(fieldsOf(columns));
        await store.loadDataset(paths[i]);
        await compareStore(store, columns, rowCount, { hasFeatures: false, nan: "bits" });
        values += rowCount * columns.length;
      }
      console.log(`${paths.length} files, ${values} rows of columns compared`);
      assert.ok(values > 5000, `${values} values`);
    }),
);
