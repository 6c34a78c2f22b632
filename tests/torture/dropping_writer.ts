/** Run by dropping.ts: appends until it is told to end (SIGTERM) to a store that keeps few rows, and bears a disk that is full now and then. */
import process from "node:process";
import { StreamStore, StreamStoreError } from "../../mod.ts";
import { extra, extrasOf, fields, valuesOf } from "./dropping_content.ts";

const { path, hasExtras = true } = JSON.parse(process.argv[2]);
const store = StreamStore.open(path, { fields, retain: { rows: 1000 }, ...(hasExtras ? { extra } : {}) });
let isOver = false;
process.once("SIGTERM", () => isOver = true);
let fullCount = 0;
while (!isOver) {
  try {
    for (let i = 0; i < 10_000; i++) {
      const row = store.rowCount;
      if (hasExtras) store.append(row, valuesOf(row), extrasOf(row));
      else store.append(row, valuesOf(row));
    }
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
