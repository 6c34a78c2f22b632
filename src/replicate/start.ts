/**
 * Where a log is read on from, for replicas that have some of it. The log is asked for it: the messages of a subject have
 * rising rows, so that few have to be looked at, and there is no file that could be wrong. Where it is wrong all the same, the
 * rows show it: a message that does not go on from a replica has its subject read from the first message on.
 */
import type { LoggedMessage, MessageLog } from "./log.ts";
import { decodeRows } from "./message.ts";

/** Where a log is read on from. */
export interface Start {
  /** The number of a message before which the replicas, and those that are still to be made, need none: 1, where there is none. */
  readonly from: number;
  /** The same of each subject. The log has a message of it with that number. */
  readonly known: ReadonlyMap<string, number>;
}

export async function findStart(
  log: MessageLog,
  pattern: string,
  rowCountOf: (subject: string) => number | null,
): Promise<Start> {
  const found = new Map<string, number>();
  // A subject that has begun meanwhile may stand before what was found for another.
  for (;;) {
    const fresh = (await log.subjects(pattern)).filter((subject) => !found.has(subject));
    if (fresh.length === 0) break;
    await Promise.all(fresh.map(async (subject) => {
      found.set(subject, await startOf(log, subject, rowCountOf(subject)));
    }));
  }
  const known = new Map([...found].filter(([, number]) => number < Infinity));
  return { from: known.size === 0 ? 1 : Math.min(...known.values()), known };
}

/** The last message of a subject that goes on from a place; without one, or where none does, the first message. */
async function startOf(log: MessageLog, subject: string, rowCount: number | null): Promise<number> {
  const first = (await log.next(subject, 1))?.number ?? Infinity;
  const last = rowCount === null ? null : await log.last(subject);
  if (rowCount === null || last === null || last.number <= first) return first;
  if (goesOn(last, rowCount)) return last.number;
  let [low, high] = [first, last.number];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    const message = await log.next(subject, middle);
    if (message === null || message.number >= high || !goesOn(message, rowCount)) high = middle;
    else low = message.number;
  }
  return low;
}

/**
 * The replica's last row may have grown since, and comes again then. A message that is damaged is read, and refused then.
 */
function goesOn({ bytes }: LoggedMessage, rowCount: number): boolean {
  try {
    return decodeRows(bytes).head.row < rowCount;
  } catch {
    return false;
  }
}
