import { writeSync } from "node:fs";

/** Writes a line to the standard output, at once: whoever is killed next has told of it. */
export function tell(line: string): void {
  while (true) {
    try {
      writeSync(1, `${line}\n`);
      return;
    } catch (error) {
      // Node does not wait for room in a pipe that nobody reads just now.
      if ((error as { code?: string }).code !== "EAGAIN") throw error;
    }
  }
}
