/** The command line of the package as users install it: whole processes, from their start to their end. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StreamStore } from "../../mod.ts";
import { runModule } from "../harness/children.ts";
import { compare, elapsed, prove } from "../harness/harness.ts";
import { runtimeName } from "../harness/machine.ts";
import { type Measurement, measurementOf, milliseconds } from "../harness/measurement.ts";
import { packedPrograms } from "../harness/package.ts";
import type { Sizes } from "../harness/sizes.ts";
import { appendSteps, referenceFields } from "../harness/stream.ts";

/** Calls, and what each writes as JSON of a store of so many rows. */
const rowCount = 10_000;
const calls: readonly (readonly [string, readonly string[], (output: string) => number, number])[] = [
  ["info", [], (output) => JSON.parse(output).rows, rowCount],
  ["tail", ["-n", "10"], (output) => output.trimEnd().split("\n").length, 10],
];

export async function cli({ longRounds }: Sizes): Promise<Measurement[]> {
  const directory = mkdtempSync(join(tmpdir(), "streamstore-bench-"));
  try {
    const path = join(directory, "run.stream");
    using store = StreamStore.open(path, { fields: referenceFields });
    appendSteps(store, 0, rowCount);
    store.flush();
    const { cli, nothing } = packedPrograms();
    const measurements: Measurement[] = [];
    for (const [verb, args, read, expected] of calls) {
      const run = () =>
        elapsed(() => prove(verb, read(runModule(cli, verb, path, ...args, "--json")), expected));
      const sample = await compare(longRounds, run, () => elapsed(() => void runModule(nothing)));
      const goal = { valueMax: runtimeName === "Deno" ? 150 : 80 };
      const options = { limit: "a process that does nothing", goal };
      measurements.push(
        measurementOf(`streamstore ${verb}, the whole process`, milliseconds, sample, options),
      );
    }
    return measurements;
  } finally {
    rmSync(directory, { recursive: true });
  }
}
