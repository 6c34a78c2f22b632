/** Stores made of a dataset: a field for each column of numbers, of the dtype that the column has. */
import type { Table } from "apache-arrow";
import { rmSync } from "node:fs";
import type { Dtype } from "../dtypes.ts";
import { describe, type FieldEntry } from "../fields.ts";
import { checkOptions, optionNames } from "../options.ts";
import { openSession, type Session, temporarySession } from "../store/session.ts";
import { layoutsOf } from "./arrow/read/rows.ts";
import { parseFeature } from "./features.ts";
import type { LoadOptions, NewStoreOptions } from "./load_options.ts";
import { parquetSchema } from "./parquet/read/schema.ts";
import { loadParquet, loadTable } from "./session.ts";
import { checkTable } from "./table/from_arrow.ts";
import type { ArrowField } from "./table/types.ts";

const action = "make a store of a dataset";
const keys = optionNames<NewStoreOptions>({
  step: true,
  nullInList: true,
  columns: true,
  path: true,
  capacity: true,
  onLeftOut: true,
});

/** A column, and the dtype of its numbers; null where it has none. */
interface Found {
  readonly name: string;
  readonly dtype: Dtype | null;
}

export async function storeOfTable(table: Table, options: NewStoreOptions): Promise<Session> {
  checkOptions(options, keys, action);
  checkTable(table, action);
  const columns = layoutsOf(table.schema.fields as unknown as readonly ArrowField[], table.schema.metadata);
  const found = columns.map(({ name, layout }): Found => ({ name, dtype: layout?.value.dtype ?? null }));
  return await fill(found, options, (session, load) => loadTable(session, table, load));
}

export async function storeOfParquet(path: string, options: NewStoreOptions): Promise<Session> {
  checkOptions(options, keys, action);
  const { columns } = await parquetSchema(path);
  const found = columns.map(({ name, feature }): Found => {
    return { name, dtype: feature === null ? null : parseFeature(name, feature, action).value.dtype };
  });
  return await fill(found, options, (session, load) => loadParquet(session, path, load));
}

/** A new store with the fields that are found, and the rows of the dataset. Where that fails nothing is left of it. */
async function fill(
  found: readonly Found[],
  options: NewStoreOptions,
  load: (session: Session, options: LoadOptions) => Promise<void>,
): Promise<Session> {
  const { path, capacity, step, nullInList } = options;
  const fields = chooseFields(found, options);
  const session = path === undefined
    ? temporarySession(fields, { capacity })
    : openSession(path, { fields, mode: "create", capacity });
  try {
    await load(session, { step, nullInList });
    return session;
  } catch (error) {
    session.close();
    if (path !== undefined) rmSync(path, { recursive: true, force: true });

    throw error;
  }
}

function chooseFields(found: readonly Found[], { columns, step, onLeftOut }: NewStoreOptions): FieldEntry[] {
  if (columns !== undefined) checkColumns(columns, found, step);
  const fields: FieldEntry[] = [];
  for (const { name, dtype } of found) {
    const isAsked = columns?.includes(name) ?? true;
    const reason = reasonAgainst({ name, dtype }, step) ?? (isAsked ? null : "columns does not name it");
    if (reason === null) fields.push([name, dtype!]);
    else if (name !== step) onLeftOut?.({ name, reason });
  }
  if (fields.length > 0) return fields;
  const reasons = found.map((column) => `${column.name}: ${reasonAgainst(column, step)}`);
  throw new TypeError(
    `Cannot ${action}: it must have a column of numbers, got ${reasons.join("; ") || "no columns"}`,
  );
}

/** Why a column is no field; null where it can be one. */
function reasonAgainst({ name, dtype }: Found, step: string | undefined): string | null {
  if (name === step) return "it has the steps";
  if (name === "step") return 'no field can be named "step"; the option step takes the steps from it';
  return dtype === null ? "it holds no numbers" : null;
}

function checkColumns(columns: unknown, found: readonly Found[], step: string | undefined): void {
  if (!Array.isArray(columns) || columns.length === 0) {
    throw new TypeError(`Cannot ${action}: columns must be a list with at least one name`);
  }
  for (const name of columns) {
    const column = found.find((candidate) => candidate.name === name);
    const reason = column === undefined ? "there is none" : reasonAgainst(column, step);
    if (reason === null) continue;
    const names = found.filter((column) => reasonAgainst(column, step) === null).map(({ name }) => name);
    throw new TypeError(
      `Cannot ${action}: columns must be of numbers (${names.join(", ")}), got ${describe(name)}: ${reason}`,
    );
  }
}
