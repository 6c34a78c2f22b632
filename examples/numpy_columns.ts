/**
 * Python reads the columns: a store's files are flat arrays, and numpy maps them as they are.
 *
 *     ./run deno -A examples/numpy_columns.ts
 *     ./run bun examples/numpy_columns.ts
 *
 * Writes a store, closes it and has examples/numpy_columns.py read it, with the `python3` of the PATH and its numpy.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { StreamStore } from "../mod.ts";

const folder = mkdtempSync(join(tmpdir(), "numpy-columns-"));
const path = join(folder, "run.stream");
{
  using store = StreamStore.open(path, { fields: { observation: 0, reward: 1 } });
  for (let step = 0; step < 10_000; step++) {
    store.append(step, { observation: [step, Math.sqrt(step)], reward: step % 10 });
  }
}
const script = fileURLToPath(new URL("numpy_columns.py", import.meta.url));
const { status } = spawnSync("python3", [script, path, "reward"], { stdio: "inherit" });
rmSync(folder, { recursive: true });
process.exitCode = status ?? 1;
