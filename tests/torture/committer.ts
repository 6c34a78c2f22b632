/** Commits as often as it can, until it is killed: one step of one token each time. */
import { writeSync } from "node:fs";
import process from "node:process";
import { StreamStore } from "../../mod.ts";

const { path }: { readonly path: string } = JSON.parse(process.argv[2]);
const store = StreamStore.open(path, { fields: { a: 0 }, commitEvery: { steps: 1 } });
writeSync(1, "open\n");
for (let step = store.rowCount;; step++) store.append(step, { a: step });
