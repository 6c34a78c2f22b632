/** How far a reader is behind: from the append of a step to where a reader in another process has it, without any option. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StreamStore } from "../../mod.ts";
import { Child } from "../harness/children.ts";
import { prove } from "../harness/harness.ts";
import { type Measurement, measurementOf, milliseconds } from "../harness/measurement.ts";
import type { Sizes } from "../harness/sizes.ts";
import { observationWidth, referenceFields, type ReferenceStore, tokensPerStep } from "../harness/stream.ts";

const rates = [
  { name: "1 step a second", stepsPerSecond: 1, rounds: 5 },
  { name: "1,000 steps a second", stepsPerSecond: 1000, rounds: 1 },
  { name: "full speed", stepsPerSecond: 0, rounds: 1 },
] as const;

/** The place of the reward among a step's tokens: after the action and the observation. */
const rewardAt = 1 + observationWidth;

const goal = { valueMax: 60 };
const nanosecondsPerMillisecond = 1e6;

export async function lag(sizes: Sizes): Promise<Measurement[]> {
  const measurements: Measurement[] = [];
  for (const { name, stepsPerSecond, rounds } of rates) {
    const lags = (await lagsOf(stepsPerSecond, rounds * sizes.lagMs)).sort();
    const percentile = (part: number) =>
      lags[Math.floor(part * (lags.length - 1))] * nanosecondsPerMillisecond;
    const line = (what: string, time: number) =>
      measurementOf(`a reader's lag at ${name}, ${what}`, milliseconds, { time, best: time }, { goal });
    measurements.push(line("median", percentile(0.5)), line("99th percentile", percentile(0.99)));
  }
  return measurements;
}

/** The lag of every step, in milliseconds, the first commits left out: the code that makes them has not yet run. */
async function lagsOf(stepsPerSecond: number, durationMs: number): Promise<Float64Array> {
  const directory = mkdtempSync(join(tmpdir(), "streamstore-bench-"));
  try {
    const path = join(directory, "run.stream");
    StreamStore.open(path, { fields: referenceFields }).close();
    using reader: ReferenceStore = StreamStore.open(path, { mode: "read" });
    const writer = Child.ofScript("writer", path, String(stepsPerSecond), String(durationMs));
    const ended = new AbortController();
    const end = writer.exited.then(() => ended.abort());
    const lags: Float64Array[] = [];
    let seen = 0;
    while (!ended.signal.aborted) {
      await reader.waitForRows(seen + 1, ended).catch((error) => {
        if (error !== ended.signal.reason) throw error;
      });
      const now = performance.timeOrigin + performance.now();
      if (reader.rowCount === seen) continue;
      const rowCount = reader.rowCount - seen;
      const { values } = reader.window(seen * tokensPerStep, rowCount * tokensPerStep);
      lags.push(
        Float64Array.from({ length: rowCount }, (_, row) => now - values[row * tokensPerStep + rewardAt]),
      );
      seen = reader.rowCount;
    }
    await end;
    prove("the rows that a reader has seen", seen, reader.rowCount);
    return joined(lags.slice(Math.min(lags.length - 1, 2)));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function joined(parts: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
