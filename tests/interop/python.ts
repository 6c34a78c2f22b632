/** Runs a script of this folder with the Python of `./run interop`: JSON in, JSON out. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { python, skipReason as noDatasets } from "../support/hub/python.ts";

/** Why the tests against Python are skipped; `false` where they run. */
export const skipReason = findReason();
if (skipReason !== false) console.log(`The tests against Python are skipped: ${skipReason}`);

function findReason(): string | false {
  if (noDatasets !== false) return noDatasets;
  try {
    execFileSync(python!, ["-c", "import duckdb, polars"], { stdio: "ignore" });
    return false;
  } catch {
    return `${python} cannot import duckdb and polars; ./run interop installs them`;
  }
}

/** In a home folder of its own, within `folder`; what the script prints to the error output is part of the error. */
export function runScript<Result>(script: string, folder: string, input: unknown): Result {
  const home = join(folder, "home");
  mkdirSync(home, { recursive: true });
  const [given, answer] = [join(home, "input.json"), join(home, "output.json")];
  writeFileSync(given, JSON.stringify(input));
  const path = fileURLToPath(new URL(script, import.meta.url));
  const environment = {
    ...process.env,
    HOME: home,
    HF_HOME: home,
    HF_HUB_OFFLINE: "1",
    HF_DATASETS_DISABLE_PROGRESS_BARS: "1",
    PYTHONDONTWRITEBYTECODE: "1",
  };
  try {
    execFileSync(python!, [path, given, answer], { env: environment, timeout: 300_000, encoding: "utf8" });
  } catch (error) {
    const { status, signal, stderr } = error as { status: number; signal: string; stderr: string };
    throw new Error(`${script} ended with ${signal ?? status}:\n${stderr}`);
  }
  return JSON.parse(readFileSync(answer, "utf8"));
}
