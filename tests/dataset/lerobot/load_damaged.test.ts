/** Damaged datasets of LeRobot: the error names what is wrong, and nothing is left. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { loadLeRobot, StreamStoreError } from "../../../mod.ts";
import {
  lengths,
  readJson,
  type Row,
  rowsOf,
  type Shape,
  tableOfRows,
  writeDataset,
  writeJson,
  writeTable,
} from "../../support/lerobot/datasets.ts";
import { inFolder } from "../../support/saved.ts";

const shapes: Record<string, Shape> = {
  "v2.1": { version: "v2.1", lengths },
  "v3.0": { version: "v3.0", lengths },
};

/** What is spoilt, and the words that say so. */
type Damage = readonly [
  what: string,
  spoil: (folder: string) => void | Promise<void>,
  message: RegExp,
  code?: string,
];

const v2Data = "data/chunk-002/episode_000005.parquet";
const v3Data = "data/chunk-000/file-001.parquet";

function patchInfo(change: Row): (folder: string) => void {
  return (folder) => {
    const path = join(folder, "meta/info.json");
    writeJson(path, { ...readJson(path), ...change });
  };
}

function remove(path: string): (folder: string) => void {
  return (folder) => rmSync(join(folder, path));
}

function overwrite(path: string, text: string): (folder: string) => void {
  return (folder) => writeFileSync(join(folder, path), text);
}

function replace(path: string, found: string, by: string): (folder: string) => void {
  return (folder) => {
    const text = readFileSync(join(folder, path), "utf8");
    assert.ok(text.includes(found));
    writeFileSync(join(folder, path), text.replace(found, by));
  };
}

/** Writes the dataset anew with other lists or rows. */
function rewrite(
  shape: Shape,
  change: Parameters<typeof writeDataset>[2],
): (folder: string) => Promise<void> {
  return (folder) => writeDataset(folder, shape, change);
}

const both: Damage[] = [
  ["no info", remove("meta/info.json"), /must have meta\/info\.json$/, "not-found"],
  ["info cut short", overwrite("meta/info.json", '{"fps": 3'), /meta\/info\.json must be a JSON object$/],
  ["no version", patchInfo({ codebase_version: null }), /codebase_version must be v2 or v3, got null$/],
  ["version 1", patchInfo({ codebase_version: "v1.6" }), /must be v2 or v3, got "v1\.6"$/, "unsupported"],
  ["version 4", patchInfo({ codebase_version: "v4.0" }), /must be v2 or v3, got "v4\.0"$/, "newer-version"],
  ["fps 0", patchInfo({ fps: 0 }), /meta\/info\.json: fps must be a number above 0, got 0$/],
  ["no features", patchInfo({ features: [] }), /meta\/info\.json: features must be an object, got \[\]$/],
  [
    "a feature without shape",
    patchInfo({ features: { action: { dtype: "float32" } } }),
    /meta\/info\.json: features\["action"\] must be an object with dtype and shape, got \{"dtype":"float32"\}$/,
  ],
  [
    "a path out of the folder",
    patchInfo({ data_path: "../{chunk_index}/{file_index}.parquet" }),
    /data_path must be a path below the dataset, got "\.\./,
  ],
  [
    "a template of another kind",
    patchInfo({ data_path: "data/{part}.parquet" }),
    /data_path must be a path with/,
  ],
  [
    "more episodes than listed",
    patchInfo({ total_episodes: 9 }),
    /must list the 9 episodes .*total_episodes\), got 8$/,
  ],
  [
    "other frames than listed",
    patchInfo({ total_frames: 33 }),
    /lengths of 33 frames .*total_frames\), got 32$/,
  ],
  ["more tasks than listed", patchInfo({ total_tasks: 3 }), /must have the 3 tasks .*total_tasks\), got 2$/],
  ["no count", patchInfo({ total_frames: 1.5 }), /total_frames must be a whole number, got 1\.5$/],
  [
    "a feature that no file has",
    patchInfo({
      features: { code: { dtype: "int64", shape: [1] }, torque: { dtype: "float32", shape: [2] } },
    }),
    /(episode_000000|file-000)\.parquet must have the column "torque"$/,
  ],
];

