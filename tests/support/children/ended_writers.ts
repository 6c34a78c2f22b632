/**
 * Run by ended_writers.test.ts: `ended_writers.ts <path> <main | worker> <rounds>`. Workers write a store, one after
 * another, and end without closing it; after each the store is opened again here, or in a Worker of its own while this
 * thread never loads the library. Prints as JSON how many files and rows there were at the end.
 */
import { readdirSync } from "node:fs";
import process from "node:process";
import { Random } from "../support.ts";
import type { WriterOrder } from "./ending_writer.ts";
import type { OpenerOrder } from "./ended_opener.ts";

const [path, opener, rounds] = process.argv.slice(2);
const random = new Random(7);
const ends = ["busy", "idle", "close", "throw", "busy"] as const;

/** Starts a Worker and sends it an order; resolves with it and with what it answers. */
function start(file: string, order: object): Promise<{ worker: Worker; answer: unknown }> {
  const worker = new Worker(new URL(file, import.meta.url).href, { type: "module" });
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => {
      if (data === "ready") worker.postMessage(order);
      else resolve({ worker, answer: data });
    };
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(event.message));
    };
  });
}

async function open(task: "contend" | "takeOver", order: OpenerOrder): Promise<unknown> {
  if (opener === "main") return await (await import("./ended_opener.ts"))[task](order);
  const { worker, answer } = await start("opening_worker.ts", { ...order, task });
  worker.terminate();
  return answer;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

let from = 0;
const files: number[] = [];
for (let round = 0; round < Number(rounds); round++) {
  const count = new SharedArrayBuffer(4);
  const end = ends[round % ends.length];
  const { worker } = await start("ending_writer.ts", { path, count, end } satisfies WriterOrder);
  if (end === "busy" || end === "idle") {
    if (round % 2 === 0) await open("contend", { path, count, from });
    await pause(15 * random.float());
    worker.terminate();
  }
  from = await open("takeOver", { path, count, from }) as number;
  worker.terminate();
  files.push(readdirSync("/dev/fd").length);
}
console.log(JSON.stringify({ rows: from, files }));
process.exit(0);
