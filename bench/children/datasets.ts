/**
 * Saves and loads the reference stream as it is told, line by line, and answers with the nanoseconds that it took:
 * `fill STEPS`, `save FORMAT PATH`, `load FORMAT PATH STEPS`.
 */
import process from "node:process";
import { createInterface } from "node:readline";
import { loadLeRobot, saveLeRobot, StreamStore } from "../../mod.ts";
import { elapsedUntil, prove } from "../harness/harness.ts";
import {
  fieldFeatures,
  filledStore,
  observationOf,
  referenceFields,
  type ReferenceStore,
  rewardOf,
} from "../harness/stream.ts";

let store: ReferenceStore = new StreamStore(referenceFields);

async function save(format: string, path: string): Promise<void> {
  if (format !== "lerobot") {
    return await store.saveDataset(path, "train", { format: format as "parquet" | "disk", fieldFeatures });
  }
  const features = {
    action: { dtype: "int64" },
    observation: { dtype: "float32" },
    reward: { dtype: "float32" },
  };
  await saveLeRobot(store, path, { fps: 50, episodes: { end: "done" }, tasks: ["go"], features });
}

async function load(format: string, path: string, steps: number): Promise<void> {
  using loaded = format === "lerobot" ? await loadRobot(path) : await loadSplit(path);
  for (let step = 0; step < steps; step += Math.ceil(steps / 1000)) {
    const { reward, observation } = loaded.row(step);
    prove(format, Number(reward), rewardOf(step));
    prove(format, Number((observation as ArrayLike<number>)[3]), observationOf(step, 3));
  }
  prove(format, loaded.rowCount, steps);
}

async function loadRobot(path: string) {
  return (await loadLeRobot(path)).store;
}

async function loadSplit(path: string): Promise<ReferenceStore> {
  const loaded = new StreamStore(referenceFields);
  await loaded.loadDataset(path, "train");
  return loaded;
}

for await (const line of createInterface({ input: process.stdin })) {
  const [verb, first, path, steps] = line.split(" ");
  const time = await elapsedUntil(async () => {
    if (verb === "fill") store = filledStore(Number(first));
    else if (verb === "save") await save(first, path);
    else await load(first, path, Number(steps));
  });
  console.log(time);
}
store.close();
