/**
 * Follows stores by the messages of a log: a replica a subject, new ones as they appear. How far each has come its own
 * rows say; the number to read on from is only where looking begins.
 */
import type { FollowOptions } from "./follow_options.ts";
import { Follower } from "./follower.ts";
import type { MessageLog } from "./log.ts";

/**
 * Keeps a replica for each subject until the signal, and then closes them. A replica is a store like any other, with its
 * collector's row numbers: whoever opens it may read and sample it while it grows. It begins with the first row that the
 * log has. Where rows are missing behind it for good, it ends, and a further one begins, whose directory's name tells its
 * first row: `steps.robot@5000.stream`.
 *
 * @param log Where from.
 * @param options Which subjects, and where the replicas are.
 * @returns To be awaited: it ends with the signal. It tells how far behind the replicas are, and samples them as one.
 * @throws {StreamStoreError} At the end, if a subject was refused: since its store was made otherwise than its replica
 * (`fields-differ`), or a message is none, or of other rows than the replica's (`damaged`); of several subjects an
 * `AggregateError`. At once, if the replicas cannot be written, as on a full disk.
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
 *   next: async (subject, from) =>
 *     messages.find((message) => message.subject === subject && message.number >= from) ?? null,
 *   subjects: async () => [...new Set(messages.map(({ subject }) => subject))],
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
export function follow(log: MessageLog, options: FollowOptions): Follower {
  return new Follower(log, options);
}
