import {
  type Data,
  Field as ArrowField,
  Float64,
  Int64,
  List,
  makeData,
  Schema,
  type Table,
  Utf8,
  vectorFromArray,
} from "apache-arrow";
import { tableOf } from "../table/table.ts";
import { statNames, type StatsOf } from "./element_stats.ts";

/** What the list of episodes says of one. */
export interface EpisodeEntry {
  /** By column: `episode_index`, `length`, `data/chunk_index`, … */
  readonly numbers: Readonly<Record<string, number>>;
  readonly tasks: readonly string[];
  /** By feature. */
  readonly stats: Readonly<Record<string, StatsOf>>;
}

type Column = readonly [name: string, data: Data];

/**
 * Rows of `meta/episodes`, in LeRobot's own order of columns.
 *
 * @param before The table before this one in the same file, whose schema it shares.
 */
export function episodeTable(entries: readonly EpisodeEntry[], before: Table | null): Table {
  const [first] = entries;
  const names = Object.keys(first.numbers);
  const numbers = (name: string): Column => [name, int64Data(entries.map(({ numbers }) => numbers[name]))];
  const isLast = (name: string) => name.startsWith("meta/");
  const [index, ...places] = names.filter((name) => !isLast(name)).map(numbers);
  const stats = Object.keys(first.stats).flatMap((feature) =>
    statNames.filter((stat) => stat in first.stats[feature]).map((stat): Column => {
      const lists = entries.map(({ stats }) => stats[feature][stat]);
      return [`stats/${feature}/${stat}`, numberLists(lists, stat === "count" ? int64Data : float64Data)];
    })
  );
  const tasks: Column = ["tasks", textLists(entries.map(({ tasks }) => tasks))];
  return columnTable(
    [index, tasks, ...places, ...stats, ...names.filter(isLast).map(numbers)],
    before?.schema,
  );
}

function columnTable(columns: readonly Column[], known?: Schema, metadata?: Map<string, string>): Table {
  const fields = columns.map(([name, data]) => new ArrowField(name, data.type, true));
  const chunks = columns.map(([, data], i) => ({ field: fields[i], chunks: [data] }));
  return tableOf(known ?? new Schema(fields, metadata), chunks, columns[0][1].length);
}

function int64Data(numbers: readonly number[]): Data {
  const data = BigInt64Array.from(numbers, BigInt);
  return makeData({ type: new Int64(), length: data.length, nullCount: 0, data });
}

function float64Data(numbers: readonly number[]): Data {
  const data = Float64Array.from(numbers);
  return makeData({ type: new Float64(), length: data.length, nullCount: 0, data });
}

function numberLists(lists: readonly (readonly number[])[], dataOf: typeof int64Data): Data {
  const child = dataOf(lists.flat());
  const valueOffsets = new Int32Array(lists.length + 1);
  for (const [i, list] of lists.entries()) valueOffsets[i + 1] = valueOffsets[i] + list.length;
  const type = new List(new ArrowField("item", child.type, true)) as never;
  return makeData({ type, length: lists.length, nullCount: 0, valueOffsets, child: child as never });
}

function textLists(lists: readonly (readonly string[])[]): Data {
  const type = new List(new ArrowField("item", new Utf8(), true));
  return vectorFromArray(lists as never, type as never).data[0] as unknown as Data;
}

/**
 * `meta/tasks.parquet`: LeRobot looks tasks up by the index of a pandas frame, which is the column that the metadata
 * names.
 */
export function taskTable(tasks: readonly string[]): Table {
  const numbers = int64Data(Array.from(tasks.keys()));
  const names = vectorFromArray(tasks as string[], new Utf8()).data[0] as unknown as Data;
  const describe = (name: string, pandas: string, numpy: string) => ({
    name,
    field_name: name,
    pandas_type: pandas,
    numpy_type: numpy,
    metadata: null,
  });
  const pandas = {
    index_columns: ["task"],
    column_indexes: [{
      ...describe("", "unicode", "object"),
      name: null,
      field_name: null,
      metadata: { encoding: "UTF-8" },
    }],
    columns: [describe("task_index", "int64", "int64"), describe("task", "unicode", "object")],
    creator: { library: "streamstore", version: "1" },
    pandas_version: "2.0.0",
  };
  return columnTable(
    [["task_index", numbers], ["task", names]],
    undefined,
    new Map([["pandas", JSON.stringify(pandas)]]),
  );
}
