/** What a sender makes of a store. */
import type { StreamStore } from "../../mod.ts";
import { type LoggedMessage, type MessageLog, send } from "../../replicate.ts";

/** All messages that a store is sent by, of so many rows at most. */
export async function messagesOf(store: StreamStore, rows: number): Promise<Uint8Array[]> {
  const messages: LoggedMessage[] = [];
  const log: MessageLog = {
    messageBytesMax: 1 << 20,
    last: () => Promise.resolve(messages.at(-1) ?? null),
    publish: (subject, bytes) =>
      Promise.resolve(messages.push({ subject, bytes, number: messages.length + 1 })),
    next: () => Promise.resolve(null),
    subjects: () => Promise.resolve([]),
    read: async function* () {},
    close: () => Promise.resolve(),
  };
  // Ended at once: what is there is sent.
  await send(store, log, "steps.made", { signal: AbortSignal.abort(), rows });
  return messages.map(({ bytes }) => bytes);
}
