import { existsSync } from "node:fs";
import { copyFile, link, mkdir, readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { writeParquet } from "./file.ts";
import { writeShards } from "../../files/shards.ts";
import { writeFolderBeside } from "../../../store/durable_file.ts";
import type { TableQueue } from "../../files/tables.ts";

/**
 * Writes a split as the Hub has them: `data/train-00000-of-00001.parquet`. Files of the split that are there already are
 * replaced, and all others stay.
 */
export async function writeParquetFolder(
  folder: string,
  split: string,
  tables: TableQueue,
  shardBytes: number,
): Promise<void> {
  const data = join(folder, "data");
  await writeFolderBeside(data, async (temporary) => {
    await writeShards(temporary, { name: split, ending: "parquet" }, tables, shardBytes, writeParquet);
    if (!existsSync(data)) return;
    for (const entry of await readdir(data, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      const below = path.slice(data.length + 1);
      if (entry.isFile() && !isShardOf(split, below)) await carryOver(path, join(temporary, below));
    }
  });
}

/** Takes a file over into a folder that is being made: as a link, where the file system has them. */
async function carryOver(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await link(from, to).catch(() => copyFile(from, to));
}

/** Whether a file is one of a split's shards, of whatever number. */
export function isShardOf(split: string, name: string): boolean {
  return name.startsWith(`${split}-`) && /^\d{5,}-of-\d{5,}\.parquet$/.test(name.slice(split.length + 1));
}
