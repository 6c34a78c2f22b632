import type { Connection } from "./connection.ts";

/** Runs a call that writes, of several stores, each of which is there once. */
export function writeAll<T>(connections: readonly Connection[], action: string, task: () => T): T {
  let held = 0;
  try {
    for (; held < connections.length; held++) {
      connections[held].checkIdle(action);
      connections[held].isWriting = true;
    }
    return task();
  } finally {
    while (held > 0) connections[--held].isWriting = false;
  }
}
