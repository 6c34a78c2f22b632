/** One part of the library, for a process with few permissions. */
import { StreamStore } from "@streamstore/streamstore";
import process from "node:process";

const [part, folder, endpoint, token] = process.argv.slice(2);

function fill(store: StreamStore): StreamStore {
  for (let step = 0; step < 100; step++) store.append(step, { reward: step });
  return store;
}

const fields = { reward: 0 };
const path = `${folder}/run.stream`;
const parts: Record<string, () => unknown> = {
  copies: () => fill(new StreamStore(fields)).gather([0], 3).values.join(),
  windows: () => fill(new StreamStore(fields)).window(0, 3).values.join(),
  directory: () => {
    fill(StreamStore.open(path, { fields })).close();
    const store = StreamStore.open(path, { fields });
    store.append(100, { reward: 7 });
    store.close();
    return "written";
  },
  reader: () => StreamStore.open(path, { mode: "read" }).gather([0], 3).values.join(),
  prefetch: async () => {
    let count = 0;
    const sampler = StreamStore.open(path, { mode: "read" }).sampler({
      tokens: 10,
      batchSize: 4,
      order: "sequential",
      prefetch: 2,
    });
    for await (const batch of sampler) count += batch.size;
    return count;
  },
  tables: async () => {
    const table = await fill(new StreamStore(fields)).toDataset();
    const copy = new StreamStore(fields);
    await copy.fromDataset(table);
    return copy.length;
  },
  save: async () => {
    const store = fill(new StreamStore(fields));
    for (const format of ["disk", "jsonl", "csv"] as const) {
      await store.saveDataset(`${folder}/${format}`, "train", { format });
    }
    return store.rowCount;
  },
  saveParquet: async () => {
    const store = fill(new StreamStore(fields));
    await store.saveDataset(`${folder}/parquet`, "train", { format: "parquet" });
    return store.rowCount;
  },
  load: async () => {
    let rows = 0;
    for (const format of ["disk", "jsonl", "csv", "parquet"]) {
      const store = new StreamStore(fields);
      await store.loadDataset(`${folder}/${format}`, "train");
      rows += store.rowCount;
    }
    return rows;
  },
  hubLoad: async () => {
    const store = new StreamStore(fields);
    await store.loadDataset("user/loaded", "train", { endpoint, retry: { attempts: 1 } });
    return store.rowCount;
  },
  hub: async () => {
    await fill(new StreamStore(fields)).saveDataset("user/name", "train", {
      endpoint,
      token,
      retry: { attempts: 1 },
    });
    const copy = new StreamStore(fields);
    await copy.loadDataset("user/name", "train", { endpoint, token, retry: { attempts: 1 } });
    return copy.rowCount;
  },
};
console.log(`${part}: ${await parts[part]()}`);
