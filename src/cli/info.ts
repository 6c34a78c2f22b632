/** `streamstore info`: what stores hold, and who writes them. */
import type { Command } from "commander";
import type { Recovery } from "../store/state.ts";
import type { StreamStore } from "../store.ts";
import { episodesFlag, episodesHelp, parseEpisodes } from "./episode_option.ts";
import { exitCode } from "./exit.ts";
import { type FieldFacts, fieldFacts, kindText } from "./facts.ts";
import { type FileSize, filesOf } from "./files.ts";
import { jsonOf, type Shown } from "./json.ts";
import { line, note, printable, widthOf } from "./output.ts";
import { withStore } from "./store.ts";
import { bytesText, cut, grouped, tableLines } from "./table.ts";
import { extraText, valueText } from "./values.ts";
import process from "node:process";

interface InfoOptions {
  readonly sizes?: true;
  readonly episodes?: string;
  readonly json?: true;
}

/** What is told of a store. */
interface Facts {
  readonly path: string;
  readonly firstRow: number;
  readonly rowCount: number;
  readonly firstToken: number;
  readonly tokenCount: number;
  readonly files: readonly FileSize[];
  /** Of the first and the last row. */
  readonly steps: readonly [number | bigint, number | bigint] | null;
  readonly writer: number | null;
  readonly sessions: readonly number[];
  /** Where it was said what episodes are: how many have ended, and rows of one that has not. */
  readonly episodes?: { readonly count: number; readonly unfinishedRows: number };
  readonly recovery: Recovery;
  readonly fields: readonly FieldFacts[];
  readonly extras: readonly {
    readonly name: string;
    readonly kind: string;
    readonly newest: string | Uint8Array | null;
  }[];
}

export function define(command: Command): void {
  command.argument("<paths...>", "directories of stores")
    .option("--sizes", "also each file's bytes")
    .option(episodesFlag, `${episodesHelp}: also how many there are, for which all rows are read`)
    .option("--json", "a line of JSON for each store")
    .addHelpText("after", "\nExample: streamstore info run.stream --sizes" + explanation)
    .action(async (paths: string[], options: InfoOptions) => {
      const found: Facts[] = [];
      for (const path of paths) {
        try {
          found.push(await withStore(path, (store) => factsOf(path, store, options)));
        } catch (error) {
          if (paths.length === 1) throw error;
          note((error as Error).message);
          process.exitCode = exitCode.failure;
        }
      }
      if (options.json) return found.forEach((facts) => line(jsonOf(jsonFacts(facts, options))));
      if (paths.length > 1 && !options.sizes) return showMany(found);
      found.forEach((facts) => showOne(facts, options));
    });
}

const explanation =
  "\n\nKind, share of the tokens and newest value of a field are those of the newest 4,096 rows.";

async function factsOf(path: string, store: StreamStore, options: InfoOptions): Promise<Facts> {
  const { firstRow, rowCount } = store;
  const steps = rowCount === firstRow
    ? null
    : [store.row(firstRow).step, store.row(rowCount - 1).step] as const;
  return {
    path,
    firstRow,
    rowCount,
    firstToken: store.firstToken,
    tokenCount: store.length,
    files: filesOf(path),
    steps,
    writer: store.writer,
    sessions: store.sessions,
    ...(options.episodes === undefined ? {} : { episodes: await countEpisodes(store, options.episodes) }),
    recovery: store.recovery,
    fields: fieldFacts(store),
    extras: store.extras.map(({ name, kind }) => ({
      name,
      kind,
      newest: rowCount === firstRow ? null : store.extra(name).get(rowCount - 1),
    })),
  };
}

async function countEpisodes(store: StreamStore, rule: string): Promise<Facts["episodes"]> {
  const { episodesOf } = await import("./episodes.ts");
  const { ranges, unfinishedRows } = episodesOf(store, parseEpisodes(store, rule));
  return { count: ranges.length, unfinishedRows };
}

const sumOf = (files: readonly FileSize[], key: "bytes" | "diskBytes") =>
  files.reduce((sum, file) => sum + file[key], 0);

