/** Text and bytes beside the rows, pushed to the Hub and pulled from it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { StreamStore } from "../../../mod.ts";
import { compareExtras, extra, type ExtrasStore, fields, numbersAt, valuesAt } from "../../support/extras.ts";
import { retry, withHub } from "../../support/hub/loading.ts";
import type { Hub } from "../../support/hub/server.ts";

function fill(store: ExtrasStore, from: number, to: number): void {
  for (let step = from; step < to; step++) store.append(step, numbersAt(step), valuesAt(step));
}

function withOptions(
  task: (hub: Hub, options: { endpoint: string; token: string; retry: typeof retry }) => Promise<void>,
): Promise<void> {
  return withHub((hub) => task(hub, { endpoint: hub.endpoint, token: hub.token, retry }));
}

test("saveDataset() pushes extras, with append only those of new rows, and loadDataset() pulls them", () =>
  withOptions(async (hub, options) => {
    using store: ExtrasStore = new StreamStore(fields, { extra });
    fill(store, 0, 60);
    const saved = { ...options, fieldFeatures: { frame: { _type: "Image" } } } as const;
    await store.saveDataset("user/name", "train", saved);
    const before = hub.repository("user/name").paths().filter((path) => path.startsWith("data/"));
    assert.equal(before.length, 1);
    const shard = hub.repository("user/name").readText("README.md");
    assert.match(shard, /name: prompt\n\s+dtype: string/);
    assert.match(shard, /name: frame\n\s+dtype: image/);
    fill(store, 60, 70);
    hub.log.clear();
    await store.saveDataset("user/name", "train", { ...saved, append: true });
    assert.equal(hub.repository("user/name").paths().filter((path) => path.startsWith("data/")).length, 2);
    assert.match(hub.repository("user/name").head.title, /^Append 10 rows/);

    using copy: ExtrasStore = new StreamStore(fields, { extra });
    await copy.loadDataset("user/name", "train", options);
    compareExtras(copy, 0, 70);
    // A store that was filled from the Hub goes on there, as what it was loaded as.
    fill(copy, 70, 75);
    await copy.saveDataset("user/name", "train", { ...options, append: true });
    using made = await StreamStore.loadDataset("user/name", "train", {
      ...options,
      extra: ["prompt", "frame"],
    });
    assert.deepEqual(made.extra("frame").slice(), copy.extra("frame").slice());
    const { schema } = await made.toDataset();
    assert.deepEqual(JSON.parse(schema.metadata.get("huggingface")!).info.features.frame, { _type: "Image" });
  }));

test("saveDataset() to append says that the last row has got an extra since", () =>
  withOptions(async (_hub, options) => {
    using store: ExtrasStore = new StreamStore(fields, { extra });
    fill(store, 0, 3);
    store.append(3, { action: 1 }, { note: "n" });
    await store.saveDataset("user/name", "train", options);
    await store.saveDataset("user/name", "train", { ...options, append: true });
    store.append(3, {}, { prompt: "" });
    await assert.rejects(store.saveDataset("user/name", "train", { ...options, append: true }), {
      code: "diverged",
      message: /the last of them has grown since/,
    });
  }));

test("saveDataset() to append refuses extras that the Hub has as something else", () =>
  withOptions(async (_hub, options) => {
    using store: ExtrasStore = new StreamStore(fields, { extra });
    fill(store, 0, 3);
    await store.saveDataset("user/name", "train", options);
    fill(store, 3, 4);
    await assert.rejects(
      store.saveDataset("user/name", "train", {
        ...options,
        append: true,
        fieldFeatures: { frame: { _type: "Image" } },
      }),
      { code: "fields-differ", message: /the features must be those of the rows that are there/ },
    );
  }));
