import type { EpisodeRule } from "../../sample/options.ts";
import type { FieldMap } from "../../fields.ts";
import type { StreamStore } from "../../store.ts";
import type { HubOptions } from "../hub/types.ts";

/**
 * A feature as LeRobot's `meta/info.json` has it. What else stands there is carried along.
 *
 * @example
 * ```ts
 * import { type LeRobotFeature, loadLeRobot, saveLeRobot, StreamStore } from "@streamstore/streamstore";
 * import assert from "node:assert/strict";
 * import { mkdtempSync } from "node:fs";
 * import { tmpdir } from "node:os";
 *
 * const folder = `${mkdtempSync(`${tmpdir()}/example-`)}/push`;
 * using store = new StreamStore({ action: 0, done: 1 });
 * for (let step = 0; step < 20; step++) store.append(step, { action: step, done: step % 10 === 9 });
 * const action: LeRobotFeature = { dtype: "float32", shape: [1], names: ["force"] };
 * const options = { fps: 50, episodes: { end: "done" }, tasks: ["Push."], features: { action } } as const;
 * await saveLeRobot(store, folder, options);
 * const { features, store: copy } = await loadLeRobot(folder);
 * copy.close();
 * assert.deepEqual(features.action.names, ["force"]);
 * ```
 */
export interface LeRobotFeature {
  /** As NumPy names it: `float32`, `int64`, `bool`. */
  readonly dtype: string;
  /** The shape of one frame's value, `[1]` for a single number. */
  readonly shape: readonly number[];
  /** What the elements are called: a list, lists of lists, or an object of them. */
  readonly names?: unknown;
  /** Whatever else the file says of it. */
  readonly [key: string]: unknown;
}

/**
 * Where episodes begin, how long they are, and what is done in them. Each list has one entry an episode.
 *
 * @example
 * ```ts
 * import { type LeRobotEpisodes, loadLeRobot, saveLeRobot, StreamStore } from "@streamstore/streamstore";
 * import assert from "node:assert/strict";
 * import { mkdtempSync } from "node:fs";
 * import { tmpdir } from "node:os";
 *
 * const folder = `${mkdtempSync(`${tmpdir()}/example-`)}/push`;
 * using store = new StreamStore({ action: 0, done: 1 });
 * for (let step = 0; step < 20; step++) store.append(step, { action: step, done: step % 10 === 9 });
 * await saveLeRobot(store, folder, { fps: 50, episodes: { end: "done" }, tasks: ["Push."] });
 *
 * const loaded = await loadLeRobot(folder);
 * using copy = loaded.store;
 * const { starts, lengths, tasks }: LeRobotEpisodes = loaded.episodes;
 * assert.deepEqual([starts, lengths, tasks], [[0, 10], [10, 10], [["Push."], ["Push."]]]);
 * const sampler = copy.sampler({ steps: 4, fields: { action: 1 }, episodes: { starts }, order: "sequential" });
 * assert.equal(sampler.next()!.size, 14);
 * ```
 */
export interface LeRobotEpisodes {
  /** Shape `[episodes]`: rows of the store, in rising order: what `store.sampler({ episodes: { starts } })` takes. */
  readonly starts: readonly number[];
  /** Shape `[episodes]`: rows of each. */
  readonly lengths: readonly number[];
  /** The tasks of each; empty where the dataset's list of episodes does not tell them. */
  readonly tasks: readonly (readonly string[])[];
}

/**
 * A feature that is not in the store.
 *
 * @example
 * ```ts
 * import { type LeftOutFeature, loadLeRobot, saveLeRobot, StreamStore } from "@streamstore/streamstore";
 * import assert from "node:assert/strict";
 * import { mkdtempSync } from "node:fs";
 * import { tmpdir } from "node:os";
 *
 * const folder = `${mkdtempSync(`${tmpdir()}/example-`)}/push`;
 * using store = new StreamStore({ action: 0, done: 1 });
 * for (let step = 0; step < 20; step++) store.append(step, { action: step, done: step % 10 === 9 });
 * await saveLeRobot(store, folder, { fps: 50, episodes: { end: "done" }, tasks: ["Push."] });
 *
 * const { leftOut, store: copy } = await loadLeRobot(folder, { columns: ["action"] });
 * copy.close();
 * const done = leftOut.find(({ name }: LeftOutFeature) => name === "done")!;
 * assert.match(done.reason, /columns/);
 * ```
 */
export interface LeftOutFeature {
  /** As in the dataset. */
  readonly name: string;
  /** Why not. */
  readonly reason: string;
}

/**
 * What `loadLeRobot` has read. All of it can be given to `saveLeRobot` as it is.
 *
 * @example
 * ```ts
 * import { type LeRobotDataset, loadLeRobot, saveLeRobot, StreamStore } from "@streamstore/streamstore";
 * import assert from "node:assert/strict";
 * import { mkdtempSync } from "node:fs";
 * import { tmpdir } from "node:os";
 *
 * const folder = `${mkdtempSync(`${tmpdir()}/example-`)}/push`;
 * using store = new StreamStore({ action: 0, done: 1 });
 * for (let step = 0; step < 20; step++) store.append(step, { action: step, done: step % 10 === 9 });
 * await saveLeRobot(store, folder, { fps: 50, episodes: { end: "done" }, tasks: ["Push."] });
 *
 * const loaded: LeRobotDataset = await loadLeRobot(folder);
 * using copy = loaded.store;
 * assert.deepEqual([loaded.fps, loaded.tasks, copy.rowCount], [50, ["Push."], 20]);
 * await saveLeRobot(copy, `${folder}-again`, loaded);
 * ```
 */
