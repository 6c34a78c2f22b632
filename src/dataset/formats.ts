import { describe } from "../fields.ts";

/**
 * The forms in which a dataset lies on a disk. Part of {@linkcode LoadDatasetOptions} and {@linkcode SaveDatasetOptions}.
 *
 * | format | what is written | Python reads it with |
 * | --- | --- | --- |
 * | `disk` | a folder with a folder for each split; other splits that are there stay | `load_from_disk` |
 * | `parquet` | `data/{split}-00000-of-00001.parquet` in a folder, or one file | `load_dataset` |
 * | `arrow` | Arrow IPC: `{split}.arrow` in a folder, or one file; a stream where its name ends with `.arrows` | `load_dataset("arrow")` |
 * | `jsonl`, `csv` | `{split}.jsonl` or `{split}.csv` in a folder, or one file, without features | `load_dataset("json")`, `("csv")` |
 *
 * In JSON lines and CSV every number is one that reads back to the same bits, but for a NaN's: `NaN`, `Infinity` and
 * `-Infinity` are the words that Python's `json` has for them. Lists in CSV are JSON; a null there is an empty cell.
 *
 * In JSON (an object a line, or one array of objects), CSV and TSV that are read, a field's values are what the text says:
 * numbers, `true` and `false`, lists of them. Integers are exact whatever their length, and words for NaN and the
 * infinities are read as Python writes them; {@linkcode CsvOptions} tell of another delimiter, of words for null and of
 * columns of dates. Text may be compressed by gzip (`.jsonl.gz`).
 */
export type DatasetFormat = "disk" | "parquet" | "arrow" | "jsonl" | "csv";

export const formats: readonly DatasetFormat[] = ["disk", "parquet", "arrow", "jsonl", "csv"];

/** The endings of files that are written. */
const writtenEndings: ReadonlyMap<string, DatasetFormat> = new Map(Object.entries({
  parquet: "parquet",
  arrow: "arrow",
  arrows: "arrow",
  feather: "arrow",
  jsonl: "jsonl",
  ndjson: "jsonl",
  csv: "csv",
}));

/** Those of files that are read besides: an array of objects, tabs for commas; and text that gzip has compressed. */
const readEndings: ReadonlyMap<string, DatasetFormat> = new Map(
  Object.entries({ json: "jsonl", tsv: "csv" }),
);

export interface NamedFormat {
  readonly format: DatasetFormat;
  readonly ending: string;
  readonly isGzip: boolean;
}

/** What a file's name tells, or null. */
export function parseName(path: string): NamedFormat | null {
  const [, ending, gzip] = /\.(\w+?)(\.gz)?$/i.exec(path)?.map((part) => part?.toLowerCase()) ?? [];
  if (ending === undefined) return null;
  const format = writtenEndings.get(ending) ?? readEndings.get(ending);
  const isGzip = gzip !== undefined;
  if (format === undefined || isGzip && format !== "jsonl" && format !== "csv") return null;
  return { format, ending, isGzip };
}

/** The format that a file's name tells of, or null. */
export function formatOfName(path: string): DatasetFormat | null {
  return parseName(path)?.format ?? null;
}

/** Whether a name is one of a file that is written, not only read. */
export function isWrittenName(path: string): boolean {
  const named = parseName(path);
  return named !== null && !named.isGzip && writtenEndings.has(named.ending);
}

/** Throws for a name that tells of a format which is only read. */
export function checkWrittenName(path: string, action: string): void {
  if (formatOfName(path) === null || isWrittenName(path)) return;
  const allowed = [...writtenEndings.keys()].map((ending) => `.${ending}`).join(", ");
  throw new RangeError(`Cannot ${action}: a file's name must end with ${allowed}, got ${describe(path)}`);
}

export function checkFormat(format: unknown, action: string): DatasetFormat | null {
  if (format === undefined) return null;
  if (formats.includes(format as DatasetFormat)) return format as DatasetFormat;
  throw new RangeError(`Cannot ${action}: format must be ${formats.join(", ")}, got ${describe(format)}`);
}

/** Split names as HuggingFace allows them. */
export function checkSplit(split: unknown, action: string): string {
  if (typeof split === "string" && /^\w+(\.\w+)*$/.test(split)) return split;
  throw new RangeError(
    `Cannot ${action}: a split must be named by letters, digits, _ and single dots, got ${describe(split)}`,
  );
}
