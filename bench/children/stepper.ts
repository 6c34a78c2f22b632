/**
 * Appends reference steps in bursts: `stepper.ts <path> <steps of a burst> <milliseconds from burst to burst>`. For each
 * line of input it makes as many bursts as the line says, and answers with the nanoseconds of a step, where half of the
 * bursts took less.
 */
import process from "node:process";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { StreamStore } from "../../mod.ts";
import { elapsed, median } from "../harness/harness.ts";
import { appendSteps, narrowFields, type ReferenceStore } from "../harness/stream.ts";

const [path, burstSteps, milliseconds] = [process.argv[2], ...process.argv.slice(3).map(Number)] as const;
using store = StreamStore.open(path, { fields: narrowFields }) as unknown as ReferenceStore;
console.log("ready");
for await (const count of createInterface({ input: process.stdin })) {
  const times: number[] = [];
  while (times.length < Number(count)) {
    const from = store.rowCount;
    times.push(elapsed(() => appendSteps(store, from, from + burstSteps)) / burstSteps);
    await pause(milliseconds);
  }
  console.log(median(times));
}
