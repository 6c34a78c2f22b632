/** Streams a number of bytes through `append` and prints the time a step and the most anonymous memory that it saw. */
import { existsSync, readFileSync } from "node:fs";
import process from "node:process";
import { StreamStore } from "../../mod.ts";
import { elapsed, prove } from "../harness.ts";
import {
  appendSteps,
  bytesPerStep,
  referenceFields,
  type ReferenceStore,
  tokensPerStep,
  valueAt,
} from "../stream.ts";

const stepsPerSample = 100_000;
const statusPath = "/proc/self/status";

/** Anonymous memory in bytes, or NaN where the system does not tell. */
function anonymousBytes(): number {
  if (!existsSync(statusPath)) return NaN;
  const found = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(statusPath, "utf8"));
  return found === null ? NaN : Number(found[1]) * 1024;
}

using store: ReferenceStore = new StreamStore(referenceFields);
const stepCount = Math.ceil(Number(process.argv[2]) / bytesPerStep);
let time = 0;
let bytesMax = 0;
for (let from = 0; from < stepCount; from += stepsPerSample) {
  const to = Math.min(stepCount, from + stepsPerSample);
  time += elapsed(() => appendSteps(store, from, to));
  bytesMax = Math.max(bytesMax, anonymousBytes());
}
time += elapsed(() => store.flush());
for (let token = 0; token < store.length; token += Math.floor(store.length / 1000)) {
  prove("the stream", store.window(token, 1).values[0], valueAt(token));
}
prove("the stream", store.length, stepCount * tokensPerStep);
console.log(JSON.stringify({ time: time / stepCount, bytesMax }));
