/** What the long runs share: `main.ts [--count N] [--seed N]`, and figures, one a line. */
import process from "node:process";
import { readOptions } from "../../bench/command_line.ts";
import { runtimeName } from "../support/runtime.ts";

type Figures = object;

/** Runs so many mutations, `perProcess` at a time. Figures are added up; of one whose name ends with Max it is the largest. */
export async function runLong(
  url: string,
  what: string,
  defaultCount: number,
  perProcess: number,
  run: (seed: number, count: number) => Promise<Figures>,
): Promise<void> {
  const options = readOptions(url, {
    count: { type: "string", default: String(defaultCount) },
    seed: { type: "string", default: "1" },
  });
  const [count, seed] = [Number(options.count), Number(options.seed)];
  if (!Number.isInteger(count) || count <= 0 || !Number.isInteger(seed)) {
    console.error(`--count and --seed must be whole numbers, got ${options.count} and ${options.seed}`);
    process.exit(2);
  }
  const totals: Record<string, number> = {};
  for (let done = 0; done < count; done += perProcess) {
    const figures = await run(seed + done, Math.min(perProcess, count - done));
    for (const [name, value] of Object.entries<number>({ ...figures })) {
      const before = totals[name] ?? 0;
      totals[name] = name.endsWith("Max") ? Math.max(before, value) : before + value;
    }
  }
  for (const [name, value] of Object.entries(totals)) {
    console.log(`${runtimeName}: ${what}: ${name}: ${value.toLocaleString("en-US")}`);
  }
}
