/** Workers as the Web has them, also where the runtime has no others than those of `node:worker_threads`. */
import type { Worker as Thread } from "node:worker_threads";
import { builtin } from "./builtin.ts";

/** What is used of a Worker by whoever starts it. */
export interface StartedWorker {
  onmessage: ((event: { data: never }) => void) | null;
  onerror: ((event: { message: string; preventDefault(): void }) => void) | null;
  postMessage(message: unknown): void;
  terminate(): void;
}

/** What is used of its scope inside it. */
export interface WorkerScope<Received, Sent> {
  onmessage: ((event: { data: Received }) => void) | null;
  postMessage(message: Sent, moved?: ArrayBuffer[]): void;
  close(): void;
}

/**
 * The module of the package's Workers, whose first order says what one is to do. Translated modules stay in their places; a
 * bundler puts all into one file, and the Workers' into another.
 */
const ending = /\/native\/worker\.(ts|js)$/.exec(import.meta.url)?.[1];
const workerPath = ending === undefined ? "./streamstore_worker.js" : `../sample/prefetch/worker.${ending}`;
export const workerUrl: string = new URL(workerPath, import.meta.url).href;

/** Starts a Worker with the module at an address. */
export function startWorker(url: string): StartedWorker {
  if (!("Worker" in globalThis)) return new ThreadWorker(url);
  return new Worker(url, { type: "module" }) as StartedWorker;
}

/** The scope of the Worker that this thread is. */
export function workerScope<Received, Sent>(): WorkerScope<Received, Sent> {
  return ("postMessage" in globalThis ? globalThis : builtin.threads.parentPort) as never;
}

/** A thread of Node's, called as a Worker is. */
export class ThreadWorker implements StartedWorker {
  onmessage: StartedWorker["onmessage"] = null;
  onerror: StartedWorker["onerror"] = null;
  protected readonly thread: Thread;

  constructor(url: string) {
    this.thread = new builtin.threads.Worker(new URL(url));
    this.thread.on("message", (data) => this.onmessage?.({ data: data as never }));
    this.thread.on("error", ({ message }) => this.onerror?.({ message, preventDefault() {} }));
  }

  postMessage(message: unknown): void {
    this.thread.postMessage(message);
  }

  terminate(): void {
    void this.thread.terminate();
  }
}
