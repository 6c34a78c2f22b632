/** Appends to a store until it is killed: `writer.ts PATH`. Says when it has begun. */
import process from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import { StreamStore } from "../../../mod.ts";

const store = StreamStore.open(process.argv[2], { commitEvery: { ms: 5 } });
for (let step = store.rowCount;; step++) {
  store.append(step, { value: step, done: false });
  if (step % 10 !== 0) continue;
  await pause(1);
  console.log(step);
}
