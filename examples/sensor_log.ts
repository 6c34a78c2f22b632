/**
 * A log of sensors that runs for years on a small disk: it keeps the newest rows and drops the oldest by itself.
 *
 *     ./run deno -A examples/sensor_log.ts
 *     ./run bun examples/sensor_log.ts
 *
 * Steps are the time in microseconds. Readers see new measurements ten times a second at the latest, and a power failure
 * costs at most the last second. What is dropped is gone from the disk, and tokens and rows keep their numbers.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StreamStore } from "../mod.ts";

const folder = mkdtempSync(join(tmpdir(), "sensor-log-"));
const fields = { temperature: 0, acceleration: 1, serial: { type: 2, dtype: "uint64" } } as const;
{
  using log = StreamStore.open(join(folder, "log.stream"), {
    fields,
    retain: { rows: 20_000 },
    commitEvery: { ms: 100 },
    syncEvery: { ms: 1000 },
  });
  const begin = BigInt(Date.UTC(2025, 0, 1)) * 1000n;
  for (let index = 0; index < 100_000; index++) {
    const time = begin + BigInt(index) * 10_000n; // 100 measurements a second
    const acceleration = [Math.sin(index / 50), Math.cos(index / 50), 9.81];
    if (index % 100 === 0) log.append(time, { temperature: 20 + index / 10_000, acceleration });
    else log.append(time, { acceleration });
  }
  log.append(begin + 1_000_000_000n, { serial: 0xfedc_ba98_7654_3210n });
}

using log = StreamStore.open(join(folder, "log.stream"), { mode: "read" });
const newest = log.row(log.rowCount - 1);
const when = new Date(Number(BigInt(newest.step) / 1000n)).toISOString();
const kept = log.rowCount - log.firstRow;
console.log(`rows ${log.firstRow} to ${log.rowCount}: ${kept} kept of 100001`);
console.log(`the newest, of ${when}, has serial ${(newest.serial as bigint).toString(16)}`);
rmSync(folder, { recursive: true });