export interface LeRobotDataset {
  /** One field a feature, one row a frame, one step a row from 0 on. Whoever asked for it closes it. */
  readonly store: StreamStore<FieldMap>;
  /** Its episodes, in order. */
  readonly episodes: LeRobotEpisodes;
  /** The names of the tasks; a task's place is its `task_index`. */
  readonly tasks: readonly string[];
  /** Frames a second. */
  readonly fps: number;
  /** The robot that it was recorded with, or null. */
  readonly robotType: string | null;
  /** Of the store's fields, with the dtypes that the files have. */
  readonly features: Readonly<Record<string, LeRobotFeature>>;
  /** Features that are not in the store: images, videos, text, and those that `columns` does not name. */
  readonly leftOut: readonly LeftOutFeature[];
  /** `meta/info.json` as it is. */
  readonly info: Readonly<Record<string, unknown>>;
}

/**
 * Options of `loadLeRobot`; those of the Hub count for names there.
 *
 * @example
 * ```ts
 * import { loadLeRobot, type LoadLeRobotOptions, saveLeRobot, StreamStore } from "@streamstore/streamstore";
 * import assert from "node:assert/strict";
 * import { mkdtempSync } from "node:fs";
 * import { tmpdir } from "node:os";
 *
 * const folder = `${mkdtempSync(`${tmpdir()}/example-`)}/push`;
 * using store = new StreamStore({ action: 0, done: 1 });
 * for (let step = 0; step < 20; step++) store.append(step, { action: step, done: step % 10 === 9 });
 * await saveLeRobot(store, folder, { fps: 50, episodes: { end: "done" }, tasks: ["Push."] });
 *
 * const options: LoadLeRobotOptions = { path: `${folder}.stream`, columns: ["action"] };
 * (await loadLeRobot(folder, options)).store.close();
 * using kept = StreamStore.open(options.path!, { mode: "read" });
 * assert.equal(kept.row(7).action, 7);
 * ```
 */
export interface LoadLeRobotOptions extends HubOptions {
  /** A directory for the store, which must not be there yet. Without it the store is temporary. */
  readonly path?: string;
  /** The chunk, in tokens, by which the store's files grow. */
  readonly capacity?: number;
  /** The features to load; by default all that are numbers. */
  readonly columns?: readonly string[];
  /** A branch, a tag or a commit of the repository; `main` by default. */
  readonly revision?: string;
}

/**
 * Options of `saveLeRobot`.
 *
 * @example
 * ```ts
 * import { loadLeRobot, saveLeRobot, type SaveLeRobotOptions, StreamStore } from "@streamstore/streamstore";
 * import assert from "node:assert/strict";
 * import { mkdtempSync } from "node:fs";
 * import { tmpdir } from "node:os";
 *
 * const folder = `${mkdtempSync(`${tmpdir()}/example-`)}/push`;
 * using store = new StreamStore({ action: 0, done: 1 });
 * for (let step = 0; step < 20; step++) store.append(step, { action: step, done: step % 10 === 9 });
 * const tasks = ["Push.", "Pull."];
 * const options: SaveLeRobotOptions<"action" | "done"> = { fps: 50, episodes: { end: "done" }, tasks, episodeTasks: [0, 1] };
 * await saveLeRobot(store, folder, options);
 * const { episodes, store: copy } = await loadLeRobot(folder);
 * copy.close();
 * assert.deepEqual(episodes.tasks, [["Push."], ["Pull."]]);
 * ```
 */
export interface SaveLeRobotOptions<Name extends string = string> {
  /** Frames a second, a number above 0. */
  readonly fps: number;
  /** Where episodes begin: a rule as the sampler has it, or what `loadLeRobot` told. */
  readonly episodes: EpisodeRule<Name> | Pick<LeRobotEpisodes, "starts">;
  /** The names of the tasks, at least one. A field `task_index` says which is whose; without one it is `episodeTasks`. */
  readonly tasks: readonly string[];
  /**
   * The task of each episode, a place in `tasks`, shape `[episodes]`; by default all have the first. Not where there
   * is a field `task_index`.
   */
  readonly episodeTasks?: ArrayLike<number>;
  /** The robot that it was recorded with. */
  readonly robotType?: string | null;
  /**
   * What `meta/info.json` is to say of fields. By default a field has the dtype that it was loaded with, or the field's
   * own, and the shape that its rows have; a dtype that is named here is what values are converted to.
   */
  readonly features?: { readonly [Field in Name]?: Partial<LeRobotFeature> };
  /** Fields to save; by default all. */
  readonly fields?: readonly Name[];
  /** About how many bytes a data file may have before compression; an episode is never cut. 100 MiB by default. */
  readonly fileBytes?: number;
  /** Files in one chunk, which is a folder; 1000 by default. */
  readonly chunkFiles?: number;
}
