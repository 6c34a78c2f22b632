/** Two versions of the package in one process, each with a native library of its own, on one directory. */
import { StreamStore } from "@streamstore/streamstore";
import process from "node:process";

// Not literally, because only the folders that the tests make have it.
const name: string = "other";
const { StreamStore: Other, StreamStoreError }: typeof import("@streamstore/streamstore") = await import(
  name
);

const path = `${process.argv[2]}/run.stream`;
const store = StreamStore.open(path, { fields: { reward: 0 } });
for (let step = 0; step < 100; step++) store.append(step, { reward: step });
store.flush();
let refusal;
try {
  Other.open(path, { fields: { reward: 0 } });
} catch (error) {
  refusal = error instanceof StreamStoreError && error.code;
}
using reader = Other.open(path, { mode: "read" });
const { values } = reader.window(90, 10);
store.close();
using writer = Other.open(path, { fields: { reward: 0 } });
writer.append(100, { reward: 7 });
console.log(
  JSON.stringify({
    refusal,
    values: [...values],
    rows: writer.rowCount,
    isSame: StreamStore === (Other as unknown),
  }),
);
