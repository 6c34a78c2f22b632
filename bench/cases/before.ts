/** The hot paths of this tree beside those of an older commit, in two processes that take turns. */
import { fileURLToPath } from "node:url";
import { Child } from "../harness/children.ts";
import { compare } from "../harness/harness.ts";
import {
  type Measurement,
  measurementOf,
  microseconds,
  milliseconds,
  nanosecondsPer,
  type Unit,
} from "../harness/measurement.ts";
import type { Sizes } from "../harness/sizes.ts";

interface Path {
  readonly text: string;
  readonly unit: Unit;
  /** How many times the time of before it may take. */
  readonly ratioMax: number;
}

const perStep = nanosecondsPer("step");
const perWindow = nanosecondsPer("window");

/** By the names that bench/children/before.ts and `--only` know them by. */
export const hotPaths: Readonly<Record<string, Path>> = {
  append: { text: "append sustained, flush and growth included", unit: perStep, ratioMax: 0.9 },
  "append-float32": { text: "append sustained, as float32", unit: perStep, ratioMax: 0.8 },
  flush: { text: "flush of 2,000 steps", unit: perStep, ratioMax: 1.05 },
  gather: { text: "gather 256 × 128, values", unit: microseconds, ratioMax: 1.05 },
  "gather-all": { text: "gather 256 × 128, three columns", unit: microseconds, ratioMax: 1.05 },
  "gather-float32": { text: "gather 256 × 128, values, as float32", unit: microseconds, ratioMax: 0.7 },
  dense: { text: "sampler, dense fields of 8 and 1, 64 × 32 steps", unit: microseconds, ratioMax: 0.6 },
  transitions: { text: "sampler, four dense fields, 256 × 2 steps", unit: microseconds, ratioMax: 0.6 },
  column: { text: "column of a scalar field", unit: milliseconds, ratioMax: 1.05 },
  table: { text: "toDataset", unit: milliseconds, ratioMax: 1.05 },
  values: { text: "window of 128, values", unit: perWindow, ratioMax: 1.05 },
  steps: { text: "window of 128, steps", unit: perWindow, ratioMax: Infinity },
  open: { text: "open and close of a store with rows", unit: microseconds, ratioMax: 1.05 },
  load: { text: "loadDataset, parquet", unit: milliseconds, ratioMax: 1.05 },
};

/** Measures the named paths beside those of another tree, and hands on each as it is done. */
export async function besideTree(
  tree: string,
  names: readonly string[],
  sizes: Sizes,
  show: (measurement: Measurement) => void = () => {},
): Promise<Measurement[]> {
  const here = fileURLToPath(new URL("../..", import.meta.url));
  const [now, before] = [here, tree].map((root) => Child.ofTree(root, "before", sizes.mode));
  const measurements: Measurement[] = [];
  try {
    await Promise.all([now.answer(), before.answer()]);
    for (const name of names) {
      const { text, unit, ratioMax } = hotPaths[name];
      const ask = (child: Child) => async () => Number(await child.ask(name));
      const sample = await compare(2 * sizes.longRounds, ask(now), ask(before));
      const goal = ratioMax < Infinity ? { ratioMax, text: `≤ ${ratioMax} × before` } : undefined;
      const measurement = measurementOf(text, unit, sample, { limit: "before", goal });
      show(measurement);
      measurements.push(measurement);
    }
    return measurements;
  } finally {
    await Promise.all([now.end(), before.end()]);
  }
}
