/**
 * Saves and loads the reference stream as it is told, line by line, and answers with the nanoseconds that it took:
 * `fill STEPS`, `film STEPS` (with a camera's frame beside each), `save FORMAT PATH`, `load FORMAT PATH STEPS [frames]`.
 */
import process from "node:process";
import { createInterface } from "node:readline";
import { loadLeRobot, saveLeRobot, StreamStore } from "../../mod.ts";
import { elapsedUntil, prove } from "../harness/harness.ts";
import {
  actionOf,
  doneOf,
  fieldFeatures,
  filledStore,
  frameBytes,
  observationOf,
  observations,
  referenceFields,
  rewardOf,
} from "../harness/stream.ts";

let store: StreamStore<typeof referenceFields> = new StreamStore(referenceFields);
let isFilmed = false;

/** What nothing compresses; frames are parts of it. */
const noise = new Uint8Array(1 << 20);
for (let i = 0, seed = 1; i < noise.length; i++) {
  seed = seed * 48271 % 2147483647;
  noise[i] = seed >> 8;
}

function frameOf(step: number): Uint8Array {
  const at = step * 7919 % (noise.length - frameBytes);
  return noise.subarray(at, at + frameBytes);
}

function film(steps: number): void {
  const filmed = new StreamStore(referenceFields, { extra: { frame: "bytes" } });
  for (let step = 0; step < steps; step++) {
    const values = { action: actionOf(step), reward: rewardOf(step), done: doneOf(step) };
    filmed.append(step, { ...values, observation: observations[step & 255] }, { frame: frameOf(step) });
  }
  store = filmed as unknown as typeof store;
  isFilmed = true;
}

async function save(format: string, path: string): Promise<void> {
  if (format !== "lerobot") {
    await store.saveDataset(path, "train", {
      format: format as "parquet" | "disk",
      fieldFeatures: isFilmed ? { ...fieldFeatures, frame: { _type: "Image" } } : fieldFeatures,
    });
    return;
  }
  const features = {
    action: { dtype: "int64" },
    observation: { dtype: "float32" },
    reward: { dtype: "float32" },
    ...(isFilmed ? { frame: { shape: [240, 320, 3] } } : {}),
  };
  await saveLeRobot(store, path, { fps: 50, episodes: { end: "done" }, tasks: ["go"], features });
}

async function load(format: string, path: string, steps: number, extra: boolean): Promise<void> {
  using loaded = format === "lerobot"
    ? (await loadLeRobot(path, { extra })).store
    : await loadSplit(path, extra);
  for (let step = 0; step < steps; step += Math.ceil(steps / 1000)) {
    const { reward, observation } = loaded.row(step);
    prove(format, Number(reward), rewardOf(step));
    prove(format, Number((observation as ArrayLike<number>)[3]), observationOf(step, 3));
    if (extra) prove(format, (loaded.extra("frame").get(step) as Uint8Array)[99], frameOf(step)[99]);
  }
  prove(format, loaded.rowCount, steps);
}

async function loadSplit(path: string, extra: boolean): Promise<StreamStore> {
  const loaded: StreamStore = new StreamStore(
    referenceFields,
    extra ? { extra: { frame: "bytes" } } : {},
  ) as never;
  await loaded.loadDataset(path, "train");
  return loaded;
}

for await (const line of createInterface({ input: process.stdin })) {
  const [verb, first, path, steps, frames] = line.split(" ");
  const time = await elapsedUntil(async () => {
    if (verb === "fill") store = filledStore(Number(first));
    else if (verb === "film") film(Number(first));
    else if (verb === "save") await save(first, path);
    else await load(first, path, Number(steps), frames === "frames");
  });
  console.log(time);
}
store.close();
