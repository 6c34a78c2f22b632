/**
 * A store whose pages are not in memory. `make PATH ROWS` makes it; `read PATH BATCHES LIMITS` draws batches and prints
 * the bytes that came from the disk and the nanoseconds. With a path to the limits library the kernel is told first that
 * reads are at random; without one it has the advice that the store gives by itself.
 *
 * As bench/children/before.ts it runs in the tree of an older commit too.
 */
import { readdirSync, readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { StreamStore } from "../../mod.ts";
import { openLibrary } from "../../src/native/library.ts";
import { elapsed, prove } from "../harness/harness.ts";
import { observationOf, observationWidth, referenceColumns, referenceFields } from "../harness/stream.ts";

const [, , verb, path, count, limits] = process.argv;
if (verb === "make") make(Number(count));
else await read(Number(count));

function make(rowCount: number): void {
  using store = StreamStore.open(path, { fields: referenceFields, mode: "create" });
  const rowsPerFill = 100_000;
  for (let from = 0; from < rowCount; from += rowsPerFill) {
    store.appendColumns(referenceColumns(from, Math.min(rowCount, from + rowsPerFill)));
  }
}

async function read(batchCount: number): Promise<void> {
  using store = StreamStore.open(path, { fields: referenceFields, mode: "read" });
  if (limits !== undefined) await adviseRandom();
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
async function adviseRandom(): Promise<void> {
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
