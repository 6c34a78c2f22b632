/** Streams a number of bytes through `append` and prints the time a step and the most anonymous memory that it saw. */
import process from "node:process";
import { StreamStore } from "../../mod.ts";
import { anonymousBytes } from "../harness/anonymous.ts";
import { elapsed, prove } from "../harness/harness.ts";
import {
  appendSteps,
  bytesPerStep,
  referenceFields,
  type ReferenceStore,
  tokensPerStep,
  valueAt,
} from "../harness/stream.ts";

const stepsPerSample = 100_000;

using store: ReferenceStore = new StreamStore(referenceFields);
const stepCount = Math.ceil(Number(process.argv[2]) / bytesPerStep);
let time = 0;
let bytesMax = 0;
for (let from = 0; from < stepCount; from += stepsPerSample) {
  const to = Math.min(stepCount, from + stepsPerSample);
  time += elapsed(() => appendSteps(store, from, to));
  // JSON has null for NaN.
  bytesMax = Math.max(bytesMax, anonymousBytes("self") ?? NaN);
}
time += elapsed(() => store.flush());
for (let token = 0; token < store.length; token += Math.floor(store.length / 1000)) {
  prove("the stream", store.window(token, 1).values[0], valueAt(token));
}
prove("the stream", store.length, stepCount * tokensPerStep);
console.log(JSON.stringify({ time: time / stepCount, bytesMax }));
