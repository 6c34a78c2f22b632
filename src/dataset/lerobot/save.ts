import type { Table } from "apache-arrow";
import { existsSync, readdirSync, statSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Connection } from "../../store/connection.ts";
import { StreamStoreError } from "../../error.ts";
import { describe, type FieldMap } from "../../fields.ts";
import { systemError, writeFolderBeside } from "../../store/durable_file.ts";
import { sessionOf } from "../../store/session.ts";
import type { StreamStore } from "../../store.ts";
import { rowsOfStore } from "../known_features.ts";
import { batchRanges } from "../table/row_ranges.ts";
import { writeParquet } from "../parquet/write/file.ts";
import { TableQueue } from "../files/tables.ts";
import type { TablePlan } from "../table/to_arrow.ts";
import { ElementStats, type StatsOf } from "./element_stats.ts";
import { type EpisodeEntry, episodeTable, taskTable } from "./episode_list.ts";
import { EpisodeRows } from "./episode_rows.ts";
import type { FrameColumn } from "./describe.ts";
import { checkEvery, chooseExtras, extraBytes } from "./extra_columns.ts";
import { type FrameColumns, frameColumns, framePlan, rowBytes } from "./frames.ts";
import { saving } from "./refusals.ts";
import { type CheckedOptions, checkNames, checkOptions } from "./save_options.ts";
import { TaskRows } from "./task_rows.ts";
import type { SaveLeRobotOptions } from "./types.ts";

/** Episodes whose statistics are held at once before they are written. */
const episodesPerTable = 64;

export async function saveLeRobot(
  store: StreamStore<FieldMap>,
  folder: string,
  given: SaveLeRobotOptions,
): Promise<void> {
  checkNames(given);
  const source = rowsOfStore(sessionOf(store)!, saving);
  const { connection } = source;
  if (connection.rowCount === connection.firstRow) {
    throw new RangeError(`Cannot ${saving}: the store must have at least 1 row, got 0`);
  }
  const episodes = EpisodeRows.find(connection, source.fields, given.episodes);
  const extras = chooseExtras(source.extras, given.extra);
  const taskRows = TaskRows.find(source, extras);
  const options = { ...checkOptions(given, episodes, source.fields, taskRows), extras };
  const columns = frameColumns(source, episodes, options, taskRows);
  checkFolder(folder);
  try {
    await writeFolderBeside(folder, async (temporary) => {
      await new Writer(connection, columns, episodes, options, temporary).write();
    });
  } catch (error) {
    throw systemError(error, `Cannot ${saving}`, folder);
  }
}

/** What is there already is nobody's to overwrite: it may have videos that no store could give back. */
function checkFolder(folder: string): void {
  if (typeof folder !== "string" || folder === "") {
    throw new TypeError(`Cannot ${saving}: folder must be a path, got ${describe(folder)}`);
  }
  if (!existsSync(folder) || statSync(folder).isDirectory() && readdirSync(folder).length === 0) return;
  throw new StreamStoreError("already-exists", `Cannot ${saving}: ${folder} must be empty, or not be there`);
}

/** A file of a dataset, and the episodes that are in it: those from `from` to before `to`. */
interface PlannedFile {
  readonly chunk: number;
  readonly file: number;
  /** Below its own folder: `chunk-000/file-000.parquet`. */
  readonly path: string;
  readonly from: number;
  readonly to: number;
}

class Writer {
  readonly #plan: TablePlan;
  readonly #frameCount: number;
  readonly #data: readonly PlannedFile[];
  readonly #whole: ReadonlyMap<FrameColumn, ElementStats>;
  /** Of one episode after another. */
  readonly #own: ReadonlyMap<FrameColumn, ElementStats>;

