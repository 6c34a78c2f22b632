/**
 * An allocating loop, timed once for each line of input. The arguments are how many objects it allocates, and of how
 * many reference steps a store is that is open meanwhile, with windows alive that have been read; 0 for no store.
 */
import process from "node:process";
import { createInterface } from "node:readline";
import type { Window } from "../../mod.ts";
import { elapsed, prove } from "../harness/harness.ts";
import { createRandom, filledStore } from "../harness/stream.ts";

const liveWindows = 1000;
const windowLength = 128;

/** A program's own heap: what a collection of everything has to go through. */
const heap = Array.from({ length: 200_000 }, (_, value) => ({ value, list: [value] }));

/** So few objects that none grows old: V8 would allocate such as old ones, in some processes and not in others. */
const ringLength = 16;
const ring: { value: number; list: number[] }[] = [];

const objectsPerRound = Number(process.argv[2]);
const stepCount = Number(process.argv[3]);
const store = stepCount > 0 ? filledStore(stepCount) : null;
const windows = store === null ? [] : readWindows();

function readWindows(): Window[] {
  const random = createRandom(3);
  return Array.from({ length: liveWindows }, () => {
    const window = store!.window(Math.floor(random() * (store!.length - windowLength)), windowLength);
    const { steps, types, values } = window;
    prove("a live window", steps.length + types.length + values.length, 3 * windowLength);
    return window;
  });
}

/** Objects that die young, as a training loop makes them. */
function allocate(): void {
  for (let i = 0; i < objectsPerRound; i++) ring[i % ringLength] = { value: i, list: [i, i + 1, i + 2] };
}

console.log("ready");
for await (const _ of createInterface({ input: process.stdin })) {
  console.log(elapsed(allocate) / objectsPerRound);
}
prove("the heap", heap.reduce((sum, { list }) => sum + list.length, 0), heap.length);
prove(
  "the windows",
  windows.reduce((sum, { values }) => sum + values.length, 0),
  windows.length * windowLength,
);
store?.close();
