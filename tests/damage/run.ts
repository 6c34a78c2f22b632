/** Runs the child that meets damage, and says what came of it. */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { withDirectory } from "../torture/scratch.ts";
import { runFlags } from "../support/runtime.ts";

export interface DamageFigures {
  readonly mutations: number;
  /** Mutants that were refused at opening, found damaged by verifying, and read as if nothing had been. */
  readonly refused: number;
  readonly foundDamaged: number;
  readonly harmless: number;
  /** Rows of those that were not whole that could be salvaged, each of them right. */
  readonly rowsSalvaged: number;
  readonly failures: number;
}

const child = fileURLToPath(new URL("child.ts", import.meta.url));

/** Tries the mutations with seeds from `seed` on. Throws what the child printed if one of them failed. */
export function runDamage(seed: number, count: number): Promise<DamageFigures> {
  return withDirectory((directory) => {
    const { status, signal, stdout, stderr } = spawnSync(
      process.execPath,
      [...runFlags, child, directory, String(seed), String(count)],
      { encoding: "utf8", maxBuffer: 2 ** 28 },
    );
    if (status !== 0) {
      const running = readdirSync(directory).filter((name) => name.startsWith("running-"));
      const seeds = running.map((name) => readFileSync(join(directory, name), "utf8")).join("\n");
      throw new Error(`The child ended with ${signal ?? status}, amid\n${seeds}\n${stdout}\n${stderr}`);
    }
    const lines = stdout.trim().split("\n");
    const figures: DamageFigures = JSON.parse(lines.pop()!);
    if (figures.failures > 0) {
      throw new Error(`${figures.failures} failures:\n${lines.slice(0, 20).join("\n")}`);
    }
    return figures;
  });
}
