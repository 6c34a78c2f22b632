/**
 * A collector of `./run cluster`: appends steps to its own store and sends them, until its standard input ends; then
 * sends what is left. Tells how many rows it has, a line each time.
 */
import process from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import { StreamStore } from "../../mod.ts";
import { send } from "../../replicate.ts";
import { fields, openLog, type Place } from "./place.ts";

const { path, subject, rowsPerSecond, ...place }: Place & {
  readonly path: string;
  readonly subject: string;
  readonly rowsPerSecond: number;
} = JSON.parse(process.argv[2]);

const end = new AbortController();
process.stdin.resume().on("end", () => end.abort());

const log = await openLog(place);
using store = StreamStore.open(path, { fields });
const sending = send(store, log, subject, { signal: end.signal });
const begun = performance.now();
let step = 0;
while (!end.signal.aborted) {
  for (const due = rowsPerSecond * (performance.now() - begun) / 1000; store.rowCount < due;) {
    // A step is when it was collected, in microseconds: what arrives says how old it is.
    step = Math.max(step + 1, Math.round(1000 * Date.now()));
    const observation = Float32Array.from({ length: 8 }, (_, i) => Math.sin(store.rowCount / (i + 1)));
    const done = store.rowCount % 200 === 199;
    store.append(step, { observation, action: store.rowCount % 4, reward: Math.random(), done });
  }
  console.log(store.rowCount);
  await pause(10);
}
await sending;
await log.close();
console.log(store.rowCount);
