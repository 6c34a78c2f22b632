/** `streamstore stats`: what the values of fields are like, and episodes. */
import type { Command } from "commander";
import type { EpisodeRule } from "../sample/options.ts";
import type { FieldStats } from "../statistics/field_stats.ts";
import type { StreamStore } from "../store.ts";
import { episodesFlag, episodesHelp, parseEpisodes } from "./episode_option.ts";
import { type Episodes, episodesOf } from "./episodes.ts";
import { jsonOf, type Shown } from "./json.ts";
import { line, widthOf } from "./output.ts";
import { rowValues } from "./row_values.ts";
import { PartMeans, sparkline } from "./sparkline.ts";
import { chooseFields, namesOf, withStore } from "./store.ts";
import { grouped, tableLines } from "./table.ts";
import { roundedText } from "./values.ts";

interface StatsOptions {
  readonly fields?: readonly string[];
  readonly episodes?: string;
  readonly json?: true;
}

const quantiles = [0.01, 0.25, 0.5, 0.75, 0.99] as const;
/** They are estimates, which no further digits would make better. */
const quantileDigits = 3;
const parts = 24;

export function define(command: Command): void {
  command.argument("<path>", "the store's directory")
    .option("--fields <names>", "the fields to look at", namesOf)
    .option(episodesFlag, `${episodesHelp}: also lengths of episodes, and sums of fields in them`)
    .option("--json", "a line of JSON for each field, and for each sum over episodes")
    .addHelpText("after", help)
    .action((path: string, options: StatsOptions) => withStore(path, (store) => stats(store, options)));
}

const help = `
Example: streamstore stats run.stream --fields reward,action --episodes end=done

All rows are read. Quantiles are right to 0.4 % of the value. The line of bars shows means from the first row to the
last, of a list that of its first element; of episodes from the first to the last.`;

function stats(store: StreamStore, options: StatsOptions): void {
  const names = chooseFields(store, options.fields);
  const rule = options.episodes === undefined ? undefined : parseEpisodes(store, options.episodes);
  const found = store.stats({ fields: names });
  const fields = names.map((name): FieldRow => ({ name, stats: found[name], means: meansOf(store, name) }));
  if (options.json) fields.forEach((field) => line(jsonOf(jsonField(field))));
  else showTable(fieldTitles, fields.map(fieldCells));
  if (rule !== undefined) showEpisodes(store, names, rule, options);
}

interface FieldRow {
  readonly name: string;
  readonly stats: FieldStats;
  readonly means: Float64Array;
}

/** Of equal parts of the rows. */
function meansOf(store: StreamStore, name: string): Float64Array {
  const { firstRow, rowCount } = store;
  const means = new PartMeans(rowCount - firstRow, parts);
  for (const { from, values } of rowValues(store, name, 0, [firstRow, rowCount])) {
    for (let i = 0; i < values.length; i++) means.add(from - firstRow + i, values[i]);
  }
  return means.means;
}

/** What is most asked for comes first: a narrow terminal cuts the rest. */
const fieldTitles = [
  "field",
  "over rows",
  "mean",
  "min",
  "1 %",
  "25 %",
  "50 %",
  "75 %",
  "99 %",
  "max",
  "deviation",
  "values",
  "missing",
  "not finite",
];

function fieldCells({ name, stats, means }: FieldRow): string[] {
  const { count, missing, nonFinite, min, max, mean, standardDeviation } = stats;
  const estimates = quantiles.map((q) => shortText(Number(stats.quantile(q).toPrecision(quantileDigits))));
  const counts = [count, missing, nonFinite].map(grouped);
  const [first, last] = [[mean, min].map(shortText), [max, standardDeviation].map(shortText)];
  return [name, sparkline(means), ...first, ...estimates, ...last, ...counts];
}

/** A statistic of no values is none. */
const shortText = (value: number) => Number.isNaN(value) ? "-" : roundedText(value);

function jsonField({ name, stats, means }: FieldRow): Shown {
  const { rowCount, count, missing, nonFinite, min, max, mean, standardDeviation } = stats;
  return {
    field: name,
    rows: rowCount,
    values: count,
    missing,
    nonFinite,
    min: orNull(min),
    max: orNull(max),
    mean: orNull(mean),
    standardDeviation: orNull(standardDeviation),
    quantiles: Object.fromEntries(quantiles.map((q) => [String(q), orNull(stats.quantile(q))])),
    means: Array.from(means, orNull),
  };
}

