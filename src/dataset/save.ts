import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe } from "../fields.ts";
import { systemError, writeFileBeside } from "../store/durable_file.ts";
import { checkOptions, optionNames } from "../options.ts";
import { isLocal } from "./dataset_name.ts";
import { checkFormat, checkSplit, checkWrittenName, type DatasetFormat, formatOfName } from "./formats.ts";
import { planTable } from "./table/to_arrow.ts";
import { writeArrow } from "./arrow/write/file.ts";
import { writeCsv } from "./text/write/csv.ts";
import { writeDisk } from "./arrow/write/folder.ts";
import { writeJsonLines } from "./text/write/json_lines.ts";
import { hubNames } from "./load_options.ts";
import type { SaveDatasetOptions } from "./save_options.ts";
import type { SaveSource } from "./known_features.ts";
import { writeParquet } from "./parquet/write/file.ts";
import { writeParquetFolder } from "./parquet/write/folder.ts";
import { TableQueue } from "./files/tables.ts";
import { checkTypes } from "./save_types.ts";

const action = "save a dataset";
const keys = optionNames<SaveDatasetOptions>({
  fieldFeatures: true,
  extra: true,
  step: true,
  format: true,
  shardBytes: true,
  revision: true,
  config: true,
  private: true,
  commitMessage: true,
  append: true,
  ...hubNames,
});
const defaultShardBytes = 500_000_000;

/** Writes all rows as one split of a dataset. */
export async function saveDataset(
  source: SaveSource,
  name: string,
  split: string,
  options: SaveDatasetOptions,
): Promise<void> {
  checkOptions(options, keys, action);
  checkSplit(split, action);
  const shardBytes = checkShardBytes(options.shardBytes);
  const named = checkFormat(options.format, action);
  if (!isLocal(name, action)) {
    return await (await import("./hub/datasets.ts")).save(source, name, split, { ...options, shardBytes });
  }
  try {
    await saveLocal(source, name, split, named, options, shardBytes);
  } catch (error) {
    throw systemError(error, `Cannot ${action}`, name);
  }
}

async function saveLocal(
  source: SaveSource,
  name: string,
  split: string,
  named: DatasetFormat | null,
  options: SaveDatasetOptions,
  shardBytes: number,
): Promise<void> {
  const isFolder = existsSync(name) ? statSync(name).isDirectory() : formatOfName(name) === null;
  if (!isFolder) checkWrittenName(name, action);
  const format = named ?? (isFolder ? await formatOfFolder(name) : formatOfName(name)) ?? "disk";
  const plan = planTable(source, options, format === "jsonl" || format === "csv");
  checkTypes(plan.schema, format);
  const tables = new TableQueue(source.connection, plan, action);
  if (isFolder && format === "disk") return await writeDisk(name, split, tables, shardBytes);
  if (isFolder && format === "parquet") return await writeParquetFolder(name, split, tables, shardBytes);
  if (format === "disk") {
    throw new RangeError(
      `Cannot ${action}: the format disk must have a folder to write to, got ${describe(name)}`,
    );
  }
  const path = isFolder ? join(name, `${split}.${format}`) : name;
  await writeFileBeside(path, (temporary) => writeOne(temporary, path, format, tables));
}

async function writeOne(
  temporary: string,
  path: string,
  format: DatasetFormat,
  queue: TableQueue,
): Promise<void> {
  const { schema } = queue;
  const tables = queue.take(Infinity, { rowCount: 0, arrowBytes: 0 });
  switch (format) {
    case "parquet":
      return await writeParquet(temporary, tables);
    case "arrow":
      await writeArrow(temporary, schema, tables, path.endsWith(".arrows") ? "stream" : "file");
      return;
    case "jsonl":
      return await writeJsonLines(temporary, schema, tables);
    default:
      return await writeCsv(temporary, schema, tables);
  }
}

/** What lies in a folder decides what is added to it. */
async function formatOfFolder(folder: string): Promise<DatasetFormat | null> {
  if (!existsSync(folder)) return null;
  const { formatIn } = await import("./files/splits.ts");
  return formatIn(folder);
}

function checkShardBytes(shardBytes: number = defaultShardBytes): number {
  if (typeof shardBytes === "number" && shardBytes > 0) return shardBytes;
  throw new RangeError(`Cannot ${action}: shardBytes must be a number above 0, got ${describe(shardBytes)}`);
}
