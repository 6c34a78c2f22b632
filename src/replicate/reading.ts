/** Reads a log on, and ends where it has gone back behind what was read: then it must be read anew. */
import { pause } from "../pause.ts";
import type { LoggedMessage, MessageLog } from "./log.ts";

/** How often it is looked whether it has, at one subject after another. */
const lookMilliseconds = 1000;

/** How a log is read. */
export interface Reading {
  /** Whether a message has rows that were not applied, though it is the newest that was read. */
  readonly lacks: (message: LoggedMessage) => boolean;
  readonly signal: AbortSignal;
  /** One that the log had already: without it the log is not what it was. */
  readonly met?: LoggedMessage;
}

/**
 * A log that has lost its newest messages, or all, as a server that comes back from an older disk, gives their numbers to
 * others, which a reading passes over that is behind them already.
 */
export async function* readFrom(
  log: MessageLog,
  pattern: string,
  from: number,
  { lacks, signal, met }: Reading,
): AsyncGenerator<LoggedMessage> {
  const seen = new Map<string, number>();
  if (met !== undefined) seen.set(met.subject, met.number);
  const end = new AbortController();
  const onAbort = () => end.abort();
  signal.addEventListener("abort", onAbort);
  if (signal.aborted) end.abort();
  const looking = lookForLoss(log, seen, end, lacks);
  try {
    for await (const message of log.read(pattern, from, end.signal)) {
      const { subject, number } = message;
      seen.set(subject, Math.max(number, seen.get(subject) ?? 0));
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
  lacks: Reading["lacks"],
): Promise<void> {
  for (let turn = 0; !end.signal.aborted; turn++) {
    await pause(lookMilliseconds, end.signal).catch(() => {});
    const subjects = [...seen.keys()];
    if (subjects.length === 0) continue;
    const subject = subjects[turn % subjects.length];
    const read = seen.get(subject)!;
    try {
      const last = await log.last(subject);
      // The same number again may be another message.
      if ((last?.number ?? 0) < read || last!.number === read && lacks(last!)) return end.abort();
    } catch {
      // A server that is away says nothing of what it has.
    }
  }
}
