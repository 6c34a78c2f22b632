/**
 * Follows stores by the messages of a log: a replica a subject, new ones as they appear. How far each has come its own
 * rows say; the number to read on from is only where looking begins.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { StreamStoreError } from "../error.ts";
import { checkOptions } from "../options.ts";
import type { StreamStore } from "../store.ts";
import type { LoggedMessage, MessageLog } from "./log.ts";
import { decodeRows } from "./message.ts";
import { openReplica, type Outcome, type Replica } from "./replica.ts";

/** Options of {@linkcode follow}. */
export interface FollowOptions {
  /** Where the replicas are, one directory a subject; made where it is not there. */
  readonly directory: string;
  /** The subjects, as the log has patterns: with NATS `steps.*`. */
  readonly subjects: string;
  /** How often replicas are made durable, in milliseconds; by default 1,000. */
  readonly syncEvery?: number;
  /** Ends it. */
  readonly signal?: AbortSignal;
  /** Called after each message that brought rows. */
  readonly onProgress?: (progress: FollowProgress) => void;
}

/** How far a replica has come. Told to {@linkcode FollowOptions.onProgress}. */
export interface FollowProgress {
  /** Of which subject it is. */
  readonly subject: string;
  /** It is open for writing by the follower: it may be read and sampled, also while it grows. */
  readonly replica: StreamStore;
  /** The row after the last. */
  readonly endRow: number;
}

const followKeys = ["directory", "subjects", "syncEvery", "signal", "onProgress"];

/**
 * Keeps a replica for each subject until the signal, and then closes them. A replica is a store like any other, with its
 * collector's row numbers: whoever opens it may read and sample it while it grows.
 *
 * @param log Where from.
 * @param options Which subjects, and where the replicas are.
 * @throws {StreamStoreError} If a subject's store was made otherwise than its replica (`fields-differ`), a message is
 * none, or of other rows than the replica's (`damaged`), or the log has lost rows for good (`not-found`).
 * @throws {TypeError} If an option is unknown.
 *
 * @example
 * ```ts
 * import { StreamStore } from "@streamstore/streamstore";
 * import { follow, type LoggedMessage, type MessageLog, send } from "@streamstore/streamstore/replicate";
 * import assert from "node:assert/strict";
 * import { mkdtempSync } from "node:fs";
 * import { tmpdir } from "node:os";
 *
 * // In one process; between machines natsLog is such a log.
 * const messages: LoggedMessage[] = [];
 * const log: MessageLog = {
 *   messageBytesMax: 1e6,
 *   last: async (subject) => messages.findLast((message) => message.subject === subject) ?? null,
 *   publish: async (subject, bytes, after) => {
 *     if (after !== ((await log.last(subject))?.number ?? 0)) return null;
 *     return messages.push({ subject, bytes, number: messages.length + 1 });
 *   },
 *   read: async function* (_pattern, from) {
 *     yield* messages.slice(from - 1);
 *   },
 *   close: async () => {},
 * };
 * using store = new StreamStore({ action: 0, reward: 1 });
 * for (let step = 0; step < 100; step++) store.append(step, { action: step % 2, reward: step / 2 });
 * // Ended at once: what is there is sent.
 * await send(store, log, "steps.robot", { signal: AbortSignal.abort() });
 *
 * const directory = mkdtempSync(`${tmpdir()}/replicas-`);
 * const end = new AbortController();
 * const onProgress = ({ endRow }: { endRow: number }) => endRow === 100 && end.abort();
 * await follow(log, { directory, subjects: "steps.*", signal: end.signal, onProgress });
 * using replica = StreamStore.open(`${directory}/steps.robot.stream`, { mode: "read" });
 * assert.deepEqual(replica.rows(), store.rows());
 * ```
 */
export async function follow(log: MessageLog, options: FollowOptions): Promise<void> {
  checkOptions(options, followKeys, "follow stores");
  const { directory, subjects, signal = new AbortController().signal, syncEvery = 1000 } = options;
  mkdirSync(directory, { recursive: true });
  const replicas = new Replicas(directory, options.onProgress);
  let syncAt = performance.now() + syncEvery;
  try {
    while (!signal.aborted) {
      await readThrough(log, subjects, replicas, signal, () => {
        if (performance.now() < syncAt) return;
        replicas.sync();
        syncAt = performance.now() + syncEvery;
      });
    }
  } finally {
    replicas.close();
  }
}

/**
 * Reads from the log's first message on, until the signal or a gap. Behind a gap it has to be read again: the log may
 * have lost its newest messages, whose numbers then came again with others that were passed over. Rows that the first
 * message of a subject lacks are gone for good.
 */
async function readThrough(
  log: MessageLog,
  subjects: string,
  replicas: Replicas,
  signal: AbortSignal,
  afterEach: () => void,
): Promise<void> {
  const seen = new Set<string>();
  for await (const message of log.read(subjects, 1, signal)) {
    if (replicas.take(message) === "gap") {
      if (seen.has(message.subject)) return;
      throw replicas.missing(message);
    }
    seen.add(message.subject);
    afterEach();
  }
}

class Replicas {
  readonly #bySubject = new Map<string, Replica>();

  constructor(
    private readonly directory: string,
    private readonly onProgress: FollowOptions["onProgress"],
  ) {}

  take({ subject, bytes }: LoggedMessage): Outcome {
    const message = decodeRows(bytes);
    let replica = this.#bySubject.get(subject);
    if (replica === undefined) {
      replica = openReplica(join(this.directory, nameOf(subject)), message.head);
      this.#bySubject.set(subject, replica);
    }
    const outcome = replica.apply(message);
    if (outcome === "applied") {
      const { store } = replica;
      this.onProgress?.({ subject, replica: store, endRow: store.rowCount });
    }
    return outcome;
  }

  missing({ subject, bytes }: LoggedMessage): StreamStoreError {
    const { row } = decodeRows(bytes).head;
    const held = this.#bySubject.get(subject)!.store.rowCount;
    const message = `Cannot follow ${subject}: it must have rows from ${held} on, got ${row}`;
    return new StreamStoreError("not-found", `${message}: those between are lost`);
  }

  sync(): void {
    for (const { store } of this.#bySubject.values()) store.sync();
  }

  close(): void {
    for (const { store } of this.#bySubject.values()) store.close();
  }
}

/** A directory's name: subjects may have what paths cannot. */
function nameOf(subject: string): string {
  return `${encodeURIComponent(subject).replaceAll("*", "%2A").replace(/^\./, "%2E")}.stream`;
}