const orNull = (value: number) => Number.isNaN(value) ? null : value;

function showTable(titles: readonly string[], rows: readonly (readonly string[])[]): void {
  const isText = (title: string, at: number) => at === 0 || title.startsWith("over ");
  const columns = titles.map((title, at) => ({
    title,
    align: isText(title, at) ? "left" as const : "right" as const,
  }));
  for (const text of tableLines(columns, rows, widthOf())) line(text);
}

const episodeTitles = ["of an episode", "over episodes", "mean", "min", "25 %", "50 %", "75 %", "max"];
const episodeQuantiles = [0, 0.25, 0.5, 0.75, 1] as const;

function showEpisodes(
  store: StreamStore,
  names: readonly string[],
  rule: EpisodeRule,
  { json }: StatsOptions,
): void {
  const episodes = episodesOf(store, rule);
  const { ranges, unfinishedRows } = episodes;
  const rows = episodeSums(store, names, rule, episodes);
  if (json) {
    const told = { episodes: ranges.length, unfinishedRows };
    for (const { what, sums } of rows) line(jsonOf({ ofEpisode: what, ...told, ...jsonSums(sums) }));
    return;
  }
  line();
  line(
    `${grouped(ranges.length)} episodes${
      unfinishedRows > 0 ? `; ${grouped(unfinishedRows)} rows of one that has not ended` : ""
    }`,
  );
  if (ranges.length > 0) showTable(episodeTitles, rows.map(({ what, sums }) => sumCells(what, sums)));
}

interface EpisodeSums {
  readonly what: string;
  /** One an episode. */
  readonly sums: Float64Array;
}

/** Lengths, and the sums of fields of which a row has one number, but for those that say where episodes are. */
function episodeSums(
  store: StreamStore,
  names: readonly string[],
  rule: EpisodeRule,
  { ranges }: Episodes,
): EpisodeSums[] {
  const ofRule = rule === "rows" ? [] : "id" in rule ? [rule.id] : "end" in rule ? [rule.end].flat() : [];
  const single = names.filter((name) => !ofRule.includes(name) && isSingle(store, name));
  return [
    { what: "rows", sums: Float64Array.from(ranges, ([from, to]) => to - from) },
    ...single.map((name) => ({ what: `sum of ${name}`, sums: sumsOf(store, name, ranges) })),
  ];
}

function isSingle(store: StreamStore, name: string): boolean {
  if (store.rowCount === store.firstRow) return true;
  for (let row = store.rowCount - 1; row >= Math.max(store.firstRow, store.rowCount - 1000); row--) {
    const value = store.row(row)[name];
    if (value !== undefined) return typeof value !== "object";
  }
  return true;
}

/** A row without the field, or with a NaN, adds nothing. */
function sumsOf(store: StreamStore, name: string, ranges: Episodes["ranges"]): Float64Array {
  const sums = new Float64Array(ranges.length);
  if (ranges.length === 0) return sums;
  let episode = 0;
  for (const { from, values } of rowValues(store, name, 0, [ranges[0][0], ranges.at(-1)![1]])) {
    for (let i = 0; i < values.length; i++) {
      while (from + i >= ranges[episode][1]) episode++;
      if (!Number.isNaN(values[i])) sums[episode] += values[i];
    }
  }
  return sums;
}

function sumCells(what: string, sums: Float64Array): string[] {
  const sorted = sums.toSorted();
  const mean = sums.reduce((sum, value) => sum + value, 0) / sums.length;
  const numbers = [mean, ...episodeQuantiles.map((q) => sorted[Math.floor(q * (sorted.length - 1))])];
  return [what, sparkline(episodeMeans(sums)), ...numbers.map(shortText)];
}

function episodeMeans(sums: Float64Array): Float64Array {
  const means = new PartMeans(sums.length, parts);
  sums.forEach((value, episode) => means.add(episode, value));
  return means.means;
}

function jsonSums(sums: Float64Array): { readonly [name: string]: Shown } {
  const sorted = sums.toSorted();
  const at = (q: number) => sums.length === 0 ? null : sorted[Math.floor(q * (sums.length - 1))];
  return {
    min: at(0),
    max: at(1),
    mean: sums.length === 0 ? null : sums.reduce((sum, value) => sum + value, 0) / sums.length,
    quantiles: Object.fromEntries([0.25, 0.5, 0.75].map((q) => [String(q), at(q)])),
    means: Array.from(episodeMeans(sums), orNull),
  };
}
