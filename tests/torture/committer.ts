/** Commits as often as it can, until it is killed: one step of one token each time. */
import process from "node:process";
import { StreamStore } from "../../mod.ts";
import { tell } from "./tell.ts";

const { path }: { readonly path: string } = JSON.parse(process.argv[2]);
const store = StreamStore.open(path, { fields: { a: 0 }, commitEvery: { steps: 1 } });
tell("open");
for (let step = store.rowCount;; step++) store.append(step, { a: step });
