/**
 * Appends steps whose reward is the time of their commit, each committed by itself: `committer.ts <path> <steps a second>
 * <how many>`. It begins with the first line of input, and ends when the input does.
 */
import process from "node:process";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { StreamStore } from "../../mod.ts";
import { observations, referenceFields } from "../harness/stream.ts";

const [path, stepsPerSecond, stepCount] = [process.argv[2], ...process.argv.slice(3).map(Number)] as const;
using store = StreamStore.open(path, { fields: referenceFields });
console.log("ready");
for await (const _ of createInterface({ input: process.stdin })) {
  const begin = performance.now();
  for (let step = 0; step < stepCount; step++) {
    const due = begin + 1000 * step / stepsPerSecond;
    const early = due - performance.now();
    if (early > 0) await pause(early);
    const observation = observations[step % observations.length];
    const reward = performance.timeOrigin + performance.now();
    store.append(step, { action: step & 3, observation, reward, done: false });
    store.flush();
  }
  console.log("done");
}
