/** Python with packages that a case stands beside. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";

const installed = ["interop", "python", "peers"].map((folder) =>
  fileURLToPath(new URL(`../../.toolchain/${folder}/bin/python`, import.meta.url))
);

/** Why a case that needs it has no figure. */
export const noPython = "needs ./run interop";

/**
 * The first Python that has all of the packages: the one that STREAMSTORE_PYTHON names, those of `./run interop`,
 * `./run python` and `./run bench --peers`, or the system's; null where none has.
 */
export function findPython(packages: string): string | null {
  const named = process.env.STREAMSTORE_PYTHON;
  const candidates = [...(named ? [named] : []), ...installed.filter((path) => existsSync(path)), "python3"];
  const has = (python: string) => spawnSync(python, ["-c", `import ${packages}`]).status === 0;
  return candidates.find(has) ?? null;
}

/** A script of Python's among the benchmarks. */
export function pythonScript(path: string): string {
  return fileURLToPath(new URL(`../peers/${path}`, import.meta.url));
}
