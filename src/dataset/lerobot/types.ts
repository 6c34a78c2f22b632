import type { EpisodeRule } from "../../sample/options.ts";
import type { FieldMap } from "../../fields.ts";
import type { StreamStore } from "../../store.ts";
import type { ExtraChoice } from "../extras/wanted.ts";
import type { HubOptions } from "../hub/types.ts";

/**
 * A feature as LeRobot's `meta/info.json` has it. What else stands there is carried along. Part of
 * {@linkcode LeRobotDataset} and {@linkcode SaveLeRobotOptions}.
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
 * Where episodes begin, how long they are, and what is done in them. Each list has one entry an episode. Part of
 * {@linkcode LeRobotDataset}.
 */
export interface LeRobotEpisodes {
  /** Shape `[episodes]`: rows of the store, in rising order: what `store.sampler({ episodes: { starts } })` takes. */
  readonly starts: readonly number[];
  /** Shape `[episodes]`: rows of each. */
  readonly lengths: readonly number[];
  /** The tasks of each; empty where the dataset's list of episodes does not tell them. */
  readonly tasks: readonly (readonly string[])[];
}

/** A feature that is not in the store. Part of {@linkcode LeRobotDataset}. */
export interface LeftOutFeature {
  /** As in the dataset. */
  readonly name: string;
  /** Why not. */
  readonly reason: string;
}

/** What {@linkcode loadLeRobot} has read. All of it can be given to {@linkcode saveLeRobot} as it is. */
export interface LeRobotDataset {
  /** One field or extra a feature, one row a frame, one step a row from 0 on. Whoever asked for it closes it. */
  readonly store: StreamStore<FieldMap>;
  /** Its episodes, in order. */
  readonly episodes: LeRobotEpisodes;
  /** The names of the tasks; a task's place is its `task_index`. */
  readonly tasks: readonly string[];
  /** Frames a second. */
  readonly fps: number;
  /** The robot that it was recorded with, or null. */
  readonly robotType: string | null;
  /** Of the store's fields and extras, with the dtypes that the files have. */
  readonly features: Readonly<Record<string, LeRobotFeature>>;
  /**
   * Features that are not in the store: videos, images and texts that `extra` does not take, and what `columns` does not
   * name; and images of which there are paths alone, which are kept as text.
   */
  readonly leftOut: readonly LeftOutFeature[];
  /** `meta/info.json` as it is. */
  readonly info: Readonly<Record<string, unknown>>;
}

/** Options of {@linkcode loadLeRobot}; those of the Hub count for names there. */
export interface LoadLeRobotOptions extends HubOptions {
  /** A directory for the store, which must not be there yet. Without it the store is temporary. */
  readonly path?: string;
  /** The chunk, in tokens, by which the store's files grow. */
  readonly capacity?: number;
  /** The features to load; by default all that are numbers. */
  readonly columns?: readonly string[];
  /**
   * Features of images and text that are kept as extras, images as the bytes of their files; by default none. `true` is
   * all, and besides `task`: the text of each frame's task, as LeRobot gives it with a frame. A name, or
   * `{ "observation.images.top": "bytes", task: "string" }`, asks for one. Videos are none of them.
   */
  readonly extra?: ExtraChoice;
  /** A branch, a tag or a commit of the repository; `main` by default. */
  readonly revision?: string;
}

/** Options of {@linkcode saveLeRobot}. */
export interface SaveLeRobotOptions<Name extends string = string, Extra extends string = string> {
  /** Frames a second, a number above 0. */
  readonly fps: number;
  /** Where episodes begin: a rule as the sampler has it, or what `loadLeRobot` told. */
  readonly episodes: Exclude<EpisodeRule<Name>, "rows"> | Pick<LeRobotEpisodes, "starts">;
  /**
   * The names of the tasks, at least one. The extra `task` says which is whose, or a field `task_index`; where there is
   * neither it is `episodeTasks`. May be left out where there is the extra: then they are its texts, in the order of rows.
   */
  readonly tasks?: readonly string[];
  /**
   * The task of each episode, a place in `tasks`, shape `[episodes]`; by default all have the first. Not where there
   * is a field `task_index` or an extra `task`.
   */
  readonly episodeTasks?: ArrayLike<number>;
  /** The robot that it was recorded with. */
  readonly robotType?: string | null;
  /**
   * What `meta/info.json` is to say of fields. By default a field has the dtype that it was loaded with, or the field's
   * own, and the shape that its rows have; a dtype that is named here is what values are converted to. An extra of bytes is
   * an `image`, whose shape must be told: height, width, channels.
   */
  readonly features?: { readonly [Column in Name | Extra]?: Partial<LeRobotFeature> };
  /** Fields to save; by default all. */
  readonly fields?: readonly Name[];
  /** Extras to save; by default all. `task` is saved as the tasks of the frames, any other as a feature. */
  readonly extra?: readonly Extra[];
  /** About how many bytes a data file may have before compression; an episode is never cut. 100 MiB by default. */
  readonly fileBytes?: number;
  /** Files in one chunk, which is a folder; 1000 by default. */
  readonly chunkFiles?: number;
}
