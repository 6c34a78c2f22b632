/**
 * An allocating loop, timed once for each line of input. With a number of steps as argument a store of so many
 * reference steps is open meanwhile, and windows of it that have been read are alive.
 */
import process from "node:process";
import { createInterface } from "node:readline";
import type { Window } from "../../mod.ts";
import { elapsed, prove } from "../harness.ts";
import { createRandom, filledStore } from "../stream.ts";

const liveWindows = 1000;
const windowLength = 128;
const objectsPerRound = 500_000;
const liveObjects = 4096;

const stepCount = Number(process.argv[2]);
const store = stepCount > 0 ? filledStore(stepCount) : null;
const windows = store === null ? [] : readWindows();
const ring: { value: number; list: number[] }[] = [];

function readWindows(): Window[] {
  const random = createRandom(3);
  return Array.from({ length: liveWindows }, () => {
    const window = store!.window(Math.floor(random() * (store!.length - windowLength)), windowLength);
    prove(
      "a live window",
      window.values.length + window.types.length + window.steps.length,
      3 * windowLength,
    );
    return window;
  });
}

/** Objects that mostly die young, as a training loop makes them. */
function allocate(): void {
  for (let i = 0; i < objectsPerRound; i++) ring[i % liveObjects] = { value: i, list: [i, i + 1, i + 2] };
}

console.log("ready");
for await (const _ of createInterface({ input: process.stdin })) {
  console.log(elapsed(allocate) / objectsPerRound);
}
prove(
  "the live windows",
  windows.reduce((sum, { values }) => sum + values.length, 0),
  windows.length * windowLength,
);
store?.close();
