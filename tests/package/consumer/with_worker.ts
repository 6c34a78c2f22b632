/** Writes a store that a Worker reads, with the package loaded in both. */
import { StreamStore } from "@streamstore/streamstore";
import process from "node:process";

const path = `${process.argv[2]}/shared.stream`;
using store = StreamStore.open(path, { fields: { reward: 0 } });
for (let step = 0; step < 100; step++) store.append(step, { reward: step });
store.flush();
const worker = new Worker(new URL("./worker.ts", import.meta.url).href, { type: "module" });
const sum = await new Promise((resolve, reject) => {
  worker.onmessage = ({ data }) => data === "ready" ? worker.postMessage(path) : resolve(data);
  worker.onerror = ({ message }) => reject(new Error(message));
});
console.log(JSON.stringify({ sum }));
