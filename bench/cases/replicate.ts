/** Replication by a server of NATS on loopback: send and follow beside plain clients that do nothing but send and take. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { StreamStore } from "../../mod.ts";
import { follow, type MessageLog, send } from "../../replicate.ts";
import { compare, elapsedUntil, measure, prove, type Sample } from "../harness/harness.ts";
import { Loopback } from "../harness/loopback.ts";
import { type Measurement, measurementOf, nanosecondsPer, notMeasured } from "../harness/measurement.ts";
import { messagesOf } from "../harness/messages.ts";
import { Broker, findNatsCommand, natsBench, noServer } from "../harness/nats.ts";
import type { Sizes } from "../harness/sizes.ts";
import { filledStore, narrowFields, type ReferenceStore, tokensPerStep, valueAt } from "../harness/stream.ts";
import { lag } from "./replicate_lag.ts";
import { many } from "./replicate_many.ts";

const rowsPerMessage = 4096;
const subject = "steps.bench";

export async function replicate(sizes: Sizes): Promise<Measurement[]> {
  if (noServer) return [notMeasured("replication", noServer)];
  return await Broker.with(async (broker) => {
    const log = await broker.log();
    using store = filledStore(
      sizes.rows,
      StreamStore.open(join(broker.folder, "sent.stream"), { fields: narrowFields }) as never,
    );
    const messages = await messagesOf(store, rowsPerMessage);
    const both = { broker, log, store, messages, rounds: Math.ceil(0.6 * sizes.longRounds) };
    const measurements = [...await sending(both), ...await following(both)];
    await log.close();
    return [...measurements, ...await lag(sizes, broker), ...await many(sizes, broker)];
  });
}

interface Both {
  readonly broker: Broker;
  readonly log: MessageLog;
  readonly store: ReferenceStore;
  /** What the store is sent by. */
  readonly messages: readonly Uint8Array[];
  readonly rounds: number;
}

const line = (name: string, sample: Sample, limit: string, speedMin: number | null) =>
  measurementOf(name, nanosecondsPer("step"), sample, {
    limit,
    ...(speedMin === null ? {} : {
      goal: {
        ratioMax: 1 / speedMin,
        text: `≥ ${100 * speedMin} % of the limit's speed`,
      },
    }),
  });

/** A round sends the whole store to a subject that has nothing. */
async function sending({ broker, log, store, messages, rounds }: Both): Promise<Measurement[]> {
  const { rowCount } = store;
  const sizes = messages.map(({ byteLength }) => byteLength);
  const average = Math.ceil(sizes.reduce((sum, size) => sum + size, 0) / sizes.length);
  const sent = async (work: () => Promise<void>) => {
    await broker.purge();
    const time = await elapsedUntil(work);
    prove("the messages of a store", await broker.messageCount(), messages.length);
    return time / rowCount;
  };
  // A store that is there is sent whole, and then its last row is known.
  const signal = AbortSignal.abort();
  const ours = () => sent(() => send(store as never, log, subject, { signal, rows: rowsPerMessage }));
  const name = `send of ${rowCount.toLocaleString("en")} steps in messages of ${
    digitsOf(average)
  }, each awaited`;
  const plain = () => sent(() => broker.publish(subject, messages));
  const measurements = [
    line(name, await compare(rounds, ours, plain), "the same messages by a plain client", 0.7),
  ];
  const command = findNatsCommand();
  if (command === null) {
    measurements.push(notMeasured("the same beside nats bench", "there is no nats command"));
  } else {
    const peer = () => natsBench(command, broker.address, messages.length, average) / rowCount;
    measurements.push(
      line("the same beside nats bench", await compare(rounds, ours, peer), "nats bench js pub sync", 0.7),
    );
  }
  const loopback = await Loopback.open(average);
  try {
    const message = new Uint8Array(average);
    const copy = await measure(
      rounds,
      async () => await elapsedUntil(() => loopback.send(message, messages.length)) / rowCount,
    );
    measurements.push(
      measurementOf("as many bytes over loopback without a server", nanosecondsPer("step"), copy),
    );
  } finally {
    await loopback.close();
  }
  return measurements;
}

const digitsOf = (byteLength: number) => `${Math.round(byteLength / 1000)} kB`;

/** A round takes all messages of a stream: into a replica that is made, or to be dropped. */
async function following({ broker, log, store, messages, rounds }: Both): Promise<Measurement[]> {
  await broker.purge();
  await broker.publish(subject, messages);
  const { rowCount } = store;
  const bytes = messages.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const sample = await compare(
    rounds,
    async () => await followed(log, join(broker.folder, "replicas"), rowCount) / rowCount,
    async () => {
      let taken = 0;
      const time = await elapsedUntil(async () => void (taken = await broker.drain(messages.length)));
      prove("the bytes that a client takes", taken, bytes);
      return time / rowCount;
    },
  );
  const name = `follow of ${rowCount.toLocaleString("en")} steps into a replica`;
  return [line(name, sample, "a client that drops the messages", 0.8)];
}

/** The time until the last row is committed. */
async function followed(log: MessageLog, directory: string, rowCount: number): Promise<number> {
  const end = new AbortController();
  const start = performance.now();
  let time = NaN;
  await follow(log, {
    directory,
    subjects: "steps.*",
    signal: end.signal,
    onProgress: ({ endRow, replica }) => {
      if (endRow < rowCount) return;
      time = (performance.now() - start) * 1e6;
      for (let token = 0; token < replica.length; token += Math.ceil(replica.length / 1000)) {
        prove("a replica", Number(replica.window(token, 1).values[0]), valueAt(token));
      }
      prove("the tokens of a replica", replica.length, rowCount * tokensPerStep);
      end.abort();
    },
  });
  rmSync(directory, { recursive: true });
  return time;
}
