/** The same as reader.ts, in a worker: gets the path, and posts its figures, or what it found wrong, until it is told to end. */
import { parentPort, workerData } from "node:worker_threads";
import { Follower } from "./follower.ts";

const { path }: { readonly path: string } = workerData;
let isOver = false;
parentPort!.on("message", () => isOver = true);
try {
  using follower = new Follower(path);
  while (!isOver) {
    await follower.follow(50);
    parentPort!.postMessage({ refreshes: follower.refreshes, rowsRead: follower.rowsRead });
  }
  parentPort!.postMessage(null);
} catch (error) {
  parentPort!.postMessage({ error: String((error as Error).stack) });
}
