/**
 * A trainer that is killed, started again from its last checkpoint, and goes on with the very windows that come next.
 *
 *     ./run deno -A examples/trainer.ts
 *     ./run bun examples/trainer.ts
 *
 * The checkpoint is one JSON file: the model's weights and where the sampler stands. The trainer is killed with SIGKILL in
 * the middle of its work, several times; in the end its windows and its weights are compared with those of a trainer that
 * was never killed.
 */
import { spawn } from "node:child_process";
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { StreamStore } from "../mod.ts";

const updates = 300;
const updatesPerCheckpoint = 10;
const kills = 3;
const learningRate = 0.02;

interface Checkpoint {
  readonly update: number;
  readonly weights: number[];
  readonly sampler: ReturnType<ReturnType<typeof makeSampler>["state"]>;
}

/** A weight on a spring, pushed at random: position, velocity and push of every step, in episodes of 50 to 150 steps. */
function collect(path: string): void {
  using store = StreamStore.open(path, { fields: { state: 0, push: 1, done: 2 } });
  let seed = 1;
  const random = () => (seed = seed * 48271 % 2147483647) / 2147483647;
  let [position, velocity, left] = [1, 0, 100];
  for (let step = 0; step < 20_000; step++) {
    const push = random() < 0.5 ? -1 : 1;
    store.append(step, { state: [position, velocity], push, done: --left === 0 });
    velocity += 0.1 * (push - position);
    position += 0.1 * velocity;
    if (left === 0) [position, velocity, left] = [2 * random() - 1, 0, 50 + Math.floor(100 * random())];
  }
}

function makeSampler(store: StreamStore<{ state: 0; push: 1; done: 2 }>) {
  return store.sampler({
    steps: 2,
    fields: { state: 2, push: 1 },
    episodes: { end: "done" },
    order: "shuffle",
    batchSize: 32,
    seed: 7,
  });
}

/** Learns to predict the next state, from the last checkpoint on. Writes the windows of every update to a log. */
function train(folder: string, path: string): void {
  using store = StreamStore.open<{ state: 0; push: 1; done: 2 }>(path, { mode: "read" });
  const sampler = makeSampler(store);
  const file = join(folder, "checkpoint.json");
  let [update, weights] = [0, new Array(6).fill(0)];
  if (existsSync(file)) {
    const checkpoint: Checkpoint = JSON.parse(readFileSync(file, "utf8"));
    ({ update, weights } = checkpoint);
    sampler.restore(checkpoint.sampler);
  }
  for (; update < updates;) {
    const { fields, starts } = sampler.next()!;
    descend(weights, fields.state.values, fields.push.values);
    appendFileSync(join(folder, "windows.log"), `${update} ${starts.join(" ")}\n`);
    if (++update % updatesPerCheckpoint > 0) continue;
    const checkpoint: Checkpoint = { update, weights, sampler: sampler.state() };
    writeFileSync(`${file}.new`, JSON.stringify(checkpoint));
    renameSync(`${file}.new`, file);
  }
}

/** One step of gradient descent on the squared error of a linear prediction. */
function descend(weights: number[], states: Float32Array, pushes: Float32Array): void {
  const windows = pushes.length / 2;
  const gradient = new Array(weights.length).fill(0);
  for (let window = 0; window < windows; window++) {
    const inputs = [states[4 * window], states[4 * window + 1], pushes[2 * window]];
    for (const output of [0, 1]) {
      const predicted = inputs.reduce((sum, input, i) => sum + weights[3 * output + i] * input, 0);
      const error = predicted - states[4 * window + 2 + output];
      inputs.forEach((input, i) => gradient[3 * output + i] += error * input / windows);
    }
  }
  gradient.forEach((slope, i) => weights[i] -= learningRate * slope);
}

/** Runs a trainer in a process of its own, and kills it after a while if asked to. Returns whether it ended by itself. */
function run(folder: string, path: string, killAfterUpdates?: number): Promise<boolean> {
  const self = fileURLToPath(import.meta.url);
  const flags = "deno" in process.versions ? ["run", "-A"] : process.execArgv;
  const child = spawn(process.execPath, [...flags, self, "train", folder, path], { stdio: "inherit" });
  const watch = setInterval(() => {
    if (killAfterUpdates !== undefined && countUpdates(folder) >= killAfterUpdates) child.kill("SIGKILL");
  }, 1);
  return new Promise((resolve) =>
    child.on("exit", (code) => {
      clearInterval(watch);
      resolve(code === 0);
    })
  );
}

function countUpdates(folder: string): number {
  const log = join(folder, "windows.log");
  return existsSync(log) ? readFileSync(log, "utf8").split("\n").length - 1 : 0;
}

/** The windows of each update. What was done after the last checkpoint was done again, and must be the same. */
function windowsOf(folder: string): Map<string, string> {
  const windows = new Map<string, string>();
  for (const line of readFileSync(join(folder, "windows.log"), "utf8").split("\n")) {
    const [update] = line.split(" ", 1);
    if (line.split(" ").length !== 33) continue;
    if ((windows.get(update) ?? line) !== line) {
      throw new Error(`Update ${update} had other windows the second time`);
    }
    windows.set(update, line);
  }
  return windows;
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "trainer-"));
  const [whole, killed] = [mkdtempSync(join(folder, "whole-")), mkdtempSync(join(folder, "killed-"))];
  try {
    const path = join(folder, "run.stream");
    collect(path);
    await run(whole, path);
    let deaths = 0;
    for (let kill = 0; kill < kills; kill++) {
      if (!await run(killed, path, countUpdates(killed) + 40)) deaths++;
    }
    await run(killed, path);
    const [expected, found] = [windowsOf(whole), windowsOf(killed)];
    const areSame = expected.size === updates &&
      [...expected].every(([update, line]) => found.get(update) === line);
    const weights = [whole, killed].map((of) =>
      JSON.parse(readFileSync(join(of, "checkpoint.json"), "utf8")).weights
    );
    const haveLearnt = JSON.stringify(weights[0]) === JSON.stringify(weights[1]);
    console.log(`killed ${deaths} times, ${found.size} updates of 32 windows each`);
    console.log(`the windows of a trainer that was never killed: ${areSame ? "the same" : "OTHERS"}`);
    console.log(`its weights: ${haveLearnt ? "the same" : "OTHERS"}`);
    if (!areSame || !haveLearnt || deaths === 0) process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const [mode, folder, path] = process.argv.slice(2);
if (mode === "train") train(folder, path);
else await main();
