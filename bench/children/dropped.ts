/**
 * A store some of whose pages are not in memory. `make PATH ROWS` makes it, and finds its episodes; `read PATH BATCHES LIMITS`
 * draws batches, and prints the bytes that came from the disk, those that were asked for, and the nanoseconds. With a path
 * to the limits library the kernel is told first that reads are at random.
 */
import process from "node:process";
import { StreamStore } from "../../mod.ts";
import {
  fillGrown,
  grownBatches,
  grownFields,
  rowBytes,
  valueOf,
  windowCount,
  windowSteps,
} from "../harness/grown.ts";
import { elapsed, prove } from "../harness/harness.ts";
import { adviseRandom, bytesRead } from "../harness/mappings.ts";

const [verb, path, count, limits] = process.argv.slice(2);
if (verb === "make") make(Number(count));
else await read(Number(count));

function make(rowCount: number): void {
  using store = StreamStore.open(path, { fields: grownFields, mode: "create" });
  fillGrown(store, rowCount);
  store.sync();
  // Leaves a file that has the episodes, for who reads.
  store.sampler(grownBatches("uniform")).next();
}

async function read(batchCount: number): Promise<void> {
  using store = StreamStore.open(path, { fields: grownFields, mode: "read" });
  if (limits !== undefined) await adviseRandom(limits, path);
  const sampler = store.sampler(grownBatches("uniform"));
  const out = sampler.allocate();
  sampler.next(out);
  const before = bytesRead();
  let nanoseconds = 0;
  for (let batch = 0; batch < batchCount; batch++) {
    nanoseconds += elapsed(() => void sampler.next(out));
    prove("a sampled value", out.values[3], valueOf(out.starts[0] + 3));
    prove("a sampled step", Number(out.steps[3]), out.starts[0] + 3);
  }
  const asked = batchCount * windowCount * windowSteps * rowBytes;
  console.log(JSON.stringify({ read: bytesRead() - before, asked, nanoseconds }));
}
