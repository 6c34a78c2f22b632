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

/**
 * Rows of `meta/episodes`, in LeRobot's own order of columns.
 *
 * @param before The table before this one in the same file, whose schema it shares.
 */
export function episodeTable(entries: readonly EpisodeEntry[], before: Table | null): Table {
  const fields: ArrowField[] = [];
  const columns: Data[] = [];
  const add = (name: string, data: Data) => {
    fields.push(new ArrowField(name, data.type, true));
    columns.push(data);
  };
  const first = entries[0];
  const addNumbers = (name: string) => {
    add(name, numberData(Float64Array.from(entries, ({ numbers }) => numbers[name]), true));
  };
  const isLast = (name: string) => name.startsWith("meta/");
  const names = Object.keys(first.numbers);
  for (const name of names.filter((name) => !isLast(name))) {
    addNumbers(name);
    if (name === "episode_index") add("tasks", textLists(entries.map(({ tasks }) => tasks)));
  }
  for (const feature of Object.keys(first.stats)) {
    for (const stat of statNames) {
      add(
        `stats/${feature}/${stat}`,
        numberLists(entries.map(({ stats }) => stats[feature][stat]), stat === "count"),
      );
    }
  }
  names.filter(isLast).forEach(addNumbers);
  const chunks = columns.map((data, i) => ({ field: fields[i], chunks: [data] }));
  return tableOf(before?.schema ?? new Schema(fields), chunks, entries.length);
}

function numberData(numbers: Float64Array, isInteger: boolean): Data {
  const shared = { length: numbers.length, nullCount: 0 };
  return isInteger
    ? makeData({ type: new Int64(), ...shared, data: BigInt64Array.from(numbers, BigInt) })
    : makeData({ type: new Float64(), ...shared, data: numbers });
}

function numberLists(lists: readonly (readonly number[])[], isInteger: boolean): Data {
  const child = numberData(Float64Array.from(lists.flat()), isInteger);
  const valueOffsets = new Int32Array(lists.length + 1);
  for (const [i, list] of lists.entries()) valueOffsets[i + 1] = valueOffsets[i] + list.length;
  const type = new List(new ArrowField("item", child.type, true));
  return makeData({
    type: type as never,
    length: lists.length,
    nullCount: 0,
    valueOffsets,
    child: child as never,
  });
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
  const numbers = numberData(Float64Array.from(tasks, (_, i) => i), true);
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
  const fields = [
    new ArrowField("task_index", numbers.type, true),
    new ArrowField("task", names.type, true),
  ];
  const schema = new Schema(fields, new Map([["pandas", JSON.stringify(pandas)]]));
  const columns = [numbers, names].map((data, i) => ({ field: fields[i], chunks: [data] }));
  return tableOf(schema, columns, tasks.length);
}
