/** A log of messages in a stream of NATS JetStream, by the clients of the NATS project. */
import { DeliverPolicy, DiscardPolicy, jetstream, jetstreamManager } from "@nats-io/jetstream";
import type { JetStreamClient, JetStreamManager, MsgRequest } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { StreamStoreError } from "../error.ts";
import { checkOptions } from "../options.ts";
import type { LoggedMessage, MessageLog } from "./log.ts";
import { answerError, connectionError, errorCodes, isApiError, streamError } from "./nats_errors.ts";

/** Where a log is. Taken by {@linkcode natsLog}. */
export interface NatsOptions {
  /** Addresses of servers of one cluster, such as `10.0.0.1:4222`; by default the one on this machine. */
  readonly servers?: string | readonly string[];
  /** Credentials, TLS and whatever else `connect` of `@nats-io/transport-node` takes. */
  readonly connection?: Readonly<Record<string, unknown>>;
  /** The name of the stream, which is made where it is not there, also once servers have lost it. */
  readonly stream: string;
  /** The subjects of a stream that is made, such as `["steps.*"]`. */
  readonly subjects?: readonly string[];
  /** On how many servers a stream that is made keeps each message of rows; by default 1. */
  readonly replicas?: number;
}

/** Less than a server's own bound on what is on its way to a consumer. */
const bytesAhead = 16e6;
/** A message has its subject and headers besides. */
const envelopeBytes = 4096;
const { wrongLastSequence, duplicateInProcess, streamNotFound } = errorCodes;

/**
 * Opens a stream of NATS JetStream as a log.
 *
 * @param options The servers, the stream, and what the client takes besides.
 * @returns A log for {@linkcode send} and {@linkcode follow}, to be closed by whoever opened it.
 * @throws {StreamStoreError} `input-output` where no server answers or none has JetStream ready, `permission-denied` where one
 * refuses the credentials, or its certificate is none that is trusted, `not-found` where there is no stream and no subjects are
 * given: the message names the servers. A log that is open throws `permission-denied` too, once its user is not allowed any more
 * what it does; by that `send` and `follow` end.
 * @throws {TypeError} If an option is unknown.
 *
 * @example
 * ```ts
 * import { natsLog } from "@streamstore/streamstore/replicate";
 * import assert from "node:assert/strict";
 *
 * await assert.rejects(natsLog({ servers: "127.0.0.1:1", stream: "steps", subjects: ["steps.*"] }), {
 *   code: "input-output",
 *   message: /a server must answer at 127.0.0.1:1/,
 * });
 * ```
 */
export async function natsLog(options: NatsOptions): Promise<MessageLog> {
  checkOptions(options, ["servers", "connection", "stream", "subjects", "replicas"], "open a log");
  const { stream, subjects, replicas = 1, connection } = options;
  const servers = [options.servers ?? "127.0.0.1:4222"].flat();
  const names = servers.join(", ");
  const nats = await connect({ maxReconnectAttempts: -1, ...connection, servers }).catch((cause) => {
    throw connectionError(cause, names);
  });
  try {
    const manager = await jetstreamManager(nats);
    // What the stream has no room for waits in the senders' stores.
    const settings = { name: stream, num_replicas: replicas, discard: DiscardPolicy.New };
    const make = subjects && (() => manager.streams.add({ ...settings, subjects: [...subjects] }));
    if (!await isThere(manager, stream)) {
      if (make === undefined) throw noStream(stream, names);
      await make();
    }
    return new NatsLog(nats, jetstream(nats), manager, { stream, replicas, names, make });
  } catch (error) {
    const found = await streamError(error, nats, names);
    // Whoever tries again opens another, and an open one keeps a process alive.
    await nats.close();
    throw found;
  }
}

function noStream(stream: string, servers: string): StreamStoreError {
  const message = `Cannot open a log: the stream must be at ${servers}, or subjects given to make it`;
  return new StreamStoreError("not-found", `${message}, got "${stream}"`);
}

async function isThere(manager: JetStreamManager, stream: string): Promise<boolean> {
  try {
    await manager.streams.info(stream);
    return true;
  } catch (error) {
    if (isApiError(error, streamNotFound)) return false;
    throw error;
  }
}

/** What a log was opened with. */
interface Place {
  readonly stream: string;
  readonly replicas: number;
  /** Of the servers. */
  readonly names: string;
  /** Makes the stream, where its subjects are known. */
  readonly make?: () => Promise<unknown>;
}

