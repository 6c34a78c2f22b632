import assert from "node:assert/strict";
import { appendFileSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { loadLeRobot, StreamStore } from "../../../mod.ts";
import { fixture, realData, skipRealData as skip } from "../../support/dataset.ts";
import { startHub } from "../../support/hub/server.ts";
import {
  assertRows,
  features,
  fps,
  lengths,
  readFolder,
  readJson,
  rowsOf,
  type Shape,
  tasks,
  writeDataset,
} from "../../support/lerobot/datasets.ts";
import { filesIn, inFolder } from "../../support/saved.ts";

if (skip) console.log(`Tests of real LeRobot datasets are skipped: ${skip}`);

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
  assert.deepEqual(
    Object.fromEntries(store.fields.map(({ name, dtype }) => [name, dtype])),
    {
      "observation.state": "float32",
      action: "float32",
      timestamp: "float32",
      frame_index: "int64",
      episode_index: "int64",
      index: "int64",
      task_index: "int64",
    },
  );
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
    reason: "it is text, which the option extra takes",
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
        { name: "observation.images.wrist", reason: "it is an image, of which the files have no column" },
        {
          name: "instruction",
          reason: "its values are of dtype string, and the files have no column of text or bytes",
        },
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
