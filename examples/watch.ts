/**
 * A process that watches another one write: two processes, one directory, no connection between them.
 *
 *     ./run deno -A examples/watch.ts
 *     ./run bun examples/watch.ts
 *
 * The writer commits every 10 ms. The reader sees whole rows only, in order, and may be started, ended and killed at any
 * time. When the writer has written its last row, both end.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { StreamStore } from "../mod.ts";

const rows = 2000;

async function write(path: string): Promise<void> {
  using store = StreamStore.open(path, { fields: { reward: 0 }, commitEvery: { ms: 10 } });
  for (let step = 0; step < rows; step++) {
    store.append(step, { reward: Math.sin(step / 100) });
    if (step % 20 === 0) await pause(5);
  }
}

async function watch(path: string): Promise<void> {
  while (!existsSync(path)) await pause(5);
  using store = StreamStore.open(path, { mode: "read" });
  let [seen, looks, sum] = [0, 0, 0];
  while (seen < rows) {
    await store.waitForRows(seen + 1);
    for (const { reward } of store.rows(seen, store.rowCount)) sum += reward as number;
    seen = store.rowCount;
    looks++;
  }
  console.log(`saw ${seen} rows, whose rewards sum to ${sum.toFixed(3)}`);
  console.log(looks > 10 ? "saw them grow" : `saw them in ${looks} looks`);
}

const [role, path] = process.argv.slice(2);
if (role === "write") await write(path);
else {
  const folder = mkdtempSync(join(tmpdir(), "watch-"));
  const path = join(folder, "run.stream");
  const flags = "deno" in process.versions ? ["run", "-A"] : process.execArgv;
  const self = fileURLToPath(import.meta.url);
  spawn(process.execPath, [...flags, self, "write", path], { stdio: "inherit" });
  await watch(path);
  rmSync(folder, { recursive: true });
}
