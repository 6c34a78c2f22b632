/**
 * A store whose pages are not in memory. `make PATH ROWS DTYPE` makes it, of float64 or of float32 and narrower dtypes;
 * `read PATH BATCHES LIMITS` draws batches and prints the bytes that came from the disk and the nanoseconds. With a path
 * to the limits library the kernel is told first that reads are at random; without one it has the advice that the store
 * gives by itself.
 *
 * As bench/children/before.ts it runs in the tree of an older commit too.
 */
import process from "node:process";
import { type FieldMap, StreamStore } from "../../mod.ts";
import { elapsed, prove } from "../harness/harness.ts";
import { adviseRandom, bytesRead } from "../harness/mappings.ts";
import {
  narrowFields,
  observationOf,
  observationWidth,
  referenceColumns,
  referenceFields,
  type ReferenceStore,
} from "../harness/stream.ts";

const [, , verb, path, count, dtypeOrLimits] = process.argv;
if (verb === "make") make(Number(count), dtypeOrLimits);
else await read(Number(count), dtypeOrLimits);

/** A store of float64 where the library had no other dtypes. */
function openNew(dtype: string): StreamStore {
  if (dtype === "float32") {
    try {
      return StreamStore.open<FieldMap>(path, { fields: narrowFields, mode: "create" });
    } catch {
      // As the library was before it knew dtypes.
    }
  }
  return StreamStore.open<FieldMap>(path, { fields: referenceFields, mode: "create" });
}

function make(rowCount: number, dtype: string): void {
  using store = openNew(dtype);
  const rowsPerFill = 100_000;
  for (let from = 0; from < rowCount; from += rowsPerFill) {
    store.appendColumns(referenceColumns(from, Math.min(rowCount, from + rowsPerFill)));
  }
}

async function read(batchCount: number, limits?: string): Promise<void> {
  using store = StreamStore.open(path, { mode: "read" }) as unknown as ReferenceStore;
  if (limits !== undefined) await adviseRandom(limits, path);
  const before = bytesRead();
  const sampler = store.sampler({
    steps: 4,
    fields: { observation: observationWidth, action: 1, reward: 1, done: 1 },
    batchSize: 256,
    seed: 12,
  });
  const out = sampler.allocate();
  let nanoseconds = 0;
  for (let batch = 0; batch < batchCount; batch++) {
    nanoseconds += elapsed(() => void sampler.next(out));
    const { values } = out.fields.observation;
    prove("a sampled value", values[3], observationOf(out.starts[0], 3));
  }
  console.log(JSON.stringify({ bytes: bytesRead() - before, nanoseconds }));
}
