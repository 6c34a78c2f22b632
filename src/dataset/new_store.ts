/** Stores made of a dataset: a field for each column of numbers, of the dtype that the column has. */
import type { Table } from "apache-arrow";
import { rmSync } from "node:fs";
import type { Dtype } from "../dtypes.ts";
import { describe, type FieldEntry } from "../fields.ts";
import { checkOptions, optionNames } from "../options.ts";
import { openSession, type Session, temporarySession } from "../store/session.ts";
import { type ExtraForm, kindOfForm, parseChoice, wantsExtras } from "./extras/wanted.ts";
import { arePaths, columnsOf, commonDtype, type FoundColumn, pathsAlone } from "./columns.ts";
import { loadInto } from "./known_features.ts";
import {
  datasetNames,
  type LoadOptions,
  type NewDatasetOptions,
  type NewStoreOptions,
} from "./load_options.ts";
import { loadTable } from "./session.ts";
import { appendFiles } from "./rows.ts";
import { checkTable, columnsOfTable } from "./table/from_arrow.ts";

const action = "make a store of a dataset";
const newStoreNames: Readonly<Record<keyof NewStoreOptions, true>> = {
  step: true,
  nullInList: true,
  extra: true,
  columns: true,
  path: true,
  capacity: true,
  onLeftOut: true,
};
const keys = optionNames<NewStoreOptions>(newStoreNames);
const datasetKeys = optionNames<NewDatasetOptions>({ ...newStoreNames, ...datasetNames });

export async function storeOfTable(table: Table, options: NewStoreOptions): Promise<Session> {
  checkOptions(options, keys, action);
  checkTable(table, action);
  const found = columnsOfTable(table, wantsExtras(options.extra));
  return await fill(found, options, (session, load) => loadTable(session, table, load));
}

export async function storeOfParquet(path: string, options: NewStoreOptions): Promise<Session> {
  checkOptions(options, keys, action);
  const { parquetPaths } = await import("./parquet/read/file.ts");
  const { openParquet } = await import("./parquet/read/rows.ts");
  const paths = await parquetPaths(path);
  const files = paths.map((path) => () => openParquet(path));
  return await fill(
    await columnsOf(files, action, wantsExtras(options.extra)),
    options,
    async (session, load) => {
      await loadInto(session, "load Parquet", (target) => appendFiles(target, files, load, "load Parquet"));
    },
  );
}

export async function storeOfDataset(
  name: string,
  split: string,
  options: NewDatasetOptions,
): Promise<Session> {
  checkOptions(options, datasetKeys, action);
  const { appendDataset, withDataset } = await import("./load.ts");
  const { path: _, capacity: _capacity, onLeftOut: _told, columns: _columns, ...load } = options;
  return await withDataset(name, split, load, async (opened) => {
    return await fill(
      await columnsOf(opened.files, action, wantsExtras(options.extra)),
      options,
      async (session, { extra }) => {
        const asked = { ...opened, options: { ...opened.options, extra } };
        await loadInto(session, "load a dataset", (target) => appendDataset(target, asked));
      },
    );
  });
}

/** A new store with the fields that are found, and the rows of the dataset. Where that fails nothing is left of it. */
async function fill(
  found: readonly FoundColumn[],
  options: NewStoreOptions,
  load: (session: Session, options: LoadOptions) => Promise<void>,
): Promise<Session> {
  const { path, capacity, step, nullInList } = options;
  const chosen = chooseExtras(found, options.extra);
  tellOfPaths(found, chosen, options);
  const fields = chooseFields(found, options, chosen);
  const extra = Object.fromEntries(Array.from(chosen, ([name, form]) => [name, kindOfForm(form)]));
  const session = path === undefined
    ? temporarySession(fields, { capacity, extra })
    : openSession(path, { fields, extra, mode: "create", capacity });
  try {
    await load(session, { step, nullInList, extra: Object.fromEntries(chosen) });
    return session;
  } catch (error) {
    session.close();
    if (path !== undefined) rmSync(path, { recursive: true, force: true });

    throw error;
  }
}

function chooseFields(
  found: readonly FoundColumn[],
  { columns, step, onLeftOut }: NewStoreOptions,
  extras: ReadonlyMap<string, ExtraForm>,
): FieldEntry[] {
  if (columns !== undefined) checkColumns(columns, found, step);
  const fields: FieldEntry[] = [];
  for (const column of found) {
    const { name, dtypes } = column;
    const isAsked = columns?.includes(name) ?? !extras.has(name);
    const reason = reasonAgainst(column, step) ?? (isAsked ? null : "columns does not name it");
    if (reason === null) fields.push([name, commonDtype(dtypes as readonly Dtype[])]);
    else if (name !== step && !extras.has(name)) onLeftOut?.({ name, reason });
  }
  if (fields.length > 0) return fields;
  const reasons = found.map((column) => `${column.name}: ${reasonAgainst(column, step)}`);
  throw new TypeError(
    `Cannot ${action}: it must have a column of numbers, got ${reasons.join("; ") || "no columns"}`,
  );
}

/** Of pictures that are elsewhere only the paths are kept, which nobody has asked for as such. */
function tellOfPaths(
  found: readonly FoundColumn[],
  chosen: ReadonlyMap<string, ExtraForm>,
  { onLeftOut }: NewStoreOptions,
): void {
  for (const column of found) {
    const { name } = column;
    if (arePaths(column) && chosen.get(name) === "string") onLeftOut?.({ name, reason: pathsAlone });
  }
}

/** The columns that become extras. */
function chooseExtras(found: readonly FoundColumn[], choice: unknown): Map<string, ExtraForm> {
  const asked = choice === undefined ? false : parseChoice(choice, action);
  const chosen = new Map<string, ExtraForm>();
  if (asked === false) return chosen;
  for (const { name, form } of found) if (asked === true && form !== undefined) chosen.set(name, form);
  if (asked === true) return chosen;
  const fitting = found.filter(({ form }) => form !== undefined).map(({ name }) => name).join(", ");
  for (const [name, form] of asked) {
    const column = found.find((candidate) => candidate.name === name);
    const taken = form ?? column?.form;
    if (column === undefined || taken === undefined) {
      const got = column === undefined ? "there is none" : column.dtypes;
      throw new TypeError(
        `Cannot ${action}: extra must name columns of text or bytes (${fitting}), got ${describe(name)}: ${
          typeof got === "string" ? got : "it holds numbers"
        }`,
      );
    }
    chosen.set(name, taken);
  }
  return chosen;
}

/** Why a column is no field; null where it can be one. */
function reasonAgainst({ name, dtypes }: FoundColumn, step: string | undefined): string | null {
  if (name === step) return "it has the steps";
  if (name === "step") return 'no field can be named "step"; the option step takes the steps from it';
  return typeof dtypes === "string" ? dtypes : null;
}

function checkColumns(columns: unknown, found: readonly FoundColumn[], step: string | undefined): void {
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
