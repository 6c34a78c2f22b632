/**
 * Draws batches from the store at the path in its arguments, some of whose pages are not in memory, and prints the bytes
 * that came from the disk, those that were asked for, and the nanoseconds. With a path to the limits library the kernel is
 * told first that reads are at random.
 */
import process from "node:process";
import { StreamStore } from "../../mod.ts";
import { grownBatches, grownFields, rowBytes, valueOf, windowCount, windowSteps } from "../harness/grown.ts";
import { elapsed, prove } from "../harness/harness.ts";
import { adviseRandom, bytesRead } from "../harness/mappings.ts";

const [path, count, limits] = process.argv.slice(2);
const batchCount = Number(count);
using store = StreamStore.open(path, { fields: grownFields, mode: "read" });
if (limits !== undefined) await adviseRandom(limits, path);
const sampler = store.sampler(grownBatches("uniform"));
const out = sampler.allocate();
// The first one finds the episodes, from the file that has them.
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
