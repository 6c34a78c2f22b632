/** Reads a log on, and ends where it has gone back behind what was read: then it must be read anew. */
import { pause } from "../pause.ts";
import type { Answers } from "./answers.ts";
import type { LoggedMessage, MessageLog } from "./log.ts";

/** How often it is looked whether it has, at one subject after another. */
const lookMilliseconds = 1000;

/** How a log is read. */
export interface Reading {
  /** Whether a message has rows that were not applied, though it is the newest that was read. */
  readonly lacks: (message: LoggedMessage) => boolean;
  readonly signal: AbortSignal;
  /** Told of each answer, and of each that does not come. */
  readonly answers: Answers;
  /** One that the log had already: without it the log is not what it was. */
  readonly met?: LoggedMessage;
  /** By subject the number of a message that the log had, which may not have been read yet. */
  readonly known?: ReadonlyMap<string, number>;
}

/**
 * A log that has lost its newest messages, or all, as a server that comes back from an older disk, gives their numbers to
 * others, which a reading passes over that is behind them already.
 */
export async function* readFrom(
  log: MessageLog,
  pattern: string,
  from: number,
  { lacks, signal, answers, met, known }: Reading,
): AsyncGenerator<LoggedMessage> {
  const seen = new Map<string, number>();
  if (met !== undefined) seen.set(met.subject, met.number);
  const end = new AbortController();
  const onAbort = () => end.abort();
  signal.addEventListener("abort", onAbort);
  if (signal.aborted) end.abort();
  const looking = lookForLoss(log, pattern, seen, { lacks, signal: end.signal, answers, known }).then(() =>
    end.abort()
  );
  try {
    for await (const message of log.read(pattern, from, end.signal)) {
      const { subject, number } = message;
      answers.came();
      seen.set(subject, Math.max(number, seen.get(subject) ?? 0));
      yield message;
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
    end.abort();
    await looking;
  }
}

/** Ends where the log has gone back. A server that is away says nothing of what it has, and whoever reads hears nothing. */
async function lookForLoss(
  log: MessageLog,
  pattern: string,
  seen: ReadonlyMap<string, number>,
  { lacks, signal, answers, known = new Map() }: Reading,
): Promise<void> {
  for (let turn = 0; !signal.aborted; turn++) {
    await pause(lookMilliseconds, signal).catch(() => {});
    if (signal.aborted) return;
    const subjects = [...new Set([...seen.keys(), ...known.keys()])];
    const subject = subjects[turn % subjects.length];
    try {
      if (subject === undefined) await log.subjects(pattern);
      else {
        const [last, read] = [await log.last(subject), seen.get(subject)];
        if (read === undefined ? (last?.number ?? 0) < known.get(subject)! : hasGoneBack(last, read, lacks)) {
          return;
        }
      }
      answers.came();
    } catch (error) {
      if (!signal.aborted) answers.missed(error);
    }
  }
}

/** The number that was read last may be another message's now. */
function hasGoneBack(last: LoggedMessage | null, read: number, lacks: Reading["lacks"]): boolean {
  if (last === null || last.number < read) return true;
  const isLacking = lacks(last);
  return last.number === read && isLacking;
}
