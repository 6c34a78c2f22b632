/**
 * Two collectors, and replicas of both that a follower writes: `replicas.ts <directory>`. Each line of its input says how
 * many rows each collector goes on by; it answers once they are sent.
 */
import process from "node:process";
import { createInterface } from "node:readline";
import { StreamStore } from "../../mod.ts";
import { follow, send } from "../../replicate.ts";
import { MemoryLog } from "../support/replicate/memory_log.ts";
import { Random } from "../support/support.ts";

const [directory] = process.argv.slice(2);
const fields = { observation: "float32", reward: "float32", done: "bool" } as const;
const log = new MemoryLog();
const random = new Random(3);
const collectors = ["first", "second"].map((name) =>
  [`steps.${name}`, StreamStore.open(`${directory}/${name}.stream`, { fields })] as const
);
const end = new AbortController();
const follower = follow(log, {
  directory: `${directory}/replicas`,
  subjects: "steps.*",
  signal: end.signal,
});

for await (const line of createInterface({ input: process.stdin })) {
  for (const [subject, store] of collectors) {
    for (let i = 0; i < JSON.parse(line); i++) {
      const observation = [random.float() - 0.5, random.float() - 0.5];
      const reward = 2 * observation[0] - observation[1];
      store.append(store.rowCount, { observation, reward, done: random.float() < 0.02 });
    }
    await send(store, log, subject, { signal: AbortSignal.abort() });
  }
  console.log(JSON.stringify(collectors.map(([, store]) => store.rowCount)));
}
end.abort();
await follower;
for (const [, store] of collectors) store.close();
