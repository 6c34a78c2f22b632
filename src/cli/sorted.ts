/** A store's rows in the order of columns: by way of a file, whose rows are sorted while they are loaded. */
import { join } from "node:path";
import type { FieldEntry } from "../fields.ts";
import { StreamStore } from "../store.ts";
import { checkName } from "./exit.ts";

/** The columns that rows can be sorted by, where steps are one of this name. */
export function checkSortBy(store: StreamStore, sortBy: readonly string[], step: string | undefined): void {
  const steps = step === undefined ? [] : [step];
  const known = [...store.fields, ...store.extras].map(({ name }) => name);
  for (const name of sortBy) checkName("column", name, [...steps, ...known]);
}

/**
 * A temporary store with the rows of another, sorted. Its own steps count the rows; those of the other, which would be
 * out of order, are a field where `step` names one. `folder` takes the file.
 */
export async function sortedCopy(
  store: StreamStore,
  folder: string,
  { sortBy, step }: { readonly sortBy: readonly string[]; readonly step?: string },
): Promise<StreamStore> {
  const path = join(folder, "rows.arrow");
  await store.saveDataset(path, "train", step === undefined ? {} : { step });
  const columns = store.fields.map(({ name, dtype }) => ({ name, dtype }));
  const all = step === undefined ? columns : [{ name: step, dtype: "int64" as const }, ...columns];
  const fields = all.map(({ name, dtype }, type): FieldEntry => [name, { type, dtype }]);
  const extra = Object.fromEntries(store.extras.map(({ name, kind }) => [name, kind]));
  const sorted = new StreamStore(fields, { extra }) as unknown as StreamStore;
  try {
    await sorted.loadDataset(path, "train", { sortBy });
    return sorted;
  } catch (error) {
    sorted.close();
    throw error;
  }
}
