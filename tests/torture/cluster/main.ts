/**
 * Stores that are sent and followed while everything is killed: `./run torture --cluster [--minutes N] [--seed N]
 * [--servers 1|3]`. Prints figures, one a line; on a failure what was found, the seed, and the folder, which then stays.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { readOptions } from "../../../bench/command_line.ts";
import { noServer } from "../../../examples/cluster/nats_server.ts";
import { pause } from "../../../src/pause.ts";
import { runtimeName } from "../../support/runtime.ts";
import { fastDirectory } from "../scratch.ts";
import { Cluster } from "./cluster.ts";
import { killSome } from "./kill_some.ts";

const options = readOptions(import.meta.url, {
  cluster: { type: "boolean" },
  minutes: { type: "string", default: "1" },
  seed: { type: "string", default: String(Date.now() % 1_000_000) },
  servers: { type: "string", default: "3" },
});
const [minutes, seed, servers] = [options.minutes, options.seed, options.servers].map(Number);
if (!(minutes > 0) || !Number.isInteger(seed) || ![1, 3].includes(servers)) {
  console.error("--minutes must be above 0, --seed an integer, and --servers 1 or 3");
  process.exit(2);
}
if (noServer !== false) {
  console.error(noServer);
  process.exit(1);
}

const figures = new Map<string, number>();
const add = (name: string, count: number) => void figures.set(name, (figures.get(name) ?? 0) + count);
const folder = mkdtempSync(join(fastDirectory, "streamstore-cluster-"));
/** Some rounds fit into a run of minutes, and each store stays small enough to be compared as a whole. */
const roundMilliseconds = Math.min(40_000, 60_000 * minutes);

console.log(`${runtimeName}: seed ${seed}, ${minutes} minutes, ${servers} servers`);
const end = performance.now() + 60_000 * minutes;
for (let round = 0; performance.now() < end; round++) {
  const path = join(folder, `round-${round}`);
  const cluster = new Cluster({
    folder: path,
    seed: seed + round,
    servers,
    collectors: 4,
    followers: 2,
    trainers: 2,
  });
  try {
    await cluster.start();
    await killSome(cluster, performance.now() + roundMilliseconds, add);
    add("rows acknowledged", cluster.acknowledged.reduce((sum, count) => sum + count, 0));
    add("rows compared", await cluster.finish());
    add("rounds", 1);
    rmSync(path, { recursive: true });
    print();
  } catch (error) {
    await cluster.end();
    await pause(0);
    console.error(`${runtimeName}: round ${round} with --seed ${seed} failed; all of it is in ${path}`);
    console.error(error);
    print();
    process.exit(1);
  }
}
rmSync(folder, { recursive: true });
process.exit(0);

function print(): void {
  const all = [...figures].map(([name, count]) => `${name} ${count.toLocaleString("en-US")}`);
  console.log(`${runtimeName}: ${all.join(", ")}`);
}
