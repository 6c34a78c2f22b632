import { describe } from "../fields.ts";

/** The forms in which a dataset lies on a disk. */
export type DatasetFormat = "disk" | "parquet" | "arrow" | "jsonl" | "csv";

export const formats: readonly DatasetFormat[] = ["disk", "parquet", "arrow", "jsonl", "csv"];

const endings: Readonly<Record<string, DatasetFormat>> = {
  parquet: "parquet",
  arrow: "arrow",
  arrows: "arrow",
  feather: "arrow",
  jsonl: "jsonl",
  ndjson: "jsonl",
  csv: "csv",
};

/** The format that a file's name tells of, or null. */
export function formatOfName(path: string): DatasetFormat | null {
  return endings[/\.(\w+)$/.exec(path)?.[1]?.toLowerCase() ?? ""] ?? null;
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
