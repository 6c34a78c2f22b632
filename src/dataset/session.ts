/** What a store does with datasets: the methods' own part, loaded with the first call of one. */
import type { Table } from "apache-arrow";
import type { Session } from "../store/session.ts";
import { type KnownFeatures, loadInto, rememberFeatures, rowsOfStore } from "./known_features.ts";
import type { LoadDatasetOptions, LoadOptions, ParquetOptions } from "./load_options.ts";
import type { SaveDatasetOptions } from "./save_options.ts";
import type { ToDatasetOptions } from "./table/to_arrow.ts";

export async function tableOf(session: Session, options: ToDatasetOptions): Promise<Table> {
  const { toTable } = await import("./table/to_arrow.ts");
  return toTable(rowsOfStore(session, "convert to a dataset"), options);
}

export async function loadTable(session: Session, table: Table, options: LoadOptions): Promise<void> {
  const { appendTable } = await import("./table/from_arrow.ts");
  session.loadAtOnce("load a dataset", (wasEmpty) => {
    const loaded = appendTable(session, table, options);
    rememberFeatures(session.features as KnownFeatures, loaded, wasEmpty);
  });
}

export async function loadParquet(session: Session, path: string, options: ParquetOptions): Promise<void> {
  const { appendParquet } = await import("./parquet/read/rows.ts");
  await loadInto(session, "load Parquet", (target) => appendParquet(target, path, options));
}

export async function save(
  session: Session,
  name: string,
  split: string,
  options: SaveDatasetOptions,
): Promise<void> {
  const { saveDataset } = await import("./save.ts");
  await saveDataset(rowsOfStore(session, "save a dataset"), name, split, options);
}

export async function load(
  session: Session,
  name: string,
  split: string,
  options: LoadDatasetOptions,
): Promise<void> {
  const { loadDataset } = await import("./load.ts");
  const onProgress = options?.onProgress;
  // Called while the rows are on their way: what it would write is refused, and the load goes on.
  const held: LoadDatasetOptions = onProgress === undefined ? options : {
    ...options,
    onProgress: (told) => session.connection.write("report progress", () => onProgress(told)),
  };
  await loadInto(session, "load a dataset", (target) => loadDataset(target, name, split, held));
}
