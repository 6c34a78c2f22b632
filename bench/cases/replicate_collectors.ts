/** Many collectors, each with a subject of its own, and one follower with a replica for each. */
import { join } from "node:path";
import { follow } from "../../replicate.ts";
import { Child } from "../harness/children.ts";
import { prove } from "../harness/harness.ts";
import { type Measurement, measurementOf, milliseconds, type Unit } from "../harness/measurement.ts";
import type { Broker } from "../harness/nats.ts";
import type { Sizes } from "../harness/sizes.ts";

const [chunksPerSecond, rowsPerChunk] = [4, 15];

export async function collectors(sizes: Sizes, broker: Broker): Promise<Measurement[]> {
  const count = sizes.mode === "small" ? 20 : 1000;
  const chunks = Math.max(2, Math.ceil(sizes.lagMs / 1000 * chunksPerSecond));
  const args = [count, chunksPerSecond, rowsPerChunk].map(String);
  await broker.purge();
  const sending = Child.ofScript("collectors", broker.address, ...args);
  await sending.answer();
  const [end, log] = [new AbortController(), await broker.log()];
  const arrivals = new Arrivals();
  const following = follow(log, {
    directory: join(broker.folder, "many"),
    subjects: "steps.*",
    signal: end.signal,
    onProgress: ({ subject }) => arrivals.add(subject),
  });
  // Their replicas are made before the time runs.
  await sending.ask("1");
  await arrivals.until(count);
  const lateMs = Number(await sending.ask(`${chunks}`));
  const waiting = count * (1 + chunks) - arrivals.count;
  const sentAt = performance.now();
  await arrivals.until(count * (1 + chunks));
  const behindMs = performance.now() - sentAt;
  end.abort();
  await following;
  await Promise.all([log.close(), sending.end()]);
  for (const each of arrivals.bySubject.values()) prove("the chunks of a collector", each, 1 + chunks);
  const name = `${count.toLocaleString("en")} collectors, ${chunksPerSecond} chunks a second each`;
  const row = (what: string, unit: Unit, value: number, valueMax: number) =>
    measurementOf(`${name}, ${what}`, unit, { time: value, best: value }, { goal: { valueMax } });
  return [
    row("the last acknowledged too late by", milliseconds, Math.max(0, lateMs) * 1e6, 250),
    row("chunks that the follower has not yet then", chunksUnit, waiting, count),
    row("until it has", milliseconds, behindMs * 1e6, 250),
  ];
}

const chunksUnit = { text: "chunks", size: 1 };

class Arrivals {
  readonly bySubject = new Map<string, number>();
  count = 0;
  #wanted = Infinity;
  #wake: () => void = () => {};

  add(subject: string): void {
    this.bySubject.set(subject, (this.bySubject.get(subject) ?? 0) + 1);
    if (++this.count === this.#wanted) this.#wake();
  }

  async until(count: number): Promise<void> {
    if (this.count >= count) return;
    this.#wanted = count;
    await new Promise<void>((resolve) => this.#wake = resolve);
  }
}
