/** Stores that the tests of the command line look at. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { StreamStore } from "../../../mod.ts";

/** Steps 10, 20, …, with two lists, a field that every second row lacks, and a text and bytes beside them. */
export function makeRun(folder: string, rowCount = 20, name = "run.stream"): string {
  const path = join(folder, name);
  using store = StreamStore.open(path, {
    fields: { action: "uint8", observation: "float32", reward: "float64", done: "bool" },
    extra: { prompt: "string", frame: "bytes" },
    capacity: 1000,
  });
  for (let row = 0; row < rowCount; row++) {
    const values = { action: row % 3, observation: [0.1 * row, 9 - row], done: row % 5 === 4 };
    const frame = row % 4 === 3 ? Uint8Array.of(255, 216, row) : null;
    store.append(10 * (row + 1), row % 2 === 0 ? { ...values, reward: row / 4 } : values, {
      prompt: `Push "${row}".`,
      frame,
    });
  }
  return path;
}

/** What steers a terminal: colours, its title, the cursor; and Unicode that turns the direction of writing. */
export const steering = "\u001b[31mred\u001b]0;title\u0007\u009b2J\u202eback\r\nend";

/** A store whose names and texts would steer a terminal. */
export function makeHostile(folder: string, name = "hostile.stream"): string {
  const path = join(folder, name);
  using store = StreamStore.open(path, {
    fields: [[`field${steering}`, "float64"], ["plain", "float64"]],
    extra: { [`extra${steering}`]: "string" },
  });
  for (let step = 0; step < 3; step++) {
    store.append(
      step,
      [[`field${steering}`, step], ["plain", 1]].reduce(
        (row, [key, value]) => ({ ...row, [key]: value }),
        {},
      ),
      {
        [`extra${steering}`]: steering,
      },
    );
  }
  return path;
}

/** Writes a file until the disk has no room for one more byte. */
export function fillUp(path: string): void {
  for (let bytes = 1 << 20; bytes >= 1; bytes >>= 1) {
    try {
      while (true) writeFileSync(path, new Uint8Array(bytes), { flag: "a" });
    } catch (error) {
      if ((error as { code?: string }).code !== "ENOSPC") throw error;
    }
  }
}
