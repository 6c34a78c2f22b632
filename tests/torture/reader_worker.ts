/** The same as reader.ts, in a worker: gets the path and for how long, and posts its figures or what it found wrong. */
import { parentPort, workerData } from "node:worker_threads";
import { Follower } from "./follower.ts";

const { path, ms }: { readonly path: string; readonly ms: number } = workerData;
try {
  using follower = new Follower(path);
  await follower.follow(ms);
  parentPort!.postMessage({ refreshes: follower.refreshes, rowsRead: follower.rowsRead });
} catch (error) {
  parentPort!.postMessage({ error: String((error as Error).stack) });
}
