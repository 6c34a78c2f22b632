/** Extras far larger than what is kept of them in memory, saved and loaded in processes that are looked at. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { anonymousBytes, mostBytes } from "../../../bench/harness/anonymous.ts";
import { Child } from "../../../bench/harness/children.ts";
import { frameBytes } from "../../../bench/harness/stream.ts";
import { inFolder } from "../../support/saved.ts";

const skip = anonymousBytes("self") === null && "the system does not tell how much memory a process has";
const steps = Math.ceil(400e6 / frameBytes);

/** The most that a process takes for the last of some commands beyond what it had before it. */
async function bytesTaken(commands: readonly string[]): Promise<number> {
  const child = Child.ofScript("datasets");
  try {
    for (const command of commands.slice(0, -1)) await child.ask(command);
    const before = anonymousBytes(child.processId)!;
    const most = await mostBytes(() => anonymousBytes(child.processId), async () => {
      await child.ask(commands.at(-1)!);
    });
    return most! - before;
  } finally {
    await child.end();
  }
}

test(
  "saving and loading 400 MB of extras takes less than 300 MB of memory",
  { skip },
  () =>
    inFolder(async (folder) => {
      for (const format of ["parquet", "disk"]) {
        const path = join(folder, format);
        const saved = await bytesTaken([`film ${steps}`, `save ${format} ${path}`]);
        const loaded = await bytesTaken([`load ${format} ${path} ${steps} frames`]);
        const words = `${format}: ${saved / 1e6} MB to save, ${loaded / 1e6} MB to load`;
        console.log(words);
        assert.ok(saved < 300e6 && loaded < 300e6, words);
      }
    }),
);
