/** How far behind replicas are, and how fast they come on. */
import type { MessageLog } from "./log.ts";
import { decodeRows } from "./message.ts";
import type { Followed } from "./replicas.ts";

/** A subject that is followed. Told by {@linkcode Follower.watch}. */
export interface FollowReport {
  /** The subject. */
  readonly subject: string;
  /** The row after the replica's last. */
  readonly endRow: number;
  /** Rows that the log has and the replica has not; null where the log does not say, or the subject is refused. */
  readonly behindRows: number | null;
  /** What has come since the report before, in rows a second. */
  readonly rowsPerSecond: number;
  /** The same in bytes of messages, a second. */
  readonly bytesPerSecond: number;
  /** When rows last came, in milliseconds since 1970; null where none have since following began. */
  readonly appliedAt: number | null;
  /** Why nothing more of it is applied, or null. */
  readonly refused: Error | null;
}

interface Counts {
  readonly rows: number;
  readonly bytes: number;
}

/** Reports, each about the time since the one before. */
export class Reporter {
  readonly #before = new Map<string, Counts>();
  #at = performance.now();

  constructor(private readonly log: MessageLog) {}

  /** Of what the log has not said when `timeout` ends it is not said how far behind it is. */
  async report(all: readonly Followed[], timeout: Promise<unknown>): Promise<FollowReport[]> {
    const ends = new Map<string, number>();
    const asked = Promise.all(
      all.filter(({ refused }) => refused === null).map(async (followed) => {
        const last = await this.log.last(followed.subject);
        if (last === null) return;
        followed.logEndRow = decodeRows(last.bytes).head.endRow;
        ends.set(followed.subject, followed.logEndRow);
      }),
    );
    // What it has answered till then counts.
    await Promise.race([asked, timeout]).catch(() => {});
    const now = performance.now();
    const seconds = Math.max(1e-3, (now - this.#at) / 1000);
    this.#at = now;
    return all.map((followed) => this.#one(followed, ends.get(followed.subject), seconds));
  }

  #one(followed: Followed, end: number | undefined, seconds: number): FollowReport {
    const { subject, endRow, rows, bytes, appliedAt, refused } = followed;
    const before = this.#before.get(subject) ?? { rows: 0, bytes: 0 };
    this.#before.set(subject, { rows, bytes });
    return {
      subject,
      endRow,
      behindRows: end === undefined ? null : Math.max(0, end - endRow),
      rowsPerSecond: (rows - before.rows) / seconds,
      bytesPerSecond: (bytes - before.bytes) / seconds,
      appliedAt,
      refused,
    };
  }
}
