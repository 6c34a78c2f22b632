/** Images, text and tasks of LeRobot's datasets as extras: in, and out. */
import { Utf8 } from "apache-arrow";
import { asyncBufferFromFile, parquetReadObjects } from "hyparquet";
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { loadLeRobot, saveLeRobot, StreamStore } from "../../../mod.ts";
import { fixture, realData, skipRealData as skip } from "../../support/dataset.ts";
import { lengths, readFolder, readJson, tasks, writeDataset } from "../../support/lerobot/datasets.ts";
import { frameColumns, imageAt, instructionAt, taskAt, wrist } from "../../support/lerobot/frames.ts";
import { withHub } from "../../support/hub/calls.ts";
import { filesIn, inFolder } from "../../support/saved.ts";
import { mediaData, plainData } from "../extras/columns.ts";

const rowCount = lengths.reduce((sum, length) => sum + length, 0);
const rows = Array.from({ length: rowCount }, (_, row) => row);
const versions = ["v2.1", "v3.0"] as const;

/** The bytes of images in saved files, by a reader that shares no code with ours behind the page headers. */
async function imagesIn(folder: string, column: string): Promise<unknown[]> {
  const images: unknown[] = [];
  for (const name of filesIn(folder).toSorted()) {
    const file = await asyncBufferFromFile(join(folder, name));
    const read = await parquetReadObjects({ file, columns: [column], utf8: false });
    for (const row of read) images.push(row[column]);
  }
  return images;
}

for (const version of versions) {
  test(`loadLeRobot() of ${version} keeps images, text and tasks as extras, and saveLeRobot() gives them again`, () =>
    inFolder(async (folder) => {
      await writeDataset(join(folder, "source"), { version, lengths }, { columns: frameColumns });
      const { store, ...rest } = await loadLeRobot(join(folder, "source"), { extra: true });
      using _ = store;
      const compare = (loaded: StreamStore) => {
        assert.deepEqual(loaded.extra(wrist).slice(), rows.map(imageAt));
        assert.deepEqual(loaded.extra("instruction").slice(), rows.map(instructionAt));
        assert.deepEqual(loaded.extra("task").slice(), rows.map((row) => taskAt(row, lengths)));
      };
      compare(store);
      assert.deepEqual(rest.leftOut.map(({ name }) => name), ["observation.images.top"]);
      assert.deepEqual(rest.features[wrist], { dtype: "image", shape: [3, 8, 8], names: null });
      const { schema } = await store.toDataset();
      assert.deepEqual(JSON.parse(schema.metadata.get("huggingface")!).info.features[wrist], {
        _type: "Image",
      });

      const copy = join(folder, "copy");
      await saveLeRobot(store, copy, { ...rest, fileBytes: 2000 });
      assert.ok(filesIn(join(copy, "data")).length > 2, "images count for the size of files");
      assert.deepEqual(
        (await imagesIn(join(copy, "data"), wrist) as { bytes: Uint8Array }[]).map(({ bytes }) => bytes),
        rows.map(imageAt),
      );
      const saved = await readFolder(join(copy, "data"));
      assert.deepEqual(saved.map(({ instruction }) => instruction), rows.map(instructionAt));
      assert.ok(!("task" in saved[0]));
      const info = readJson(join(copy, "meta/info.json"));
      assert.deepEqual(info.features[wrist], {
        dtype: "image",
        shape: [3, 8, 8],
        names: ["height", "width", "channels"],
      });
      assert.deepEqual(info.features.instruction, { dtype: "string", shape: [1], names: null });
      const text = readFileSync(join(copy, "meta/stats.json"), "utf8");
      const stats = JSON.parse(text.replace(/-?\b(NaN|Infinity)\b/g, "null"));
      assert.deepEqual([stats[wrist], stats.instruction], [{ count: [rowCount] }, undefined]);
      const [, second] = await readFolder(join(copy, "meta/episodes"));
      assert.deepEqual(second[`stats/${wrist}/count`], [1n]);
      const again = await loadLeRobot(copy, { extra: true });
      using __ = again.store;
      compare(again.store);
      assert.deepEqual(again.store.rows(), store.rows());
      assert.deepEqual([again.tasks, again.leftOut], [rest.tasks, []]);
      assert.deepEqual(again.episodes, rest.episodes);
    }));

  test(`loadLeRobot() of ${version} keeps those extras that are named, without the columns of their own numbers`, () =>
    inFolder(async (folder) => {
      await writeDataset(folder, { version, lengths }, { columns: frameColumns });
      const { store, leftOut } = await loadLeRobot(folder, { columns: ["code"], extra: ["task"] });
      using _ = store;
      assert.deepEqual(store.fields.map(({ name }) => name), ["code"]);
      assert.deepEqual(store.extra("task").slice(), rows.map((row) => taskAt(row, lengths)));
      const reasons = Object.fromEntries(leftOut.map(({ name, reason }) => [name, reason]));
      assert.equal(reasons[wrist], "it is an image, which the option extra takes");
      assert.equal(reasons.instruction, "it is text, which the option extra takes");

      const paths = await loadLeRobot(folder, { extra: { [wrist]: "string", instruction: "bytes" } });
      using __ = paths.store;
      assert.deepEqual(paths.store.extra(wrist).get(5), "frame-5.png");
      assert.deepEqual(paths.store.extra("instruction").get(1), new TextEncoder().encode(instructionAt(1)));
      assert.equal(paths.features[wrist].dtype, "string");
    }));
}

