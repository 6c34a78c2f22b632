/** How much memory a process has taken for itself, files that it has mapped not counted. */
import { existsSync, readFileSync } from "node:fs";

/** In bytes, or null where the system does not tell: only Linux does. */
export function anonymousBytes(processId: number | "self"): number | null {
  const path = `/proc/${processId}/status`;
  if (!existsSync(path)) return null;
  const found = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(path, "utf8"));
  return found === null ? null : Number(found[1]) * 1024;
}

const pauseMs = 5;

/** The most that `read` tells while some work is done, which another process does. */
export async function mostBytes(
  read: () => number | null,
  work: () => Promise<void>,
): Promise<number | null> {
  let most = read();
  const timer = setInterval(() => {
    const bytes = read();
    if (bytes !== null) most = Math.max(most ?? 0, bytes);
  }, pauseMs);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  return most;
}
