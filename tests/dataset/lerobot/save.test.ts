import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { loadLeRobot, parquetSchema, saveLeRobot, StreamStore } from "../../../mod.ts";
import { fixture, realData, skipRealData } from "../../support/dataset.ts";
import {
  assertRows,
  fps,
  isNear,
  lengths,
  ownStore,
  readFolder,
  readJson,
  type Row,
  writeDataset,
} from "../../support/lerobot/datasets.ts";
import { assertSameStore, filesIn, inFolder } from "../../support/saved.ts";

const options = { fps, episodes: { starts: [0] }, tasks: ["Do it."] };

/** The same but for what a dataset gets anew: file sizes, and videos that are no longer there. */
function assertSameInfo(folder: string, source: string): void {
  const [found, expected] = [folder, source].map((root) => readJson(join(root, "meta/info.json")));
  for (const name of ["robot_type", "total_episodes", "total_frames", "total_tasks", "fps", "splits"]) {
    assert.deepEqual(found[name], expected[name] ?? { train: `0:${expected.total_episodes}` }, name);
  }
  for (const [name, { dtype, shape, names }] of Object.entries<Row>(found.features)) {
    const { names: expectedNames = null, ...rest } = expected.features[name];
    assert.deepEqual({ dtype, shape, names }, { dtype: rest.dtype, shape: rest.shape, names: expectedNames });
  }
}

async function roundTrip(source: string, folder: string): Promise<string[]> {
  const copy = join(folder, "copy");
  const dataset = await loadLeRobot(source);
  using _ = dataset.store;
  await saveLeRobot(dataset.store, copy, dataset);
  const again = await loadLeRobot(copy);
  using __ = again.store;
  assertSameStore(again.store, dataset.store);
  assertRows(again.store, await readFolder(join(copy, "data")));
  assert.deepEqual(again.episodes.starts, dataset.episodes.starts);
  assert.deepEqual(again.episodes.lengths, dataset.episodes.lengths);
  assert.deepEqual([again.tasks, again.fps, again.robotType], [
    dataset.tasks,
    dataset.fps,
    dataset.robotType,
  ]);
  assert.deepEqual(again.leftOut, []);
  assert.equal(JSON.stringify(again.features), JSON.stringify(dataset.features));
  return filesIn(copy);
}

for (const version of ["v2.1", "v3.0"] as const) {
  test(`saveLeRobot() of ${version} saves what was loaded as it was, to be loaded again`, () =>
    inFolder(async (folder) => {
      const source = join(folder, "source");
      await writeDataset(source, { version, lengths });
      const files = await roundTrip(source, folder);
      assert.deepEqual(files, [
        "data/chunk-000/file-000.parquet",
        "meta/episodes/chunk-000/file-000.parquet",
        "meta/info.json",
        "meta/stats.json",
        "meta/tasks.parquet",
      ]);
      assertSameInfo(join(folder, "copy"), source);
      const { columns } = await parquetSchema(join(folder, "copy/data"));
      const types = Object.fromEntries(columns.map(({ name, feature }) => [name, JSON.stringify(feature)]));
      assert.equal(
        types["observation.state"],
        '{"feature":{"dtype":"float32","_type":"Value"},"length":3,"_type":"List"}',
      );
      assert.equal(types.grid, '{"shape":[2,2],"dtype":"float64","_type":"Array2D"}');
      assert.equal(types.code, '{"dtype":"int64","_type":"Value"}');
    }));
}

