/** Rows as a table, JSON lines or CSV: what `head` and `tail` write. */
import { type Command, Option } from "commander";
import type { StreamStore } from "../store.ts";
import { blockEnd } from "./blocks.ts";
import { flush, line, widthOf } from "./output.ts";
import { csvRow, csvTitles, jsonRow, type ShownRow, shownRows } from "./row_text.ts";
import { chooseColumns, namesOf, type ShownColumns, wholeNumber } from "./store.ts";
import { Table, type TableColumn } from "./table.ts";
import { extraText, valueText } from "./values.ts";

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

function jsonLines(columns: ShownColumns): (rows: readonly ShownRow[]) => void {
  return (rows) => {
    for (const row of rows) line(jsonRow(columns, row));
  };
}

function csvLines(columns: ShownColumns): (rows: readonly ShownRow[]) => void {
  let hasTitles = false;
  return (rows) => {
    if (!hasTitles) line(csvTitles(columns));
    hasTitles = true;
    for (const row of rows) line(csvRow(row));
  };
}
