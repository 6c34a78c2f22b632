/**
 * The long run of the tests with damaged datasets: `main.ts [--count N] [--seed N]`. Prints figures, one a line; on a
 * failure the seed and what was done to the dataset.
 */
import process from "node:process";
import { readOptions } from "../../../bench/command_line.ts";
import { runDatasetDamage } from "./run.ts";

const options = readOptions(import.meta.url, {
  count: { type: "string", default: "20000" },
  seed: { type: "string", default: "1" },
});
const [count, seed] = [Number(options.count), Number(options.seed)];
if (!Number.isInteger(count) || count <= 0 || !Number.isInteger(seed)) {
  console.error(`--count and --seed must be whole numbers, got ${options.count} and ${options.seed}`);
  process.exit(2);
}

const runtime = "deno" in process.versions ? "deno" : "bun";
/** Mutations a process. */
const batch = 2000;
const totals: Record<string, number> = {};
for (let done = 0; done < count; done += batch) {
  const figures = await runDatasetDamage(seed + done, Math.min(batch, count - done));
  for (const [name, value] of Object.entries(figures)) {
    totals[name] = name.endsWith("Max") ? Math.max(totals[name] ?? 0, value) : (totals[name] ?? 0) + value;
  }
}
for (const [name, value] of Object.entries(totals)) {
  console.log(`${runtime}: damaged datasets: ${name}: ${value.toLocaleString("en-US")}`);
}
