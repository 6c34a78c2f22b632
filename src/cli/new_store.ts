/** Stores that a verb makes: written beside their place, and moved there once they are whole. */
import { existsSync, readdirSync, rmSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { writeFolderBeside } from "../store/durable_file.ts";
import { UsageError } from "./exit.ts";
import { onInterrupt } from "./interrupt.ts";

/** Has `make` fill a directory, which gets its name at the end. Where it fails, or Ctrl-C ends it, nothing is left. */
export async function makeBeside<Result>(
  path: string,
  make: (temporary: string) => Promise<Result>,
): Promise<Result> {
  checkFree(path);
  return await writeFolderBeside(resolve(path), async (temporary) => {
    const end = onInterrupt(() => rmSync(temporary, { recursive: true, force: true }));
    try {
      return await make(temporary);
    } finally {
      end();
    }
  });
}

export function checkFree(path: string): void {
  const place = resolve(path);
  if (!existsSync(dirname(place))) throw new UsageError(`There is no folder ${dirname(place)} for ${path}`);
  if (existsSync(place) && readdirSync(place).length > 0) {
    throw new UsageError(`There is something at ${path} already: a new store must have a name of its own`);
  }
}
