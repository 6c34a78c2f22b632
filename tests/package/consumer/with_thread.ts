/** As with_worker.ts, by Node's own threads. */
import { StreamStore } from "@streamstore/streamstore";
import { once } from "node:events";
import process from "node:process";
import { Worker } from "node:worker_threads";

const path = `${process.argv[2]}/shared.stream`;
using store = StreamStore.open(path, { fields: { reward: 0 } });
for (let step = 0; step < 100; step++) store.append(step, { reward: step });
store.flush();
const worker = new Worker(new URL("./thread.ts", import.meta.url), { workerData: path });
const [sum] = await once(worker, "message");
console.log(JSON.stringify({ sum }));
