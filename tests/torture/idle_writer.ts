/** Appends a step to a store with timers and then has nothing more to do; it does not close the store. */
import process from "node:process";
import { StreamStore } from "../../mod.ts";

const { path }: { readonly path: string } = JSON.parse(process.argv[2]);
const minute = { ms: 60_000 };
const store = StreamStore.open(path, { fields: { a: 0 }, commitEvery: minute, syncEvery: minute });
store.append(0, { a: 1 });
