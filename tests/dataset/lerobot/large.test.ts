/** LeRobot datasets with more episodes than fit into one table, one row group or one call's arguments. */
import { asyncBufferFromFile, parquetMetadataAsync } from "hyparquet";
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { loadLeRobot, saveLeRobot, StreamStore } from "../../../mod.ts";
import { EpisodeRows } from "../../../src/dataset/lerobot/episode_rows.ts";
import { sessionOf } from "../../../src/store/session.ts";
import { readFolder } from "../../support/lerobot/datasets.ts";
import { inFolder } from "../../support/saved.ts";

test("EpisodeRows.find() finds hundreds of thousands of episodes", () => {
  const rows = 300_000;
  using store = new StreamStore({ reward: 0 });
  store.appendColumns({
    step: BigInt64Array.from({ length: rows }, (_, i) => BigInt(i)),
    reward: new Float64Array(rows),
  });
  const { connection, fields } = sessionOf(store)!.readAll("save");
  const starts = Array.from({ length: rows }, (_, row) => row);
  const episodes = EpisodeRows.find(connection, fields, { starts });
  assert.equal(episodes.count, rows);
  assert.deepEqual([episodes.start(123_456), episodes.end(123_456)], [123_456, 123_457]);
  assert.deepEqual(episodes.range, { from: 0, to: rows });
});

test("loadLeRobot() reads a list of episodes in several row groups", () =>
  inFolder(async (folder) => {
    const [count, width] = [1500, 200];
    using store = new StreamStore({ action: 0 });
    for (let i = 0; i < count; i++) store.append(i, { action: new Float64Array(width).fill(i / 7) });
    const path = join(folder, "many");
    const episodes = { starts: Array.from({ length: count }, (_, i) => i) };
    const episodeTasks = Uint8Array.from({ length: count }, (_, i) => i < 700 ? 0 : 1);
    await saveLeRobot(store, path, { fps: 10, episodes, tasks: ["A", "B"], episodeTasks });

    const list = await asyncBufferFromFile(join(path, "meta/episodes/chunk-000/file-000.parquet"));
    assert.ok((await parquetMetadataAsync(list)).row_groups.length > 1);
    const rows = await readFolder(join(path, "meta/episodes"));
    assert.deepEqual(
      rows.map((row) => (row["stats/action/mean"] as number[])[width - 1]),
      rows.map((_, i) => i / 7),
    );
    assert.deepEqual(rows.map((row) => Number(row.episode_index)), episodes.starts);

    const loaded = await loadLeRobot(path);
    loaded.store.close();
    assert.deepEqual(loaded.episodes, {
      starts: episodes.starts,
      lengths: Array(count).fill(1),
      tasks: Array.from(episodeTasks, (task) => [task === 0 ? "A" : "B"]),
    });
  }));
