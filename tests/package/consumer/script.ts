/** What a user's script does with the installed package: collect, look, sample ahead in a Worker, keep. */
import { StreamStore } from "@streamstore/streamstore";
import process from "node:process";

const [folder] = process.argv.slice(2);
using store = new StreamStore({ action: 0, observation: 1, reward: 2 });
for (let step = 0; step < 1000; step++) {
  store.append(step, { action: step % 2, observation: [step, -step], reward: 1 });
}
const { values } = store.window(store.length - 4, 4);

using kept = StreamStore.open(`${folder}/run.stream`, { fields: { reward: 0 } });
for (let step = 0; step < 100; step++) kept.append(step, { reward: step });
kept.flush();
let windows = 0;
for await (const batch of kept.sampler({ tokens: 10, batchSize: 4, order: "sequential", prefetch: 2 })) {
  windows += batch.size;
}
console.log(JSON.stringify({ values: [...values], windows }));
