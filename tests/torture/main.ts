/**
 * The long run of the tests that kill and race: `./run torture [--minutes N] [--seed N]`. Prints figures, one a line;
 * on a failure what was found, the seed to repeat it, and the store, which then stays.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { readOptions } from "../../bench/command_line.ts";
import { KillFigures, KillLane } from "./kill.ts";
import { ReaderFigures, readWhileKilled, refreshWhileCommitting } from "./readers.ts";
import { fastDirectory } from "./scratch.ts";
import { runtimeName } from "../support/runtime.ts";

const options = readOptions(import.meta.url, {
  minutes: { type: "string", default: "1" },
  seed: { type: "string", default: String(Date.now() % 1_000_000) },
});
const [minutes, seed] = [Number(options.minutes), Number(options.seed)];
if (!(minutes > 0) || !Number.isInteger(seed)) {
  console.error(
    `--minutes must be above 0 and --seed an integer, got ${options.minutes} and ${options.seed}`,
  );
  process.exit(2);
}

// Half of the lanes on the disk, where a sync takes its time, and half in memory.
const directories = [tmpdir(), fastDirectory].map((parent) =>
  mkdtempSync(join(parent, "streamstore-torture-"))
);

try {
  console.log(`${runtimeName}: seed ${seed}, ${minutes} minutes`);
  await kill(0.75 * minutes);
  await read(0.2 * minutes);
  const looks = await refreshWhileCommitting(join(directories[1], "commit.stream"), 0.05 * minutes * 60_000);
  print("commit", { "looks while every step was committed": looks, "half a commit seen": 0 });
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
} catch (error) {
  console.error(`${runtimeName}: failed with --seed ${seed}; the stores are in ${directories.join(" and ")}`);
  console.error(error);
  process.exit(1);
}

async function kill(share: number): Promise<void> {
  const figures = new KillFigures();
  const end = performance.now() + share * 60_000;
  // More than processors: a writer that starts, syncs or pauses leaves its own idle.
  const laneCount = 3 * Math.max(2, availableParallelism());
  const lanes = Array.from({ length: laneCount }, (_, i) => {
    return new KillLane(join(directories[i % 2], `lane-${i}`), seed + i, figures);
  });
  await Promise.all(lanes.map(async (lane) => {
    while (performance.now() < end) await lane.run();
  }));
  print("kill", {
    "writers killed": figures.kills,
    "of them before their store was open": figures.earlyKills,
    "stores": figures.stores,
    "steps acknowledged": figures.stepsAcknowledged,
    "steps recovered from the tail": figures.stepsRecovered,
    "steps compared": figures.stepsCompared,
    "beginnings of writers compared": figures.sessionsCompared,
    "rows alike, of stores compared as a whole": figures.rowsAlike,
    "rows dropped": figures.rowsDropped,
    // Each of them would have ended the run.
    "steps lost": 0,
    "rows torn or invented": 0,
  });
}

async function read(share: number): Promise<void> {
  const figures = new ReaderFigures();
  await readWhileKilled(
    join(directories[1], "read.stream"),
    { seed, ms: share * 60_000, readers: 8 },
    figures,
  );
  print("read", {
    "readers": figures.readers,
    "writers killed": figures.kills,
    "steps acknowledged": figures.stepsAcknowledged,
    "refreshes that showed rows": figures.refreshes,
    "rows read": figures.rowsRead,
    "rows torn or out of order": 0,
  });
}

function print(what: string, figures: Readonly<Record<string, number>>): void {
  for (const [name, count] of Object.entries(figures)) {
    console.log(`${runtimeName}: ${what}: ${name}: ${count.toLocaleString("en-US")}`);
  }
}
