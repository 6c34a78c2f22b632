/**
 * Follows stores by the messages of a log: a replica a subject, new ones as they appear. How far each has come its own
 * rows say; the number to read on from is only where looking begins.
 */
import { mkdirSync } from "node:fs";
import { AppliedNotes } from "./applied.ts";
import { checkOptions } from "../options.ts";
import { pause } from "../pause.ts";
import type { StreamStore } from "../store.ts";
import type { LoggedMessage, MessageLog } from "./log.ts";
import { decodeRows, type Message } from "./message.ts";
import { readFromFirst } from "./reading.ts";
import type { Outcome } from "./replica.ts";
import { type FollowGap, Succession } from "./succession.ts";

/** Options of {@linkcode follow}. */
export interface FollowOptions {
  /** Where the replicas are, one directory a subject; made where it is not there. */
  readonly directory: string;
  /** The subjects, as the log has patterns: with NATS `steps.*`. */
  readonly subjects: string;
  /** How often replicas are made durable, in milliseconds; by default 1,000. */
  readonly syncEvery?: number;
  /**
   * By this name it tells senders how far its replicas are durable, so that their stores keep what it may still need: see
   * {@linkcode SendOptions.followers}. Letters, digits, `-` and `_`.
   */
  readonly name?: string;
  /** Ends it. */
  readonly signal?: AbortSignal;
  /** Called after each message that brought rows. */
  readonly onProgress?: (progress: FollowProgress) => void;
  /** Called where rows are missing for good, so that a replica has ended and a further one has begun. */
  readonly onGap?: (gap: FollowGap) => void;
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

const followKeys = ["directory", "subjects", "syncEvery", "name", "signal", "onProgress", "onGap"];
/** How long it is waited before a log is read again from its first message on. */
const againMilliseconds = 250;

/**
 * Keeps a replica for each subject until the signal, and then closes them. A replica is a store like any other, with its
 * collector's row numbers: whoever opens it may read and sample it while it grows. It begins with the first row that the
 * log has. Where rows are missing behind it for good, it ends, and a further one begins, whose directory's name tells its
 * first row: `steps.robot@5000.stream`.
 *
 * @param log Where from.
 * @param options Which subjects, and where the replicas are.
 * @throws {StreamStoreError} If a subject's store was made otherwise than its replica (`fields-differ`), or a message is
 * none, or of other rows than the replica's (`damaged`).
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
  const { directory, subjects, signal, syncEvery = 1000, name } = options;
  const notes = name === undefined ? null : new AppliedNotes(log, name);
  mkdirSync(directory, { recursive: true });
  const replicas = new Replicas(directory, options);
  const end = new AbortController();
  const onAbort = () => end.abort();
  signal?.addEventListener("abort", onAbort);
  if (signal?.aborted) end.abort();
  let failure: unknown = null;
  const syncing = keepDurable(replicas, syncEvery, notes, end.signal).catch((error) => {
    failure = error;
    end.abort();
  });
  try {
    while (!end.signal.aborted) {
      await readThrough(log, subjects, replicas, end.signal);
      if (!end.signal.aborted) await pause(againMilliseconds, end.signal).catch(() => {});
    }
  } finally {
    signal?.removeEventListener("abort", onAbort);
    end.abort();
    await syncing;
    replicas.close();
  }
  if (failure !== null) throw failure;
}

/** Also once more when it ends. */
async function keepDurable(
  replicas: Replicas,
  syncEvery: number,
  notes: AppliedNotes | null,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await pause(syncEvery, signal).catch(() => {});
    replicas.sync();
    // Those that come meanwhile are not durable yet.
    await notes?.note(replicas.rows());
  }
}

/** Reads from the log's first message on, until the signal, or until the log is not what was read any more. */
async function readThrough(
  log: MessageLog,
  subjects: string,
  replicas: Replicas,
  signal: AbortSignal,
): Promise<void> {
  const lacks = (message: LoggedMessage) => replicas.lacks(message);
  for await (const logged of readFromFirst(log, subjects, { lacks, signal })) {
    if (replicas.take(logged) === "gap" && !await passGap(log, logged, replicas, signal)) return;
  }
}

/**
 * Whether rows are missing for good before a message is decided by what the log holds. It may have lost its newest messages,
 * whose numbers then came again with others that were passed over: so the subject is read once more from its first message
 * on. Where that comes to the same message, and nothing before it had the rows, nobody sends them any more: a sender goes on
 * behind the newest message. Returns false where the log has become another meanwhile.
 */
async function passGap(
  log: MessageLog,
  met: LoggedMessage,
  replicas: Replicas,
  signal: AbortSignal,
): Promise<boolean> {
  // Where it does not answer, it is read again later.
  const last = await log.last(met.subject).catch(() => null);
  if (last === null || last.number < met.number) return false;
  const wanted = decodeRows(met.bytes);
  // What it lacks is what is looked for.
  for await (const logged of readFromFirst(log, met.subject, { lacks: () => false, signal, met })) {
    const isGap = replicas.take(logged) === "gap";
    if (!isGap && logged.number < met.number) continue;
    if (!isGap) return true;
    const { head } = decodeRows(logged.bytes);
    const isSame = logged.number === met.number && head.row === wanted.head.row &&
      head.token === wanted.head.token;
    if (isSame) replicas.begin(met.subject, wanted);
    return isSame;
  }
  return false;
}

class Replicas {
  readonly #bySubject = new Map<string, Succession>();

  constructor(private readonly directory: string, private readonly options: FollowOptions) {}

  take({ subject, bytes }: LoggedMessage): Outcome {
    const message = decodeRows(bytes);
    let succession = this.#bySubject.get(subject);
    if (succession === undefined) {
      succession = new Succession(this.directory, subject, message.head);
      this.#bySubject.set(subject, succession);
    }
    return this.#apply(subject, succession, message);
  }

  /** Goes on behind rows that are missing for good. */
  begin(subject: string, message: Message): void {
    const succession = this.#bySubject.get(subject)!;
    const gap = succession.begin(message);
    this.options.onGap?.(gap);
    this.#apply(subject, succession, message);
  }

  #apply(subject: string, succession: Succession, message: Message): Outcome {
    const outcome = succession.apply(message);
    if (outcome === "applied") {
      const { store } = succession.replica;
      this.options.onProgress?.({ subject, replica: store, endRow: store.rowCount });
    }
    return outcome;
  }

  /** Whether a message ends behind the replica. */
  lacks({ subject, bytes }: LoggedMessage): boolean {
    return this.#bySubject.get(subject)?.replica.lacks(decodeRows(bytes).head) ?? false;
  }

  sync(): void {
    for (const { replica } of this.#bySubject.values()) replica.store.sync();
  }

  /** For each store the row before which all is there: the last one may still grow. */
  rows(): [store: string, row: number][] {
    return [...this.#bySubject.values()].map(({ store, replica }) => {
      const { firstRow, rowCount } = replica.store;
      return [store, Math.max(firstRow, rowCount - 1)];
    });
  }

  close(): void {
    for (const { replica } of this.#bySubject.values()) replica.store.close();
  }
}
