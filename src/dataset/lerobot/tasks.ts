import type { Info } from "./info.ts";
import type { Place } from "./place.ts";
import { damaged, shown, toCount } from "./refusals.ts";
import { type MetaRow, readJsonLines, readParquetRows } from "./rows.ts";

const paths = { 2: "meta/tasks.jsonl", 3: "meta/tasks.parquet" } as const;

/** Where pandas was not told what to call the index that it wrote. */
const unnamedIndex = "__index_level_0__";

const columns = new Set(["task", "task_index", unnamedIndex]);

/** The names of the tasks, each at its `task_index`. */
export async function readTasks(place: Place, info: Info): Promise<string[]> {
  const path = paths[info.major];
  if (info.taskCount === 0 && !place.has(path)) return [];
  const rows = info.major === 2
    ? await readJsonLines(place, path)
    : (await Array.fromAsync(readParquetRows(place, path, (name) => columns.has(name)))).flat();
  if (rows.length !== info.taskCount) {
    throw damaged(
      `${path} must have the ${info.taskCount} tasks that ${info.path} says (total_tasks), got ${rows.length}`,
    );
  }
  const tasks: string[] = [];
  for (const [i, row] of rows.entries()) {
    const index = toCount(row.task_index, `${path}: task_index of task ${i}`);
    if (index >= rows.length || tasks[index] !== undefined) {
      throw damaged(
        `${path}: task_index must be each of 0 to ${rows.length - 1} once, got ${index} for task ${i}`,
      );
    }
    tasks[index] = nameOf(path, i, row);
  }
  return tasks;
}

function nameOf(path: string, i: number, row: MetaRow): string {
  const name = row.task ?? row[unnamedIndex];
  if (typeof name === "string") return name;
  throw damaged(`${path}: task ${i} must be a string, got ${shown(name)}`);
}
