import type { Feature } from "../../features.ts";

/** A column of a Parquet file. Part of {@linkcode ParquetSchema}. */
export interface ParquetColumn {
  /** As in the file; of nested columns the path, with dots. */
  readonly name: string;
  /** What a field of a store would be loaded with; null where the column is no numbers. */
  readonly feature: Feature | null;
}

/** What a Parquet file, or a folder of them, holds. Returned by {@linkcode parquetSchema}. */
export interface ParquetSchema {
  /** Their paths, in the order in which they are loaded. */
  readonly files: readonly string[];
  /** Rows in all files. */
  readonly rowCount: number;
  /** The columns of all files, in the order in which they are first met. */
  readonly columns: readonly ParquetColumn[];
}

/**
 * Looks at a Parquet file, or at all in a folder and those below it, without reading rows: to choose a store's fields.
 *
 * @param path A file or a folder.
 * @returns The files, their rows and their columns.
 * @throws {StreamStoreError} If there is no such file (`not-found`), it is not whole or no Parquet (`damaged`), or is
 * encrypted (`unsupported`).
 *
 * @example
 * ```ts
 * import { parquetSchema, StreamStore } from "@streamstore/streamstore";
 * import assert from "node:assert/strict";
 * import { mkdtempSync } from "node:fs";
 * import { tmpdir } from "node:os";
 *
 * const path = `${mkdtempSync(`${tmpdir()}/example-`)}/run.parquet`;
 * using store = new StreamStore({ action: 0, observation: 1 });
 * for (let step = 0; step < 4; step++) store.append(step, { action: step, observation: [step, 1] });
 *
 * await store.saveDataset(path);
 * const { columns } = await parquetSchema(path);
 * const names = columns.filter(({ feature }) => feature !== null).map(({ name }) => name);
 * using copy = new StreamStore(Object.fromEntries(names.map((name, type) => [name, type])));
 * await copy.fromParquet(path);
 * assert.deepEqual(copy.rows(), store.rows());
 * ```
 */
export async function parquetSchema(path: string): Promise<ParquetSchema> {
  const { ParquetFile, parquetPaths } = await import("./file.ts");
  const { openBytes } = await import("../../files/byte_source.ts");
  const files = await parquetPaths(path);
  const columns = new Map<string, ParquetColumn>();
  let rowCount = 0;
  for (const name of files) {
    const file = await ParquetFile.read(await openBytes(name));
    for (const count of file.groupRows) rowCount += count;
    for (const [name, column] of file.columns) {
      if (!columns.has(name)) columns.set(name, { name, feature: column?.feature ?? null });
    }
    await file.close();
  }
  return { files, rowCount, columns: [...columns.values()] };
}
