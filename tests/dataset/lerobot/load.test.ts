import assert from "node:assert/strict";
import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { loadLeRobot, StreamStore, StreamStoreError } from "../../../mod.ts";
import { fixture, realData, skipRealData as skip } from "../../support/dataset.ts";
import { startHub } from "../../support/hub/server.ts";
import {
  assertRows,
  features,
  fps,
  readFolder,
  readJson,
  type Row,
  rowsOf,
  type Shape,
  tableOfRows,
  tasks,
  writeDataset,
  writeJson,
  writeTable,
} from "../../support/lerobot/datasets.ts";
import { filesIn, inFolder } from "../../support/saved.ts";

if (skip) console.log(`Tests of real LeRobot datasets are skipped: ${skip}`);

const lengths = [4, 1, 7, 2, 3, 9, 1, 5];
const shapes: Record<string, Shape> = {
  "v2.1": { version: "v2.1", lengths },
  "v3.0": { version: "v3.0", lengths },
};

test("loadLeRobot() of a real dataset of version 2.1, against another reader", { skip }, async () => {
  const folder = join(realData, "lerobot-g1");
  const { store, episodes, ...rest } = await loadLeRobot(folder);
  using _ = store;
  const rows = await readFolder(join(folder, "data"));
  assertRows(store, rows);
  assert.deepEqual([rest.fps, rest.robotType, rest.tasks], [30, "Unitree_G1_Inspire", [
    "Pick up the yellow bottle on the table.",
  ]]);
  assert.deepEqual([rest.leftOut, rest.info], [[], readJson(join(folder, "meta/info.json"))]);
  assert.deepEqual(rest.features, rest.info.features);
  assert.deepEqual(
    episodes.starts,
    rows.flatMap(({ frame_index }, i) => frame_index === 0n ? [i] : []),
  );
  assert.deepEqual(store.fields.filter(({ dtype }) => dtype === "int64").map(({ name }) => name), [
    "frame_index",
    "episode_index",
    "index",
    "task_index",
  ]);
});

for (const name of ["lerobotv2", "lerobotv2-image", "lerobotv3"]) {
  test(
    `loadLeRobot() of LeRobot Studio's ${name}, which says float32 and int64 and writes float64`,
    { skip },
    async () => {
      const folder = join(realData, "lerobot-studio", name);
      const { store, episodes, leftOut, features: loaded } = await loadLeRobot(folder);
      using _ = store;
      assertRows(store, await readFolder(join(folder, "data")));
      assert.equal(store.row(1)["observation.state"], 0.1);
      assert.equal(store.row(4).index, 4n);
      assert.deepEqual([loaded.action.dtype, loaded.index.dtype], ["float64", "int64"]);
      assert.deepEqual([episodes.starts, episodes.lengths], [[0, 3], [3, 3]]);
      assert.deepEqual(leftOut.map((feature) => feature.name), ["observation.images.cam"]);
      assert.match(leftOut[0].reason, name.endsWith("image") ? /it is an image/ : /it is a video/);
    },
  );
}

test("loadLeRobot() of a dataset that LeRobot itself wrote, against another reader", async () => {
  const folder = fixture("lerobot");
  const { store, episodes, leftOut, ...rest } = await loadLeRobot(folder);
  using _ = store;
  assertRows(store, await readFolder(join(folder, "data")));
  assert.equal(store.row(17).code, 2n ** 60n + 305n);
  assert.deepEqual(episodes.starts, [0, 3, 7, 12]);
  assert.deepEqual(episodes.lengths, [3, 4, 5, 6]);
  assert.deepEqual(episodes.tasks, [["Do 0."], ["Do 1."], ["Do 0."], ["Do 1."]]);
  assert.deepEqual([rest.fps, rest.robotType, rest.tasks], [20, "arm", ["Do 0.", "Do 1."]]);
  assert.deepEqual(leftOut, [{
    name: "note",
    reason: "its values are of dtype string, and a store holds numbers",
  }]);
});

