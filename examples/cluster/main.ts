/**
 * Collectors and trainers that share nothing but servers of NATS, all on this machine: `./run cluster [--servers 1|3]
 * [--seconds N] [--minutes N]`. Four collectors append to stores of their own and send them; two trainers keep replicas,
 * and draw windows from them meanwhile. Shows how much, and how far behind, each second; at the end compares every
 * replica with its collector's store. Takes everything away, also on Ctrl-C.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import { readOptions } from "../../bench/command_line.ts";
import { StreamStore } from "../../mod.ts";
import { Child } from "./child.ts";
import { NatsServer, noServer } from "./nats_server.ts";
import type { Place } from "./place.ts";
import { Progress } from "./progress.ts";

const options = readOptions(import.meta.url, {
  servers: { type: "string", default: "1" },
  seconds: { type: "string" },
  minutes: { type: "string" },
});
const seconds = Number(options.seconds ?? 60 * Number(options.minutes ?? 1 / 6));
const serverCount = Number(options.servers);
if (!(seconds > 0) || ![1, 3].includes(serverCount)) {
  console.error("--seconds and --minutes must be above 0, and --servers 1 or 3");
  process.exit(2);
}
if (noServer !== false) {
  console.error(noServer);
  process.exit(1);
}

const rowsPerSecond = 1000;
const [collectorCount, trainerCount] = [4, 2];
const folder = mkdtempSync(join(tmpdir(), "cluster-"));
const pathOf = (collector: number) => join(folder, `collector-${collector}.stream`);
const directoryOf = (trainer: number) => join(folder, `trainer-${trainer}`);
const progress = new Progress(collectorCount, trainerCount);
const children: Child[] = [];
let servers: NatsServer[] = [];
let isEnding = false;

for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => void end(130));
try {
  await run();
  await end(compareAll() ? 0 : 1);
} catch (error) {
  if (!isEnding) console.error(error);
  await end(1);
}

async function run(): Promise<void> {
  servers = await NatsServer.startCluster(folder, serverCount);
  const place: Place = { servers: servers.map(({ address }) => address), replicas: serverCount };
  console.log(`${collectorCount} collectors, ${trainerCount} trainers, NATS at ${place.servers.join(", ")}`);
  const collectors = Array.from({ length: collectorCount }, (_, i) => {
    const request = { ...place, path: pathOf(i), subject: `steps.${i}`, rowsPerSecond };
    return start("collector.ts", request, (line) => progress.collected(i, Number(line)));
  });
  const trainers = Array.from({ length: trainerCount }, (_, i) => {
    const request = { ...place, directory: directoryOf(i) };
    return start("trainer.ts", request, (line) => progress.trained(i, JSON.parse(line)));
  });
  const failed = Promise.race(children.map((child) => child.ended));
  await Promise.race([show(), failed]);
  await Promise.all(collectors.map((child) => child.finish()));
  const wanted = Object.fromEntries(progress.rows.map((count, i) => [`steps.${i}`, count]));
  await Promise.all(trainers.map((child) => child.finish(`${JSON.stringify(wanted)}\n`)));
  console.log(progress.line());
}

function start(file: string, request: unknown, onLine: (line: string) => void): Child {
  const child = new Child(file, request, onLine);
  children.push(child);
  return child;
}

/** From when all have begun. */
async function show(): Promise<void> {
  while (!progress.haveBegun) await pause(20);
  for (let second = 0; second < seconds; second++) {
    await pause(1000 * Math.min(1, seconds - second));
    console.log(progress.line());
  }
}

function compareAll(): boolean {
  let areSame = true;
  for (let i = 0; i < collectorCount; i++) {
    using store = StreamStore.open(pathOf(i), { mode: "read" });
    const found = Array.from({ length: trainerCount }, (_, trainer) => {
      using replica = StreamStore.open(join(directoryOf(trainer), `steps.${i}.stream`), { mode: "read" });
      const isSame = haveSameTokens(store, replica);
      areSame &&= isSame;
      return `at trainer ${trainer} ${isSame ? "the same" : "NOT THE SAME"}`;
    });
    console.log(`collector ${i}: ${store.rowCount.toLocaleString("en-US")} rows, ${found.join(", ")}`);
  }
  return areSame;
}

/** Bit for bit: of each row the step, of each token the field and the value. */
function haveSameTokens(store: StreamStore, replica: StreamStore): boolean {
  if (store.rowCount !== replica.rowCount || store.length !== replica.length) return false;
  const [ours, theirs] = [store, replica].map((one) => one.window(0, one.length));
  return (["types", "bits", "steps"] as const).every((column) => {
    const found = theirs[column];
    return ours[column].every((value: number | bigint, i: number) => value === found[i]);
  });
}

/** Once: whoever ends by it fails, and is no reason to end otherwise. */
async function end(status: number): Promise<void> {
  if (isEnding) return;
  isEnding = true;
  for (const child of children) child.kill();
  await Promise.all(servers.map((server) => server.kill()));
  rmSync(folder, { recursive: true, force: true });
  process.exit(status);
}
