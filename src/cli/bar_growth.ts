/** A bar for what tells of no progress itself: by the bytes of what it writes. */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { withBar } from "./bar.ts";
import { isErrorTerminal } from "./output.ts";

const lookMilliseconds = 200;

/** Runs a task with a bar that says how many bytes there are at the paths. */
export async function withGrowth<Result>(
  what: string,
  paths: () => readonly string[],
  task: () => Promise<Result>,
): Promise<Result> {
  // The Hub's own transfers have bars of theirs.
  if (!isErrorTerminal) return await task();
  return await withBar(what, async (bar) => {
    const look = () =>
      bar.at(Math.round(paths().reduce((sum, path) => sum + bytesAt(path), 0) / 1e6), 0, "MB");
    const timer = setInterval(look, lookMilliseconds);
    try {
      return await task();
    } finally {
      clearInterval(timer);
    }
  });
}

/** Of a file, or of all below a folder; what is gone meanwhile has none. */
function bytesAt(path: string): number {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return 0;
  if (!found.isDirectory()) return found.size;
  return readdirSync(path).reduce((sum, name) => sum + bytesAt(join(path, name)), 0);
}
