import type { LoadTarget } from "./rows.ts";
import type { LoadedColumn } from "./known_features.ts";
import type { LoadDatasetOptions } from "./load_options.ts";
import type { CheckedSaveOptions, SaveSource } from "./save.ts";

/** What a dataset's name leads to where it is no path: the same two as for paths. */
export interface Hub {
  load(target: LoadTarget, name: string, split: string, options: LoadDatasetOptions): Promise<LoadedColumn[]>;
  save(source: SaveSource, name: string, split: string, options: CheckedSaveOptions): Promise<void>;
}

/** The one place where the local half knows of the Hub. */
export async function openHub(): Promise<Hub> {
  return await import("./hub/datasets.ts");
}
