/**
 * Preloaded by the suite on Node, in every thread: what the Web has of Workers, and Node has not, by the library's own
 * means. The tests themselves then start Workers in one way everywhere.
 */
import { isMainThread, parentPort } from "node:worker_threads";
import { ThreadWorker } from "../../src/native/worker.ts";

class WebWorker extends ThreadWorker {
  addEventListener(kind: string, listener: (event: { data: unknown }) => void): void {
    this.thread.on(kind, (data) => listener({ data }));
  }
}

Object.assign(globalThis, { Worker: WebWorker });
if (!isMainThread && parentPort !== null) {
  const port = parentPort;
  Object.assign(globalThis, { postMessage: port.postMessage.bind(port), close: () => port.close() });
  const onmessage = {
    get: () => port.onmessage,
    set: (listener: never) => port.onmessage = listener,
  };
  Object.defineProperty(globalThis, "onmessage", onmessage);
}
