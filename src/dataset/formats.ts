import { describe } from "../fields.ts";

/**
 * The forms in which a dataset lies on a disk: a folder as HuggingFace's `save_to_disk` writes it, Parquet, Arrow IPC,
 * JSON lines, or CSV.
 *
 * @example
 * ```ts
 * import { type DatasetFormat, StreamStore } from "@streamstore/streamstore";
 * import assert from "node:assert/strict";
 * import { mkdtempSync } from "node:fs";
 * import { tmpdir } from "node:os";
 *
 * const path = `${mkdtempSync(`${tmpdir()}/example-`)}/run`;
 * using store = new StreamStore({ action: 0, observation: 1 });
 * for (let step = 0; step < 4; step++) store.append(step, { action: step, observation: [step, 1] });
 *
 * const formats: DatasetFormat[] = ["disk", "parquet", "arrow", "jsonl", "csv"];
 * for (const format of formats) await store.saveDataset(`${path}-${format}`, "train", { format });
 * using copy = new StreamStore({ action: 0, observation: 1 });
 * for (const format of formats) await copy.loadDataset(`${path}-${format}`, "train");
 * assert.equal(copy.rowCount, 5 * 4);
 * ```
 */
export type DatasetFormat = "disk" | "parquet" | "arrow" | "jsonl" | "csv";

export const formats: readonly DatasetFormat[] = ["disk", "parquet", "arrow", "jsonl", "csv"];

const endings: ReadonlyMap<string, DatasetFormat> = new Map(Object.entries({
  parquet: "parquet",
  arrow: "arrow",
  arrows: "arrow",
  feather: "arrow",
  jsonl: "jsonl",
  ndjson: "jsonl",
  csv: "csv",
}));

/** The format that a file's name tells of, or null. */
export function formatOfName(path: string): DatasetFormat | null {
  return endings.get(/\.(\w+)$/.exec(path)?.[1]?.toLowerCase() ?? "") ?? null;
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
