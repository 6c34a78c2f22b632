/** Holds a store open, and appends as many rows as each line of its input says: `writer.ts <path>`. */
import process from "node:process";
import { createInterface } from "node:readline";
import { StreamStore } from "../../mod.ts";

using store = StreamStore.open(process.argv[2], { fields: { reward: 0 } });
for await (const line of createInterface({ input: process.stdin })) {
  for (let i = 0; i < JSON.parse(line); i++) store.append(store.rowCount, { reward: store.rowCount });
  store.flush();
  console.log(store.rowCount);
}
