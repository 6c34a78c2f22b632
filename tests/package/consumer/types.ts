/** Only checked, never run: the types as a program sees them that is strict about everything. */
import { Sampler, StreamStore, StreamStoreError } from "@streamstore/streamstore";
import type { Column, Row, StoreOptions, Window } from "@streamstore/streamstore";
import { install } from "@streamstore/streamstore/install";

const options: StoreOptions = { capacity: 1000 };
const store = new StreamStore({ action: 0, observation: 1, done: { type: 2, dtype: "int64" } }, options);
store.append(0, { action: 1, observation: new Float32Array(4), done: 1n });
store.append([0, 1], ["action", "done"], [1, 0]);
// @ts-expect-error: no number
store.append(1, { action: "left" });

const window: Window<Float64Array> = store.window(0, 2);
const values: Float64Array = window.values;
const types: Uint8Array | Int32Array = window.types;
// @ts-expect-error: a window is read-only
window.values = values;

const row: Row = store.row(0);
const column: Column = store.column("observation");
const gathered: Float32Array = store.gather([0, 1], 2, { values: "float32" }).values;

async function sample(): Promise<number> {
  let count = 0;
  const sampler = store.sampler({ tokens: 2, batchSize: 4 });
  if (sampler instanceof Sampler) count += sampler.next()?.size ?? 0;
  const table = await store.toDataset();
  return count + table.numRows;
}

function codeOf(error: unknown): string {
  if (error instanceof StreamStoreError) {
    if (error.code === "storage-full") return error.message;
    // @ts-expect-error: no such code
    if (error.code === "no-such-code") return "";
  }
  return "";
}

export { codeOf, column, gathered, install, row, sample, types };
