/**
 * A dataset on the HuggingFace Hub that grows: pull it, collect further steps, push only those.
 *
 *     ./run deno -A examples/hub.ts                        on a Hub of its own, which the tests have
 *     HF_TOKEN=hf_… ./run bun examples/hub.ts user/name    on the real one; the dataset is made if it is not there
 *
 * Started again with the same name, it goes on where it stopped: the store lies in a folder of that name, and knows what
 * the Hub has.
 */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { StreamStore, StreamStoreError } from "../mod.ts";

const fields = { observation: 0, action: { type: 1, dtype: "int64" }, reward: 2 } as const;
const fieldFeatures = {
  observation: { feature: { dtype: "float32", _type: "Value" }, length: 2, _type: "List" },
  action: { names: ["left", "right"], _type: "ClassLabel" },
  reward: { dtype: "float32", _type: "Value" },
} as const;

interface HubOptions {
  /** Without them those of the real Hub, and HF_TOKEN. */
  readonly endpoint?: string;
  readonly token?: string;
}

/** A session of some steps: pulls where nothing is here yet, and pushes what is new. */
async function session(name: string, folder: string, stepCount: number, options: HubOptions): Promise<void> {
  const isNew = !existsSync(folder);
  using store = StreamStore.open(folder, { fields });
  if (isNew) await pull(store, name, options);
  const rowsBefore = store.rowCount;
  collect(store, stepCount);
  let uploaded = 0;
  await store.saveDataset(name, "train", {
    ...options,
    append: true,
    fieldFeatures,
    onProgress: ({ kind, bytes, byteLength }) => {
      if (kind === "upload" && bytes === byteLength) uploaded += bytes;
    },
  });
  console.log(`${rowsBefore} rows were there, ${stepCount} were added: ${uploaded} bytes uploaded`);
}

async function pull(store: StreamStore<typeof fields>, name: string, options: HubOptions): Promise<void> {
  try {
    await store.loadDataset(name, "train", options);
  } catch (error) {
    // The first push makes the dataset.
    if (!(error instanceof StreamStoreError && error.code === "not-found")) throw error;
  }
}

/** A pendulum that swings, and is told which way. */
function collect(store: StreamStore<typeof fields>, stepCount: number): void {
  for (let i = 0; i < stepCount; i++) {
    const step = store.rowCount;
    const [angle, speed] = [Math.sin(step / 10), Math.cos(step / 10)].map(Math.fround);
    store.append(step, { observation: [angle, speed], action: speed > 0 ? 1 : 0, reward: -Math.abs(angle) });
  }
}

async function onTheRealHub(name: string): Promise<void> {
  await session(name, `${name.replace("/", "-")}.stream`, 1000, {});
  console.log(`https://huggingface.co/datasets/${name}`);
}

/** Two machines, one after the other: what the first has pushed, the second pulls and adds to. */
async function onAHubOfItsOwn(): Promise<void> {
  const { startHub } = await import("../tests/support/hub/server.ts");
  const hub = await startHub();
  const folder = mkdtempSync(join(tmpdir(), "hub-"));
  try {
    const options = { endpoint: hub.endpoint, token: hub.token };
    await session("user/swings", join(folder, "first"), 20_000, options);
    await session("user/swings", join(folder, "second"), 100, options);
    await session("user/swings", join(folder, "second"), 100, options);
    using all = new StreamStore(fields);
    await all.loadDataset("user/swings", "train", options);
    const shards = hub.repository("user/swings").paths().filter((path) => path.endsWith(".parquet"));
    console.log(`${all.rowCount} rows in ${shards.length} shards`);
  } finally {
    rmSync(folder, { recursive: true });
    await hub.close();
  }
}

const [name] = process.argv.slice(2);
await (name === undefined ? onAHubOfItsOwn() : onTheRealHub(name));
