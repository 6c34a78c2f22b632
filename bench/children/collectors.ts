/**
 * As many collectors, each with a subject of its own, to which it sends chunks of rows: `collectors.ts <server> <collectors>
 * <chunks a second of each> <rows of a chunk>`. For each line of input each sends as many chunks as the line says, evenly
 * over the time, and each only when its last one is acknowledged. The answer, once all are acknowledged, is by how many
 * milliseconds the last of them was late.
 *
 * What they send is what one sender does, made beforehand: that 1,000 machines have the time for it is not in question.
 */
import process from "node:process";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { StreamStore } from "../../mod.ts";
import { logAt } from "../harness/nats.ts";
import { messagesOf } from "../harness/messages.ts";
import { filledStore, narrowFields, type ReferenceStore } from "../harness/stream.ts";

const [server, collectorCount, chunksPerSecond, rows] = [
  process.argv[2],
  ...process.argv.slice(3).map(Number),
] as const;
const chunksMax = 200;
const log = await logAt(server);
using store = filledStore(rows * chunksMax, new StreamStore(narrowFields) as unknown as ReferenceStore);
const messages = await messagesOf(store, rows);
const collectors = Array.from({ length: collectorCount }, (_, i) => ({
  subject: `steps.collector-${i}`,
  sent: 0,
  number: 0,
  last: Promise.resolve(),
}));
type Collector = typeof collectors[number];

async function sendNext(collector: Collector): Promise<void> {
  const { subject, number } = collector;
  const added = await log.publish(subject, messages[collector.sent++], number);
  if (added === null) throw new Error(`Cannot send to ${subject}: it has other messages`);
  collector.number = added;
}

console.log("ready");
for await (const chunks of createInterface({ input: process.stdin })) {
  const count = collectorCount * Number(chunks);
  const begin = performance.now();
  const dueAt = (i: number) => begin + 1000 * i / (collectorCount * chunksPerSecond);
  for (let i = 0; i < count; i++) {
    if (dueAt(i) > performance.now()) await pause(1);
    const collector = collectors[i % collectorCount];
    collector.last = collector.last.then(() => sendNext(collector));
  }
  await Promise.all(collectors.map(({ last }) => last));
  console.log(performance.now() - dueAt(count));
}
await log.close();
