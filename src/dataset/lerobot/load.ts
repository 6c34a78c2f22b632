import { rmSync } from "node:fs";
import type { Source } from "../../append/batch.ts";
import { type Dtype, holds } from "../../dtypes.ts";
import { type Field, type FieldEntry, type FieldMap, newField } from "../../fields.ts";
import { checkOptions, optionNames } from "../../options.ts";
import { openSession, temporarySession } from "../../store/session.ts";
import { StreamStore } from "../../store.ts";
import { isSet } from "../table/bitmaps.ts";
import type { FoundColumn } from "../columns.ts";
import { type Expect, withProgress } from "../hub/progress_bar.ts";
import { type LoadedFeature, loadInto } from "../known_features.ts";
import { hubNames } from "../load_options.ts";
import { readParquet } from "../parquet/read/rows.ts";
import { appendFiles, type Block, type RowFile } from "../rows.ts";
import { numberAt } from "../value_types.ts";
import { type DataFile, dataFiles, readEpisodes } from "./episodes.ts";
import { chooseFields, loadedFeatures } from "./fields.ts";
import { readInfo } from "./info.ts";
import { findPlace, type Place } from "./place.ts";
import { damaged, loading } from "./refusals.ts";
import { readTasks } from "./tasks.ts";
import type { LeRobotDataset, LoadLeRobotOptions } from "./types.ts";

const episodeColumn = "episode_index";
const keys = optionNames<LoadLeRobotOptions>({
  path: true,
  capacity: true,
  columns: true,
  revision: true,
  ...hubNames,
});

export async function loadLeRobot(name: string, options: LoadLeRobotOptions): Promise<LeRobotDataset> {
  checkOptions(options, keys, loading);
  return await withProgress("download", name, options, (shown, expect) => load(name, shown, expect));
}

async function load(name: string, options: LoadLeRobotOptions, expect: Expect): Promise<LeRobotDataset> {
  const place = await findPlace(name, options);
  const info = await readInfo(place);
  const tasks = await readTasks(place, info);
  const episodes = await readEpisodes(place, info);
  const files = dataFiles(place, episodes);
  const choice = chooseFields(info, options.columns, await firstColumns(place, files));
  expect(files.reduce((sum, { path }) => sum + place.byteLength(path), 0));
  const { store, loaded } = await fillStore(place, files, choice.fields, options);
  const lengths = episodes.map(({ length }) => length);
  let end = 0;
  return {
    store,
    episodes: {
      starts: lengths.map((length) => (end += length) - length),
      lengths,
      tasks: episodes.map((episode) => episode.tasks),
    },
    tasks,
    fps: info.fps,
    robotType: info.robotType,
    features: loadedFeatures(info, choice, loaded),
    leftOut: choice.leftOut,
    info: info.raw,
  };
}

/** The columns of the first data file, which those of the others are to be like. */
async function firstColumns(place: Place, files: readonly DataFile[]): Promise<readonly FoundColumn[]> {
  if (files.length === 0) return [];
  const file = await readParquet(await place.open(files[0].path));
  try {
    return await file.columns(loading);
  } finally {
    await file.close();
  }
}

/** A new store with all rows. Where that fails nothing is left of it. */
async function fillStore(
  place: Place,
  files: readonly DataFile[],
  fields: readonly FieldEntry[],
  options: LoadLeRobotOptions,
): Promise<{ store: StreamStore<FieldMap>; loaded: readonly LoadedFeature[] }> {
  const { path, capacity } = options;
  const session = path === undefined
    ? temporarySession(fields, { capacity })
    : openSession(path, { fields, mode: "create", capacity });
  let loaded: readonly LoadedFeature[] = [];
  try {
    await loadInto(session, loading, async (target) => {
      const opened = files.map((file) => async (): Promise<RowFile> => ({
        blocks: ({ fields }) => blocksOf(place, file, fields, options.signal),
        close: () => {},
      }));
      return loaded = await appendFiles(target, opened, {}, loading);
    });
    return { store: new StreamStore<FieldMap>(session as never), loaded };
  } catch (error) {
    session.close();
    if (path !== undefined) rmSync(path, { recursive: true, force: true });
    // An abort breaks off whatever is under way: it is the abort that is told.
    options.signal?.throwIfAborted();
    throw error;
  }
}

