import type { DatasetFormat } from "./formats.ts";
import type { HubSaveOptions } from "./hub/types.ts";
import type { ToDatasetOptions } from "./table/to_arrow.ts";

/**
 * Options of {@linkcode StreamStore.saveDataset}: those of `toDataset`, how it is written, and for names at the Hub
 * the Hub's.
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

/** Options that were checked, with what they leave out. */
export type CheckedSaveOptions = SaveDatasetOptions & { readonly shardBytes: number };