for (const [version, shape] of Object.entries(shapes)) {
  test(`loadLeRobot() of ${version} reads several files and chunks, and says what is left out`, () =>
    inFolder(async (folder) => {
      await writeDataset(folder, shape);
      const { store, episodes, leftOut, ...rest } = await loadLeRobot(folder);
      using _ = store;
      const rows = rowsOf(lengths);
      assertRows(store, rows);
      assertRows(store, await readFolder(join(folder, "data")));
      assert.deepEqual(filesIn(join(folder, "data")).length, version === "v2.1" ? 8 : 3);
      assert.equal(readdirSync(join(folder, "data")).length, version === "v2.1" ? 4 : 2);
      assert.deepEqual(episodes, {
        starts: [0, 4, 5, 12, 14, 17, 26, 27],
        lengths,
        tasks: lengths.map((_, i) => [tasks[i % 2]]),
      });
      assert.deepEqual([rest.tasks, rest.fps, rest.robotType], [tasks, fps, "arm"]);
      assert.deepEqual(Object.keys(rest.features), Object.keys(features));
      assert.deepEqual(leftOut, [
        { name: "observation.images.top", reason: "it is a video, which a store does not hold" },
        { name: "observation.images.wrist", reason: "it is an image, which a store does not hold" },
        { name: "instruction", reason: "its values are of dtype string, and a store holds numbers" },
      ]);
      const table = await store.toDataset();
      assert.match(String(table.schema.fields[0]), /observation.state: FixedSizeList\[3\]<Float32>/);
    }));

  test(`loadLeRobot() of ${version} reads only the columns that are named, also without the numbers of episodes`, () =>
    inFolder(async (folder) => {
      await writeDataset(folder, shape);
      const columns = ["code", "observation.state"];
      const { store, episodes, leftOut } = await loadLeRobot(folder, { columns });
      using _ = store;
      // In the order of the features, whatever the order of the names.
      assert.deepEqual(store.fields.map(({ name }) => name), ["observation.state", "code"]);
      assertRows(store, rowsOf(lengths));
      assert.equal(episodes.starts.length, lengths.length);
      assert.ok(leftOut.some(({ name, reason }) => name === "index" && reason === "it is not among columns"));
    }));

  test(`loadLeRobot() of ${version} gives starts of episodes that no window of a sampler crosses`, () =>
    inFolder(async (folder) => {
      await writeDataset(folder, shape);
      const { store, episodes: { starts } } = await loadLeRobot(folder);
      using _ = store;
      const sampler = store.sampler({
        steps: 3,
        fields: { episode_index: 1, frame_index: 1 },
        episodes: { starts },
        order: "shuffle",
        epochs: 1,
        batchSize: 4,
        seed: 1,
      });
      let count = 0;
      for (const { fields: { episode_index: ids, frame_index: frames } } of sampler) {
        for (let at = 0; at < ids.values.length; at += 3, count++) {
          assert.equal(ids.values[at + 2], ids.values[at]);
          assert.equal(frames.values[at + 2], frames.values[at] + 2);
        }
      }
      assert.equal(count, lengths.reduce((sum, length) => sum + Math.max(0, length - 2), 0));
    }));

  test(`loadLeRobot() of ${version} into a directory makes a store only of all rows`, () =>
    inFolder(async (folder) => {
      await writeDataset(join(folder, "data-set"), shape);
      const path = join(folder, "run.stream");
      const { store } = await loadLeRobot(join(folder, "data-set"), { path, capacity: 128 });
      store.close();
      using kept = StreamStore.open(path, { mode: "read" });
      assertRows(kept, rowsOf(lengths));
      await assert.rejects(loadLeRobot(join(folder, "data-set"), { path }), { code: "already-exists" });
      assert.equal(kept.rowCount, 32);
    }));

  test(`loadLeRobot() of ${version} loads the same by a name at the Hub`, () =>
    inFolder(async (folder) => {
      await writeDataset(folder, shape);
      const hub = await startHub({});
      try {
        const repository = hub.createRepository("user/robot");
        repository.write(Object.fromEntries(
          filesIn(folder).map((name) => [name, new Uint8Array(readFileSync(join(folder, name)))]),
        ));
        const options = { endpoint: hub.endpoint, token: hub.token };
        const { store, episodes } = await loadLeRobot("user/robot", options);
        using _ = store;
        assertRows(store, rowsOf(lengths));
        assert.equal(episodes.starts.at(-1), 27);
        repository.write({ "meta/info.json": null });
        await assert.rejects(loadLeRobot("user/robot", options), {
          code: "not-found",
          message: "Cannot load a LeRobot dataset: user/robot must have meta/info.json",
        });
      } finally {
        await hub.close();
      }
    }));
}

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
        writeTable(join(folder, v2Data), tableOfRows(rows));
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
      /meta\/episodes\/chunk-000\/file-001\.parquet must be a whole Parquet file, but cannot be decoded$/,
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

test("loadLeRobot() refuses values that do not fit, and leaves nothing", () =>
  inFolder(async (folder) => {
    const dataset = join(folder, "dataset");
    const info = { features: { grid: { dtype: "int64", shape: [2, 2] } } };
    await writeDataset(dataset, shapes["v3.0"], { info });
    await assert.rejects(loadLeRobot(dataset, { path: join(folder, "run.stream") }), {
      name: "RangeError",
      message:
        'Cannot load a LeRobot dataset: "grid" at row 0 must be an integer that fits int64, got 5e-324',
    });
    assert.deepEqual(readdirSync(folder), ["dataset"]);
  }));

test("loadLeRobot() refuses columns that are no features of numbers", () =>
  inFolder(async (folder) => {
    await writeDataset(folder, shapes["v3.0"]);
    const listed = Object.keys(features).join(", ");
    const refuses = (columns: string[], got: string) =>
      assert.rejects(loadLeRobot(folder, { columns }), {
        name: "TypeError",
        message: `Cannot load a LeRobot dataset: columns must be features of numbers (${listed}), got ${got}`,
      });
    await refuses(["code", "cod"], '"cod"');
    await refuses(
      ["observation.images.top"],
      '"observation.images.top": it is a video, which a store does not hold',
    );
    await assert.rejects(loadLeRobot(folder, { columns: [] }), /a list with at least one feature$/);
  }));

test("loadLeRobot() refuses names that lead nowhere", () =>
  inFolder(async (folder) => {
    const missing = join(folder, "missing");
    await assert.rejects(loadLeRobot(missing), {
      code: "not-found",
      message: `Cannot load a LeRobot dataset: there must be a folder ${missing}, got none`,
    });
    appendFileSync(missing, "");
    await assert.rejects(loadLeRobot(missing), { code: "not-a-directory" });
    mkdirSync(join(folder, "empty"));
    await assert.rejects(loadLeRobot(join(folder, "empty")), { code: "not-found" });
  }));

test("loadLeRobot() that is aborted leaves nothing", () =>
  inFolder(async (folder) => {
    const dataset = join(folder, "dataset");
    await writeDataset(dataset, shapes["v3.0"]);
    const path = join(folder, "run.stream");
    await assert.rejects(
      loadLeRobot(dataset, { path, signal: AbortSignal.abort(new Error("enough")) }),
      /^Error: enough$/,
    );
    assert.deepEqual(readdirSync(folder), ["dataset"]);
  }));
