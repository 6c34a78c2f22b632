/** Damage in texts that rows are sorted by, one load after another into one store. All else is in tests/dataset_damage. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { type FieldMap, StreamStore } from "../../../mod.ts";
import { mutate } from "../../damage/dataset/mutations.ts";
import { type Files, makeSamples, writeFiles } from "../../damage/dataset/samples.ts";
import { fixture } from "../../support/dataset.ts";
import { inFolder } from "../../support/saved.ts";
import { Random } from "../../support/support.ts";
import { keepInMemory, smallChunks } from "../../support/in_memory.ts";

keepInMemory();

// More with DAMAGED_FILES=20000, others with DAMAGED_SEED=7.
const count = Number(process.env.DAMAGED_FILES ?? 100);
const seed = Number(process.env.DAMAGED_SEED ?? 1);
const sortBy = ["task"];

interface Case {
  readonly path: string;
  readonly files: Files;
  readonly fields: FieldMap;
}

/** Arrow files are Python's: of ours the checksums let no damage through to the sorting. */
async function makeCases(folder: string): Promise<Case[]> {
  const ours = (await makeSamples(folder)).filter(({ name }) => /^one\.(parquet|jsonl|csv)$/.test(name));
  const python = ["uncompressed.arrow", "zstd.arrows"].map((path): Case => ({
    path,
    files: new Map([[path, new Uint8Array(readFileSync(fixture(path)))]]),
    fields: { reward: 0, pose: 1, label: 2 },
  }));
  return [...python, ...ours];
}

async function damageOften({ path, files, fields }: Case, folder: string): Promise<void> {
  const random = new Random(seed);
  using target = new StreamStore(fields, smallChunks);
  const name = Object.keys(fields)[0];
  target.append(0, { [name]: 1 });
  let refused = 0;
  for (let i = 0; i < count; i++) {
    const [mutant, what] = mutate(files, [files], random);
    writeFiles(folder, mutant);
    const before = target.rowCount;
    const start = performance.now();
    try {
      await target.loadDataset(join(folder, path), "train", { sortBy, nullInList: "nan" });
      assert.ok(target.rowCount - before <= 1000, what);
    } catch (error) {
      assert.match((error as Error).message, /^Cannot (load|read)/, what);
      assert.ok((error as Error).message.length < 2000, what);
      assert.equal(target.rowCount, before, what);
      refused++;
    }
    assert.ok(performance.now() - start < 10_000, what);
  }
  assert.ok(refused > count / 10 && refused < count, `${refused} of ${count} were refused`);
  assert.deepEqual(target.row(0), { step: 0, [name]: 1 });
  writeFiles(folder, files);
  await target.loadDataset(join(folder, path), "train", { sortBy, nullInList: "nan" });
}

test("loadDataset() of a damaged dataset, sorted by texts, throws or loads, and the store stays whole", () =>
  inFolder(async (folder) => {
    for (const given of await makeCases(join(folder, "samples"))) {
      await damageOften(given, join(folder, "mutant"));
    }
  }));
