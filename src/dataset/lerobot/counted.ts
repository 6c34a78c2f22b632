import type { Connection } from "../../store/connection.ts";
import type { Field } from "../../fields.ts";
import { ownValue } from "../../own_value.ts";
import type { RowRange } from "../table/field_data.ts";
import { describeShape, type Description } from "./describe.ts";
import type { EpisodeRows } from "./episode_rows.ts";
import { everyFieldValue, fieldValues } from "./field_values.ts";
import { saving } from "./refusals.ts";
import type { SaveLeRobotOptions } from "./types.ts";

/** A column that LeRobot wants of every frame, and that can be counted out. */
export interface Counted {
  readonly description: Description;
  count(range: RowRange): Float64Array;
  /** Compares what was counted with the store's own field of the name, where it has one. */
  check(numbers: Float64Array, range: RowRange): void;
}

/**
 * The columns that every frame has, by name. Indices are always counted: LeRobot finds frames by them, and others than
 * these would be found wrongly. A field `timestamp` stands as it is and is not among them.
 */
export function countedColumns(
  connection: Connection,
  episodes: EpisodeRows,
  fields: readonly Field[],
  options: SaveLeRobotOptions,
): Map<string, Counted> {
  const columns = new Map<string, Counted>();
  const add = (name: string, dtype: string, at: (row: number, episode: number) => number) => {
    const field = fields.find((candidate) => candidate.name === name);
    const asked = ownValue(options.features, name) ?? {};
    columns.set(name, {
      description: describeShape(name, asked, checkDtype(name, asked.dtype, dtype), [1]),
      count: (range) => countRows(episodes, range, at),
      check: (numbers, range) => {
        if (field !== undefined) checkField(connection, field, numbers, range);
      },
    });
  };
  if (!fields.some(({ name }) => name === "timestamp")) {
    add("timestamp", "float32", (row, episode) => (row - episodes.start(episode)) / options.fps);
  }
  const first = episodes.range.from;
  add("frame_index", "int64", (row, episode) => row - episodes.start(episode));
  add("episode_index", "int64", (_, episode) => episode);
  add("index", "int64", (row) => row - first);
  const { tasks, episodeTasks } = options;
  add("task_index", "int64", (_, episode) => episodeTasks?.[episode] ?? 0);
  const taskField = fields.find(({ name }) => name === "task_index");
  if (taskField === undefined) return columns;
  columns.set("task_index", {
    ...columns.get("task_index")!,
    count: (range) => readTasks(connection, taskField, tasks, range),
    check: () => {},
  });
  return columns;
}

function checkDtype(name: string, asked: string | undefined, dtype: string): string {
  if (asked === undefined || asked === dtype) return dtype;
  throw new TypeError(
    `Cannot ${saving}: the dtype of "${name}" must be ${dtype}, got ${JSON.stringify(asked)}`,
  );
}

function countRows(
  episodes: EpisodeRows,
  { from, to }: RowRange,
  at: (row: number, episode: number) => number,
): Float64Array {
  const numbers = new Float64Array(to - from);
  let episode = episodes.of(from);
  for (let row = from; row < to; row++) {
    if (row === episodes.end(episode)) episode++;
    numbers[row - from] = at(row, episode);
  }
  return numbers;
}

/** A row without the field gets what was counted. */
function checkField(connection: Connection, field: Field, numbers: Float64Array, range: RowRange): void {
  const { numbers: own, has } = fieldValues(connection, field, 1, range);
  for (let i = 0; i < numbers.length; i++) {
    if (Number(own[i]) === numbers[i] || !has(range.from + i)) continue;
    throw new RangeError(
      `Cannot ${saving}: "${field.name}" at row ${range.from + i} must be ${
        numbers[i]
      }, as LeRobot counts, got ${own[i]}; without the field, by the option fields, it is counted anew`,
    );
  }
}

/** The store's own task of each row. */
function readTasks(
  connection: Connection,
  field: Field,
  tasks: readonly string[],
  range: RowRange,
): Float64Array {
  const numbers = Float64Array.from(everyFieldValue(connection, field, 1, range) as BigInt64Array, Number);
  const odd = numbers.findIndex((task) => !(Number.isInteger(task) && task >= 0 && task < tasks.length));
  if (odd < 0) return numbers;
  throw new RangeError(
    `Cannot ${saving}: "task_index" at row ${range.from + odd} must be a place in tasks, 0 to ${
      tasks.length - 1
    }, got ${numbers[odd]}`,
  );
}
