/**
 * A store whose pages are not in memory. `make PATH ROWS DTYPE` makes it, of float64 or of float32 and narrower dtypes;
 * `read PATH BATCHES LIMITS` draws batches and prints the bytes that came from the disk and the nanoseconds. With a path
 * to the limits library the kernel is told first that reads are at random; without one it has the advice that the store
 * gives by itself.
 *
 * As bench/children/before.ts it runs in the tree of an older commit too.
 */
import { readdirSync, readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { type FieldMap, StreamStore } from "../../mod.ts";
import { openLibrary } from "../../src/native/library.ts";
import { elapsed, prove } from "../harness/harness.ts";
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
  if (limits !== undefined) await adviseRandom(limits);
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

/** What this process had the disk read, faults and what the kernel read ahead of them included. */
function bytesRead(): number {
  return Number(/^read_bytes: (\d+)$/m.exec(readFileSync("/proc/self/io", "utf8"))![1]);
}

/** For all that is mapped of the store's files, whichever they are. */
async function adviseRandom(limits: string): Promise<void> {
  const native = await openLibrary(
    limits,
    { sl_memory_advise: { args: ["f64", "f64"], result: "i32" } } as const, // address, length_bytes
  );
  const files = new Set(readdirSync(path).map((name) => join(realpathSync(path), name)));
  const mappings = readFileSync("/proc/self/maps", "utf8").split("\n")
    .map((line) => /^(\w+)-(\w+) (?:\S+ +){4}(.+)$/.exec(line))
    .filter((found) => found !== null && files.has(found[3]));
  for (const found of mappings) {
    const [from, to] = [found![1], found![2]].map((digits) => parseInt(digits, 16));
    prove("advice", native.sl_memory_advise(from, to - from), 0);
  }
  if (mappings.length === 0) throw new Error(`Cannot give advice: nothing of ${path} is mapped`);
}
