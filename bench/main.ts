/**
 * The benchmarks: `./run bench` runs this file under Deno, Bun and Node in turn.
 *
 *   --small               tiny sizes, which only show that all of it runs
 *   --large               how cost grows, and no other cases: stores of 1 million to 1 billion rows, and 1 to 1,000 stores,
 *                         which take 20 GB of disk and minutes; or the cases that --only names, at their largest sizes
 *   --rows N,N --stores N,N   the sizes of --large
 *   --only NAME           one case; may be repeated
 *   --before COMMIT       the hot paths beside those of an older commit, in turn, and no other cases; --only names them,
 *                         and with --only cold batches from pages that are not in memory, which takes minutes
 *   --json FILE           where results go, beside those of other runtimes; a whole run goes to build/bench.json
 *   --table               measures nothing, and prints the results in that file as Markdown tables
 *   --plot FILE           measures nothing, and draws how cost grew by the runtime's results in that file, as SVG
 *
 * The same harness and cases run on all runtimes, so that the columns of the table mean the same.
 * bench/harness/harness.ts says why they do not run by `deno bench`; a few cases for that stand in bench/streamstore_bench.ts.
 */
import { writeFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { besideTree, hotPaths } from "./cases/before.ts";
import { coldBesideTree } from "./cases/cold.ts";
import { treeBefore } from "./harness/before.ts";
import { cases, growthCases } from "./harness/cases.ts";
import { readOptions } from "./command_line.ts";
import { growthTableOf } from "./harness/growth.ts";
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
  rows: { type: "string" },
  stores: { type: "string" },
  table: { type: "boolean", default: false },
  plot: { type: "string" },
});

const defaultName = options.large ? "growth.json" : "bench.json";
const resultsPath = options.json ?? fileURLToPath(new URL(`../build/${defaultName}`, import.meta.url));

const named = sizesOf[options.small ? "small" : options.large ? "large" : "default"];
const sizes = {
  ...named,
  grownRows: numbersOf(options.rows) ?? named.grownRows,
  grownStores: numbersOf(options.stores) ?? named.grownStores,
};

if (options.table) printTables();
else if (options.plot !== undefined) {
  const { growthPlot } = await import("./harness/growth_plot.ts");
  const results = readResults(resultsPath);
  const own = results.find(({ runtime }) => runtime === runtimeName) ?? results[0];
  writeFileSync(options.plot, growthPlot(own));
} else if (options.before !== undefined) {
  const show = (measurement: Measurement) => console.log(lineOf(measurement));
  console.log(`${runtimeName} ${runtimeVersion} on ${describeMachine()}`);
  const names = namesAmong(hotPaths, ["cold"]);
  const tree = treeBefore(options.before);
  await besideTree(tree, names.filter((name) => name !== "cold"), sizes, show);
  if (names.includes("cold")) coldBesideTree(tree, sizes).forEach(show);
} else if (options.large) await runCases(namesAmong(growthCases, Object.keys(cases)));
else await runCases(namesAmong(cases));

/** The sizes that an option gives, in rising order. */
function numbersOf(text: string | undefined): readonly number[] | undefined {
  const numbers = text?.split(",").map(Number).sort((a, b) => a - b);
  if (numbers?.every((number) => Number.isSafeInteger(number) && number >= 1) ?? true) return numbers;
  console.error(`Sizes must be whole numbers from 1 on, with commas between, got '${text}'`);
  process.exit(2);
}

function printTables(): void {
  const results = readResults(resultsPath);
  const growth = (["rows", "stores"] as const).map((by) => growthTableOf(results, by));
  console.log(
    [options.large ? null : tableOf(results), ...growth].filter((table) => table !== null).join("\n\n"),
  );
}

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
  const shown = new Set<Measurement>();
  const show = (found: Measurement) => {
    if (!shown.has(found)) console.log(lineOf(found));
    shown.add(found);
  };
  for (const name of names) {
    const found = await { ...cases, ...growthCases }[name](sizes, show);
    measurements.push(...found);
    found.forEach(show);
  }
  if (options.json !== undefined || !(options.small || options.only)) {
    saveResults(resultsPath, { runtime: runtimeName, version: runtimeVersion, machine, measurements });
  }
}
