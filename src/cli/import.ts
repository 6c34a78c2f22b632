/** `streamstore import`: a dataset becomes a store. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Command, Option } from "commander";
import type { LeftOutColumn, NewDatasetOptions } from "../dataset/load_options.ts";
import { StreamStore } from "../store.ts";
import { withGrowth } from "./bar_growth.ts";
import { UsageError } from "./exit.ts";
import { onInterrupt } from "./interrupt.ts";
import { jsonOf } from "./json.ts";
import { checkFree, makeBeside } from "./new_store.ts";
import { line, note, printable } from "./output.ts";
import { namesOf } from "./store.ts";
import { grouped } from "./table.ts";

interface ImportOptions {
  readonly split: string;
  readonly format?: "disk" | "parquet" | "arrow" | "jsonl" | "csv" | "lerobot";
  readonly columns?: readonly string[];
  /** False for none. */
  readonly extra?: readonly string[] | false;
  readonly step?: string;
  readonly sortBy?: readonly string[];
  readonly nullInList?: "error" | "nan";
  readonly revision?: string;
  readonly config?: string;
  readonly append?: true;
  readonly json?: true;
}

const formats = ["disk", "parquet", "arrow", "jsonl", "csv", "lerobot"];

export function define(command: Command): void {
  command.argument("<source>", "a file, a folder, or user/name on the HuggingFace Hub")
    .argument("<store>", "the new store's directory; with --append one that is there")
    .option("--split <name>", "the split of a dataset that has several", "train")
    .addOption(new Option("--format <format>", "where neither name nor folder tells").choices(formats))
    .option("--columns <names>", "of numbers: those that become fields; all where nothing is said", namesOf)
    .option("--extra <names>", "of text and bytes: those that are kept; all where nothing is said", namesOf)
    .option("--no-extra", "keeps none of text and bytes")
    .option("--step <column>", "the column of steps")
    .option("--sort-by <columns>", "sorts the rows, by the first column first", namesOf)
    .addOption(new Option("--null-in-list <rule>", "what becomes of it").choices(["error", "nan"]))
    .option("--revision <name>", "a branch, a tag or a commit of the Hub")
    .option("--config <name>", "which of a README's configs")
    .option("--append", "appends to a store that is there, whose fields it has")
    .option("--json", "a line of JSON")
    .addHelpText("after", help)
    .action((source: string, path: string, options: ImportOptions) =>
      options.append ? append(source, path, options) : importNew(source, path, options)
    );
}

const help = `
Example: streamstore import runs.parquet run.stream --sort-by episode,frame

Fields have the names and dtypes of the columns of numbers, or of lists of them. What is neither field nor extra is
left out, and said. A folder with meta/info.json is one of LeRobot; one on the Hub needs --format lerobot. HF_TOKEN and
HF_ENDPOINT count. The store is there whole or not at all.`;

/** What was made, and what was not taken. */
interface Imported {
  readonly rows: number;
  readonly store: Pick<StreamStore, "fields" | "extras">;
  readonly leftOut: readonly LeftOutColumn[];
}

async function importNew(source: string, path: string, options: ImportOptions): Promise<void> {
  checkFree(path);
  const made = await makeBeside(
    path,
    (temporary) =>
      withGrowth(
        `Importing ${source}`,
        () => [temporary],
        () =>
          isLeRobot(source, options)
            ? loadRobot(source, temporary, options)
            : loadNew(source, temporary, options),
      ),
  );
  tell(path, made, options);
}

function isLeRobot(source: string, { format }: ImportOptions): boolean {
  return format === "lerobot" || format === undefined && existsSync(join(source, "meta/info.json"));
}

async function loadNew(source: string, path: string, options: ImportOptions): Promise<Imported> {
  const leftOut: LeftOutColumn[] = [];
  const given = {
    ...loadOptions(options),
    path,
    onLeftOut: (column: LeftOutColumn) => void leftOut.push(column),
  };
  using store = await StreamStore.loadDataset(source, options.split, given);
  return { rows: store.rowCount, store: columnsOf(store), leftOut };
}

async function loadRobot(source: string, path: string, options: ImportOptions): Promise<Imported> {
  const { columns, extra, revision, sortBy, step } = options;
  if (sortBy ?? step) {
    throw new UsageError("LeRobot's frames have their own order: --sort-by and --step do not go with it");
  }
  const { loadLeRobot } = await import("../dataset/lerobot/lerobot.ts");
  const given = { path, ...(columns && { columns }), extra: extra ?? true, ...(revision && { revision }) };
  const { store, leftOut } = await loadLeRobot(source, given);
  using _store = store;
  return { rows: store.rowCount, store: columnsOf(store as StreamStore), leftOut };
}

/** A closed store tells no more of itself. */
const columnsOf = ({ fields, extras }: StreamStore) => ({ fields, extras });

function loadOptions(options: ImportOptions): NewDatasetOptions {
  const { format, columns, extra = true, step, sortBy, nullInList, revision, config } = options;
  const given = { format, columns, extra, step, sortBy, nullInList, revision, config };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

/** What a killed or interrupted load has written is not committed. */
async function append(source: string, path: string, options: ImportOptions): Promise<void> {
  if (isLeRobot(source, options)) {
    throw new UsageError("A LeRobot dataset becomes a store of its own: --append does not go with it");
  }
  using store = StreamStore.open(path, { mode: "append" });
  const { rowCount } = store;
  const end = onInterrupt();
  const { extra, ...given } = loadOptions(options);
  // What the store declares is loaded, unless names say less.
  const load = { ...given, ...(options.extra === undefined ? {} : { extra }) };
  await withGrowth(
    `Importing ${source}`,
    () => [path],
    () => store.loadDataset(source, options.split, load as never),
  );
  end();
  tell(path, { rows: store.rowCount - rowCount, store, leftOut: [] }, options);
}

function tell(
  path: string,
  { rows, store: { fields, extras }, leftOut }: Imported,
  { json, append, columns }: ImportOptions,
): void {
  if (json) {
    const shown = <Item extends object>(items: readonly Item[]) => items.map((item) => ({ ...item }));
    return line(
      jsonOf({ path, rows, fields: shown(fields), extras: shown(extras), leftOut: shown(leftOut) } as never),
    );
  }
  const names = [
    ...fields.map(({ name, dtype }) => `${name}: ${dtype}`),
    ...extras.map(({ name, kind }) => `${name}: ${kind}`),
  ];
  line(printable(`${path}: ${grouped(rows)} rows${append ? " more" : ""}; ${names.join(", ")}`));
  // What was not asked for is no news.
  if (columns === undefined) { for (const { name, reason } of leftOut) note(`left out: ${name}: ${reason}`); }
}
