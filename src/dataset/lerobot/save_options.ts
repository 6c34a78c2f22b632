import type { Field } from "../../fields.ts";
import { optionNames } from "../../options.ts";
import { Checks } from "../../sample/checks.ts";
import type { EpisodeRows } from "./episode_rows.ts";
import { saving } from "./refusals.ts";
import type { TaskRows } from "./task_rows.ts";
import type { LeRobotDataset, SaveLeRobotOptions } from "./types.ts";

/** What `loadLeRobot` told may be passed whole. */
const keys = optionNames<SaveLeRobotOptions & Omit<LeRobotDataset, keyof SaveLeRobotOptions>>({
  fps: true,
  episodes: true,
  tasks: true,
  episodeTasks: true,
  robotType: true,
  features: true,
  fields: true,
  extra: true,
  fileBytes: true,
  chunkFiles: true,
  store: true,
  leftOut: true,
  info: true,
});

const checks = new Checks(`Cannot ${saving}`);

export function checkNames(options: SaveLeRobotOptions): void {
  checks.names(options, keys);
}

const defaults = { fileBytes: 100 * 2 ** 20, chunkFiles: 1000 };

export type CheckedOptions = SaveLeRobotOptions & typeof defaults & { readonly tasks: readonly string[] };

export function checkOptions(
  options: SaveLeRobotOptions,
  episodes: EpisodeRows,
  fields: readonly Field[],
  taskRows: TaskRows | null,
): CheckedOptions {
  const { fps, episodeTasks, robotType, fileBytes, chunkFiles } = { ...defaults, ...options };
  if (!(typeof fps === "number" && fps > 0 && fps < Infinity)) {
    throw checks.refuse("fps", "a number above 0", fps);
  }
  if (robotType !== undefined && robotType !== null && typeof robotType !== "string") {
    throw checks.refuse("robotType", "a string or null", robotType);
  }
  if (!(typeof fileBytes === "number" && fileBytes > 0)) {
    throw checks.refuse("fileBytes", "a number above 0", fileBytes);
  }
  if (!(Number.isSafeInteger(chunkFiles) && chunkFiles > 0)) {
    throw checks.refuse("chunkFiles", "a whole number above 0", chunkFiles);
  }
  const tasks = options.tasks ?? taskRows?.names();
  checkTasks(tasks);
  const hasTasks = taskRows !== null || fields.some(({ name }) => name === "task_index") &&
      options.fields?.includes("task_index") !== false;
  if (episodeTasks !== undefined) checkEpisodeTasks(episodeTasks, tasks, episodes, hasTasks);
  return { ...options, tasks, fileBytes, chunkFiles };
}

/** LeRobot looks them up by their names. */
function checkTasks(tasks: readonly string[] | undefined): asserts tasks {
  if (!Array.isArray(tasks) || tasks.length === 0) {
    throw checks.refuse("tasks", "a list of at least one name", tasks);
  }
  const seen = new Set<string>();
  for (const [i, task] of tasks.entries()) {
    if (typeof task !== "string") throw checks.refuse(`tasks[${i}]`, "a string", task);
    if (seen.has(task)) throw checks.refuse(`tasks[${i}]`, "another name than those before", task);
    seen.add(task);
  }
}

function checkEpisodeTasks(
  episodeTasks: ArrayLike<number>,
  tasks: readonly string[],
  episodes: EpisodeRows,
  hasTasks: boolean,
): void {
  if (hasTasks) {
    throw checks.refuse(
      "episodeTasks",
      'left out where there is a field "task_index" or an extra "task"',
      episodeTasks,
    );
  }
  if (episodeTasks.length !== episodes.count) {
    throw checks.refuse(
      "episodeTasks",
      `as many as there are episodes, ${episodes.count}`,
      episodeTasks.length,
    );
  }
  for (let i = 0; i < episodeTasks.length; i++) {
    const task = episodeTasks[i];
    if (Number.isInteger(task) && task >= 0 && task < tasks.length) continue;
    throw checks.refuse(`episodeTasks[${i}]`, `a place in tasks, 0 to ${tasks.length - 1}`, task);
  }
}