test("loadLeRobot() keeps an image that is null, and one without a path", () =>
  inFolder(async (folder) => {
    const images = rows.map((row) => row % 3 === 1 ? null : imageAt(row));
    const columns = (from: number, to: number) => ({
      [wrist]: mediaData(images.slice(from, to)),
      instruction: plainData(new Utf8(), images.slice(from, to).map((image) => image && "x")),
    });
    await writeDataset(folder, { version: "v3.0", lengths }, { columns });
    const { store, ...rest } = await loadLeRobot(folder, { extra: [wrist, "instruction"] });
    using _ = store;
    assert.deepEqual(store.extra(wrist).slice(), images);
    assert.deepEqual(store.extra("instruction").slice(), images.map((image) => image && "x"));
    await assert.rejects(saveLeRobot(store, join(folder, "copy"), rest), {
      name: "RangeError",
      message:
        `Cannot save a LeRobot dataset: "${wrist}" at row 1 must have a value, as every frame has of every feature; the option extra can leave it out`,
    });
    await saveLeRobot(store, join(folder, "copy"), { ...rest, extra: [], features: {} });
    assert.ok(!(wrist in readJson(join(folder, "copy/meta/info.json")).features));
  }));

test("loadLeRobot() gives the rows of a long episode their task", () =>
  inFolder(async (folder) => {
    const long = [4090, 20, 1];
    await writeDataset(folder, { version: "v3.0", lengths: long });
    const { store } = await loadLeRobot(folder, { extra: ["task"], columns: ["code"] });
    using _ = store;
    const expected = long.flatMap((length, episode) => Array(length).fill(tasks[episode % 2]));
    assert.deepEqual(store.extra("task").slice(), expected);
  }));

test("loadLeRobot() keeps the images and texts of a dataset at the Hub", () =>
  inFolder(async (folder) => {
    await writeDataset(folder, { version: "v3.0", lengths }, { columns: frameColumns });
    await withHub(async (hub) => {
      hub.createRepository("user/robot").write(Object.fromEntries(
        filesIn(folder).map((name) => [name, new Uint8Array(readFileSync(join(folder, name)))]),
      ));
      const options = { endpoint: hub.endpoint, token: hub.token };
      const { store } = await loadLeRobot("user/robot", { ...options, extra: true });
      using _ = store;
      assert.deepEqual(store.extra(wrist).slice(), rows.map(imageAt));
      assert.deepEqual(store.extra("task").get(4), taskAt(4, lengths));
    });
  }));

const isPng = (bytes: Uint8Array | null) => Buffer.from(bytes!.subarray(1, 4)).toString() === "PNG";

test(
  "loadLeRobot() of LeRobot Studio's images, which are plain bytes",
  { skip },
  () =>
    inFolder(async (folder) => {
      const source = join(realData, "lerobot-studio/lerobotv2-image");
      const { store, ...rest } = await loadLeRobot(source, { extra: true });
      using _ = store;
      const image = "observation.images.cam";
      const frames = store.extra(image).slice() as Uint8Array[];
      assert.deepEqual(frames, await imagesIn(join(source, "data"), image));
      assert.ok(frames.length === 6 && frames.every(isPng));
      assert.equal(store.extra("task").get(5), "pick cube");
      await saveLeRobot(store, join(folder, "copy"), rest);
      const saved = await imagesIn(join(folder, "copy/data"), image) as { bytes: Uint8Array }[];
      assert.deepEqual(saved.map(({ bytes }) => bytes), frames);
    }),
);

