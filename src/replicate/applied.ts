/**
 * How far followers have come, in rows that they have made durable: they note it in the log, and a sender's store keeps what
 * one of them may still need. A log that was wiped says nothing; then the sender goes by what it knew, or keeps all.
 */
import { describe } from "../fields.ts";
import { pause } from "../pause.ts";
import type { Session } from "../store/session.ts";
import type { MessageLog } from "./log.ts";
import { checkInteger } from "./numbers.ts";

/** How often the log is asked. */
const lookMilliseconds = 1000;
/** How often a follower notes what has not changed: the log may have lost it. */
const repeatMilliseconds = 30_000;

/** Whom a sender's store waits for, and with how many rows at most. */
interface Waiting {
  readonly followers?: readonly string[];
  readonly waitRows?: number;
}

/** Has a store keep what followers may need, until the function that is returned is called. */
export function waitForFollowers(
  session: Session,
  log: MessageLog,
  { followers, waitRows = Infinity }: Waiting,
): () => void {
  if (followers === undefined) return () => {};
  const { retention, connection } = session;
  const action = "Cannot send a store";
  const refuse = (must: string, got: string, help: string) =>
    new RangeError(
      `${action}: what waits for followers must be ${must}, got ${got}: ${help}, or leave them out`,
    );
  if (!connection.isWritable) {
    throw refuse(
      "the writer's own store",
      "one that is open for reading",
      "send from the process that appends",
    );
  }
  if (retention === null) {
    throw refuse("a store that drops rows", "one that keeps all", "open it with retain");
  }
  if (waitRows !== Infinity) checkInteger(`${action}: waitRows`, waitRows, 1);
  followers.forEach((name) => checkName(name, action));
  checkLog(log, action);
  const rows = new Map(followers.map((name) => [name, 0]));
  retention.keptFrom = () => Math.max(Math.min(...rows.values()), connection.rowCount - waitRows);
  const end = new AbortController();
  void look(log, connection.id, rows, end.signal);
  return () => {
    end.abort();
    retention.keptFrom = () => Infinity;
  };
}

async function look(
  log: MessageLog,
  store: string,
  rows: Map<string, number>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    for (const name of rows.keys()) {
      // Where it does not answer, what is known holds.
      const row = await log.applied!(name, store).catch(() => null);
      if (row !== null) rows.set(name, row);
    }
    if (!signal.aborted) await pause(lookMilliseconds, signal).catch(() => {});
  }
}

/** Throws for a name that no log could have in a subject. */
function checkName(name: unknown, action: string): void {
  if (typeof name === "string" && /^[\w-]+$/.test(name)) return;
  throw new RangeError(
    `${action}: a follower's name must have letters, digits, - and _ alone, got ${describe(name)}`,
  );
}

function checkLog(log: MessageLog, action: string): void {
  if (log.noteApplied !== undefined && log.applied !== undefined) return;
  throw new TypeError(`${action}: the log must have noteApplied and applied`);
}

/** What a follower has noted, so that it notes what is new. */
export class AppliedNotes {
  readonly #noted = new Map<string, { readonly row: number; readonly at: number }>();

  constructor(private readonly log: MessageLog, private readonly follower: string) {
    const action = "Cannot follow stores";
    checkName(follower, action);
    checkLog(log, action);
  }

  /** Notes for each store the row before which all is durable. A log that does not answer is told the next time. */
  async note(rows: Iterable<readonly [store: string, row: number]>): Promise<void> {
    for (const [store, row] of rows) {
      const [noted, at] = [this.#noted.get(store), performance.now()];
      if (noted?.row === row && at - noted.at < repeatMilliseconds) continue;
      try {
        await this.log.noteApplied!(this.follower, store, row);
      } catch {
        return;
      }
      this.#noted.set(store, { row, at });
    }
  }
}