  constructor(
    private readonly connection: Connection,
    private readonly columns: FrameColumns,
    private readonly episodes: EpisodeRows,
    private readonly options: CheckedOptions,
    private readonly folder: string,
  ) {
    this.#plan = framePlan(connection, columns, episodes.range);
    const { from, to } = episodes.range;
    this.#frameCount = to - from;
    const bytes = rowBytes(columns.numbers);
    this.#data = planFiles(episodes, (episode) => {
      const rows = { from: episodes.start(episode), to: episodes.end(episode) };
      return bytes * episodes.length(episode) + extraBytes(connection, columns.extras, rows);
    }, options);
    this.#whole = this.#newStats(this.#frameCount);
    this.#own = this.#newStats(0);
  }

  async write(): Promise<void> {
    const { options } = this;
    const columns = [...this.columns.numbers, ...this.columns.extras];
    await this.#writeEpisodes();
    for (const file of this.#data) await this.#writeData(file);
    await this.#writeTable("meta/tasks.parquet", [taskTable(options.tasks)]);
    await this.#writeJson("meta/stats.json", this.#results(this.#whole, this.#frameCount));
    await this.#writeJson("meta/info.json", {
      codebase_version: "v3.0",
      robot_type: options.robotType ?? null,
      total_episodes: this.episodes.count,
      total_frames: this.#frameCount,
      total_tasks: options.tasks.length,
      chunks_size: options.chunkFiles,
      data_files_size_in_mb: Math.max(1, Math.round(options.fileBytes / 2 ** 20)),
      video_files_size_in_mb: 200,
      fps: options.fps,
      splits: { train: `0:${this.episodes.count}` },
      data_path: "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet",
      video_path: null,
      features: Object.fromEntries(columns.map(({ name, described }) => [name, described])),
    });
  }

  /** Comes first: it looks at every row, so that what LeRobot could not take is told before much is written. */
  async #writeEpisodes(): Promise<void> {
    const numbersPerEpisode = this.columns.numbers.reduce(
      (sum, { described }) => sum + 10 * described.shape.at(-1)!,
      10,
    );
    const lists = planFiles(this.episodes, () => 8 * numbersPerEpisode, this.options);
    let data = 0;
    for (const list of lists) {
      const entry = (episode: number): EpisodeEntry => {
        if (episode === this.#data[data].to) data++;
        return this.#describeEpisode(episode, this.#data[data], list);
      };
      await this.#writeTable(`meta/episodes/${list.path}`, tablesOf(list, entry));
    }
  }

  #describeEpisode(episode: number, data: PlannedFile, list: PlannedFile): EpisodeEntry {
    const { connection, columns: { numbers, extras }, episodes, options } = this;
    const range = { from: episodes.start(episode), to: episodes.end(episode) };
    for (const stats of this.#own.values()) stats.begin(episodes.length(episode));
    const tasks = new Set<number>();
    for (const part of batchRanges(connection, { ...this.#plan, range }, saving)) {
      for (const column of numbers) {
        const values = column.numbers(part);
        this.#own.get(column)!.add(values);
        this.#whole.get(column)!.add(values);
        if (column.name === "task_index") { for (const task of values) tasks.add(Number(task)); }
      }
      checkEvery(connection, extras, part);
    }
    return {
      numbers: {
        episode_index: episode,
        length: episodes.length(episode),
        "data/chunk_index": data.chunk,
        "data/file_index": data.file,
        dataset_from_index: range.from - episodes.range.from,
        dataset_to_index: range.to - episodes.range.from,
        "meta/episodes/chunk_index": list.chunk,
        "meta/episodes/file_index": list.file,
      },
      tasks: Array.from(tasks, (task) => options.tasks[task]),
      stats: this.#results(this.#own, episodes.length(episode)),
    };
  }

  #newStats(frameCount: number): Map<FrameColumn, ElementStats> {
    return new Map(
      this.columns.numbers.map((column) => [column, new ElementStats(column.described.shape, frameCount)]),
    );
  }

  /** Of images, which nobody has looked into, only how many there are: LeRobot's trainers add to that what they know. */
  #results(
    stats: ReadonlyMap<FrameColumn, ElementStats>,
    frameCount: number,
  ): Record<string, StatsOf> {
    const images = this.columns.extras.filter(({ described }) => described.dtype === "image");
    return Object.fromEntries([
      ...Array.from(stats, ([{ name }, elements]) => [name, elements.result()] as const),
      ...images.map(({ name }) => [name, { count: [frameCount] }] as const),
    ]);
  }

  async #writeData({ path, from, to }: PlannedFile): Promise<void> {
    const range = { from: this.episodes.start(from), to: this.episodes.end(to - 1) };
    const queue = new TableQueue(this.connection, { ...this.#plan, range }, saving);
    await this.#writeTable(`data/${path}`, queue.take(Infinity, { rowCount: 0, arrowBytes: 0 }));
  }

  async #writeTable(path: string, tables: Iterable<Table>): Promise<void> {
    const whole = join(this.folder, path);
    await mkdir(dirname(whole), { recursive: true });
    await writeParquet(whole, tables);
  }

  async #writeJson(path: string, value: unknown): Promise<void> {
    await writeFile(join(this.folder, path), toJson(value));
  }
}

/** Shares episodes out over files, each with as many as fit into so many bytes and at least one. */
function planFiles(
  episodes: EpisodeRows,
  bytesOf: (episode: number) => number,
  { fileBytes, chunkFiles }: { readonly fileBytes: number; readonly chunkFiles: number },
): PlannedFile[] {
  const files: PlannedFile[] = [];
  for (let from = 0; from < episodes.count;) {
    let [to, bytes] = [from + 1, bytesOf(from)];
    while (to < episodes.count && (bytes += bytesOf(to)) <= fileBytes) to++;
    const [chunk, file] = [Math.floor(files.length / chunkFiles), files.length % chunkFiles];
    const [folder, name] = [chunk, file].map((number) => String(number).padStart(3, "0"));
    files.push({ chunk, file, path: `chunk-${folder}/file-${name}.parquet`, from, to });
    from = to;
  }
  return files;
}

/** The rows of a list of episodes, some at a time. */
function* tablesOf({ from, to }: PlannedFile, entry: (episode: number) => EpisodeEntry): Generator<Table> {
  let table: Table | null = null;
  for (let next = from; next < to; next += episodesPerTable) {
    const length = Math.min(episodesPerTable, to - next);
    yield table = episodeTable(Array.from({ length }, (_, i) => entry(next + i)), table);
  }
}

/** JSON with Python's words for what JSON has none for. */
function toJson(value: unknown): string {
  const mark = "\u0001";
  const marked = JSON.stringify(
    value,
    (_, part) => typeof part === "number" && !Number.isFinite(part) ? mark + part : part,
    4,
  );
  return marked.replace(/"\\u0001(NaN|-?Infinity)"/g, "$1") + "\n";
}
