/** The same sampling where a store is larger than memory: the pages of half of each of its files are dropped before. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
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

/** Made and read by processes of their own: pages that a process has mapped cannot be dropped. */
export async function halfDropped({ mode, droppedRows }: Sizes): Promise<Measurement[]> {
  const name = `256 × 4 steps of ${droppedRows.toLocaleString("en")} rows, half of them not in memory`;
  if (!isLinux) return [notMeasured(name, "needs Linux")];
  const folder = mkdtempSync(join(tmpdir(), `growth-${process.pid}-`));
  const path = join(folder, "half.stream");
  const batchCount = mode === "small" ? 3 : 200;
  try {
    runScript("dropped", "make", path, String(droppedRows));
    const advices = [["with the store's own advice", []], ["with MADV_RANDOM", [limitsPath]]] as const;
    return advices.flatMap(([advice, library]) => {
      dropPages(path, 0.5);
      const printed = runScript("dropped", "read", path, String(batchCount), ...library);
      const { read, asked, nanoseconds } = JSON.parse(printed);
      const [bytes, limitTime, time] = [read, asked, nanoseconds].map((all) => all / batchCount);
      const sample = { time: bytes, best: bytes, limitTime, ratio: read / asked };
      return [
        measurementOf(`${name}, read from disk ${advice}`, kilobytesPerBatch, sample, { limit: "asked for" }),
        measurementOf(`${name}, a batch ${advice}`, microseconds, { time, best: time }),
      ];
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
