/** The same sampling where a store is larger than memory: the pages of half of each of its files are dropped before. */
import { runScript } from "../harness/children.ts";
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

const kilobytesPerBatch: Unit = { text: "kB/batch", size: 1e3 };

/** Of a store that is closed. */
export function halfDropped(path: string, rowCount: number, { mode }: Sizes): Measurement[] {
  const name = `256 × 4 steps of ${rowCount.toLocaleString("en")} rows, half of them not in memory`;
  if (!isLinux) return [notMeasured(name, "needs Linux")];
  const batchCount = mode === "small" ? 3 : 200;
  const advices = [["with the store's own advice", []], ["with MADV_RANDOM", [limitsPath]]] as const;
  return advices.flatMap(([advice, library]) => {
    dropPages(path, 0.5);
    const { read, asked, nanoseconds } = JSON.parse(
      runScript("dropped", path, String(batchCount), ...library),
    );
    const [bytes, limitTime, time] = [read, asked, nanoseconds].map((all) => all / batchCount);
    const sample = { time: bytes, best: bytes, limitTime, ratio: read / asked };
    return [
      measurementOf(`${name}, read from disk ${advice}`, kilobytesPerBatch, sample, { limit: "asked for" }),
      measurementOf(`${name}, a batch ${advice}`, microseconds, { time, best: time }),
    ];
  });
}
