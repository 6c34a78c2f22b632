/** Run by dropping.ts: appends until it is told to end (SIGTERM) to a store that keeps few rows, and bears a disk that is full now and then. */
import process from "node:process";
import { StreamStore, StreamStoreError } from "../../mod.ts";
import { fields, valuesOf } from "./dropping_content.ts";

const { path } = JSON.parse(process.argv[2]);
const store = StreamStore.open(path, { fields, retain: { rows: 1000 } });
let isOver = false;
process.once("SIGTERM", () => isOver = true);
let fullCount = 0;
while (!isOver) {
  try {
    for (let i = 0; i < 10_000; i++) store.append(store.rowCount, valuesOf(store.rowCount));
    store.flush();
    console.log(store.rowCount);
  } catch (error) {
    if (!(error instanceof StreamStoreError && error.code === "storage-full")) throw error;
    fullCount++;
    store.flush();
  }
  await new Promise((resolve) => setTimeout(resolve, 0));
}
const { firstRow, rowCount } = store;
store.close();
console.log(JSON.stringify({ firstRow, rowCount, fullCount }));
