/** Runs the child that meets damaged datasets, and says what came of it. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { withDirectory } from "../../torture/scratch.ts";
import { runFlags } from "../../support/runtime.ts";

export interface DatasetDamageFigures {
  readonly mutations: number;
  /** Loads that were refused, gave the right values, or others. */
  readonly refused: number;
  readonly right: number;
  readonly changed: number;
  readonly failures: number;
  /** Of the slowest mutation. */
  readonly secondsMax: number;
  /** The most memory that the process had, in bytes. */
  readonly memoryMax: number;
}

const child = fileURLToPath(new URL("child.ts", import.meta.url));

/** What the datasets need whole is some 150 MB, most of it the runtime and its modules. */
const memoryMax = 1e9;
/** A mutation takes some milliseconds. */
const secondsPerMutation = 0.2;

/** Tries the mutations with seeds from `seed` on. Throws what the child printed if one of them failed. */
export function runDatasetDamage(seed: number, count: number): Promise<DatasetDamageFigures> {
  return withDirectory((directory) => {
    const { status, signal, stdout, stderr } = spawnSync(
      process.execPath,
      [...runFlags, child, directory, String(seed), String(count)],
      {
        encoding: "utf8",
        maxBuffer: 2 ** 28,
        env: { ...process.env, TMPDIR: directory },
        timeout: 1000 * (30 + secondsPerMutation * count),
      },
    );
    if (status !== 0) {
      const running = join(directory, "running");
      const last = existsSync(running) ? readFileSync(running, "utf8") : "the whole datasets";
      throw new Error(`The child ended with ${signal ?? status}, amid\n${last}\n${stdout}\n${stderr}`);
    }
    const lines = stdout.trim().split("\n");
    const figures: DatasetDamageFigures = JSON.parse(lines.pop()!);
    if (figures.failures > 0) {
      throw new Error(`${figures.failures} failures:\n${lines.slice(0, 60).join("\n")}`);
    }
    if (figures.memoryMax > memoryMax) {
      throw new Error(`The child had ${figures.memoryMax} bytes of memory, from seed ${seed} on`);
    }
    return figures;
  });
}
