/** Options of what loads rows into a store. */
export interface LoadOptions {
  /** The name of an integer column that says each row's step. Without it steps go on from the store's last one. */
  readonly step?: string;
  /** What becomes of a null inside a list, which the store cannot hold: an error (the default), or NaN. */
  readonly nullInList?: "error" | "nan";
}

/** Options of `fromParquet`. */
export interface ParquetOptions<Name extends string = string> extends LoadOptions {
  /** Which fields to load. Without it, all of which a file has a column. */
  readonly columns?: readonly Name[];
}
