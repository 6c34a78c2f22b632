import type { DatasetFormat } from "./formats.ts";
import type { CsvOptions } from "./text/read/csv_options.ts";
import type { HubLoadOptions } from "./hub/types.ts";

/**
 * Options of what loads rows into a store.
 *
 * @example
 * ```ts
 * import { type LoadOptions, StreamStore } from "@streamstore/streamstore";
 * import { tableFromArrays } from "apache-arrow";
 * import assert from "node:assert/strict";
 *
 * const options: LoadOptions = { step: "time" };
 * using store = new StreamStore({ reward: 0 });
 * await store.fromDataset(tableFromArrays({ time: Int32Array.of(10, 20), reward: [0.5, 1] }), options);
 * assert.deepEqual(store.rows(), [{ step: 10, reward: 0.5 }, { step: 20, reward: 1 }]);
 * ```
 */
export interface LoadOptions {
  /** The name of an integer column that says each row's step. Without it steps go on from the store's last one. */
  readonly step?: string;
  /** What becomes of a null inside a list, which the store cannot hold: an error (the default), or NaN. */
  readonly nullInList?: "error" | "nan";
}

/**
 * Options of `fromParquet`.
 *
 * @example
 * ```ts
 * import { type ParquetOptions, StreamStore } from "@streamstore/streamstore";
 * import assert from "node:assert/strict";
 * import { mkdtempSync } from "node:fs";
 * import { tmpdir } from "node:os";
 *
 * const path = `${mkdtempSync(`${tmpdir()}/example-`)}/run.parquet`;
 * using store = new StreamStore({ action: 0, observation: 1 });
 * for (let step = 0; step < 4; step++) store.append(step, { action: step, observation: [step, 1] });
 *
 * await store.saveDataset(path);
 * using copy = new StreamStore({ action: 0, observation: 1 });
 * const options: ParquetOptions<"action" | "observation"> = { columns: ["action"] };
 * await copy.fromParquet(path, options);
 * assert.deepEqual(copy.row(3), { step: 3, action: 3 });
 * ```
 */
export interface ParquetOptions<Name extends string = string> extends LoadOptions {
  /** Which fields to load. Without it all of which a file has a column. */
  readonly columns?: readonly Name[];
}

/**
 * Options of `loadDataset`; those of the Hub count for names there.
 *
 * @example
 * ```ts
 * import { type LoadDatasetOptions, StreamStore } from "@streamstore/streamstore";
 * import assert from "node:assert/strict";
 * import { mkdtempSync } from "node:fs";
 * import { tmpdir } from "node:os";
 *
 * const path = `${mkdtempSync(`${tmpdir()}/example-`)}/run`;
 * using store = new StreamStore({ action: 0, observation: 1 });
 * for (let step = 0; step < 4; step++) store.append(step, { action: step, observation: [step, 1] });
 *
 * await store.saveDataset(path, "train");
 * const options: LoadDatasetOptions<"action"> = { sortBy: "action", columns: ["action"] };
 * using copy = new StreamStore({ action: 0 });
 * await copy.loadDataset(path, "train", options);
 * assert.deepEqual(copy.column("action").values, Float64Array.of(0, 1, 2, 3));
 * ```
 */
export interface LoadDatasetOptions<Name extends string = string>
  extends ParquetOptions<Name>, HubLoadOptions {
  /**
   * Columns to sort the rows by, the first one first; they need not be fields. As Python's `Dataset.sort` does: ascending,
   * rows that are equal stay as they are, NaN comes behind all numbers and null behind NaN, strings go by their UTF-8.
   */
  readonly sortBy?: string | readonly string[];
  /** What the files are, where neither their names nor what lies in the folder tells. */
  readonly format?: DatasetFormat;
  /** How files of CSV are read: their delimiter, words for null, and columns of dates. */
  readonly csv?: CsvOptions;
}
