/** Reads a log from its first message on, and ends where it has gone back behind what was read: then it must be read anew. */
import { pause } from "../pause.ts";
import type { LoggedMessage, MessageLog } from "./log.ts";

/** How often it is looked whether it has, at one subject after another. */
const lookMilliseconds = 1000;

/**
 * A log that has lost its newest messages, or all, as a server that comes back from an older disk, gives their numbers to
 * others, which a reading passes over that is behind them already.
 */
export async function* readFromFirst(
  log: MessageLog,
  pattern: string,
  signal: AbortSignal,
): AsyncGenerator<LoggedMessage> {
  const seen = new Map<string, number>();
  const end = new AbortController();
  const onAbort = () => end.abort();
  signal.addEventListener("abort", onAbort);
  if (signal.aborted) end.abort();
  const looking = lookForLoss(log, seen, end);
  try {
    for await (const message of log.read(pattern, 1, end.signal)) {
      seen.set(message.subject, message.number);
      yield message;
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
    end.abort();
    await looking;
  }
}

async function lookForLoss(
  log: MessageLog,
  seen: ReadonlyMap<string, number>,
  end: AbortController,
): Promise<void> {
  for (let turn = 0; !end.signal.aborted; turn++) {
    await pause(lookMilliseconds, end.signal).catch(() => {});
    const subjects = [...seen.keys()];
    if (subjects.length === 0) continue;
    const subject = subjects[turn % subjects.length];
    const read = seen.get(subject)!;
    try {
      if (((await log.last(subject))?.number ?? 0) < read) return end.abort();
    } catch {
      // A server that is away says nothing of what it has.
    }
  }
}
