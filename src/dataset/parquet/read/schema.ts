import type { ExtraKind } from "../../../extras.ts";
import type { FoundColumn } from "../../columns.ts";
import type { Feature } from "../../features.ts";

/** A column of a Parquet file. Part of {@linkcode ParquetSchema}. */
export interface ParquetColumn {
  /** As in the file; of nested columns the path, with dots. */
  readonly name: string;
  /** What a field of a store would be loaded with; null where the column is no numbers. */
  readonly feature: Feature | null;
  /**
   * What an extra of a store would hold of it: text, or bytes; null where it is neither, or not the same in all files.
   * Pictures of which there are paths alone are text.
   */
  readonly extra: ExtraKind | null;
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
 * Looks at a Parquet file, or at all in a folder and those below it, without reading rows: to choose a store's fields and extras.
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
  const { columnsOfParquet } = await import("./rows.ts");
  const { merged } = await import("../../columns.ts");
  const found = new Map<string, FoundColumn>();
  const features = new Map<string, Feature | null>();
  let rowCount = 0;
  for (const name of files) {
    const file = await ParquetFile.read(await openBytes(name));
    for (const count of file.groupRows) rowCount += count;
    try {
      for (const column of await columnsOfParquet(file, true)) {
        const { name } = column;
        const before = found.get(name);
        found.set(name, before === undefined ? column : merged(before, column));
        if (before === undefined) features.set(name, file.columns.get(name)?.feature ?? null);
      }
    } finally {
      await file.close();
    }
  }
  const columns = Array.from(found.values(), ({ name, form = null }): ParquetColumn => {
    return { name, feature: features.get(name)!, extra: form as ExtraKind | null };
  });
  return { files, rowCount, columns };
}
