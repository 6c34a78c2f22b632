/** Options that there are none of: every method that takes options refuses them, and says which there are. */
import { writeFileSync } from "node:fs";
import assert from "node:assert/strict";
import { test } from "node:test";
import { type LeRobotDataset, loadLeRobot, saveLeRobot, StreamStore } from "../../mod.ts";
import { withDirectory } from "../torture/scratch.ts";

/** A call with options, what it could not do, the names that it takes, and what else it needs to be right. */
interface Call {
  readonly what: string;
  readonly action: string;
  readonly names: string;
  readonly good?: Readonly<Record<string, unknown>>;
  readonly prefix?: string;
  call(options: never): unknown;
}

function calls(store: StreamStore<{ a: 0 }>, even: StreamStore<{ a: 0 }>, folder: string): Call[] {
  const window = "tokens, steps, fields, truncate, episodes, output, normalize";
  const sampler =
    `${window}, batchSize, boundary, stride, between, order, seed, shard, epochs, prefetch, extra`;
  const mixture = `${window}, batchSize, boundary, stride, between, order, seed, shard, epochs, extra`;
  const hub = "token, endpoint, signal, onProgress, progress, retry";
  const remote = { endpoint: "http://127.0.0.1:1", token: null };
  const tokens = { tokens: 1 };
  const source = [{ store, weight: 1 }];
  const part = (value: unknown) => [value] as never;
  const nested = (name: string) => (value: never) => store.sampler({ ...tokens, [name]: value } as never);
  const retry = { ...remote, retry: { attempts: 1, pauseSeconds: 0, timeoutSeconds: 1 } };
  return [
    {
      what: "new StreamStore",
      action: "create a store",
      names: "capacity, retain, extra",
      call: (options) => new StreamStore({ a: 0 }, options).close(),
    },
    {
      what: "open",
      action: "open a store",
      names: "fields, mode, salvage, capacity, retain, extra, commitEvery, syncEvery",
      good: { fields: { a: 0 } },
      call: (options) => StreamStore.open(`${folder}/${Math.random()}.stream`, options).close(),
    },
    {
      what: "appendColumns' options",
      action: "append columns",
      names: "extra",
      call: (options) => store.appendColumns({ step: [store.rowCount], a: [1] }, options),
    },
    {
      what: "appendColumns",
      action: "append columns",
      names: "values, width, offsets",
      prefix: "a.",
      good: { values: [1, 2], width: 2 },
      call: (options) => store.appendColumns({ step: [store.rowCount], a: options }),
    },
    {
      what: "gather",
      action: "gather",
      names: "values, types, steps",
      prefix: "out.",
      call: (options) => store.gather([0], 1, options),
    },
    {
      what: "sampler",
      action: "make a sampler",
      names: sampler,
      good: tokens,
      call: (options) => store.sampler(options),
    },
    {
      what: "sampler, output",
      action: "make a sampler",
      names: "values, types, steps",
      prefix: "output.",
      call: nested("output"),
    },
    {
      what: "sampler, shard",
      action: "make a sampler",
      names: "index, count",
      prefix: "shard.",
      good: { index: 0, count: 1 },
      call: (value) => store.sampler({ ...tokens, seed: 1, shard: value }),
    },
    {
      what: "sampler, order",
      action: "make a sampler",
      names: "kind, alpha, beta",
      prefix: "order.",
      good: { kind: "prioritized" },
      call: nested("order"),
    },
    {
      what: "sampler, order",
      action: "make a sampler",
      names: "kind, steps, decay",
      prefix: "order.",
      good: { kind: "recent", steps: 1 },
      call: nested("order"),
    },
    {
      what: "sampler, normalize",
      action: "make a sampler",
      names: "mean, standardDeviation",
      prefix: "normalize.a.",
      good: { mean: 0, standardDeviation: 1 },
      call: (value) => store.sampler({ ...tokens, normalize: { a: value } }),
    },
    {
      what: "context",
      action: "make a context",
      names: `${window}, padTo`,
      good: tokens,
      call: (options) => store.context(options),
    },
    {
      what: "mixture, a source",
      action: "make a mixture",
      names: "store, weight",
      prefix: "sources[0].",
      good: source[0],
      call: (value) => StreamStore.mixture(part(value), tokens),
    },
    {
      what: "mixture",
      action: "make a mixture",
      names: mixture,
      good: tokens,
      call: (options) => StreamStore.mixture(source, options),
    },
    { what: "stats", action: "take statistics", names: "fields", call: (options) => store.stats(options) },
    {
      what: "waitForRows",
      action: "wait for rows",
      names: "signal",
      call: (options) => store.waitForRows(0, options),
    },
    { what: "verify", action: "verify", names: "onProgress", call: (options) => store.verify(options) },
    {
      what: "toDataset",
      action: "convert to a dataset",
      names: "fieldFeatures, extra, step",
      call: (options) => store.toDataset(options),
    },
    {
      what: "fromDataset",
      action: "load a dataset",
      names: "step, nullInList, extra",
      call: async (options) => {
        using copy = new StreamStore({ a: 0 });
        await copy.fromDataset(await store.toDataset(), options);
      },
    },
    {
      what: "fromParquet",
      action: "load Parquet",
      names: "step, nullInList, extra, columns",
      call: async (options) => {
        await store.saveDataset(`${folder}/a.parquet`);
        using copy = new StreamStore({ a: 0 });
        await copy.fromParquet(`${folder}/a.parquet`, options);
      },
    },
    {
      what: "saveDataset",
      action: "save a dataset",
      names:
        `fieldFeatures, extra, step, format, shardBytes, revision, config, private, commitMessage, append, ${hub}`,
      call: (options) => store.saveDataset(`${folder}/b.parquet`, "train", options),
    },
    {
      what: "StreamStore.fromDataset",
      action: "make a store of a dataset",
      names: "step, nullInList, extra, columns, path, capacity, onLeftOut",
      call: async (options) => {
        (await StreamStore.fromDataset(await store.toDataset(), options)).close();
      },
    },
    {
      what: "StreamStore.fromParquet",
      action: "make a store of a dataset",
      names: "step, nullInList, extra, columns, path, capacity, onLeftOut",
      call: async (options) => {
        await store.saveDataset(`${folder}/e.parquet`);
        (await StreamStore.fromParquet(`${folder}/e.parquet`, options)).close();
      },
    },
    {
      what: "StreamStore.loadDataset",
      action: "make a store of a dataset",
      names:
        `step, nullInList, extra, columns, path, capacity, onLeftOut, sortBy, format, csv, revision, config, ${hub}`,
      call: async (options) => {
        await store.saveDataset(`${folder}/f.parquet`);
        (await StreamStore.loadDataset(`${folder}/f.parquet`, "train", options)).close();
      },
    },
    {
      what: "loadDataset",
      action: "load a dataset",
      names: `step, nullInList, extra, columns, sortBy, format, csv, revision, config, ${hub}`,
      call: async (options) => {
        await store.saveDataset(`${folder}/c.parquet`);
        using copy = new StreamStore({ a: 0 });
        await copy.loadDataset(`${folder}/c.parquet`, "train", options);
      },
    },
    {
      what: "retry",
      action: "use the Hub",
      names: "attempts, pauseSeconds, timeoutSeconds",
      prefix: "retry.",
      good: retry.retry,
      call: (value) =>
        store.loadDataset("user/name", "train", { ...retry, retry: value }).catch((error) => {
          if (error.name !== "StreamStoreError") throw error;
        }),
    },
    {
      what: "csv",
      action: "load a dataset",
      names: "delimiter, nulls, dates",
      prefix: "csv.",
      call: async (value) => {
        writeFileSync(`${folder}/d.csv`, "a\n1\n");
        using copy = new StreamStore({ a: 0 });
        await copy.loadDataset(`${folder}/d.csv`, "train", { csv: value });
      },
    },
    {
      what: "saveLeRobot",
      action: "save a LeRobot dataset",
      names:
        "fps, episodes, tasks, episodeTasks, robotType, features, fields, extra, fileBytes, chunkFiles, store, leftOut, info",
      good: { fps: 1, episodes: { starts: [0] }, tasks: ["a"] },
      call: (options) => saveLeRobot(even, `${folder}/${Math.random()}`, options),
    },
    {
      what: "loadLeRobot",
      action: "load a LeRobot dataset",
      names: `path, capacity, columns, extra, revision, ${hub}`,
      call: async (options) => {
        const path = `${folder}/${Math.random()}`;
        await saveLeRobot(even, path, { fps: 1, episodes: { starts: [0] }, tasks: ["a"] });
        (await loadLeRobot(path, options)).store.close();
      },
    },
  ];
}