class NatsLog implements MessageLog {
  readonly #stream: string;

  constructor(
    private readonly nats: NatsConnection,
    private readonly client: JetStreamClient,
    private readonly manager: JetStreamManager,
    private readonly place: Place,
  ) {
    this.#stream = place.stream;
  }

  async #ask<Result>(task: () => Promise<Result>): Promise<Result> {
    const { names, make } = this.place;
    try {
      return await task().catch(async (error) => {
        if (make === undefined || !isApiError(error, streamNotFound)) throw error;
        await make();
        return await task();
      });
    } catch (error) {
      throw await answerError(error, this.nats, names);
    }
  }

  get messageBytesMax(): number {
    return (this.nats.info?.max_payload ?? 1 << 20) - envelopeBytes;
  }

  last(subject: string): Promise<LoggedMessage | null> {
    return this.#find(subject, { last_by_subj: subject });
  }

  next(subject: string, from: number): Promise<LoggedMessage | null> {
    return this.#find(subject, { seq: from, next_by_subj: subject } as unknown as { seq: number });
  }

  #find(subject: string, query: MsgRequest): Promise<LoggedMessage | null> {
    return this.#ask(async () => {
      const found = await this.manager.streams.getMessage(this.#stream, query);
      return found === null ? null : { subject, number: found.seq, bytes: copyOf(found.data) };
    });
  }

  subjects(pattern: string): Promise<readonly string[]> {
    return this.#ask(async () => {
      const { state } = await this.manager.streams.info(this.#stream, { subjects_filter: pattern });
      return Object.keys(state.subjects ?? {});
    });
  }

  publish(subject: string, bytes: Uint8Array, after: number): Promise<number | null> {
    return this.#ask(async () => {
      try {
        const expect = { streamName: this.#stream, lastSubjectSequence: after };
        return (await this.client.publish(subject, bytes, { expect })).seq;
      } catch (error) {
        if (isApiError(error, wrongLastSequence, duplicateInProcess)) return null;
        throw error;
      }
    });
  }

  async *read(pattern: string, from: number, signal: AbortSignal): AsyncGenerator<LoggedMessage> {
    // Two heartbeats that do not come, and the consumer is made anew: with the client's own, after a minute.
    const messages = await this.#ask(async () => {
      const consumer = await this.client.consumers.get(this.#stream, {
        filter_subjects: pattern,
        deliver_policy: DeliverPolicy.StartSequence,
        opt_start_seq: from,
      });
      return await consumer.consume({ max_bytes: bytesAhead, expires: 4000, idle_heartbeat: 1000 });
    });
    const end = () => messages.stop();
    signal.addEventListener("abort", end);
    try {
      for await (const { subject, seq, data } of messages) {
        if (signal.aborted) return;
        yield { subject, number: seq, bytes: copyOf(data) };
      }
    } finally {
      signal.removeEventListener("abort", end);
      messages.stop();
    }
  }

  noteApplied(follower: string, store: string, row: number): Promise<void> {
    const publish = () => this.client.publish(this.#appliedSubject(follower, store), `${row}`);
    return this.#ask(async () => {
      try {
        await publish();
      } catch {
        // Its stream is not there yet, or was wiped.
        await this.manager.streams.add({
          name: this.#appliedStream,
          subjects: [this.#appliedSubject("*", "*")],
          num_replicas: this.place.replicas,
          max_msgs_per_subject: 1,
        });
        await publish();
      }
    });
  }

  applied(follower: string, store: string): Promise<number | null> {
    const place = { last_by_subj: this.#appliedSubject(follower, store) };
    return this.#ask(async () => {
      try {
        const found = await this.manager.streams.getMessage(this.#appliedStream, place);
        return found === null ? null : Number(found.string());
      } catch (error) {
        if (isApiError(error, streamNotFound)) return null;
        throw error;
      }
    });
  }

  get #appliedStream(): string {
    return `${this.#stream}-applied`;
  }

  #appliedSubject(follower: string, store: string): string {
    return `applied.${this.#stream}.${follower}.${store}`;
  }

  async close(): Promise<void> {
    await this.nats.drain();
  }
}

/** A message's bytes may lie anywhere in the client's buffer, and Arrow wants them aligned. */
const copyOf = (bytes: Uint8Array) => new Uint8Array(bytes);