const damages: Record<string, Damage[]> = {
  "v2.1": [
    ...both,
    ["no list of episodes", remove("meta/episodes.jsonl"), /must have meta\/episodes\.jsonl$/, "not-found"],
    ["no list of tasks", remove("meta/tasks.jsonl"), /must have meta\/tasks\.jsonl$/, "not-found"],
    [
      "a line that is no JSON",
      replace("meta/episodes.jsonl", '{"episode_index":3', "{episode_index:3"),
      /meta\/episodes\.jsonl: line 4 must be a JSON object, got "\{episode_index:3,/,
    ],
    [
      "an episode twice",
      replace("meta/episodes.jsonl", '"episode_index":3', '"episode_index":2'),
      /meta\/episodes\.jsonl must list episode 3 once, got 2 in its place$/,
    ],
    [
      "a length that is none",
      replace("meta/episodes.jsonl", '"length":7', '"length":"7"'),
      /meta\/episodes\.jsonl: of episode 2 the length must be a whole number, got "7"$/,
    ],
    [
      "two lengths that are each other's",
      rewrite(shapes["v2.1"], {
        episode: (row) => ({ ...row, length: ({ 0: 7, 2: 4 })[row.episode_index as 0] ?? row.length }),
      }),
      /episode_000000\.parquet must have the 7 rows of episodes 0 to 0, got 4$/,
    ],
    [
      "a task twice",
      replace("meta/tasks.jsonl", '"task_index":1', '"task_index":0'),
      /meta\/tasks\.jsonl: task_index must be each of 0 to 1 once, got 0 for task 1$/,
    ],
    [
      "no file of an episode",
      remove(v2Data),
      /must have data\/chunk-002\/episode_000005\.parquet, which holds episode 5$/,
      "not-found",
    ],
    [
      "a file cut short",
      (folder) => writeFileSync(join(folder, v2Data), "PAR1PAR1"),
      /Cannot read .*episode_000005\.parquet/,
      "",
    ],
    [
      "a file with rows of another episode",
      (folder) => writeTable(join(folder, v2Data), tableOfRows(rowsOf(lengths).slice(5, 14))),
      /episode_000005\.parquet: row 0 must be of episode 5, got "episode_index" 2$/,
    ],
    [
      "a file with rows of an episode whose number is 2 ** 32 too large",
      (folder) => {
        const rows = rowsOf(lengths).slice(18, 27);
        for (const row of rows) row.episode_index = (row.episode_index as bigint) + 2n ** 32n;
        return writeTable(join(folder, v2Data), tableOfRows(rows));
      },
      /episode_000005\.parquet: row 0 must be of episode 5, got "episode_index" 4294967301$/,
    ],
    [
      "a file with too many rows",
      (folder) =>
        writeTable(join(folder, v2Data), tableOfRows(rowsOf(lengths).slice(17, 27).concat(rowsOf([1])))),
      /episode_000005\.parquet must have the 9 rows of episodes 5 to 5, got 11$/,
    ],
  ],
  "v3.0": [
    ...both,
    [
      "no list of episodes",
      (folder) => rmSync(join(folder, "meta/episodes"), { recursive: true }),
      /must have meta\/episodes\/chunk-000\/file-000\.parquet$/,
      "not-found",
    ],
    ["no list of tasks", remove("meta/tasks.parquet"), /must have meta\/tasks\.parquet$/, "not-found"],
    [
      "half of the list of episodes",
      remove("meta/episodes/chunk-000/file-001.parquet"),
      /meta\/episodes must list the 8 episodes .*got 4$/,
    ],
    [
      "a list that is no Parquet",
      overwrite("meta/episodes/chunk-000/file-001.parquet", "not parquet"),
      /^Cannot read .*meta\/episodes\/chunk-000\/file-001\.parquet: it must end with .* as Parquet files do, got 11 bytes/,
    ],
    [
      "a list without places",
      rewrite(shapes["v3.0"], { episode: ({ episode_index, length }) => ({ episode_index, length }) }),
      /meta\/episodes: of episode 0 data\/chunk_index must be a whole number, got nothing$/,
    ],
    [
      "an episode whose rows begin elsewhere",
      rewrite(shapes["v3.0"], {
        episode: (row) => ({
          ...row,
          dataset_from_index: row.episode_index === 4 ? 13 : row.dataset_from_index,
        }),
      }),
      /meta\/episodes: of episode 4 dataset_from_index must be 14, got 13$/,
    ],
    [
      "two lengths that are each other's",
      rewrite(shapes["v3.0"], {
        episode: ({ dataset_from_index: _, dataset_to_index: __, ...row }) => ({
          ...row,
          length: ({ 0: 7, 2: 4 })[row.episode_index as 0] ?? row.length,
        }),
      }),
      /file-000\.parquet: row 4 must be of episode 0, got "episode_index" 1$/,
    ],
    [
      "a file of another place",
      rewrite(shapes["v3.0"], {
        episode: (row) => ({
          ...row,
          "data/file_index": row.episode_index === 4 ? 0 : row["data/file_index"],
        }),
      }),
      /file-000\.parquet must hold episodes that follow each other, got episode 4 behind another file's$/,
    ],
    [
      "no file of rows",
      remove(v3Data),
      /must have data\/chunk-000\/file-001\.parquet, which holds episode 3$/,
      "not-found",
    ],
    [
      "a file cut short",
      (folder) => writeFileSync(join(folder, v3Data), "PAR1PAR1"),
      /Cannot read .*file-001\.parquet/,
      "",
    ],
    [
      "a file with too few rows",
      (folder) => writeTable(join(folder, v3Data), tableOfRows(rowsOf(lengths).slice(12, 25))),
      /file-001\.parquet must have the 14 rows of episodes 3 to 5, got 13$/,
    ],
    [
      "rows without an episode",
      rewrite(shapes["v3.0"], {
        row: (row) => ({ ...row, episode_index: row.index === 13n ? null : row.episode_index }),
      }),
      /file-001\.parquet: row 1 must be of episode 3, got "episode_index" null$/,
    ],
    [
      "a file without the numbers of episodes",
      (folder) => {
        const rows = rowsOf(lengths).slice(12, 26).map(({ episode_index: _, ...row }) => row);
        return writeTable(join(folder, v3Data), tableOfRows(rows));
      },
      /file-001\.parquet must have the column "episode_index"$/,
    ],
  ],
};

for (const [version, table] of Object.entries(damages)) {
  for (const [what, spoil, message, code = "damaged"] of table) {
    test(`loadLeRobot() of ${version} with ${what} names it, and leaves nothing`, () =>
      inFolder(async (folder) => {
        const dataset = join(folder, "dataset");
        await writeDataset(dataset, shapes[version]);
        await spoil(dataset);
        const path = join(folder, "run.stream");
        for (const options of [{ path }, { path, columns: ["code"] }, {}]) {
          if (options.columns !== undefined && what.includes("no file has")) continue;
          await assert.rejects(loadLeRobot(dataset, options), (error: Error) => {
            assert.match(error.message, message);
            if (code !== "") assert.equal((error as StreamStoreError).code, code);
            return true;
          });
          assert.deepEqual(readdirSync(folder), ["dataset"]);
        }
      }));
  }
}
