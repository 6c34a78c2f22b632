import type { ExtraChoice } from "./extras/wanted.ts";
import type { DatasetFormat } from "./formats.ts";
import type { CsvOptions } from "./text/read/csv_options.ts";
import type { HubLoadOptions, HubOptions } from "./hub/types.ts";

/** Options of what loads rows into a store. Taken by {@linkcode StreamStore.fromDataset}. */
export interface LoadOptions<Extra extends string = string> {
  /** The name of an integer column that says each row's step. Without it steps go on from the store's last one. */
  readonly step?: string;
  /** What becomes of a null inside a list, which the store cannot hold: an error (the default), or NaN. */
  readonly nullInList?: "error" | "nan";
  /**
   * Columns of text and bytes that are kept beside the rows. Into a store: by default all that it declares as `extra` and the
   * dataset has. Where a store is made of the dataset: by default none; `true` is all that fit, which are strings, bytes, and
   * HuggingFace's `Image`, `Audio` and `Video`, whose bytes are kept, or, where all rows have paths without bytes, the paths. `{ meta: "json" }` keeps a column of anything else as JSON text.
   */
  readonly extra?: ExtraChoice<Extra>;
}

/** Options of {@linkcode StreamStore.fromParquet}. */
export interface ParquetOptions<Name extends string = string, Extra extends string = string>
  extends LoadOptions<Extra> {
  /** Which fields to load. Without it all of which a file has a column. */
  readonly columns?: readonly Name[];
}

/** A column of a dataset that a store has no field for. Part of {@linkcode NewStoreOptions}. */
export interface LeftOutColumn {
  /** As in the dataset. */
  readonly name: string;
  /** Why not. */
  readonly reason: string;
}

/**
 * Options of what makes a store of a dataset. Columns of numbers become fields, those of text and bytes that `extra`
 * asks for are kept beside them, and others are left out. Taken by {@linkcode StreamStore.fromParquet} of the class.
 */
export interface NewStoreOptions extends ParquetOptions {
  /** A directory for the store, which must not be there yet. Without it the store is temporary. */
  readonly path?: string;
  /** The chunk, in tokens, by which the store's files grow. */
  readonly capacity?: number;
  /**
   * Told of each column that is neither field nor extra: text, images, structs, what `columns` does not name. Told also of
   * one of pictures, sounds or films of which there are paths alone, which are kept as text.
   */
  readonly onLeftOut?: (column: LeftOutColumn) => void;
}

/** Options of {@linkcode StreamStore.loadDataset}; those of the Hub count for names there. */
export interface LoadDatasetOptions<Name extends string = string, Extra extends string = string>
  extends ParquetOptions<Name, Extra>, HubLoadOptions {
  /**
   * Columns to sort the rows by, the first one first; they need not be fields. As Python's `Dataset.sort` does: ascending,
   * rows that are equal stay as they are, NaN comes behind all numbers and null behind NaN, strings go by their UTF-8, and
   * bytes by themselves.
   */
  readonly sortBy?: string | readonly string[];
  /** What the files are, where neither their names nor what lies in the folder tells. */
  readonly format?: DatasetFormat;
  /** How files of CSV are read: their delimiter, words for null, and columns of dates. */
  readonly csv?: CsvOptions;
}

/**
 * Options of what makes a store of a dataset by its name. Text has no types: it is looked through for columns of
 * numbers, which are float64, for larger integers, which are of 64 bits, and for true and false, which are bool. Taken
 * by {@linkcode StreamStore.loadDataset} of the class.
 */
export interface NewDatasetOptions extends NewStoreOptions, LoadDatasetOptions {}

/** The names of options that the Hub has for whatever is loaded or saved there. */
export const hubNames: Readonly<Record<keyof HubOptions, true>> = {
  token: true,
  endpoint: true,
  signal: true,
  onProgress: true,
  progress: true,
  retry: true,
};

/** Those of what loads a dataset by its name. */
export const datasetNames: Readonly<Record<keyof LoadDatasetOptions, true>> = {
  step: true,
  nullInList: true,
  extra: true,
  columns: true,
  sortBy: true,
  format: true,
  csv: true,
  revision: true,
  config: true,
  ...hubNames,
};
