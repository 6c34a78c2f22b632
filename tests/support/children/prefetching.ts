/** Run by sampler_prefetch.test.ts: prefetches from a store and leaves, in one way or another. Ends by itself. */
import process from "node:process";
import { StreamStore } from "../../../mod.ts";

const [path, way] = process.argv.slice(2);
const store = StreamStore.open(path, { mode: "read" });
const sampler = store.sampler({ tokens: 4, batchSize: 8, order: "shuffle", epochs: 1, seed: 1, prefetch: 3 });
let count = 0;

async function loop(): Promise<void> {
  for await (const _ of sampler) {
    if (++count === 3 && way === "break") break;
    if (count === 3 && way === "throw") throw new Error("enough");
  }
}

if (way === "close") {
  await sampler.next();
  count++;
  sampler.close();
} else if (way === "start and close") {
  const next = sampler.next();
  sampler.close();
  await next.catch(() => count = -1);
} else await loop().catch(() => {});
store.close();
console.log(`${count} batches`);
