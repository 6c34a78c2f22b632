/**
 * What `./run deno bench` runs, in under a minute. A runtime that has no such command times the same cases here:
 * `./run bun bench/streamstore_bench.ts`, `./run node bench/streamstore_bench.ts`.
 */
import { median } from "./harness/harness.ts";
import { digits } from "./harness/measurement.ts";
import { type QuickCase, quickCases } from "./quick_cases.ts";

/** As the command registers a case. */
type Register = (name: string, run: QuickCase) => void;

const { Deno: commands } = globalThis as unknown as { readonly Deno?: { readonly bench: Register } };

for (const [name, run] of Object.entries(quickCases)) {
  if (commands !== undefined) commands.bench(name, run);
  else await time(name, run);
}

async function time(name: string, run: QuickCase): Promise<void> {
  const times: number[] = [];
  const until = performance.now() + 300;
  while (times.length < 10 || performance.now() < until) {
    let [began, ended] = [0, 0];
    await run({ start: () => began = performance.now(), end: () => ended = performance.now() });
    times.push(1000 * (ended - began));
  }
  console.log(
    `${name.padEnd(42)} ${digits(median(times)).padStart(10)} µs, best ${digits(Math.min(...times))}`,
  );
}
