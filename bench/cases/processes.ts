/** Starts, and what is measured in processes of its own: garbage collection beside a large store, and memory. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StreamStore } from "../../mod.ts";
import { Child, runModule, runScript } from "../harness/children.ts";
import { compare, elapsed, measure, prove } from "../harness/harness.ts";
import { largeStore, makeLargeStore } from "../harness/limits.ts";
import {
  type Measurement,
  measurementOf,
  megabytes,
  milliseconds,
  nanosecondsPer,
} from "../harness/measurement.ts";
import { packedPrograms } from "../harness/package.ts";
import type { Sizes } from "../harness/sizes.ts";
import { bytesPerStep } from "../harness/stream.ts";
import { writeStream } from "../harness/writes.ts";
import { datasetMemory } from "./dataset_memory.ts";

/** Import of the package as users install it, and creation: the whole process, less one that does nothing. */
export async function start(sizes: Sizes): Promise<Measurement[]> {
  const { create, nothing } = packedPrograms();
  const sample = await compare(
    sizes.longRounds,
    () => elapsed(() => prove("a first store", Number(runModule(create)), 2)),
    () => elapsed(() => void runModule(nothing)),
  );
  const beyond = { time: sample.time - sample.limitTime, best: sample.best - sample.limitBest };
  const name = "import and first store, beyond the runtime's start";
  return [
    measurementOf(name, milliseconds, beyond, { goal: { valueMax: 25 } }),
    ...await openLarge(sizes),
  ];
}

/** However long the stream is, opening it must not read it. */
async function openLarge(sizes: Sizes): Promise<Measurement[]> {
  const directory = mkdtempSync(join(tmpdir(), "streamstore-bench-"));
  try {
    const path = join(directory, "large.stream");
    makeLargeStore(path);
    const measurements: Measurement[] = [];
    for (const mode of ["read", "append"] as const) {
      const { time, best } = await measure(sizes.longRounds, () => openOnce(path, mode));
      const name = `open a store of 100 GB to ${mode}`;
      measurements.push(measurementOf(name, milliseconds, { time, best }, { goal: { valueMax: 10 } }));
    }
    return measurements;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function openOnce(path: string, mode: "read" | "append"): number {
  let store: StreamStore | undefined;
  const time = elapsed(() => store = StreamStore.open(path, { mode }));
  prove("the length of a large store", store!.length, largeStore.tokenCount);
  store!.close();
  return time;
}

/** An allocating loop with a large store open, beside the same loop without, in two processes that take turns. */
export async function collector(sizes: Sizes): Promise<Measurement[]> {
  const objectCount = String(sizes.objectsPerRound);
  const withStore = Child.ofScript(
    "collector",
    objectCount,
    String(Math.ceil(sizes.storeBytes / bytesPerStep)),
  );
  const without = Child.ofScript("collector", objectCount, "0");
  const ask = async (child: Child) => Number(await child.ask("go"));
  try {
    await Promise.all([withStore.answer(), without.answer()]);
    const sample = await compare(4 * sizes.longRounds, () => ask(withStore), () => ask(without));
    const name = `allocating loop with a store of ${gigabytes(sizes.storeBytes)} open`;
    const options = { limit: "the same loop without", goal: { ratioMax: 1.1 } };
    return [measurementOf(name, nanosecondsPer("object"), sample, options)];
  } finally {
    await Promise.all([withStore.end(), without.end()]);
  }
}

/** A stream far larger than anything that is kept in memory. */
export async function memory(sizes: Sizes): Promise<Measurement[]> {
  const { time, bytesMax } = JSON.parse(runScript("stream", String(sizes.streamBytes)));
  const stepCount = Math.ceil(sizes.streamBytes / bytesPerStep);
  const limitTime = writeStream(stepCount * bytesPerStep) / stepCount;
  const name = `${gigabytes(sizes.streamBytes)} through append`;
  const sample = { time, best: time, limitTime, ratio: time / limitTime };
  const measurements = [
    measurementOf(name, nanosecondsPer("step"), sample, { limit: "fallocate and pwrite" }),
  ];
  // Only Linux tells how much of a process's memory is anonymous.
  if (bytesMax !== null) {
    const goal = { valueMax: 150 };
    const bytes = { time: bytesMax, best: bytesMax };
    measurements.push(measurementOf(`${name}, anonymous memory`, megabytes, bytes, { goal }));
  }
  return [...measurements, ...await datasetMemory(sizes)];
}

const gigabytes = (bytes: number): string => `${bytes / 1e9} GB`;
