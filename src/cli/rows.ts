/** Rows as a table, JSON lines or CSV: what `head` and `tail` write. */
import { type Command, Option } from "commander";
import type { StreamStore } from "../store.ts";
import { blockEnd } from "./blocks.ts";
import { csvLine } from "./csv.ts";
import { jsonObject, type Shown } from "./json.ts";
import { flush, line, widthOf } from "./output.ts";
import { chooseColumns, namesOf, type ShownColumns, wholeNumber } from "./store.ts";
import { Table, type TableColumn } from "./table.ts";
import { type CellValue, extraText, valueText } from "./values.ts";

export interface RowOptions {
  /** How many rows. */
  readonly n: number;
  readonly fields?: readonly string[];
  readonly format: "table" | "jsonl" | "csv";
  readonly json?: true;
}

/** The options of what shows rows. */
export function addRowOptions(command: Command, which: string): Command {
  return command.argument("<path>", "the store's directory")
    .option("-n <rows>", `how many of the ${which} rows`, wholeNumber, 10)
    .option("--fields <names>", "fields and extras to show, with commas between them", namesOf)
    .addOption(
      new Option("--format <format>", "how rows are written").choices(["table", "jsonl", "csv"]).default(
        "table",
      ),
    )
    .option("--json", "the same as --format jsonl");
}

/** A row as it is shown: its index, its step, and its values in the order of the columns. */
interface ShownRow {
  readonly index: number;
  readonly step: number | bigint;
  readonly values: readonly CellValue[];
  readonly extras: readonly (string | Uint8Array | null)[];
}

export interface RowWriter {
  /** Writes rows `[from, to)` of the store, of which columns and titles were made. */
  write(store: StreamStore, from: number, to: number): void;
}

export function rowWriter(store: StreamStore, options: RowOptions): RowWriter {
  const columns = chooseColumns(store, options.fields);
  const format = options.json ? "jsonl" : options.format;
  const show = { table: tableOf, jsonl: jsonLines, csv: csvLines }[format](columns);
  return {
    write(store, from, to) {
      if (from === to) show([]);
      for (let at = from, end: number; at < to; at = end) {
        end = blockEnd(store, at, to);
        show(shownRows(store, columns, at, end));
        flush();
      }
    },
  };
}

function shownRows(
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

function tableOf({ fields, extras }: ShownColumns): (rows: readonly ShownRow[]) => void {
  const columns: TableColumn[] = [
    { title: "row", align: "right" },
    { title: "step", align: "right" },
    ...fields.map(({ name }): TableColumn => ({ title: name, align: "right" })),
    ...extras.map(({ name }): TableColumn => ({ title: name })),
  ];
  let table: Table | undefined;
  return (rows) => {
    const cells = rows.map(({ index, step, values, extras }) => [
      String(index),
      String(step),
      ...values.map((value, at) => valueText(value, fields[at].dtype)),
      ...extras.map(extraText),
    ]);
    const hasTitles = table === undefined;
    table ??= new Table(columns, cells);
    for (const text of table.linesOf(cells, widthOf(), hasTitles)) line(text);
  };
}

function jsonLines({ fields, extras }: ShownColumns): (rows: readonly ShownRow[]) => void {
  return (rows) => {
    for (const row of rows) {
      const values = fields.map(({ name }, at): [string, Shown] => [name, row.values[at] ?? null]);
      const beside = extras.map(({ name }, at): [string, Shown] => [name, textOf(row.extras[at])]);
      line(jsonObject([["step", row.step], ...values, ...beside]));
    }
  };
}

function csvLines({ fields, extras }: ShownColumns): (rows: readonly ShownRow[]) => void {
  let hasTitles = false;
  return (rows) => {
    if (!hasTitles) line(csvLine(["step", ...[...fields, ...extras].map(({ name }) => name)]));
    hasTitles = true;
    for (const { step, values, extras } of rows) line(csvLine([step, ...values, ...extras.map(textOf)]));
  };
}

/** Neither JSON nor CSV has bytes: they are written as base64. */
function textOf(value: string | Uint8Array | null): string | null {
  return value instanceof Uint8Array ? value.toBase64() : value;
}