test("saveLeRobot() gives what LeRobot wrote as it came, but for its texts", () =>
  inFolder(async (folder) => {
    await roundTrip(fixture("lerobot"), folder);
    assertSameInfo(join(folder, "copy"), fixture("lerobot"));
    const [ours, theirs] = await Promise.all(
      [join(folder, "copy"), fixture("lerobot")].map((root) => readFolder(join(root, "meta/episodes"))),
    );
    const columns = Object.keys(ours[0]);
    assert.deepEqual(columns.filter((name) => !name.startsWith("stats/")), [
      "episode_index",
      "tasks",
      "length",
      "data/chunk_index",
      "data/file_index",
      "dataset_from_index",
      "dataset_to_index",
      "meta/episodes/chunk_index",
      "meta/episodes/file_index",
    ]);
    assert.deepEqual(columns.toSorted(), Object.keys(theirs[0]).toSorted());
    for (const [i, row] of theirs.entries()) {
      for (const name of columns) {
        if (/\/q\d\d$|\/std$/.test(name)) continue;
        const [found, expected] = [ours[i][name], row[name]].map((value) => [value].flat().map(plainNumber));
        assert.equal(found.length, expected.length, name);
        // LeRobot takes means in float32.
        found.forEach((value, k) =>
          assert.ok(isNear(value, expected[k], 1e-6), `${name}: ${found} and not ${expected}`)
        );
      }
    }
    const [stats, expected] = [join(folder, "copy"), fixture("lerobot")].map((root) =>
      readJson(join(root, "meta/stats.json"))
    );
    for (const name of Object.keys(expected)) {
      assert.deepEqual(Object.keys(stats[name]).toSorted(), Object.keys(expected[name]).toSorted());
      // Of values near 2 ** 60 LeRobot's differences of squares are all rounding.
      const precise = name === "code"
        ? ["min", "max", "mean", "count"]
        : ["min", "max", "mean", "std", "count"];
      for (const stat of precise) {
        stats[name][stat].forEach((value: number, k: number) =>
          assert.ok(isNear(value, expected[name][stat][k], 1e-4), `${name} ${stat}`)
        );
      }
    }
  }));

function plainNumber(value: unknown): unknown {
  return typeof value === "bigint" ? Number(value) : value;
}

if (skipRealData) console.log(`Tests of saved real LeRobot datasets are skipped: ${skipRealData}`);

for (const name of ["lerobot-g1", "lerobot-studio/lerobotv2", "lerobot-studio/lerobotv3"]) {
  test(`saveLeRobot() gives ${name} as it came`, { skip: skipRealData }, () =>
    inFolder(async (folder) => {
      await roundTrip(join(realData, name), folder);
    }));
}

test("saveLeRobot() adds to a store of one's own what LeRobot wants besides", () =>
  inFolder(async (folder) => {
    using store = ownStore();
    const path = join(folder, "own");
    await saveLeRobot(store, path, {
      fps: 20,
      episodes: { end: "next.done" },
      tasks: ["A", "B"],
      episodeTasks: Uint8Array.of(1, 0, 1),
      robotType: "arm",
      features: {
        "next.done": { dtype: "bool" },
        "observation.state": { dtype: "float32", names: ["x", "y", "z"], unit: "rad" },
      },
    });
    const { store: loaded, ...rest } = await loadLeRobot(path);
    using copy = loaded;
    assert.deepEqual(rest.episodes, {
      starts: [0, 3, 8],
      lengths: [3, 5, 4],
      tasks: [["B"], ["A"], ["B"]],
    });
    assert.deepEqual(rest.features, {
      action: { dtype: "float64", shape: [1], names: null },
      "observation.state": { dtype: "float32", shape: [3], names: ["x", "y", "z"], unit: "rad" },
      "next.done": { dtype: "bool", shape: [1], names: null },
      mode: { dtype: "int64", shape: [1], names: null },
      timestamp: { dtype: "float32", shape: [1], names: null },
      frame_index: { dtype: "int64", shape: [1], names: null },
      episode_index: { dtype: "int64", shape: [1], names: null },
      index: { dtype: "int64", shape: [1], names: null },
      task_index: { dtype: "int64", shape: [1], names: null },
    });
    assert.deepEqual(copy.row(6), {
      step: 6,
      action: Math.sqrt(6),
      "observation.state": Float32Array.of(2, NaN, -6),
      "next.done": 0,
      mode: 2n ** 62n + 1n,
      timestamp: Math.fround(3 / 20),
      frame_index: 3n,
      episode_index: 1n,
      index: 6n,
      task_index: 0n,
    });
    const text = readFileSync(join(path, "meta/stats.json"), "utf8");
    const stats = JSON.parse(text.replaceAll("NaN", "null"));
    assert.deepEqual(stats["observation.state"].min, [0, null, -11]);
    assert.deepEqual(stats["observation.state"].count, [12]);
    assert.match(text, /^\s+NaN,$/m);
    assert.deepEqual(stats["next.done"].mean, [0.25]);
    const [, second] = await readFolder(join(path, "meta/episodes"));
    assert.deepEqual(second["stats/frame_index/max"], [4]);
    assert.deepEqual(second["stats/action/min"], [Math.sqrt(3)]);
    assert.deepEqual(second.tasks, ["A"]);
  }));

