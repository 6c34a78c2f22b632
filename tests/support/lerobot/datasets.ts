/** LeRobot datasets made for tests, of both versions, and what is in them. */
import { type Data, Field, Float64, List, Schema, type Table, Utf8, vectorFromArray } from "apache-arrow";
import { asyncBufferFromFile, parquetReadObjects } from "hyparquet";
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { StreamStore } from "../../../mod.ts";
import { arrowField, arrowTypeOf } from "../../../src/dataset/table/types.ts";
import { type Feature, parseFeature } from "../../../src/dataset/features.ts";
import { writeParquet } from "../../../src/dataset/parquet/write/file.ts";
import { tableOf } from "../../../src/dataset/table/table.ts";

/** What a dataset is to be like. */
export interface Shape {
  readonly version: "v2.1" | "v3.0";
  readonly lengths: readonly number[];
  /** Episodes in one file of version 3. */
  readonly perFile?: number;
  readonly chunkSize?: number;
}

export type Row = Record<string, unknown>;

/** Features by name: what LeRobot says of them, and how they stand in Parquet. */
export const features: Record<string, { described: { dtype: string; shape: number[] }; feature: Feature }> = {
  "observation.state": {
    described: { dtype: "float32", shape: [3] },
    feature: { feature: { dtype: "float32", _type: "Value" }, length: 3, _type: "List" },
  },
  grid: {
    described: { dtype: "float64", shape: [2, 2] },
    feature: { shape: [2, 2], dtype: "float64", _type: "Array2D" },
  },
  code: { described: { dtype: "int64", shape: [1] }, feature: { dtype: "int64", _type: "Value" } },
  timestamp: { described: { dtype: "float32", shape: [1] }, feature: { dtype: "float32", _type: "Value" } },
  ...Object.fromEntries(
    ["frame_index", "episode_index", "index", "task_index"].map((name) => [name, {
      described: { dtype: "int64", shape: [1] },
      feature: { dtype: "int64", _type: "Value" } as const,
    }]),
  ),
};

export const tasks = ["Pick it up.", "Lay it down, gently: \u00fc."];
export const fps = 10;
/** The lengths of episodes in most datasets here. */
export const lengths = [4, 1, 7, 2, 3, 9, 1, 5];

/** Every row of a dataset, as hyparquet and the store give them; lists flat. */
export function rowsOf(lengths: readonly number[]): Row[] {
  return lengths.flatMap((length, episode) =>
    Array.from({ length }, (_, frame) => {
      const index = lengths.slice(0, episode).reduce((sum, count) => sum + count, 0) + frame;
      return {
        "observation.state": [0, 1, 2].map((i) => Math.fround(Math.sin(3 * index + i))),
        grid: [index / 3, -0, 5e-324, 1e300],
        code: 2n ** 60n + BigInt(index),
        timestamp: Math.fround(frame / fps),
        frame_index: BigInt(frame),
        episode_index: BigInt(episode),
        index: BigInt(index),
        task_index: BigInt(episode % 2),
      };
    })
  );
}

/** How a dataset differs from the plain one; it may be spoilt by that. */
export interface Change {
  readonly info?: Row;
  readonly episode?: (row: Row) => Row;
  readonly row?: (row: Row) => Row;
  /** Further columns of the data file that has these rows. */
  readonly columns?: (from: number, to: number) => Readonly<Record<string, Data>>;
}

