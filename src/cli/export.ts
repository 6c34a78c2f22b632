/** `streamstore export`: a store becomes a dataset, on the disk or on the Hub. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Command, Option } from "commander";
import type { SaveDatasetOptions } from "../dataset/save_options.ts";
import type { SaveLeRobotOptions } from "../dataset/lerobot/types.ts";
import { namesIn, unfinished, unfinishedBeside } from "../store/durable_file.ts";
import type { StreamStore } from "../store.ts";
import { withGrowth } from "./bar_growth.ts";
import { episodesFlag, episodesHelp, parseEpisodes } from "./episode_option.ts";
import { checkName, UsageError } from "./exit.ts";
import { onInterrupt } from "./interrupt.ts";
import { jsonOf } from "./json.ts";
import { line, printable } from "./output.ts";
import { checkSortBy, sortedCopy } from "./sorted.ts";
import { chooseColumns, namesOf, numbersOf, wholeNumber, withStore } from "./store.ts";
import { grouped } from "./table.ts";

interface ExportOptions {
  readonly split: string;
  readonly format?: "disk" | "parquet" | "arrow" | "jsonl" | "csv" | "lerobot";
  readonly step?: string;
  readonly sortBy?: readonly string[];
  readonly append?: true;
  readonly shardBytes?: number;
  readonly revision?: string;
  readonly config?: string;
  readonly private?: true;
  readonly message?: string;
  readonly fps?: string;
  readonly episodes?: string;
  readonly fields?: readonly string[];
  readonly task?: readonly string[];
  readonly robotType?: string;
  readonly shape?: readonly string[];
  readonly json?: true;
}

const formats = ["disk", "parquet", "arrow", "jsonl", "csv", "lerobot"];
const repeated = (text: string, before: readonly string[] = []) => [...before, text];

export function define(command: Command): void {
  command.argument("<store>", "the store's directory")
    .argument("<target>", "a file, a folder, or user/name on the HuggingFace Hub")
    .option("--split <name>", "the split that the rows become", "train")
    .addOption(
      new Option("--format <format>", "by default what the name tells, or what lies in the folder, or disk")
        .choices(formats),
    )
    .option("--step <column>", "also writes the steps, as a column of this name")
    .option("--sort-by <columns>", "sorts the rows, by the first column first", namesOf)
    .option("--append", "on the Hub: pushes only the rows that are new")
    .option("--shard-bytes <bytes>", "about how many go into each file of a folder", wholeNumber)
    .option("--revision <branch>", "the Hub's branch")
    .option("--config <name>", "which config of the README the split is of")
    .option("--private", "a repository that is made is private")
    .option("--message <text>", "what the commit says")
    .option("--fps <number>", "LeRobot: frames a second")
    .option(episodesFlag, `LeRobot: ${episodesHelp}`)
    .option("--fields <names>", "LeRobot: fields and extras; all where nothing is said", namesOf)
    .option("--task <text>", "LeRobot: a task's name; may be repeated", repeated)
    .option("--robot-type <name>", "LeRobot: the robot")
    .option("--shape <name=sizes>", "LeRobot: a feature's shape: camera=480,640,3; may be repeated", repeated)
    .option("--json", "a line of JSON")
    .addHelpText("after", help)
    .action((path: string, target: string, options: ExportOptions) =>
      withStore(path, (store) => exportTo(store, target, options))
    );
}

const help = `
Example: streamstore export run.stream run.parquet

--sort-by takes fields of a number, extras, and the column of --step; it writes the rows to a temporary file first.
HF_TOKEN and HF_ENDPOINT count. What was at the target is there until all of the new is, also after Ctrl-C.`;

async function exportTo(store: StreamStore, target: string, options: ExportOptions): Promise<void> {
  const { fps, episodes, fields, task, robotType, shape, split, json, sortBy } = options;
  const isRobot = options.format === "lerobot";
  const ofRobot = [fps, episodes, fields, task, robotType, shape].some((option) => option !== undefined);
  if (!isRobot && ofRobot) {
    throw new UsageError(
      "--fps, --episodes, --fields, --task, --robot-type and --shape need --format lerobot",
    );
  }
  checkSorting(store, options);
  const scratch = sortBy === undefined ? null : mkdtempSync(join(tmpdir(), "streamstore-export-"));
  const save = isRobot
    ? robotSave(store, target, options)
    : scratch !== null
    ? () => saveSorted(store, scratch, target, options)
    : () => store.saveDataset(target, split, saveOptions(options));
  const before = new Set(halfMade(target));
  const own = () => halfMade(target).filter((path) => !before.has(path));
  const remove = (path: string) => rmSync(path, { recursive: true, force: true });
  const end = onInterrupt(() => [...own(), ...scratch === null ? [] : [scratch]].forEach(remove));
  try {
    await withGrowth(`Exporting to ${target}`, own, save);
  } finally {
    if (scratch !== null) remove(scratch);
  }
  end();
  const rows = store.rowCount - store.firstRow;
  if (json) line(jsonOf({ target, split, rows }));
  else line(printable(`${target}: ${grouped(rows)} rows${isRobot ? "" : ` as ${split}`}`));
}

function checkSorting(store: StreamStore, { sortBy, step, append, format }: ExportOptions): void {
  if (sortBy === undefined) return;
  if (format === "lerobot") {
    throw new UsageError("LeRobot's frames have their own order: --sort-by does not go with it");
  }
  if (append) {
    throw new UsageError("Rows are pushed in the order of the store: --sort-by does not go with --append");
  }
  checkSortBy(store, sortBy, step);
}

async function saveSorted(
  store: StreamStore,
  scratch: string,
  target: string,
  options: ExportOptions,
): Promise<void> {
  const { sortBy, step, split } = options;
  using sorted = await sortedCopy(store, scratch, { sortBy: sortBy!, ...(step !== undefined && { step }) });
  await sorted.saveDataset(target, split, saveOptions({ ...options, step: undefined }));
}

/** What is being written for a target, beside it or within. */
function halfMade(target: string): string[] {
  const within = [target, join(target, "data")].flatMap((folder) =>
    namesIn(folder).filter((name) => unfinished(name) !== null).map((name) => join(folder, name))
  );
  return [...unfinishedBeside(target), ...within];
}

