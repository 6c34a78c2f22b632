/** Datasets far larger than what is kept in memory, saved and loaded in processes whose memory is looked at. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { anonymousBytes, mostBytes } from "../harness/anonymous.ts";
import { Child } from "../harness/children.ts";
import { type Measurement, measurementOf, megabytes, seconds } from "../harness/measurement.ts";
import type { Sizes } from "../harness/sizes.ts";
import { bytesPerStep, frameBytes } from "../harness/stream.ts";

interface SavedFormat {
  readonly format: string;
  readonly words: string;
  /** Which share of the stream: LeRobot's has statistics of every episode, which take their time. */
  readonly share: number;
  /** Whether a camera's frame stands beside each step. */
  readonly frames: boolean;
}

const savedFormats: readonly SavedFormat[] = [
  { format: "parquet", words: "Parquet", share: 1, frames: false },
  { format: "disk", words: "a folder of save_to_disk", share: 1, frames: false },
  { format: "lerobot", words: "LeRobot v3.0", share: 1 / 5, frames: false },
  { format: "parquet", words: "Parquet", share: 1, frames: true },
  { format: "disk", words: "a folder of save_to_disk", share: 1, frames: true },
  { format: "lerobot", words: "LeRobot v3.0", share: 1, frames: true },
];

const goal = { valueMax: 500 };

/** Gigabytes are those of the store that the rows come from, or go to. */
export async function datasetMemory(sizes: Sizes): Promise<Measurement[]> {
  const measurements: Measurement[] = [];
  for (const saved of savedFormats) measurements.push(...await measureFormat(saved, sizes));
  return measurements;
}

async function measureFormat(saved: SavedFormat, sizes: Sizes): Promise<Measurement[]> {
  const { format, words, share, frames } = saved;
  const folder = mkdtempSync(join(tmpdir(), "streamstore-bench-"));
  const path = join(folder, format);
  const byteCount = share * sizes.streamBytes;
  const what = `${byteCount / 1e9} GB${frames ? " with frames" : ""}`;
  const steps = Math.ceil(byteCount / (bytesPerStep + (frames ? frameBytes : 0)));
  const fill = frames ? "film" : "fill";
  try {
    return [
      ...await watch(`${what} saved as ${words}`, [`${fill} ${steps}`, `save ${format} ${path}`]),
      ...await watch(`${what} loaded from ${words}`, [
        `load ${format} ${path} ${steps}${frames ? " frames" : ""}`,
      ]),
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The time and the memory of the last of some commands, in a process of their own. */
async function watch(name: string, commands: readonly string[]): Promise<Measurement[]> {
  const child = Child.ofScript("datasets");
  try {
    for (const command of commands.slice(0, -1)) await child.ask(command);
    let time = 0;
    const bytesMax = await mostBytes(() => anonymousBytes(child.processId), async () => {
      time = Number(await child.ask(commands.at(-1)!));
    });
    const measurements = [measurementOf(name, seconds, { time, best: time })];
    if (bytesMax === null) return measurements;
    const bytes = { time: bytesMax, best: bytesMax };
    return [...measurements, measurementOf(`${name}, anonymous memory`, megabytes, bytes, { goal })];
  } finally {
    await child.end();
  }
}
