/** What the names of files say of their format. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { StreamStore } from "../../../mod.ts";
import { inFolder } from "../../support/saved.ts";

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
