/** The package as its users get it, and processes that use it. */
import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { isDeno, runFlags } from "../support/runtime.ts";

export { isDeno };

export const root: string = fileURLToPath(new URL("../..", import.meta.url));
/** The platform whose library the package opens here. */
export const thisPlatform = `${process.platform}-${process.arch}`;

let isPacked = false;

/** The folder of the package for this runtime: as JSR serves it to Deno, or as JSR's npm layer gives it to Bun and Node. */
export function packedFolder(kind: "jsr" | "npm" = isDeno ? "jsr" : "npm"): string {
  if (!isPacked) {
    const { status, stderr } = spawnSync(`${root}run`, ["pack"], { encoding: "utf8" });
    assert.equal(status, 0, stderr);
    isPacked = true;
  }
  return `${root}build/package/${kind}`;
}

/** The main module in it. */
export function packedModule(): string {
  return `${packedFolder()}/mod.js`;
}

/** What a process of child.ts reports. */
export interface Report {
  readonly sum?: number;
  readonly code?: string;
  readonly message?: string;
  readonly libraries: readonly string[];
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** That of this process without what chooses a library or its folder, and with something instead. */
function environment(changes: Environment): NodeJS.ProcessEnv {
  const cleared = { XDG_CACHE_HOME: undefined, STREAMSTORE_LIBRARY: undefined };
  return {
    ...process.env,
    DENO_DIR: process.env.DENO_DIR ?? `${process.env.HOME}/.cache/deno`,
    ...cleared,
    ...changes,
  };
}

const child = fileURLToPath(new URL("child.ts", import.meta.url));

/** Starts a process that imports the package and uses it a little, in a folder of its own. */
export async function start(changes: Environment, module: string = packedModule()): Promise<Report> {
  const cwd = mkdtempSync(join(tmpdir(), "streamstore-start-"));
  try {
    const { stdout, stderr } = await new Promise<{ stdout: string; stderr: string }>((resolve) => {
      const options = { cwd, env: environment(changes), encoding: "utf8" as const, timeout: 60_000 };
      const args = [...runFlags, child, module];
      execFile(process.execPath, args, options, (_error, stdout, stderr) => resolve({ stdout, stderr }));
    });
    assert.match(stdout, /^\{.*\}\n$/, stdout + stderr);
    return JSON.parse(stdout);
  } finally {
    rmSync(cwd, { recursive: true, force: true });
  }
}
