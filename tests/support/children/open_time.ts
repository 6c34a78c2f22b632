/** Opens a store several times, by the path and the mode in its arguments, and prints what the quickest took, in milliseconds. */
import process from "node:process";
import { StreamStore } from "../../../mod.ts";

/** Others use the machine too: what one try in five reaches can be reached. */
const tries = 5;

const [path, mode] = process.argv.slice(2);
let best = Infinity;
for (let i = 0; i < tries; i++) {
  const start = performance.now();
  const store = StreamStore.open(path, { mode: mode as "read" | "append" });
  best = Math.min(best, performance.now() - start);
  store.close();
}
console.log(best);
