import { rmSync } from "node:fs";
import type { FieldMap } from "../../fields.ts";
import { checkOptions, optionNames } from "../../options.ts";
import { openSession, temporarySession } from "../../store/session.ts";
import { StreamStore } from "../../store.ts";
import { arePaths, columnsOf, type FoundColumn } from "../columns.ts";
import { kindOfForm, wantsExtras } from "../extras/wanted.ts";
import { type Expect, withProgress } from "../hub/progress_bar.ts";
import { type LoadedFeature, loadInto } from "../known_features.ts";
import { hubNames } from "../load_options.ts";
import { readParquet } from "../parquet/read/rows.ts";
import { appendFiles, type RowFile } from "../rows.ts";
import { type DataFile, dataFiles, readEpisodes } from "./episodes.ts";
import { type Choice, chooseFeatures, loadedFeatures } from "./fields.ts";
import { blocksOf } from "./frame_blocks.ts";
import { type Info, readInfo } from "./info.ts";
import { findPlace, type Place } from "./place.ts";
import { loading } from "./refusals.ts";
import { taskExtra } from "./task_texts.ts";
import { readTasks } from "./tasks.ts";
import type { LeRobotDataset, LoadLeRobotOptions } from "./types.ts";

const keys = optionNames<LoadLeRobotOptions>({
  path: true,
  capacity: true,
  columns: true,
  extra: true,
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
  const choice = chooseFeatures(info, options, await findColumns(place, files, options));
  expect(files.reduce((sum, { path }) => sum + place.byteLength(path), 0));
  const { store, loaded } = await fillStore({ place, info, tasks, files, choice, options });
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

/**
 * The columns of the first data file, which those of the others are to be like. Where it has paths of images without their
 * bytes, all are asked whether they have bytes.
 */
async function findColumns(
  place: Place,
  files: readonly DataFile[],
  { extra }: LoadLeRobotOptions,
): Promise<readonly FoundColumn[]> {
  const open = files.map(({ path }) => async () => await readParquet(await place.open(path)));
  const first = await columnsOf(open.slice(0, 1), loading, wantsExtras(extra));
  if (!first.some(arePaths)) return first;
  const all = await columnsOf(open, loading, true);
  return first.map((column) => arePaths(column) ? all.find(({ name }) => name === column.name)! : column);
}

/** Everything that rows are read by. */
interface Found {
  readonly place: Place;
  readonly info: Info;
  readonly tasks: readonly string[];
  readonly files: readonly DataFile[];
  readonly choice: Choice;
  readonly options: LoadLeRobotOptions;
}

/** A new store with all rows. Where that fails nothing is left of it. */
async function fillStore(
  { place, info, tasks, files, choice: { fields, extras }, options }: Found,
): Promise<{ store: StreamStore<FieldMap>; loaded: readonly LoadedFeature[] }> {
  const { path, capacity, signal } = options;
  const extra = Object.fromEntries(Array.from(extras, ([name, form]) => [name, kindOfForm(form)]));
  const session = path === undefined
    ? temporarySession(fields, { capacity, extra })
    : openSession(path, { fields, extra, mode: "create", capacity });
  const shared = {
    tasks: extras.has(taskExtra) && !info.features.has(taskExtra) ? tasks : null,
    images: new Set([...info.features].flatMap(([name, { dtype }]) => dtype === "image" ? [name] : [])),
    signal,
  };
  let loaded: readonly LoadedFeature[] = [];
  try {
    await loadInto(session, loading, async (target) => {
      const opened = files.map((file) => async (): Promise<RowFile> => ({
        blocks: ({ fields, extras }) => blocksOf(place, file, { fields, extras, ...shared }),
        close: () => {},
      }));
      return loaded = await appendFiles(target, opened, { extra: Object.fromEntries(extras) }, loading);
    });
    return { store: new StreamStore<FieldMap>(session as never), loaded };
  } catch (error) {
    session.close();
    if (path !== undefined) rmSync(path, { recursive: true, force: true });
    // An abort breaks off whatever is under way: it is the abort that is told.
    signal?.throwIfAborted();
    throw error;
  }
}
