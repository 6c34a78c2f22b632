/**
 * Run by creation.test.ts: `no_descriptors.ts <directory>`. Creates a store with no free descriptor, with one, with two,
 * until there are enough. Prints as JSON what each attempt met and left.
 */
import { closeSync, openSync, readdirSync } from "node:fs";
import process from "node:process";
import { StreamStore } from "../../../mod.ts";

const directory = process.argv[2];
const taken: number[] = [];
// The runtime loads modules at its first error and at its first store.
StreamStore.open(`${directory}/first.stream`, { fields: { action: 1 } }).close();
try {
  while (true) taken.push(openSync("/dev/null", "r"));
} catch (error) {
  if ((error as { code?: string }).code !== "EMFILE") throw error;
}
const failures: { code: string; message: string }[] = [];
while (taken.length > 0) {
  try {
    StreamStore.open(`${directory}/run.stream`, { fields: { action: 1 } }).close();
    break;
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    failures.push({ code, message });
  }
  closeSync(taken.pop()!);
}
for (const file of taken) closeSync(file);
console.log(JSON.stringify({ failures, names: readdirSync(directory).sort() }));
