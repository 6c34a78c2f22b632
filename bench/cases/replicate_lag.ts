/** What a collector notices of being sent, and how long its rows are on their way to a replica. */
import { join } from "node:path";
import process from "node:process";
import type { StreamStore } from "../../mod.ts";
import { follow } from "../../replicate.ts";
import { Child } from "../harness/children.ts";
import { compare } from "../harness/harness.ts";
import { type Measurement, measurementOf, milliseconds, nanosecondsPer } from "../harness/measurement.ts";
import type { Broker } from "../harness/nats.ts";
import type { Sizes } from "../harness/sizes.ts";
import { observationWidth, tokensPerStep } from "../harness/stream.ts";

/** The place of the reward among a step's tokens: after the action and the observation. */
const rewardAt = 1 + observationWidth;
const stepsPerSecond = 1000;

export async function lag(sizes: Sizes, broker: Broker): Promise<Measurement[]> {
  return [await appendWhileSent(sizes, broker), ...await commitToReplica(sizes, broker)];
}

/** Bursts of a collector, while a sender in a process of its own is at work and while it is stopped. */
async function appendWhileSent(sizes: Sizes, broker: Broker): Promise<Measurement> {
  await broker.purge();
  const [burstSteps, everyMs, bursts] = [5000, 50, sizes.mode === "small" ? 2 : 10];
  const path = join(broker.folder, "collector.stream");
  const collector = Child.ofScript("stepper", path, `${burstSteps}`, `${everyMs}`);
  await collector.answer();
  const sender = Child.ofScript("sender", path, broker.address, "steps.collector");
  await sender.answer();
  const round = (signal: NodeJS.Signals) => async () => {
    process.kill(sender.processId, signal);
    return Number(await collector.ask(`${bursts}`));
  };
  const sample = await compare(sizes.longRounds, round("SIGCONT"), round("SIGSTOP"));
  process.kill(sender.processId, "SIGCONT");
  await collector.end();
  await sender.end();
  const name = "append while the store is sent, 100,000 steps a second";
  return measurementOf(name, nanosecondsPer("step"), sample, {
    limit: "the sender stopped",
    goal: { ratioMax: 1.05 },
  });
}

/** Each step is committed by itself, and sent by a process of its own; the replica is this process's. */
async function commitToReplica(sizes: Sizes, broker: Broker): Promise<Measurement[]> {
  const stepCount = Math.ceil(sizes.lagMs * stepsPerSecond / 1000);
  const path = join(broker.folder, "committed.stream");
  const collector = Child.ofScript("committer", path, `${stepsPerSecond}`, `${stepCount}`);
  await collector.answer();
  const sender = Child.ofScript("sender", path, broker.address, "steps.committed");
  await sender.answer();
  const [end, log] = [new AbortController(), await broker.log()];
  const lags: number[] = [];
  const following = follow(log, {
    directory: join(broker.folder, "lag"),
    subjects: "steps.committed",
    signal: end.signal,
    onProgress: ({ replica, endRow }) => {
      addLags(lags, replica);
      if (endRow === stepCount) end.abort();
    },
  });
  await collector.ask("go");
  await following;
  await Promise.all([log.close(), sender.end(), collector.end()]);
  // What is compiled on the way makes the first rows wait.
  const sorted = Float64Array.from(lags.slice(Math.floor(lags.length / 10))).sort();
  const row = (what: string, part: number, valueMax?: number) => {
    const time = sorted[Math.floor(part * (sorted.length - 1))] * 1e6;
    const name = `from commit to a replica's row, 1,000 steps a second, ${what}`;
    const goal = valueMax === undefined ? undefined : { valueMax };
    return measurementOf(name, milliseconds, { time, best: time }, { goal });
  };
  return [row("median", 0.5), row("99th percentile", 0.99, 50)];
}

/** Of the rows that are new. */
function addLags(lags: number[], replica: StreamStore): void {
  const now = performance.timeOrigin + performance.now();
  const first = lags.length;
  const { values } = replica.window(first * tokensPerStep, replica.length - first * tokensPerStep);
  for (let at = rewardAt; at < values.length; at += tokensPerStep) lags.push(now - Number(values[at]));
}
