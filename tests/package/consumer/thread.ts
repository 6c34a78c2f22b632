/** A thread of Node's that reads the store whose path it is given. */
import { StreamStore } from "@streamstore/streamstore";
import { parentPort, workerData } from "node:worker_threads";

using store = StreamStore.open(workerData as string, { mode: "read", fields: { reward: 0 } });
const { values } = store.column("reward");
parentPort!.postMessage(values.reduce((total, value) => total + value, 0));
