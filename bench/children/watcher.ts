/**
 * Asks for series of the store at the path in its arguments again and again while it is told to, as a page that is shown
 * does. Each line that it is sent, `on` or `off`, is answered once it is so.
 */
import process from "node:process";
import { createInterface } from "node:readline";
import { StreamStore } from "../../mod.ts";
import { SeriesReader } from "../../src/view/series/series.ts";

/** A page asks no more often than it is drawn. */
const pauseMs = 16;
const columns = 1500;

const [path, ...series] = process.argv.slice(2);
const store = StreamStore.open(path, { mode: "read" });
const reader = new SeriesReader(path);
await reader.query(series, 0, 1, 1);

let isOn = false;
let watching = Promise.resolve();

async function watch(): Promise<void> {
  while (isOn) {
    store.refresh();
    await reader.query(series, 0, Math.max(1, store.rowCount), columns);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

console.log("ready");
for await (const line of createInterface({ input: process.stdin })) {
  isOn = line === "on";
  if (isOn) watching = watch();
  else await watching;
  console.log(line);
}
isOn = false;
await watching;
reader.close();
store.close();
