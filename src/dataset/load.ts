import { checkOptions, optionNames } from "../options.ts";
import { systemError } from "../store/durable_file.ts";
import type { DatasetFile, OpenedDataset } from "./columns.ts";
import { isLocal } from "./dataset_name.ts";
import { checkFormat, checkSplit, type DatasetFormat } from "./formats.ts";
import type { LoadedFeature } from "./known_features.ts";
import { datasetNames, type LoadDatasetOptions } from "./load_options.ts";
import { appendRows, checkSortBy } from "./sort/sorted.ts";
import { checkCsvOptions, type CsvOptions } from "./text/read/csv_options.ts";
import { findFiles } from "./files/splits.ts";
import type { LoadTarget } from "./rows.ts";

const action = "load a dataset";
const keys = optionNames<LoadDatasetOptions>(datasetNames);

/** Appends the rows of a split of a dataset. What is returned are the features of the columns that were loaded. */
export async function loadDataset(
  target: LoadTarget,
  name: string,
  split: string,
  options: LoadDatasetOptions,
): Promise<LoadedFeature[]> {
  checkOptions(options, keys, action);
  return await withDataset(name, split, options, (opened) => appendDataset(target, opened));
}

/** Appends the rows of what was found. */
export async function appendDataset(
  target: LoadTarget,
  { files, options, settle }: OpenedDataset,
): Promise<LoadedFeature[]> {
  const isFirst = target.connection.isEmpty;
  const loaded = await appendRows(target, files, options, action);
  if (isFirst) settle?.(target);
  return loaded;
}

/** Finds the files of a split, for a task that reads them. */
export async function withDataset<Result>(
  name: string,
  split: string,
  options: LoadDatasetOptions,
  task: (opened: OpenedDataset) => Promise<Result>,
): Promise<Result> {
  checkSplit(split, action);
  checkSortBy(options.sortBy, action);
  const named = checkFormat(options.format, action);
  const csv = checkCsvOptions(options.csv, action);
  const isHere = isLocal(name, action);
  if (!isHere) checkNoCsv(options, "parquet", name);
  if (!isHere) return await (await import("./hub/datasets.ts")).withSplit(name, split, options, task);
  try {
    const { format, paths } = await findFiles(name, split, named);
    checkNoCsv(options, format, name);
    return await task({ files: paths.map((path) => () => openFile(format, path, csv)), options });
  } catch (error) {
    throw systemError(error, `Cannot ${action}`, name);
  }
}

function checkNoCsv({ csv }: LoadDatasetOptions, format: DatasetFormat, name: string): void {
  if (csv === undefined || format === "csv") return;
  throw new TypeError(`Cannot ${action}: csv must be left out for files of ${format}, got it for ${name}`);
}

async function openFile(format: DatasetFormat, path: string, csv: CsvOptions): Promise<DatasetFile> {
  switch (format) {
    case "parquet":
      return await (await import("./parquet/read/rows.ts")).openParquet(path);
    case "jsonl":
      return await (await import("./text/read/json.ts")).openJson(path);
    case "csv":
      return await (await import("./text/read/csv.ts")).openCsv(path, csv);
    default:
      return await (await import("./arrow/read/file.ts")).openArrow(path);
  }
}
