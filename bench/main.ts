/**
 * The benchmarks: `./run bench` runs this file under Deno, Bun and Node in turn.
 *
 *   --small, --large      tiny sizes, which only show that all of it runs; or also a store of 1 billion tokens
 *   --only NAME           one case; may be repeated
 *   --before COMMIT       the hot paths beside those of an older commit, in turn, and no other cases; --only names them,
 *                         and with --only cold batches from pages that are not in memory, which takes minutes
 *   --json FILE           where results go, beside those of other runtimes; a whole run goes to build/bench.json
 *   --table               measures nothing, and prints the results in that file as a Markdown table
 *
 * The same harness and cases run on all runtimes, so that the columns of the table mean the same.
 * bench/harness/harness.ts says why they do not run by `deno bench`; a few cases for that stand in bench/streamstore_bench.ts.
 */
import process from "node:process";
import { fileURLToPath } from "node:url";
import { besideTree, hotPaths } from "./cases/before.ts";
import { coldBesideTree } from "./cases/cold.ts";
import { treeBefore } from "./harness/before.ts";
import { cases } from "./harness/cases.ts";
import { readOptions } from "./command_line.ts";
import { describeMachine, runtimeName, runtimeVersion } from "./harness/machine.ts";
import type { Measurement } from "./harness/measurement.ts";
import { lineOf, readResults, saveResults, tableOf } from "./harness/report.ts";
import { sizesOf } from "./harness/sizes.ts";

const options = readOptions(import.meta.url, {
  small: { type: "boolean", default: false },
  large: { type: "boolean", default: false },
  only: { type: "string", multiple: true },
  before: { type: "string" },
  json: { type: "string" },
  table: { type: "boolean", default: false },
});

const defaultPath = fileURLToPath(new URL("../build/bench.json", import.meta.url));

const sizes = sizesOf[options.small ? "small" : options.large ? "large" : "default"];

if (options.table) console.log(tableOf(readResults(options.json ?? defaultPath)));
else if (options.before !== undefined) {
  const show = (measurement: Measurement) => console.log(lineOf(measurement));
  console.log(`${runtimeName} ${runtimeVersion} on ${describeMachine()}`);
  const names = namesAmong(hotPaths, ["cold"]);
  const tree = treeBefore(options.before);
  await besideTree(tree, names.filter((name) => name !== "cold"), sizes, show);
  if (names.includes("cold")) coldBesideTree(tree, sizes).forEach(show);
} else await runCases(namesAmong(cases));

/** The names that `--only` gives, or all but those that are only measured where they are named. */
function namesAmong(all: Readonly<Record<string, unknown>>, more: readonly string[] = []): readonly string[] {
  const allowed = [...Object.keys(all), ...more];
  const names = options.only ?? Object.keys(all);
  const unknown = names.filter((name) => !allowed.includes(name));
  if (unknown.length === 0) return names;
  console.error(`Unknown case ${unknown.join(", ")}: allowed are ${allowed.join(", ")}`);
  process.exit(2);
}

async function runCases(names: readonly string[]): Promise<void> {
  const machine = describeMachine();
  console.log(`${runtimeName} ${runtimeVersion} on ${machine}`);
  const measurements: Measurement[] = [];
  for (const name of names) {
    const found = await cases[name](sizes);
    measurements.push(...found);
    console.log(found.map(lineOf).join("\n"));
  }
  const path = options.json ?? (options.small || options.only ? null : defaultPath);
  if (path !== null) {
    saveResults(path, { runtime: runtimeName, version: runtimeVersion, machine, measurements });
  }
}
