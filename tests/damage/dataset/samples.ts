/** The datasets that are damaged: in every form, ours and those that Python wrote, as bytes. */
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { DatasetFormat, FieldMap, StreamStore } from "../../../mod.ts";
import { expected, fieldsFor, fixture } from "../../support/dataset.ts";
import { appendPayload, edgeFeatures, edgeFields, edgeStore } from "../../support/saved.ts";

/** Paths below a folder, and what the files hold. */
export type Files = ReadonlyMap<string, Uint8Array>;

/** A dataset: its files, which of them or "" for the folder is loaded, and the fields that it has columns of. */
export interface Sample {
  readonly name: string;
  readonly files: Files;
  readonly path: string;
  readonly fields: FieldMap;
  /** What its rows can be sorted by. */
  readonly key: string;
  /** Whether it is pushed to a Hub and loaded from there. */
  readonly isRemote?: boolean;
}

/** By the format, the name of what is saved, and what of it is loaded. */
const binaryForms = [
  ["disk", "disk", ""],
  ["parquet", "shards", ""],
  ["parquet", "one.parquet", "one.parquet"],
  ["arrow", "one.arrow", "one.arrow"],
  ["arrow", "one.arrows", "one.arrows"],
] as const;
const textForms = [["jsonl", "one.jsonl", "one.jsonl"], ["csv", "one.csv", "one.csv"]] as const;

/** Makes them in a folder, which is empty again afterwards. */
export async function makeSamples(folder: string): Promise<Sample[]> {
  using text = edgeStore();
  using binary = edgeStore();
  appendPayload(binary);
  const ours = { fields: edgeFields, key: "single" };
  const samples: Sample[] = [];
  for (const [store, forms] of [[binary, binaryForms], [text, textForms]] as const) {
    for (const [format, name, path] of forms) {
      samples.push({ name, path, files: await saved(store, folder, name, format), ...ours });
    }
  }
  const shards = samples.find(({ name }) => name === "shards")!.files;
  samples.push({ name: "hub", path: "", files: withReadme(shards), isRemote: true, ...ours });
  for (const [name, columns] of pythonFiles) {
    const files = new Map([[name, new Uint8Array(readFileSync(fixture(name)))]]);
    const fields = fieldsFor(expected[columns]);
    samples.push({ name: `Python's ${name}`, path: name, files, fields, key: Object.keys(fields)[0] });
  }
  return samples;
}

const pythonFiles = [["features.arrow", "features"], ["features.parquet", "features"], [
  "pages.parquet",
  "pages",
]] as const;

async function saved(
  store: StreamStore,
  folder: string,
  name: string,
  format: DatasetFormat,
): Promise<Files> {
  const extra = { task: store.rows().map((_, i) => `task ${i % 3}`) };
  const place = join(folder, "sample");
  await store.saveDataset(join(place, name), "train", { format, fieldFeatures: edgeFeatures, extra });
  const below = statSync(join(place, name)).isDirectory() ? join(place, name) : place;
  const files = readFiles(below);
  rmSync(place, { recursive: true });
  return files;
}

function withReadme(files: Files): Files {
  const features = "  features:\n  - name: single\n    dtype: float32\n  - name: id\n    dtype: int64\n";
  const splits = "  splits:\n  - name: train\n    num_bytes: 100\n    num_examples: 7\n";
  const configs =
    "configs:\n- config_name: default\n  data_files:\n  - split: train\n    path: data/train-*\n";
  const text = `---\nlicense: mit\ndataset_info:\n${features}${splits}${configs}---\n# Runs\n`;
  return new Map([...files, ["README.md", new TextEncoder().encode(text)]]);
}

function readFiles(folder: string): Files {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile()
  );
  const paths = entries.map((entry) => join(entry.parentPath, entry.name)).sort();
  return new Map(paths.map((path) => [path.slice(folder.length + 1), new Uint8Array(readFileSync(path))]));
}

/** Puts files into an empty or missing folder. */
export function writeFiles(folder: string, files: ReadonlyMap<string, Uint8Array>): void {
  rmSync(folder, { recursive: true, force: true });
  for (const [name, bytes] of files) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), bytes);
  }
}
