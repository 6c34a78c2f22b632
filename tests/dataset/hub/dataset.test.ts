/** `loadDataset()` and `saveDataset()` by a name at the Hub, with our own client and with Python's. */
import { tableFromIPC } from "apache-arrow";
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { StreamStore, StreamStoreError } from "../../../mod.ts";
import { type Bits, columnBits, expected, fieldsFor, fixture } from "../../support/dataset.ts";
import { runClient, skipReason } from "../../support/hub/python.ts";
import { withHub as withFaultyHub } from "../../support/hub/loading.ts";
import type { Hub } from "../../support/hub/server.ts";
import type { HubSettings } from "../../support/hub/state.ts";

const retry = { attempts: 4, pauseSeconds: 0.001, timeoutSeconds: 10 };
const fields = { observation: 0, action: { type: 1, dtype: "int64" }, reward: 2 } as const;

async function withHub(
  run: (hub: Hub, options: { endpoint: string; token: string; retry: typeof retry }) => Promise<void>,
  settings: Partial<HubSettings> = {},
): Promise<void> {
  await withFaultyHub((hub) => run(hub, { endpoint: hub.endpoint, token: hub.token, retry }), settings);
}

function fill(store: StreamStore<typeof fields>, from: number, to: number): void {
  for (let step = from; step < to; step++) {
    const observation = Float64Array.from({ length: 8 }, (_, i) => Math.sin(8 * step + i));
    store.append(step, {
      observation,
      action: BigInt(step) << 40n,
      ...(step % 3 === 0 ? {} : { reward: step / 7 }),
    });
  }
}

/** Pushes rows in four shards. */
async function pushShards(
  hub: Hub,
  store: StreamStore<typeof fields>,
  count: number,
  options: Parameters<typeof store.saveDataset>[2],
): Promise<string[]> {
  for (let part = 0; part < 4; part++) {
    fill(store, part * count / 4, (part + 1) * count / 4);
    await store.saveDataset("user/name", "train", { ...options, append: true });
  }
  return hub.repository("user/name").paths().filter((path) => path.startsWith("data/"));
}

test("saveDataset() and loadDataset() refuse wrong options before the Hub hears of anything", () =>
  withHub(async (hub, options) => {
    using store = new StreamStore(fields);
    fill(store, 0, 10);
    const wrong: Record<string, unknown>[] = [
      ...[0, -1, NaN, "1", null].map((shardBytes) => ({ shardBytes })),
      { format: "xml" },
      { retry: { attempts: 0 } },
      { fieldFeatures: { reward: { dtype: "complex", _type: "Value" } } },
      { extra: { reward: [] } },
    ];
    for (const more of wrong) {
      const saving = store.saveDataset("user/name", "train", { ...options, ...more } as never);
      await assert.rejects(saving, /^(Type|Range)Error: Cannot .* must /, JSON.stringify(more));
    }
    for (const more of [{ format: "xml" }, { sortBy: 7 }]) {
      const loading = store.loadDataset("user/name", "train", { ...options, ...more } as never);
      await assert.rejects(loading, /^(Type|Range)Error: Cannot .* must /, JSON.stringify(more));
    }
    assert.equal(hub.log.count(), 0, String(hub.log));
    assert.equal(hub.repositories.size, 0);
  }));

/** Every value of the store, by its bits. */
async function bitsOf(store: StreamStore): Promise<Record<string, Bits[]>> {
  const table = await store.toDataset();
  return Object.fromEntries(table.schema.fields.map(({ name }) => [name, columnBits(table, name)]));
}

test("saveDataset() pushes what loadDataset() gives back, bit for bit, with its features", () =>
  withHub(async (hub, options) => {
    using store = new StreamStore(fields);
    const observation = { feature: { dtype: "float64", _type: "Value" }, length: 8, _type: "List" } as const;
    const shards = await pushShards(hub, store, 5000, { ...options, fieldFeatures: { observation } });
    assert.equal(shards.length, 4);
    using copy = new StreamStore(fields);
    await copy.loadDataset("user/name", "train", options);
    assert.deepEqual(copy.rows(), store.rows());
    const { features } = JSON.parse((await copy.toDataset()).schema.metadata.get("huggingface")!).info;
    assert.deepEqual(features.observation, observation);
    using sorted = new StreamStore(fields);
    hub.log.clear();
    await sorted.loadDataset("user/name", "train", { ...options, sortBy: ["reward", "action"] });
    assert.equal(sorted.rowCount, 5000);
    assert.equal(sorted.row(0).reward, 1 / 7);
    assert.equal(sorted.row(4999).action, 4998n << 40n);
    assert.equal(hub.log.count({ path: "/resolve/", status: 302 }), shards.length);
  }));

