/** Sampling from a store whose pages are not in memory, beside the same by the tree of an older commit. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runScriptOf } from "../harness/children.ts";
import { limitsPath } from "../harness/limits.ts";
import { dropPages, isLinux } from "../harness/mappings.ts";
import {
  type Measurement,
  measurementOf,
  microseconds,
  notMeasured,
  type Unit,
} from "../harness/measurement.ts";
import type { Sizes } from "../harness/sizes.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const kilobytesPerBatch: Unit = { text: "kB/batch", size: 1e3 };

/** Each way once: a run takes its time, and what is counted is bytes. */
export function coldBesideTree(tree: string, sizes: Sizes): Measurement[] {
  return (["float64", "float32"] as const).flatMap((dtype) => coldOf(dtype, tree, sizes));
}

/** Before there were dtypes every store was of float64. */
function coldOf(dtype: "float64" | "float32", tree: string, sizes: Sizes): Measurement[] {
  const [rowCount, batchCount] = sizes.mode === "small" ? [20_000, 3] : [10_000_000, 1000];
  const name = `cold, 256 × 4 steps of ${rowCount.toLocaleString("en")} rows as ${dtype}`;
  // The kernel's figures, and the dd that drops pages without being root.
  if (!isLinux) return [notMeasured(name, "needs Linux")];
  const folder = mkdtempSync(join(tmpdir(), "cold-"));
  try {
    const stores = [root, tree].map((base, i) => {
      const path = join(folder, `${i}.stream`);
      runScriptOf(base, "cold", "make", path, String(rowCount), dtype);
      return { base, path };
    });
    const advices = [["with the store's own advice", []], ["with MADV_RANDOM", [limitsPath]]] as const;
    return advices.flatMap(([advice, library]) => {
      const [now, before] = stores.map(({ base, path }) => {
        dropPages(path);
        return JSON.parse(runScriptOf(base, "cold", "read", path, String(batchCount), ...library));
      });
      const row = (what: string, unit: Unit, key: "bytes" | "nanoseconds", ratioMax: number) => {
        const each = now[key] / batchCount;
        const sample = {
          time: each,
          best: each,
          limitTime: before[key] / batchCount,
          ratio: now[key] / before[key],
        };
        const goal = { ratioMax, text: `≤ ${ratioMax} × before` };
        return measurementOf(`${name}, ${what} ${advice}`, unit, sample, { limit: "before", goal });
      };
      return [
        row("read from disk", kilobytesPerBatch, "bytes", library.length > 0 ? 0.5 : 1.05),
        row("a batch", microseconds, "nanoseconds", 1.05),
      ];
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
