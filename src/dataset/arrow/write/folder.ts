import { StreamStoreError } from "../../../error.ts";
import { readFile, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { listChecksum, listChecksumKey, type ListedFile } from "../checksum.ts";
import { inFile } from "../../decode.ts";
import { featuresToJson } from "../../features.ts";
import { writeArrow } from "./file.ts";
import { writeShards } from "../../files/shards.ts";
import { writeFileBeside, writeFolderBeside } from "../../../store/durable_file.ts";
import type { TableQueue } from "../../files/tables.ts";

/**
 * Writes a split as HuggingFace's `save_to_disk` does: a folder of the split's name with Arrow streams, in a folder
 * that `dataset_dict.json` makes a DatasetDict. A split that is there already is replaced, and others stay.
 */
export async function writeDisk(
  folder: string,
  split: string,
  tables: TableQueue,
  shardBytes: number,
): Promise<void> {
  const others = await readSplits(folder);
  if (others.includes(split)) return await writeSplit(folder, split, tables, shardBytes);
  // Both are on the disk before either gets its name: a list is not left without its split, nor a split without its list.
  await writeFileBeside(join(folder, "dataset_dict.json"), async (temporary) => {
    await writeFile(temporary, JSON.stringify({ splits: [...others, split] }));
    await writeSplit(folder, split, tables, shardBytes);
  });
}

async function writeSplit(
  folder: string,
  split: string,
  tables: TableQueue,
  shardBytes: number,
): Promise<void> {
  await writeFolderBeside(join(folder, split), async (temporary) => {
    const names = { name: "data", ending: "arrow" };
    const shards = await writeShards(
      temporary,
      names,
      tables,
      shardBytes,
      (path, part) => writeArrow(path, tables.schema, part, "stream"),
    );
    const files = shards.map(({ filename, result }) => ({ filename, crc32: result }));
    await writeFile(join(temporary, "state.json"), JSON.stringify(stateOf(files, split), null, 2));
    await writeFile(join(temporary, "dataset_info.json"), infoOf(tables));
  });
}

async function readSplits(folder: string): Promise<string[]> {
  const path = join(folder, "dataset_dict.json");
  if (!existsSync(path)) {
    if (!existsSync(join(folder, "state.json"))) return [];
    throw new StreamStoreError(
      "already-exists",
      `Cannot save a dataset: ${folder} must be a folder of splits, but it is one dataset itself; save to another folder, or to one named ${
        basename(folder)
      }/<split>`,
    );
  }
  const { splits } = await inFile(path, null, async () => JSON.parse(await readFile(path, "utf8")) ?? {});
  return Array.isArray(splits) ? splits.map(String) : [];
}

/** All keys but ours are required. The fingerprint may be null: then Python computes one. */
function stateOf(files: readonly ListedFile[], split: string) {
  return {
    _data_files: files,
    _fingerprint: null,
    _format_columns: null,
    _format_kwargs: {},
    _format_type: null,
    _output_all_columns: false,
    _split: split,
    [listChecksumKey]: listChecksum(files),
  };
}

/** Without features Python takes those that the files' own schema has. */
function infoOf({ schema, features }: TableQueue): string {
  const shared = JSON.stringify({ citation: "", description: "", homepage: "", license: "" }, null, 2);
  if (!schema.fields.every(({ name }) => features.has(name))) return shared;
  return shared.replace(/\n\}$/, () => `,\n  "features": ${featuresToJson(features)}\n}`);
}
