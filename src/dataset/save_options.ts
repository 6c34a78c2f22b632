import type { DatasetFormat } from "./formats.ts";
import type { HubSaveOptions } from "./hub/types.ts";
import type { ToDatasetOptions } from "./table/to_arrow.ts";

/**
 * Options of `saveDataset`: those of `toDataset`, how it is written, and for names at the Hub the Hub's.
 *
 * @example
 * ```ts
 * import { type SaveDatasetOptions, StreamStore } from "@streamstore/streamstore";
 * import assert from "node:assert/strict";
 * import { mkdtempSync, readFileSync } from "node:fs";
 * import { tmpdir } from "node:os";
 *
 * const path = `${mkdtempSync(`${tmpdir()}/example-`)}/run`;
 * using store = new StreamStore({ action: 0, observation: 1 });
 * for (let step = 0; step < 4; step++) store.append(step, { action: step, observation: [step, 1] });
 *
 * const options = { format: "jsonl", extra: { task: ["a", "a", "b", "b"] } } satisfies SaveDatasetOptions;
 * await store.saveDataset(path, "train", options);
 * const [first] = readFileSync(`${path}/train.jsonl`, "utf8").split("\n");
 * assert.deepEqual(JSON.parse(first), { action: 0, observation: [0, 1], task: "a" });
 * ```
 */
export interface SaveDatasetOptions<Name extends string = string>
  extends ToDatasetOptions<Name>, HubSaveOptions {
  /**
   * `disk`: a folder as HuggingFace's `save_to_disk` writes it; `parquet`; `arrow`: Arrow IPC, a file, or a stream where
   * the name ends with `.arrows`; `jsonl`; `csv`. By default what the name's ending tells, or what lies in the folder, or
   * `disk`.
   */
  readonly format?: DatasetFormat;
  /** Where a split is written as several files: about how many bytes of Arrow data go into each. By default 500 MB. */
  readonly shardBytes?: number;
}