function showOne(facts: Facts, { sizes }: InfoOptions): void {
  const { path, rowCount, firstRow, tokenCount, firstToken, steps, writer, sessions } = facts;
  line(printable(path));
  const told: [string, string][] = [
    ["rows", countText(firstRow, rowCount)],
    ["tokens", countText(firstToken, tokenCount)],
    [
      "bytes",
      `${bytesText(sumOf(facts.files, "bytes"))}, ${bytesText(sumOf(facts.files, "diskBytes"))} on disk`,
    ],
    ["steps", steps === null ? "none" : `${steps[0]} to ${steps[1]}`],
    ["writer", writer === null ? "none" : `process ${writer}`],
    ["sessions", sessionsText(sessions)],
    ...(facts.episodes ? [["episodes", episodesText(facts.episodes)] as [string, string]] : []),
    ["recovery", recoveryText(facts.recovery)],
  ];
  for (const [name, text] of told) line(cut(`  ${name.padEnd(10)}${text}`, widthOf()));
  showTable(
    [["field"], ["type", "right"], ["dtype"], ["kind"], ["share", "right"], ["newest"]],
    facts.fields.map((field) => [
      field.name,
      String(field.type),
      field.dtype,
      kindText(field),
      `${(100 * field.share).toFixed(1)} %`,
      valueText(field.newest, field.dtype),
    ]),
  );
  if (facts.extras.length > 0) {
    const rows = facts.extras.map(({ name, kind, newest }) => [name, kind, extraText(newest)]);
    showTable([["extra"], ["kind"], ["newest"]], rows);
  }
  if (sizes) {
    const rows = facts.files.map(({ name, bytes, diskBytes }) => [name, grouped(bytes), grouped(diskBytes)]);
    showTable([["file"], ["bytes", "right"], ["on disk", "right"]], rows);
  }
}

/** Below the lines of a store, and as far to the right. */
function showTable(
  columns: readonly (readonly [string, "right"?])[],
  rows: readonly (readonly string[])[],
): void {
  const titles = columns.map(([title, align]) => ({ title, align }));
  line();
  for (const text of tableLines(titles, rows, widthOf() - 2)) line(`  ${text}`);
}

function countText(first: number, end: number): string {
  return first === 0
    ? grouped(end)
    : `${grouped(end - first)} (${grouped(first)} to ${grouped(end)}; earlier ones were dropped)`;
}

const sessionsShown = 5;

function sessionsText(sessions: readonly number[]): string {
  if (sessions.length === 0) return "none";
  const shown = sessions.slice(-sessionsShown).map(grouped).join("; ");
  const isCut = sessions.length > sessionsShown;
  return `${grouped(sessions.length)}, beginning at row${sessions.length > 1 ? "s" : ""} ${
    isCut ? "…; " : ""
  }${shown}`;
}

function episodesText({ count, unfinishedRows }: NonNullable<Facts["episodes"]>): string {
  return unfinishedRows === 0
    ? grouped(count)
    : `${grouped(count)}, and ${grouped(unfinishedRows)} rows of one that has not ended`;
}

function recoveryText({ recoveredRows, recoveredTokens, cutRows, cutTokens, cutWrites }: Recovery): string {
  const parts = [
    ...(recoveredTokens > 0
      ? [`${grouped(recoveredRows)} rows (${grouped(recoveredTokens)} tokens) were in the tail`]
      : []),
    ...(cutTokens > 0 ? [`${grouped(cutRows)} rows (${grouped(cutTokens)} tokens) are lost`] : []),
    ...(cutWrites > 0 ? [`${grouped(cutWrites)} writes of the tail are lost`] : []),
  ];
  return parts.length === 0 ? "nothing to recover" : parts.join(", ");
}

function showMany(found: readonly Facts[]): void {
  const titles = ["store", "rows", "tokens", "bytes", "last step", "writer", "fields"];
  const columns = titles.map((title, at) => ({
    title,
    align: at > 0 && at < 6 ? "right" as const : "left" as const,
  }));
  const rows = found.map((
    { path, firstRow, rowCount, firstToken, tokenCount, files, steps, writer, fields },
  ) => [
    path,
    grouped(rowCount - firstRow),
    grouped(tokenCount - firstToken),
    bytesText(sumOf(files, "bytes")),
    steps === null ? "-" : String(steps[1]),
    writer === null ? "-" : String(writer),
    fields.map(({ name }) => name).join(", "),
  ]);
  for (const text of tableLines(columns, rows, widthOf())) line(text);
}

function jsonFacts(facts: Facts, { sizes }: InfoOptions): Shown {
  const { path, firstRow, rowCount, firstToken, tokenCount, files, steps, writer, sessions, recovery } =
    facts;
  return {
    path,
    rows: rowCount - firstRow,
    firstRow,
    tokens: tokenCount - firstToken,
    firstToken,
    bytes: sumOf(files, "bytes"),
    diskBytes: sumOf(files, "diskBytes"),
    steps,
    writer,
    sessions,
    episodes: facts.episodes === undefined ? undefined : { ...facts.episodes },
    recovery: { ...recovery },
    fields: facts.fields.map(({ name, type, dtype, isList, width, share, newest }) => ({
      name,
      type,
      dtype,
      isList,
      width,
      share,
      newest: newest ?? null,
    })),
    extras: facts.extras.map(({ name, kind, newest }) => ({
      name,
      kind,
      newest: newest instanceof Uint8Array ? { bytes: newest.length } : newest,
    })),
    ...(sizes ? { files: files.map((file) => ({ ...file })) } : {}),
  };
}
