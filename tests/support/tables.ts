/** What the tests of tables of Arrow that are loaded share. */
import { type Data, makeVector, Table, Vector } from "apache-arrow";
import { type Feature, type LoadOptions, StreamStore } from "../../mod.ts";

export const value = (dtype: string): Feature => ({ dtype, _type: "Value" });

export function tableOf(columns: Record<string, Vector | Data>): Table {
  return new Table(columns as Record<string, Vector>);
}

export function int64s(...values: bigint[]): Vector {
  return makeVector(BigInt64Array.from(values)) as unknown as Vector;
}

/** Rows with lists as plain arrays. */
export function rowsOf(store: StreamStore): unknown[] {
  return store.rows().map((row) =>
    Object.fromEntries(
      Object.entries(row).map((
        [name, entry],
      ) => [name, ArrayBuffer.isView(entry) ? [...entry as Float64Array] : entry]),
    )
  );
}

export async function load(
  fields: ConstructorParameters<typeof StreamStore>[0],
  table: Table,
  options?: LoadOptions,
) {
  const store = new StreamStore(fields);
  await store.fromDataset(table, options);
  return store;
}
