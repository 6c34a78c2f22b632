/** Directories for a test, removed after it. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Where writing is fast: in memory if the system has such a file system. A killed process leaves the same there. */
export const fastDirectory = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

/** Gives a new directory to `use`, and removes it with all that is in it. */
export async function withDirectory<Result>(
  use: (directory: string) => Result | Promise<Result>,
  parent = fastDirectory,
): Promise<Result> {
  const directory = mkdtempSync(join(parent, "streamstore-test-"));
  try {
    return await use(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
