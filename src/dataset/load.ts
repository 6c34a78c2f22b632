import { checkOptions, optionNames } from "../options.ts";
import { systemError } from "../store/durable_file.ts";
import { isLocal } from "./dataset_name.ts";
import { checkFormat, checkSplit, type DatasetFormat } from "./formats.ts";
import type { LoadedColumn } from "./known_features.ts";
import { hubNames, type LoadDatasetOptions } from "./load_options.ts";
import { appendRows, checkSortBy } from "./sort/sorted.ts";
import { checkCsvOptions, type CsvOptions } from "./text/read/csv_options.ts";
import { findFiles } from "./files/splits.ts";
import type { LoadTarget, RowFile } from "./rows.ts";

const action = "load a dataset";
const keys = optionNames<LoadDatasetOptions>({
  step: true,
  nullInList: true,
  columns: true,
  sortBy: true,
  format: true,
  csv: true,
  revision: true,
  config: true,
  ...hubNames,
});

/** Appends the rows of a split of a dataset. What is returned are the features of the columns that were loaded. */
export async function loadDataset(
  target: LoadTarget,
  name: string,
  split: string,
  options: LoadDatasetOptions,
): Promise<LoadedColumn[]> {
  checkOptions(options, keys, action);
  checkSplit(split, action);
  checkSortBy(options.sortBy, action);
  const named = checkFormat(options.format, action);
  const csv = checkCsvOptions(options.csv, action);
  const isHere = isLocal(name, action);
  if (!isHere) checkNoCsv(options, "parquet", name);
  if (!isHere) return await (await import("./hub/datasets.ts")).load(target, name, split, options);
  try {
    const { format, paths } = await findFiles(name, split, named);
    checkNoCsv(options, format, name);
    return await appendRows(target, paths.map((path) => () => openFile(format, path, csv)), options, action);
  } catch (error) {
    throw systemError(error, `Cannot ${action}`, name);
  }
}

function checkNoCsv({ csv }: LoadDatasetOptions, format: DatasetFormat, name: string): void {
  if (csv === undefined || format === "csv") return;
  throw new TypeError(`Cannot ${action}: csv must be left out for files of ${format}, got it for ${name}`);
}

async function openFile(format: DatasetFormat, path: string, csv: CsvOptions): Promise<RowFile> {
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