/** Calls that throw and calls that reject, alike. */
async function attempt({ call }: Call, options: unknown): Promise<Error | null> {
  try {
    await call(options as never);
    return null;
  } catch (error) {
    return error as Error;
  }
}

test("every method refuses an option that there is none of, and takes all others", () =>
  withDirectory(async (folder) => {
    using store = new StreamStore({ a: 0 });
    store.append(0, { a: 1 });
    using even = new StreamStore({ a: 0 });
    even.append(0, { a: 1 });
    for (const each of calls(store, even, folder)) {
      const { what, action, names, good = {}, prefix = "" } = each;
      assert.equal(await attempt(each, good), null, what);
      const listed = names.split(", ").map((name) => prefix + name).join(", ");
      for (const typo of ["retian", "constructor", "__proto__", "toString"]) {
        const options = Object.fromEntries([...Object.entries(good), [typo, undefined]]);
        const error = await attempt(each, options);
        assert.equal(
          `${error}`,
          `TypeError: Cannot ${action}: an option must be one of ${listed}, got ${prefix}${typo}`,
          what,
        );
      }
      if (prefix !== "") continue;
      for (const [value, shown] of [[["a"], "an array of 1"], [null, "null"], ["a", '"a"'], [5, "5"]]) {
        const error = await attempt(each, value);
        assert.equal(
          `${error}`,
          `TypeError: Cannot ${action}: options must be an object, got ${shown}`,
          what,
        );
      }
    }
  }));

test("stats() refuses a list in the place of options", () => {
  using store = new StreamStore({ action: 0, reward: 1 });
  store.append(0, { action: 1, reward: 2 });
  assert.throws(() => store.stats(["action"] as never), {
    name: "TypeError",
    message: "Cannot take statistics: options must be an object, got an array of 1",
  });
  assert.deepEqual(Object.keys(store.stats({ fields: ["action"] })), ["action"]);
});

test("saveLeRobot() takes what loadLeRobot() told, whole", () =>
  withDirectory(async (folder) => {
    using store = new StreamStore({ a: 0 });
    for (let step = 0; step < 4; step++) store.append(step, { a: step });
    await saveLeRobot(store, `${folder}/one`, { fps: 1, episodes: { starts: [0, 2] }, tasks: ["a"] });
    const told: LeRobotDataset = await loadLeRobot(`${folder}/one`);
    using _ = told.store;
    await saveLeRobot(told.store, `${folder}/two`, told);
  }));