/** Writes a dataset with its rows. */
export async function writeDataset(
  folder: string,
  { version, lengths, perFile = 3, chunkSize = 2 }: Shape,
  change: Change = {},
): Promise<void> {
  const isOld = version === "v2.1";
  const rows = rowsOf(lengths);
  const starts = lengths.map((_, i) => lengths.slice(0, i).reduce((sum, count) => sum + count, 0));
  const filesOf = isOld ? 1 : perFile;
  const placeOf = (episode: number) => {
    const file = Math.floor(episode / filesOf);
    return [Math.floor(file / chunkSize), isOld ? file : file % chunkSize];
  };
  const pathOf = (episode: number) => {
    const [chunk, file] = placeOf(episode);
    return `data/chunk-${pad(chunk, 3)}/${
      isOld ? `episode_${pad(file, 6)}` : `file-${pad(file, 3)}`
    }.parquet`;
  };
  for (let from = 0; from < lengths.length; from += filesOf) {
    const to = Math.min(lengths.length, from + filesOf);
    const end = to < lengths.length ? starts[to] : rows.length;
    const part = rows.slice(starts[from], end).map(change.row ?? ((row) => row));
    const table = tableOfRows(part, change.columns?.(starts[from], end));
    await writeTable(join(folder, pathOf(from)), table);
  }
  const list = lengths.map((length, episode) => {
    const [chunk, file] = placeOf(episode);
    const row = { episode_index: episode, length, tasks: [tasks[episode % 2]] };
    return (change.episode ?? ((row) => row))(
      isOld ? row : {
        ...row,
        "data/chunk_index": chunk,
        "data/file_index": file,
        dataset_from_index: starts[episode],
        dataset_to_index: starts[episode] + length,
      },
    );
  });
  const taskRows = tasks.map((task, task_index) => ({ task_index, task }));
  if (isOld) {
    writeText(join(folder, "meta/episodes.jsonl"), list.map((row) => `${JSON.stringify(row)}\n`).join(""));
    writeText(join(folder, "meta/tasks.jsonl"), taskRows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  } else {
    const half = Math.ceil(list.length / 2);
    await writeTable(
      join(folder, "meta/episodes/chunk-000/file-000.parquet"),
      looseTable(list.slice(0, half)),
    );
    await writeTable(join(folder, "meta/episodes/chunk-000/file-001.parquet"), looseTable(list.slice(half)));
    // Backwards, since it is the index that counts.
    await writeTable(join(folder, "meta/tasks.parquet"), looseTable(taskRows.toReversed()));
  }
  const described = Object.fromEntries(
    Object.entries(features).map(([name, { described }]) => [name, { ...described, names: null }]),
  );
  writeJson(join(folder, "meta/info.json"), {
    codebase_version: version,
    robot_type: "arm",
    total_episodes: lengths.length,
    total_frames: rows.length,
    total_tasks: tasks.length,
    chunks_size: chunkSize,
    fps,
    splits: { train: `0:${lengths.length}` },
    data_path: isOld
      ? "data/chunk-{episode_chunk:03d}/episode_{episode_index:06d}.parquet"
      : "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet",
    video_path: "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4",
    features: {
      ...described,
      "observation.images.top": {
        dtype: "video",
        shape: [480, 640, 3],
        names: ["height", "width", "channels"],
      },
      "observation.images.wrist": { dtype: "image", shape: [3, 8, 8], names: null },
      instruction: { dtype: "string", shape: [1], names: null },
    },
    ...change.info,
  });
}

function pad(number: number, width: number): string {
  return String(number).padStart(width, "0");
}

/** With the types that the features have. */
export function tableOfRows(rows: readonly Row[], others: Readonly<Record<string, Data>> = {}): Table {
  const names = Object.keys(rows[0]);
  const columns = names.map((name) => {
    const layout = parseFeature(name, features[name].feature, "test");
    const type = arrowTypeOf(layout);
    const isGrid = layout.isArray;
    const values = rows.map((row) =>
      isGrid && Array.isArray(row[name]) ? pairs(row[name] as number[]) : row[name]
    );
    const field = arrowField(name, layout, type);
    return { field, chunks: vectorFromArray(values as never, type as never).data as never };
  });
  for (const [name, data] of Object.entries(others)) {
    columns.push({ field: new Field(name, data.type, true), chunks: [data] as never });
  }
  const fields = columns.map(({ field }) => field);
  return tableOf(new Schema(fields), columns, rows.length);
}

function pairs(values: readonly number[]): number[][] {
  return [[values[0], values[1]], [values[2], values[3]]];
}

/** Texts, lists of them, and numbers as float64, as some writers have them. */
function looseTable(rows: readonly Row[]): Table {
  const columns = Object.keys(rows[0]).map((name) => {
    const text = new Utf8();
    const type = Array.isArray(rows[0][name])
      ? new List(new Field("item", text, true))
      : typeof rows[0][name] === "string"
      ? text
      : new Float64();
    const vector = vectorFromArray(rows.map((row) => row[name]) as never, type as never);
    return { field: new Field(name, type, true), chunks: vector.data as never };
  });
  return tableOf(new Schema(columns.map(({ field }) => field)), columns, rows.length);
}

export async function writeTable(path: string, table: Table): Promise<void> {
  mkdirSync(dirname(path), { recursive: true });
  rmSync(path, { force: true });
  await writeParquet(path, [table]);
}

export function writeText(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

export function writeJson(path: string, value: unknown): void {
  writeText(path, JSON.stringify(value));
}

// deno-lint-ignore no-explicit-any
export function readJson(path: string): any {
  return JSON.parse(readFileSync(path, "utf8"));
}

/** All rows of Parquet files below a folder, by a reader that shares no code with ours behind the page headers. */
export async function readFolder(folder: string): Promise<Row[]> {
  const names = readdirSync(folder, { recursive: true }).map(String).filter((name) =>
    name.endsWith(".parquet")
  );
  const rows: Row[] = [];
  for (const name of names.sort()) {
    rows.push(...await parquetReadObjects({ file: await asyncBufferFromFile(join(folder, name)) }) as Row[]);
  }
  return rows;
}

/** The store holds these rows: its fields' numbers, each with every bit, and the steps from 0 on. */
export function assertRows(store: StreamStore, rows: readonly Row[]): void {
  assert.equal(store.rowCount, rows.length);
  store.rows().forEach((row, i) => {
    assert.equal(row.step, i);
    for (const { name, dtype } of store.fields) {
      const [got, expected] = [row[name], rows[i][name]].map((value) => {
        const list = ArrayBuffer.isView(value) ? [...value as Float64Array] : [value].flat(9);
        return list.map((entry) => dtype === "int64" ? BigInt(entry as number) : Number(entry));
      });
      // Object.is tells -0 from 0.
      assert.ok(
        got.length === expected.length && got.every((value, k) => Object.is(value, expected[k])),
        `${name} at row ${i}: ${got} and not ${expected}`,
      );
    }
  });
}

/** A store of episodes of the lengths 3, 5 and 4. */
export function ownStore() {
  const store = new StreamStore({
    action: 0,
    "observation.state": 1,
    "next.done": 2,
    mode: { type: 3, dtype: "int64" },
  });
  for (let step = 0; step < 12; step++) {
    store.append(step, {
      action: Math.sqrt(step),
      "observation.state": [step / 3, NaN, -step],
      "next.done": [2, 7, 11].includes(step),
      mode: 2n ** 62n + BigInt(Math.floor(step / 4)),
    });
  }
  return store;
}

/** Whether two values are numbers that differ by no more than rounding, or the same. */
export function isNear(a: unknown, b: unknown, tolerance: number): boolean {
  if (typeof a !== "number" || typeof b !== "number") return Object.is(a, b);
  return Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(b));
}
