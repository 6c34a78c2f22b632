/** What each suite of apache/parquet-testing is for, in files that are written anew: read as pyarrow reads them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type FieldMap, StreamStore } from "../../mod.ts";
import type { CaseColumn } from "./cases.ts";
import { runScript, skipReason } from "./python.ts";
import { compareStore, fieldsOf } from "./stores.ts";
import { inFolder } from "../support/saved.ts";

/** Seconds as a rule; but Python has to start, and a machine may be busy. */
const timeout = 300_000;

interface SuiteFile {
  readonly suite: string;
  readonly path: string;
  readonly rowCount: number;
  readonly columns: readonly CaseColumn[];
  /** What the refusal says of columns that are refused. */
  readonly refused: Readonly<Record<string, string>>;
}

test(
  "every encoding, codec, level and kind of value is read as pyarrow reads it",
  { skip: skipReason, timeout },
  () =>
    inFolder(async (folder) => {
      const seed = 29;
      const files = runScript<SuiteFile[]>("suites.py", folder, { seed, folder });
      const failures: string[] = [];
      let [values, refusals] = [0, 0];
      const attempt = async (suite: string, task: () => Promise<void>) => {
        try {
          await task();
        } catch (error) {
          failures.push(`${suite}, seed ${seed}: ${(error as Error).message}`);
        }
      };
      for (const { suite, path, rowCount, columns, refused } of files) {
        if (columns.length > 0) {
          await attempt(suite, async () => {
            using store = new StreamStore(fieldsOf(columns));
            await store.loadDataset(path);
            await compareStore(store, columns, rowCount, { hasFeatures: false, nan: "bits" });
          });
        }
        values += rowCount * columns.length;
        for (const [name, words] of Object.entries(refused)) {
          refusals++;
          await attempt(`${suite}, ${name}`, async () => {
            using store = new StreamStore<FieldMap>({ [name]: 0 });
            await assert.rejects(store.loadDataset(path), (error: Error) =>
              error.message.includes(words), words);
            assert.equal(store.rowCount, 0);
          });
        }
      }
      console.log(`${files.length} files, ${values} rows of columns compared, ${refusals} columns refused`);
      assert.deepEqual(failures, []);
      assert.ok(values > 300_000 && refusals > 30, `${values} values, ${refusals} refusals`);
    }),
);
