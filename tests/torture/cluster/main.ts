/**
 * Stores that are sent and followed while everything is killed, and much else happens: `./run torture --cluster
 * [--minutes N] [--seed N] [--servers 1|3]`. `--fault NAME` has one thing happen and no other, besides kills: `none`, or
 * one that an unknown name lists. `--control sequence|acknowledgement` has followers that are wrong, and must be found.
 *
 * Prints figures, one a line; on a failure what was found, the seed, and the folder, which then stays.
 */
import { AssertionError } from "node:assert";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { readOptions } from "../../../bench/command_line.ts";
import { noServer } from "../../../examples/cluster/nats_server.ts";
import { runtimeName } from "../../support/runtime.ts";
import { fastDirectory } from "../scratch.ts";
import { Cluster } from "./cluster.ts";
import type { Control } from "./control_follower.ts";
import { disturb, faults } from "./faults/faults.ts";
import { killSome } from "./kill_some.ts";

const options = readOptions(import.meta.url, {
  cluster: { type: "boolean" },
  minutes: { type: "string", default: "1" },
  seed: { type: "string", default: String(Date.now() % 1_000_000) },
  servers: { type: "string", default: "3" },
  fault: { type: "string" },
  control: { type: "string" },
});
const [minutes, seed, servers] = [options.minutes, options.seed, options.servers].map(Number);
const { fault } = options;
const control = options.control as Control | undefined;
const names = Object.keys(faults);
check(minutes > 0, "--minutes must be above 0");
check(Number.isInteger(seed), "--seed must be an integer");
check([1, 3].includes(servers), "--servers must be 1 or 3");
check(fault === undefined || ["none", ...names].includes(fault), `--fault must be none, ${names.join(", ")}`);
check(
  [undefined, "sequence", "acknowledgement"].includes(control),
  "--control must be sequence or acknowledgement",
);
if (noServer !== false) {
  console.error(noServer);
  process.exit(1);
}

const figures = new Map<string, number>();
const add = (name: string, count: number) => void figures.set(name, (figures.get(name) ?? 0) + count);
const folder = mkdtempSync(join(fastDirectory, "streamstore-cluster-"));
/** Some rounds fit into a run of minutes, and each store stays small enough to be compared as a whole. */
const roundMilliseconds = Math.min(50_000, 60_000 * minutes);

console.log(`${runtimeName}: seed ${seed}, ${minutes} minutes, ${servers} servers`);
const end = performance.now() + 60_000 * minutes;
for (let round = 0; performance.now() < end; round++) await runRound(round);
rmSync(folder, { recursive: true });
check(control === undefined, `the followers of --control ${control} were not found`);
process.exit(0);

async function runRound(round: number): Promise<void> {
  const path = join(folder, `round-${round}`);
  const counts = { servers, collectors: 4, followers: 2, trainers: control === undefined ? 2 : 0 };
  const catchUpMilliseconds = control === undefined ? undefined : 20_000;
  const cluster = new Cluster({ folder: path, seed: seed + round, ...counts, control, catchUpMilliseconds });
  try {
    await cluster.start();
    if (round === 0 && typeof cluster.disk === "string") console.log(`no disk is full: ${cluster.disk}`);
    const end = performance.now() + roundMilliseconds;
    await Promise.all([killSome(cluster, end, add), disturb(cluster, end, add, faultsOf(round))]);
    add("rows acknowledged", cluster.acknowledged.reduce((sum, count) => sum + count, 0));
    add("windows drawn", cluster.windows);
    add("rows compared", await cluster.finish());
    add("rounds", 1);
    cluster.remove();
    print();
  } catch (error) {
    await cluster.end();
    print();
    if (control !== undefined && error instanceof AssertionError) {
      console.log(`${runtimeName}: the followers of --control ${control} were found: ${error.message}`);
      cluster.remove();
      rmSync(folder, { recursive: true });
      process.exit(0);
    }
    console.error(`${runtimeName}: round ${round} with --seed ${seed} failed; all of it is in ${path}`);
    console.error(error);
    process.exit(1);
  }
}

/** Where a log is overrun, rows may be in no replica: so not in every round. */
function faultsOf(round: number): readonly string[] {
  if (control !== undefined) return ["rolled-back"];
  if (fault !== undefined) return [fault].filter((name) => name !== "none");
  return names.filter((name) => name !== "overrun" || round % 2 === 1);
}

function print(): void {
  const all = [...figures].sort().map(([name, count]) => `${name} ${count.toLocaleString("en-US")}`);
  console.log(`${runtimeName}: ${all.join(", ")}`);
}

function check(isRight: boolean, message: string): void {
  if (isRight) return;
  console.error(message);
  process.exit(2);
}
