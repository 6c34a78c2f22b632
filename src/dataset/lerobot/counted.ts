import { type Data, makeData } from "apache-arrow";
import type { Connection } from "../../store/connection.ts";
import type { Field } from "../../fields.ts";
import { ownValue } from "../../own_value.ts";
import type { RowRange } from "../table/field_data.ts";
import { arrowValueType } from "../table/types.ts";
import type { ValueType } from "../value_types.ts";
import { describeShape, type FrameColumn } from "./describe.ts";
import type { EpisodeRows } from "./episode_rows.ts";
import { everyFieldValue, fieldValues } from "./field_values.ts";
import { saving } from "./refusals.ts";
import type { CheckedOptions } from "./save_options.ts";
import type { TaskRows } from "./task_rows.ts";

/**
 * The columns that every frame has, by name. Indices are always counted: LeRobot finds frames by them, and others than
 * these would be found wrongly. A field `timestamp` stands as it is and is not among them.
 */
export function countedColumns(
  connection: Connection,
  episodes: EpisodeRows,
  fields: readonly Field[],
  options: CheckedOptions,
  taskRows: TaskRows | null,
): Map<string, FrameColumn> {
  const { fps, tasks, episodeTasks } = options;
  const first = episodes.range.from;
  const columns = new Map<string, FrameColumn>();
  const fieldOf = (name: string) => fields.find((field) => field.name === name);
  /** What is counted is compared with the store's own field of the name, where it has one. */
  const add = (name: string, dtype: string, count: Count, field = fieldOf(name) ?? null) => {
    const asked = ownValue(options.features, name) ?? {};
    const description = describeShape(name, asked, checkDtype(name, asked.dtype, dtype), [1]);
    columns.set(name, {
      ...description,
      name,
      numbers(range) {
        const numbers = count(range);
        if (field !== null) checkField(connection, field, numbers, range);
        return numbers;
      },
      data: (range) => dataOf(count(range), description.layout.value),
    });
  };
  const each = (at: (row: number, episode: number) => number): Count => (range) =>
    countRows(episodes, range, at);
  if (fieldOf("timestamp") === undefined) {
    add("timestamp", "float32", each((row, episode) => (row - episodes.start(episode)) / fps));
  }
  add("frame_index", "int64", each((row, episode) => row - episodes.start(episode)));
  add("episode_index", "int64", each((_, episode) => episode));
  add("index", "int64", each((row) => row - first));
  const own = fieldOf("task_index");
  if (taskRows !== null) add("task_index", "int64", (range) => taskRows.indices(tasks, range));
  else if (own === undefined) add("task_index", "int64", each((_, episode) => episodeTasks?.[episode] ?? 0));
  else add("task_index", "int64", (range) => readTasks(connection, own, tasks, range), null);
  return columns;
}

/** The numbers of some rows. */
type Count = (range: RowRange) => Float64Array;

function dataOf(numbers: Float64Array, value: ValueType): Data {
  const data = value.dtype === "float32" ? new Float32Array(numbers) : toInt64(numbers);
  // Let go of at once: left to the collector, such arrays pile up to hundreds of megabytes.
  (numbers.buffer as ArrayBuffer).transfer(0);
  return makeData({
    type: arrowValueType(value) as never,
    length: data.length,
    nullCount: 0,
    data: data as never,
  });
}

/** Whole numbers from 0 to 2 ** 53, by halves of 32 bits: ten times as fast as a bigint each. */
function toInt64(numbers: Float64Array): BigInt64Array {
  const integers = new BigInt64Array(numbers.length);
  const halves = new Int32Array(integers.buffer);
  for (let i = 0; i < numbers.length; i++) {
    halves[2 * i] = numbers[i];
    halves[2 * i + 1] = numbers[i] / 2 ** 32;
  }
  return integers;
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
