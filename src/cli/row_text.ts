/** Rows as lines of JSON and of CSV. */
import type { StreamStore } from "../store.ts";
import { csvLine } from "./csv.ts";
import { jsonObject, type Shown } from "./json.ts";
import type { ShownColumns } from "./store.ts";
import type { CellValue } from "./values.ts";

/** A row as it is shown: its index, its step, and its values in the order of the columns. */
export interface ShownRow {
  readonly index: number;
  readonly step: number | bigint;
  readonly values: readonly CellValue[];
  readonly extras: readonly (string | Uint8Array | null)[];
}

export function shownRows(
  store: StreamStore,
  { fields, extras }: ShownColumns,
  from: number,
  to: number,
): ShownRow[] {
  const beside = extras.map(({ name }) => store.extra(name).slice(from, to));
  return store.rows(from, to).map((row, i) => ({
    index: from + i,
    step: row.step,
    values: fields.map(({ name }) => row[name]),
    extras: beside.map((values) => values[i]),
  }));
}

export function jsonRow({ fields, extras }: ShownColumns, row: ShownRow): string {
  const values = fields.map(({ name }, at): [string, Shown] => [name, row.values[at] ?? null]);
  const beside = extras.map(({ name }, at): [string, Shown] => [name, textOf(row.extras[at])]);
  return jsonObject([["step", row.step], ...values, ...beside]);
}

export function csvTitles({ fields, extras }: ShownColumns): string {
  return csvLine(["step", ...[...fields, ...extras].map(({ name }) => name)]);
}

export function csvRow({ step, values, extras }: ShownRow): string {
  return csvLine([step, ...values, ...extras.map(textOf)]);
}

/** Neither JSON nor CSV has bytes: they are written as base64. */
function textOf(value: string | Uint8Array | null): string | null {
  return value instanceof Uint8Array ? value.toBase64() : value;
}