test("saveLeRobot() takes episodes by a field that changes, by the load, by writers, and behind rows that were dropped", () =>
  inFolder(async (folder) => {
    using store = ownStore();
    await saveLeRobot(store, join(folder, "id"), { ...options, episodes: { id: "mode" } });
    const { episodes, store: copy } = await loadLeRobot(join(folder, "id"));
    copy.close();
    assert.deepEqual(episodes.lengths, [4, 4, 4]);
    assert.deepEqual(episodes.tasks, [["Do it."], ["Do it."], ["Do it."]]);

    using tail = new StreamStore({ a: 0 }, { retain: { rows: 1000 } });
    for (let i = 0; i < 70_000; i++) tail.append(i, { a: i });
    tail.flush();
    const { firstRow } = tail;
    assert.ok(firstRow > 0 && firstRow < 69_500);
    await saveLeRobot(tail, join(folder, "tail"), { ...options, episodes: { starts: [0, 100, 69_500] } });
    const loaded = await loadLeRobot(join(folder, "tail"));
    using rest = loaded.store;
    assert.deepEqual(loaded.episodes.lengths, [69_500 - firstRow, 500]);
    assert.deepEqual([rest.row(0).a, rest.row(0).index, rest.row(0).timestamp], [firstRow, 0n, 0]);

    // The second writer found an episode without an end.
    for (const row of [0, 1, 2, 3, 4, 5]) {
      using writer = StreamStore.open(join(folder, "run"), { fields: { a: 0, done: 1 } });
      for (let i = 0; i < (row === 0 ? 7 : 0); i++) writer.append(i, { a: i, done: i === 3 });
      writer.append(7 + row, { a: row, done: row === 4 });
    }
    using run = StreamStore.open<{ a: 0; done: 1 }>(join(folder, "run"), { mode: "read" });
    for (const [sessions, lengths] of [["split", [4, 4, 1, 1, 1, 1, 1]], ["join", [4, 8, 1]]] as const) {
      await saveLeRobot(run, join(folder, sessions), { ...options, episodes: { end: "done", sessions } });
      const { episodes, store } = await loadLeRobot(join(folder, sessions));
      store.close();
      assert.deepEqual(episodes.lengths, lengths);
    }
  }));

test("saveLeRobot() gives each feature the type that it was loaded with", () =>
  inFolder(async (folder) => {
    const { store, episodes, tasks } = await loadLeRobot(fixture("lerobot"));
    using _ = store;
    await saveLeRobot(store, join(folder, "copy"), { fps: 20, episodes, tasks });
    const { features } = readJson(join(folder, "copy/meta/info.json"));
    for (const [name, { dtype, shape }] of Object.entries<Row>(features)) {
      const { dtype: expected, shape: lengths } =
        readJson(join(fixture("lerobot"), "meta/info.json")).features[name];
      assert.deepEqual([name, dtype, shape], [name, expected, lengths]);
    }
  }));

test("saveLeRobot() ends files with episodes, and chunks with so many files", () =>
  inFolder(async (folder) => {
    using store = new StreamStore({ a: 0, episode: 1 });
    const counts = Array.from({ length: 50 }, (_, i) => 1 + (7 * i) % 11);
    let step = 0;
    for (const [episode, count] of counts.entries()) {
      for (let i = 0; i < count; i++) store.append(step++, { a: i, episode });
    }
    // 52 bytes a row: 8 for each field and index, 4 for the timestamp; so 20 rows at most.
    const path = join(folder, "many");
    const episodes = { id: "episode" } as const;
    await saveLeRobot(store, path, { ...options, episodes, fileBytes: 1040, chunkFiles: 4 });
    const info = readJson(join(path, "meta/info.json"));
    assert.deepEqual([info.chunks_size, info.total_episodes, info.total_frames], [4, 50, step]);
    const names = filesIn(join(path, "data"));
    assert.deepEqual(names.slice(3, 5), ["chunk-000/file-003.parquet", "chunk-001/file-000.parquet"]);
    const rows = await Promise.all(names.map((name) => parquetSchema(join(path, "data", name))));
    assert.ok(rows.every(({ rowCount }) => rowCount <= 20) && rows.length < 25, `${rows.length} files`);
    assert.ok(filesIn(join(path, "meta/episodes")).length > 4);
    const loaded = await loadLeRobot(path);
    using copy = loaded.store;
    assert.deepEqual(loaded.episodes.lengths, counts);
    assert.deepEqual(copy.column("a").values, store.column("a").values);
  }));
