/** The last row of a store is open: what it has got since it was sent is added to the replica's. */
import type { Table, Vector } from "apache-arrow";
import type { StreamStore } from "../store.ts";
import type { MessageHead } from "./message.ts";

/**
 * Gives the last row of a store the fields and extras that a newer version of it has, a table of one row. Returns
 * whether there were any.
 */
export function growLastRow(
  store: StreamStore,
  { fields, extras, step }: MessageHead,
  table: Table,
): boolean {
  const last = store.rowCount - 1;
  const held = store.row(last);
  const values: Record<string, never> = {};
  for (const { name } of fields) {
    const value = valueAt(table, name);
    if (value !== null && held[name] === undefined) values[name] = value as never;
  }
  const beside: Record<string, never> = {};
  for (const { name } of extras) {
    const value = valueAt(table, name);
    if (value !== null && store.extra(name).get(last) === null) beside[name] = value as never;
  }
  if (Object.keys(values).length + Object.keys(beside).length === 0) return false;
  store.append(valueAt(table, step) as bigint, values, beside);
  return true;
}

/** The value of a column in the first row. */
function valueAt(table: Table, name: string): unknown {
  const value: unknown = table.getChild(name)?.get(0) ?? null;
  const isList = typeof value === "object" && value !== null && !(value instanceof Uint8Array);
  return isList ? Array.from(value as Vector) : value;
}
