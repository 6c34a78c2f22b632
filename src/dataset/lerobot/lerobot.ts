import type { StreamStore } from "../../store.ts";
import type { ExtraMap, ExtraName } from "../../extras.ts";
import type { FieldMap } from "../../fields.ts";
import type { LeRobotDataset, LoadLeRobotOptions, SaveLeRobotOptions } from "./types.ts";

/**
 * Loads a LeRobot dataset, of version 2 or 3, into a new store: a row a frame, all episodes one after another. Each
 * feature of numbers is a field of the same name and dtype; where the first file has wider floats than are said, it is of
 * theirs. With `extra` images and texts are extras, and the text of each frame's task is one; else they are left out, as
 * videos always are, and `leftOut` says so.
 *
 * The rows are read file by file and row group by row group, and compared with what `meta/` says of them: how many an
 * episode has, and which episode each is of.
 *
 * @param name A folder, which begins with `./`, `../` or `/` or exists; or `user/name` on the HuggingFace Hub.
 * @param options `columns` chooses features; with `path` the store is one in a directory, and not temporary.
 * @returns The store, and what the dataset says of episodes, tasks and features.
 * @throws {StreamStoreError} If a file is not there (`not-found`), is not what it must be or does not fit the others
 * (`damaged`), or is of another version (`unsupported`, `newer-version`). The message names the file. Nothing is left
 * of the store then.
 * @throws {TypeError} If `columns` names a feature that is none of numbers.
 * @throws {RangeError} If a value is not exact in its field, or a list holds a null.
 *
 * @example
 * ```ts
 * import { loadLeRobot, saveLeRobot, StreamStore } from "@streamstore/streamstore";
 * import assert from "node:assert/strict";
 * import { mkdtempSync } from "node:fs";
 * import { tmpdir } from "node:os";
 *
 * const folder = `${mkdtempSync(`${tmpdir()}/example-`)}/push`;
 * using recorded = new StreamStore({ action: 0, done: 1 });
 * for (let step = 0; step < 20; step++) recorded.append(step, { action: [step, 1], done: step % 10 === 9 });
 * await saveLeRobot(recorded, folder, { fps: 50, episodes: { end: "done" }, tasks: ["Push."] });
 *
 * const { store, episodes, leftOut } = await loadLeRobot(folder, { columns: ["action"] });
 * assert.ok(leftOut.some(({ name }) => name === "done"));
 * const { starts } = episodes;
 * const sampler = store.sampler({ steps: 4, fields: { action: 2 }, episodes: { starts }, batchSize: 8 });
 * assert.equal(sampler.next()!.fields.action.values.length, 8 * 4 * 2);
 * store.close();
 * ```
 */
export async function loadLeRobot(name: string, options: LoadLeRobotOptions = {}): Promise<LeRobotDataset> {
  const load = await import("./load.ts");
  return await load.loadLeRobot(name, options);
}

/**
 * Saves a store as a LeRobot dataset of version 3, which LeRobot's own reader in Python takes: a frame a row, each field
 * a feature. What LeRobot wants of every frame and the store has no field for is added: `timestamp` (seconds from the
 * episode's start, by `fps`), `frame_index`, `episode_index`, `index` and `task_index`. Statistics are taken by the
 * element, of every episode and of all; quantiles of very many frames by an even share of them.
 *
 * An extra of bytes is a feature of images, whose bytes are saved as they are and not looked into, so that of their
 * statistics there is the number alone; an extra of text is a feature of text. The extra `task` says the task of each frame.
 *
 * All is written beside the folder and moved there in one piece. Values keep their bits unless `features` names a
 * narrower dtype.
 *
 * @param store A store with at least one row. Every row must have every field, with as many values as the first, and every extra.
 * @param folder Must be empty, or not there.
 * @param options `fps`, where episodes begin, and the names of tasks: those that `loadLeRobot` told, or others.
 * @throws {StreamStoreError} If there is something at `folder` (`already-exists`), or it cannot be written.
 * @throws {RangeError} If a row lacks a field or an extra or has another number of values, an index is not the one that LeRobot would
 * count, or an option is not allowed.
 * @throws {TypeError} If a name is no field, or a dtype none of NumPy's.
 *
 * @example
 * ```ts
 * import { loadLeRobot, saveLeRobot, StreamStore } from "@streamstore/streamstore";
 * import assert from "node:assert/strict";
 * import { mkdtempSync } from "node:fs";
 * import { tmpdir } from "node:os";
 *
 * const folder = `${mkdtempSync(`${tmpdir()}/example-`)}/cart-pole`;
 * using store = new StreamStore({ action: 0, "observation.state": 1, "next.done": 2 });
 * for (let step = 0; step < 100; step++) {
 *   store.append(step, { action: step % 2, "observation.state": [step, -step], "next.done": step % 20 === 19 });
 * }
 * await saveLeRobot(store, folder, {
 *   fps: 50,
 *   episodes: { end: "next.done" },
 *   tasks: ["Balance the pole."],
 *   features: { "observation.state": { dtype: "float32", names: ["position", "angle"] }, "next.done": { dtype: "bool" } },
 * });
 *
 * const loaded = await loadLeRobot(folder);
 * using copy = loaded.store;
 * assert.deepEqual(loaded.episodes.starts, [0, 20, 40, 60, 80]);
 * assert.deepEqual(copy.row(21)["observation.state"], Float32Array.of(21, -21));
 * assert.equal(copy.row(21).timestamp, Math.fround(1 / 50));
 * ```
 */
export async function saveLeRobot<const Fields extends FieldMap, const Extras extends ExtraMap = ExtraMap>(
  store: StreamStore<Fields, Extras>,
  folder: string,
  options: SaveLeRobotOptions<Extract<keyof Fields, string>, ExtraName<Extras>>,
): Promise<void> {
  const save = await import("./save.ts");
  await save.saveLeRobot(store as unknown as StreamStore<FieldMap>, folder, options as SaveLeRobotOptions);
}
