/**
 * Appends to a store as fast as it can until it is killed, and yields now and then: `writer.ts PATH [ROWS KEPT]`. Says
 * when it has begun.
 */
import process from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import { StreamStore } from "../../../mod.ts";

const [path, kept] = process.argv.slice(2);
const retain = kept === undefined ? {} : { retain: { rows: Number(kept) }, capacity: 4096 };
const store = StreamStore.open(path, { fields: { value: "float32", done: "bool" }, ...retain });
for (let step = store.rowCount;; step++) {
  store.append(step, { value: Math.sin(step / 1000), done: step % 500 === 499 });
  if (step % 20_000 !== 0) continue;
  console.log(step);
  await pause(1);
}