test("loadDataset() reads only the columns that are fields", () =>
  withHub(async (hub, options) => {
    using store = new StreamStore(fields);
    fill(store, 0, 100_000);
    await store.saveDataset("user/name", "train", options);
    const size = hub.repository("user/name").read("data/train-00000-of-00001.parquet").length;
    assert.ok(size > 5_000_000);
    for (const load of [{ fields: { reward: 0 } }, { fields, columns: ["reward"] }] as const) {
      hub.log.clear();
      using some = new StreamStore(load.fields as { reward: 0 });
      await some.loadDataset("user/name", "train", {
        ...options,
        columns: "columns" in load ? load.columns : undefined,
      });
      assert.equal(some.column("reward").values.length, 66_666);
      // The end of the file, 512 KiB, has what the file holds; the column is 8 bytes a value at most.
      assert.ok(hub.log.bytes({ host: "storage" }) < (1 << 19) + 900_000, String(hub.log));
      assert.equal(hub.log.count({ path: "/resolve/", status: 302 }), 1);
    }
  }));

test("loadDataset() that fails leaves the store as it was, and goes on where it meets trouble", () =>
  withHub(async (hub, options) => {
    using store = new StreamStore(fields);
    await pushShards(hub, store, 20_000, options);
    using copy = new StreamStore(fields);
    hub.faults.add({ host: "storage", skip: 3, status: 404, times: 1 });
    await assert.rejects(copy.loadDataset("user/name", "train", options), (error) => {
      assert.ok(error instanceof StreamStoreError && error.code === "input-output", String(error));
      return true;
    });
    assert.equal(copy.rowCount, 0);
    hub.faults.add({ path: "/tree/", status: 429, headers: { "Retry-After": "0" } });
    hub.faults.add({ host: "storage", cutAfter: 100_000, skip: 1 });
    hub.faults.add({ host: "storage", status: 503, skip: 2 });
    await copy.loadDataset("user/name", "train", options);
    assert.deepEqual(copy.rows(0, 100), store.rows(0, 100));
    assert.equal(copy.rowCount, 20_000);
    const controller = new AbortController();
    hub.faults.add({ host: "storage", stallAfter: 10 });
    // Once the answer stalls, however long that takes a busy machine.
    const timer = setInterval(() => {
      if (hub.faults.pending.length > 0) return;
      clearInterval(timer);
      controller.abort(new Error("enough"));
    }, 20);
    await assert.rejects(
      copy.loadDataset("user/name", "train", { ...options, signal: controller.signal }),
      /enough/,
    );
    await assert.rejects(
      copy.loadDataset("user/name", "test", options),
      /split must be among train, got "test"/,
    );
  }));

test("saveDataset() to append pushes only the new steps of a dataset that was pulled", () =>
  withHub(async (hub, options) => {
    using first = new StreamStore(fields);
    fill(first, 0, 1000);
    await first.saveDataset("user/name", "train", options);
    const directory = mkdtempSync(`${tmpdir()}/hub-dataset-`);
    try {
      const path = `${directory}/store`;
      {
        using pulled = StreamStore.open(path, { fields });
        await pulled.loadDataset("user/name", "train", options);
        fill(pulled, 1000, 1100);
        pulled.sync();
      }
      using again = StreamStore.open(path, { fields });
      hub.log.clear();
      await again.saveDataset("user/name", "train", { ...options, append: true });
      assert.equal(hub.log.count({ host: "storage", method: "PUT" }), 1);
      fill(again, 1100, 1201);
      await again.saveDataset("user/name", "train", { ...options, append: true });
      assert.deepEqual(hub.repository("user/name").paths().filter((path) => path.startsWith("data/")), [
        "data/train-00000-of-00001.parquet",
        "data/train-00001-of-00002.parquet",
        "data/train-00002-of-00003.parquet",
      ]);
      using all = new StreamStore(fields);
      await all.loadDataset("user/name", "train", options);
      assert.deepEqual(all.rows(), again.rows());
      // The last row that was pushed is written on, with a value or an empty list.
      again.append(1201, {});
      await again.saveDataset("user/name", "train", { ...options, append: true });
      const grown = {
        code: "diverged",
        message: /the 1202 rows that were pushed, but the last of them has grown since; save without append/,
      };
      again.append(1201, { observation: [] });
      await assert.rejects(again.saveDataset("user/name", "train", { ...options, append: true }), grown);
      again.append(1201, { reward: 1 });
      again.append(1202, { reward: 1 });
      await assert.rejects(again.saveDataset("user/name", "train", { ...options, append: true }), grown);
      await again.saveDataset("user/name", "train", options);
      using replaced = new StreamStore(fields);
      await replaced.loadDataset("user/name", "train", options);
      assert.deepEqual(replaced.rows(), again.rows());
      // And the first store knows nothing of what came since.
      fill(first, 1000, 1001);
      await assert.rejects(first.saveDataset("user/name", "train", { ...options, append: true }), {
        code: "diverged",
      });
    } finally {
      rmSync(directory, { recursive: true });
    }
  }));