test("saveLeRobot() gives the texts of what LeRobot itself wrote", () =>
  inFolder(async (folder) => {
    const source = fixture("lerobot");
    const { store, ...rest } = await loadLeRobot(source, { extra: true });
    using _ = store;
    const notes = (await readFolder(join(source, "data"))).map(({ note }) => note);
    assert.deepEqual([store.extra("note").slice(), rest.leftOut], [notes, []]);
    await saveLeRobot(store, join(folder, "copy"), rest);
    const saved = await readFolder(join(folder, "copy/data"));
    assert.deepEqual(saved.map(({ note }) => note), notes);
    const [found, expected] = [join(folder, "copy"), source].map((root) =>
      Object.keys(readJson(join(root, "meta/info.json")).features).toSorted()
    );
    assert.deepEqual(found, expected);
  }));

function recorded() {
  const store = new StreamStore({ action: 0, done: 1 }, {
    extra: { frame: "bytes", note: "string", task: "string" },
  });
  for (let step = 0; step < 12; step++) {
    store.append(step, { action: step, done: step % 4 === 3 }, {
      frame: imageAt(step),
      note: `${step}`,
      task: tasks[Number(step >= 4)],
    });
  }
  return store;
}

const options = {
  fps: 10,
  episodes: { end: "done" },
  features: { frame: { shape: [4, 5, 3] } },
} as const;

test("saveLeRobot() takes the tasks that its rows say, in their order", () =>
  inFolder(async (folder) => {
    using store = recorded();
    await saveLeRobot(store, join(folder, "own"), options);
    const { store: copy, ...rest } = await loadLeRobot(join(folder, "own"), { extra: true });
    using _ = copy;
    assert.deepEqual([rest.tasks, rest.episodes.tasks], [tasks, [[tasks[0]], [tasks[1]], [tasks[1]]]]);
    for (const name of ["frame", "note", "task"] as const) {
      assert.deepEqual(copy.extra(name).slice(), store.extra(name).slice());
    }
    await saveLeRobot(store, join(folder, "named"), { ...options, tasks: [...tasks].reverse() });
    const [first] = await readFolder(join(folder, "named/data"));
    assert.equal(first.task_index, 1n);
    await saveLeRobot(store, join(folder, "without"), {
      ...options,
      tasks: ["Else."],
      extra: ["note"],
      features: {},
    });
    const without = await loadLeRobot(join(folder, "without"), { extra: true });
    without.store.close();
    assert.deepEqual([without.tasks, Object.keys(without.features).includes("frame")], [["Else."], false]);
  }));

test("saveLeRobot() refuses extras that LeRobot could not take, and leaves nothing", () =>
  inFolder(async (folder) => {
    using store: StreamStore = recorded() as never;
    const refuses = async (change: object, message: RegExp, from: StreamStore = store) => {
      await assert.rejects(saveLeRobot(from, join(folder, "new"), { ...options, ...change }), message);
      assert.deepEqual(readdirSync(folder), []);
    };
    await refuses(
      { features: {} },
      /features\["frame"\]\.shape must say the height, the width and the channels/,
    );
    await refuses(
      { features: { frame: { shape: [4, 5] } } },
      /shape of "frame" must be 3 lengths above 0, got \[4,5\]$/,
    );
    await refuses(
      { features: { frame: { dtype: "video", shape: [4, 5, 3] } } },
      /^TypeError: .*the dtype of "frame" must be image, got "video"; the option extra can leave it out$/,
    );
    await refuses(
      { features: { ...options.features, note: { dtype: "int64" } } },
      /dtype of "note" must be string/,
    );
    await refuses(
      { features: { ...options.features, task: {} } },
      /features must be of action, .*, got "task"$/,
    );
    await refuses({ extra: ["cam"] }, /extra must be among frame, note, task, got "cam"$/);
    await refuses({ tasks: [tasks[0]] }, /"task" at row 4 must be one of the 1 tasks, got "Lay it down/);
    await refuses(
      { episodeTasks: [0, 0, 0] },
      /episodeTasks must be left out where there is .* an extra "task"/,
    );
    await refuses(
      { extra: ["note"], features: {} },
      /tasks must be a list of at least one name, got undefined$/,
    );

    using odd: StreamStore = new StreamStore({ action: 0, task_index: { type: 1, dtype: "int64" } }, {
      extra: { task: "string", index: "string" },
    }) as never;
    odd.append(0, { action: 1, task_index: 0n }, { task: "A", index: "x" });
    odd.append(1, { action: 1, task_index: 0n }, { task: "B", index: "x" });
    const whole = { episodes: { starts: [0] }, features: {} };
    await refuses(whole, /every feature must have a name of its own, got "index" as an extra too$/, odd);
    await refuses(
      { ...whole, extra: ["task"] },
      /"task_index" at row 1 must be 1, as LeRobot counts, got 0/,
      odd,
    );
    odd.append(2, { action: 1, task_index: 0n });
    await refuses(
      { ...whole, extra: ["task"] },
      /"task" at row 2 must have a text, as every frame has a task/,
      odd,
    );
  }));