/** The rows of a file, row group by row group, as many as its episodes have and each with the number of its own. */
async function* blocksOf(
  place: Place,
  file: DataFile,
  fields: readonly Field[],
  signal: AbortSignal | undefined,
): AsyncGenerator<Block> {
  const { path, first, ends } = file;
  const expected = ends.at(-1)!;
  const wrongCount = (got: number) =>
    damaged(
      `${path} must have the ${expected} rows of episodes ${first} to ${first + ends.length - 1}, got ${got}`,
    );
  // Read in any case, so that no episode begins elsewhere than the dataset's list of them says.
  const isField = fields.some(({ name }) => name === episodeColumn);
  const wanted = isField ? fields : [...fields, episodeField(fields.length)];
  const source = await readParquet(await place.open(path));
  let row = 0;
  try {
    const blocks = source.blocks({ fields: wanted, extras: [], keys: [], nanForNull: false }, loading);
    for await (const block of blocks) {
      signal?.throwIfAborted();
      if (row + block.rowCount > expected) throw wrongCount(row + block.rowCount);
      const from = row;
      yield {
        ...block,
        sources: () => {
          const { sources, columns } = block.sources();
          const missing = wanted.find(({ name }) => columns.every((column) => column.name !== name));
          if (missing !== undefined) throw damaged(`${path} must have the column "${missing.name}"`);
          for (const { field, dtype } of sources) checkFloats(path, field, dtype);
          checkEpisodes(
            sources.find(({ field }) => field.name === episodeColumn)!,
            file,
            from,
            block.rowCount,
          );
          return isField
            ? { sources, columns }
            : { sources: sources.slice(0, -1), columns: columns.slice(0, -1) };
        },
      };
      row += block.rowCount;
    }
  } finally {
    await source.close();
  }
  if (row !== expected) throw wrongCount(row);
}

/** A float would be rounded to a narrower one, where an integer that does not fit is refused by its value. */
function checkFloats(path: string, { name, dtype }: Field, written: Dtype): void {
  const isRounded = dtype.startsWith("float") && written.startsWith("float") && !holds(dtype, written);
  if (!isRounded) return;
  throw damaged(
    `${path}: "${name}" must hold ${dtype}, as meta/info.json and the first file say, got ${written}`,
  );
}

/** A field that the store does not have, to read the column by. */
function episodeField(position: number): Field {
  return newField(episodeColumn, -1, "int64", position);
}

/** Rows of a file from `from` on must be of the episodes that the list puts there. */
function checkEpisodes(
  source: Source,
  { path, first, ends }: DataFile,
  from: number,
  rowCount: number,
): void {
  const { values, dtype, firstValue, width, validity } = source;
  if (width !== 1) throw damaged(`${path}: "${episodeColumn}" must hold one number a row`);
  // As halves of 32 bits: a bigint a row would take longer than reading the row.
  const halves = dtype === "int64"
    ? new Int32Array(values.buffer, values.byteOffset, values.byteLength / 4)
    : null;
  let episode = ends.findIndex((end) => end > from);
  for (let row = from; row < from + rowCount; row++) {
    if (row === ends[episode]) episode++;
    const i = row - from;
    const half = 2 * (firstValue + i);
    if (validity === null && halves?.[half] === first + episode && halves[half + 1] === 0) continue;
    const isPresent = validity === null || isSet(validity, i);
    const got = isPresent ? Number(numberAt(values, dtype, firstValue + i)) : null;
    if (got !== first + episode) {
      throw damaged(
        `${path}: row ${row} must be of episode ${first + episode}, got "${episodeColumn}" ${got}`,
      );
    }
  }
}