test("saveDataset() to append must have the columns that are there, whatever the README says", () =>
  withHub(async (hub, options) => {
    using first = new StreamStore(fields);
    fill(first, 0, 10);
    await first.saveDataset("user/name", "train", options);
    hub.repository("user/name").write({ "README.md": null });
    using some = new StreamStore({ reward: 0 });
    await some.loadDataset("user/name", "train", options);
    some.append(10, { reward: 1 });
    await assert.rejects(some.saveDataset("user/name", "train", { ...options, append: true }), {
      code: "fields-differ",
      message: /the columns must be those of data\/train-00000-of-00001\.parquet \(observation: /,
    });
    using all = new StreamStore(fields);
    await all.loadDataset("user/name", "train", options);
    fill(all, 10, 20);
    await all.saveDataset("user/name", "train", { ...options, append: true });
    using copy = new StreamStore(fields);
    await copy.loadDataset("user/name", "train", options);
    assert.deepEqual(copy.rows(), all.rows());
  }));

interface PythonSplits {
  readonly features: Record<string, unknown>;
  readonly splits: Record<string, Record<string, Bits[]>>;
}

const names = Object.keys(expected.features);
const everyField = fieldsFor(expected.features);
const edges = Object.fromEntries(names.map((name) => [name, expected.features[name].rows]));
const features = Object.fromEntries(names.map((name) => [name, expected.features[name].feature]));

test(
  "saveDataset() pushes what Python loads: every feature, every bit",
  { skip: skipReason },
  () =>
    withHub(async (hub, options) => {
      const written = tableFromIPC(readFileSync(fixture("features.arrow")));
      using store = new StreamStore(everyField);
      await store.fromDataset(written);
      await store.saveDataset("user/ours", "train", options);
      await store.saveDataset("user/ours", "test", { ...options, shardBytes: 1 });
      const { features: found, splits } = await runClient<PythonSplits>(hub, "bits", "user/ours");
      assert.deepEqual(found, features);
      assert.deepEqual(Object.keys(splits), ["train", "test"]);
      for (const name of names) {
        assert.deepEqual(splits.train[name], edges[name], name);
        assert.deepEqual(splits.test[name], edges[name], name);
      }
    }, { pageSize: 3, multipartBytes: 5000, partBytes: 3000, redirectSmallFiles: true }),
);

test(
  "loadDataset() takes what Python pushed, and Python what we appended to it",
  { skip: skipReason },
  () =>
    withHub(async (hub, options) => {
      await runClient(hub, "push_file", "user/theirs", fixture("features.arrow"));
      using store = new StreamStore(everyField);
      await store.loadDataset("user/theirs", "train", options);
      const bits = await bitsOf(store);
      for (const name of names) assert.deepEqual(bits[name], edges[name], name);
      using test = new StreamStore(everyField);
      await test.loadDataset("user/theirs", "test", options);
      assert.deepEqual((await bitsOf(test)).float32, edges.float32.slice(0, 2));
      // Their table has two columns more, which are no numbers: they go along as extra.
      const written = tableFromIPC(readFileSync(fixture("features.arrow")));
      store.append(8, { int64: 7 });
      const [text, record] = ["text", "record"].map((name) => [...written.getChild(name)!, null]);
      assert.ok(record.length === 9);
      const extra = { text };
      await assert.rejects(
        store.saveDataset("user/theirs", "train", { ...options, append: true, extra }),
        { code: "fields-differ" },
      );
      const before = hub.repository("user/theirs").readText("README.md");
      assert.match(before, /num_examples: 8/);
    }),
);

test(
  "saveDataset() appends to a dataset that Python pushed and loads",
  { skip: skipReason },
  () =>
    withHub(async (hub, options) => {
      await runClient(hub, "push", "user/shared");
      using store = new StreamStore({ observation: 1, kind: { type: 2, dtype: "int64" } });
      const withStep = { ...options, step: "step" };
      await store.loadDataset("user/shared", "train", withStep);
      for (let step = 300; step < 320; step++) {
        store.append(step, { observation: [step, -step], kind: step % 2 });
      }
      await store.saveDataset("user/shared", "train", { ...withStep, append: true });
      const { splits } = await runClient<PythonSplits>(hub, "load", "user/shared");
      assert.deepEqual(
        splits.train.step as unknown,
        Array.from({ length: 320 }, (_, step) => step),
      );
      assert.deepEqual(splits.train.observation.at(-1) as unknown, [319, -319]);
      assert.equal(splits.test.step.length, 10);
      const paths = hub.repository("user/shared").paths().filter((path) => path.includes("train"));
      assert.deepEqual(paths.at(-1), "data/train-00003-of-00004.parquet");
      // And Python takes the place of all of it again.
      await runClient(hub, "push", "user/shared");
      assert.equal(hub.repository("user/shared").paths().filter((path) => path.includes("train")).length, 3);
    }),
);
