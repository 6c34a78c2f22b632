import { fillPath, type Info } from "./info.ts";
import type { Place } from "./place.ts";
import { damaged, refuse, shown, toCount } from "./refusals.ts";
import { type MetaRow, readJsonLines, readParquetRows } from "./rows.ts";

/** An episode as the dataset's list of them has it. */
export interface Episode {
  readonly length: number;
  readonly tasks: readonly string[];
  /** The file that its rows are in. */
  readonly path: string;
}

const listPath = "meta/episodes.jsonl";
const folder = "meta/episodes";

/** Some writers of version 3 say `data_chunk_index` where LeRobot says `data/chunk_index`. */
const places = {
  chunk: ["data/chunk_index", "data_chunk_index"],
  file: ["data/file_index", "data_file_index"],
};
const columns = new Set([
  "episode_index",
  "length",
  "tasks",
  "dataset_from_index",
  "dataset_to_index",
  ...places.chunk,
  ...places.file,
]);

/** The episodes in their order, which is that of their rows. */
export async function readEpisodes(place: Place, info: Info): Promise<Episode[]> {
  const where = info.major === 2 ? listPath : folder;
  const episodes: ListedEpisode[] = [];
  for await (
    const rows of info.major === 2 ? [await readJsonLines(place, listPath)] : listRows(place, info)
  ) {
    for (const row of rows) {
      const index = toCount(row.episode_index, `${where}: episode_index of row ${episodes.length}`);
      episodes.push(readEpisode(row, index, `${where}: of episode ${index}`, info, episodes.at(-1)));
    }
  }
  episodes.sort((a, b) => a.index - b.index);
  const odd = episodes.findIndex(({ index }, i) => index !== i);
  if (odd >= 0) {
    throw damaged(`${where} must list episode ${odd} once, got ${episodes[odd].index} in its place`);
  }
  if (episodes.length !== info.episodeCount) {
    throw damaged(
      `${where} must list the ${info.episodeCount} episodes that ${info.path} says (total_episodes), got ${episodes.length}`,
    );
  }
  let rowCount = 0;
  for (const episode of episodes) {
    checkRange(episode, `${where}: of episode ${episode.index}`, rowCount, rowCount += episode.length);
  }
  if (rowCount === info.frameCount) return episodes;
  throw damaged(
    `${where} must have lengths of ${info.frameCount} frames together, as ${info.path} says (total_frames), got ${rowCount}`,
  );
}

/** What is kept of a row: lists have hundreds of thousands, and a hundred columns. */
interface ListedEpisode extends Episode {
  readonly index: number;
  /** Its rows in the whole dataset, where the list tells them. */
  readonly from: number | null;
  readonly to: number | null;
}

function readEpisode(
  row: MetaRow,
  index: number,
  what: string,
  info: Info,
  before: ListedEpisode | undefined,
): ListedEpisode {
  const length = toCount(row.length, `${what} the length`);
  if (length === 0) throw damaged(`${what} the length must be above 0, got 0`);
  const [from, to] = ["dataset_from_index", "dataset_to_index"].map((name) =>
    row[name] === undefined ? null : toCount(row[name], `${what} ${name}`)
  );
  const [tasks, path] = [tasksOf(row, what), pathOf(row, what, info, index)];
  const isSame = tasks.length === before?.tasks.length && tasks.every((task, i) => task === before.tasks[i]);
  return {
    index,
    length,
    from,
    to,
    // Most are like those before, and one of each is enough.
    tasks: isSame ? before.tasks : tasks,
    path: path === before?.path ? before.path : path,
  };
}

async function* listRows(place: Place, info: Info): AsyncGenerator<MetaRow[]> {
  const paths = (await place.list(folder)).filter((path) => path.endsWith(".parquet"));
  if (paths.length === 0 && info.episodeCount > 0) {
    throw refuse("not-found", `${place.name} must have ${folder}/chunk-000/file-000.parquet`);
  }
  for (const path of paths) yield* readParquetRows(place, path, (name) => columns.has(name));
}

/** Where the list says which rows of the whole dataset are the episode's, these must be the next. */
function checkRange(episode: ListedEpisode, what: string, from: number, to: number): void {
  for (const [name, expected] of [["from", from], ["to", to]] as const) {
    const got = episode[name] ?? expected;
    if (got !== expected) throw damaged(`${what} dataset_${name}_index must be ${expected}, got ${got}`);
  }
}

function tasksOf({ tasks = [] }: MetaRow, what: string): string[] {
  if (Array.isArray(tasks) && tasks.every((task) => typeof task === "string")) return tasks;
  throw damaged(`${what} the tasks must be a list of strings, got ${shown(tasks)}`);
}

function pathOf(row: MetaRow, what: string, info: Info, index: number): string {
  if (info.major === 2) {
    const chunk = Math.floor(index / info.chunkSize);
    return fillPath(info.dataPath, { episode_chunk: chunk, episode_index: index });
  }
  const [chunk, file] = [places.chunk, places.file].map((names) => {
    const name = names.find((candidate) => row[candidate] !== undefined) ?? names[0];
    return toCount(row[name], `${what} ${name}`);
  });
  return fillPath(info.dataPath, { chunk_index: chunk, file_index: file });
}

/** A file of rows, and which episodes are in it: those from `first` on, and where each ends among the file's rows. */
export interface DataFile {
  readonly path: string;
  readonly first: number;
  readonly ends: readonly number[];
}

/** The files in the order of their rows; each of them must be there. */
export function dataFiles(place: Place, episodes: readonly Episode[]): DataFile[] {
  const files = new Map<string, { path: string; first: number; ends: number[] }>();
  let last: { path: string; first: number; ends: number[] } | undefined;
  for (const [index, { path, length }] of episodes.entries()) {
    if (last?.path !== path) {
      if (files.has(path)) {
        throw damaged(
          `${path} must hold episodes that follow each other, got episode ${index} behind another file's`,
        );
      }
      if (!place.has(path)) {
        throw refuse("not-found", `${place.name} must have ${path}, which holds episode ${index}`);
      }
      files.set(path, last = { path, first: index, ends: [] });
    }
    last.ends.push((last.ends.at(-1) ?? 0) + length);
  }
  return [...files.values()];
}