function saveOptions(options: ExportOptions): SaveDatasetOptions {
  const { format, step, append, shardBytes, revision, config, message } = options;
  const given = {
    format,
    step,
    append,
    shardBytes,
    revision,
    config,
    private: options.private,
    commitMessage: message,
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

function robotSave(store: StreamStore, target: string, options: ExportOptions): () => Promise<void> {
  const { fps, episodes, task, robotType, shape = [] } = options;
  if (fps === undefined || !(Number(fps) > 0)) {
    throw new UsageError("--format lerobot needs --fps, a number above 0");
  }
  if (episodes === undefined || episodes === "rows") {
    throw new UsageError("--format lerobot needs --episodes, end=FIELD or id=FIELD");
  }
  const { fields, extras } = chooseColumns(store, options.fields);
  const given: SaveLeRobotOptions = {
    fields: fields.map(({ name }) => name),
    extra: extras.map(({ name }) => name),
    fps: Number(fps),
    episodes: parseEpisodes(store, episodes) as SaveLeRobotOptions["episodes"],
    ...(task && { tasks: task }),
    ...(robotType && { robotType }),
    features: Object.fromEntries(shape.map((text) => parseShape(store, text))),
  };
  return async () => {
    const { saveLeRobot } = await import("../dataset/lerobot/lerobot.ts");
    await saveLeRobot(store, target, given as never);
  };
}

function parseShape({ fields, extras }: StreamStore, text: string): [string, { readonly shape: number[] }] {
  const at = text.lastIndexOf("=");
  if (at < 1) throw new UsageError(`A shape must be given as name=480,640,3, got "${text}"`);
  const name = text.slice(0, at);
  checkName("field or extra", name, [...fields, ...extras].map(({ name }) => name));
  return [name, { shape: numbersOf(text.slice(at + 1)) }];
}
