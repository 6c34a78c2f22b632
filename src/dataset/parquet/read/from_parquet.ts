import { checkOptions, optionNames } from "../../../options.ts";
import type { LoadedColumn } from "../../known_features.ts";
import { openParquet } from "./rows.ts";
import { appendFiles, type LoadTarget } from "../../rows.ts";
import type { ParquetOptions } from "../../load_options.ts";
import { parquetPaths } from "./file.ts";

const action = "load Parquet";
const keys = optionNames<ParquetOptions>({ step: true, nullInList: true, columns: true });

/** Appends the rows of a Parquet file, or of all in a folder: row group by row group, all of them or none. */
export async function appendParquet(
  target: LoadTarget,
  path: string,
  options: ParquetOptions,
): Promise<LoadedColumn[]> {
  checkOptions(options, keys, action);
  const paths = await parquetPaths(path);
  return await appendFiles(target, paths.map((path) => () => openParquet(path)), options, action);
}
