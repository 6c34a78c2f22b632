import type { Table } from "apache-arrow";
import { Batch } from "../batch.ts";
import type { Connection } from "../connection.ts";
import { describe, type Field } from "../fields.ts";
import type { ArrowData } from "./arrow/sources.ts";
import type { ArrowField } from "./arrow/types.ts";
import type { LoadedColumn } from "./known_features.ts";
import { ArrowRows } from "./load/arrow/rows.ts";
import { RowAppender } from "./load/rows.ts";
import type { LoadOptions } from "./load_options.ts";
import { checkNullInList } from "./null_in_list.ts";

const action = "load a dataset";

/** Appends all rows of a table. What is returned are the features of the columns that were loaded. */
export function appendTable(
  connection: Connection,
  fields: readonly Field[],
  table: Table,
  options: LoadOptions,
): readonly LoadedColumn[] {
  checkTable(table);
  const nanForNull = checkNullInList(options.nullInList, action);
  const { step } = options;
  const columns = table.schema.fields as unknown as readonly ArrowField[];
  const rows = new ArrowRows(columns, table.schema.metadata, { fields, step, keys: [], nanForNull }, action);
  const batch = new Batch(connection);
  try {
    const appender = new RowAppender(connection, batch, action);
    for (const { data } of table.batches) {
      if (data.length > 0) appender.add(rows.block(data as unknown as ArrowData), step);
    }
    batch.commit();
  } catch (error) {
    batch.abandon();
    throw error;
  }
  return rows.columns;
}

function checkTable(table: unknown): asserts table is Table {
  const given = table as Partial<Table> | null;
  if (typeof given === "object" && Array.isArray(given?.batches) && Array.isArray(given?.schema?.fields)) {
    return;
  }
  throw new TypeError(`Cannot ${action}: it must be a Table of apache-arrow, got ${describe(table)}`);
}
