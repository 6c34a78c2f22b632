/** The rows at which writers began. */
import type { Connection } from "../store/connection.ts";
import type { Session } from "../store/session.ts";
import { damagedMark, readMarks } from "./rows.ts";

const action = "tell where writers began";

/**
 * The rows from `from` to `to`, without the last, with which writers began: ascending, of rows that are committed.
 *
 * @throws {StreamStoreError} If the marks that tell it are damaged; `doing` says what cannot be done then.
 */
export function sessionsWithin(connection: Connection, from: number, to: number, doing = action): number[] {
  const rows = readMarks(connection, "sessions", from, to).map(({ row }) => row);
  // Rows come from a file.
  const wrong = rows.find((row, i) => row < (i === 0 ? from : rows[i - 1] + 1) || row >= to);
  if (wrong !== undefined) throw damagedMark(doing, wrong);
  return rows;
}

/** What is known of the rows that were committed when somebody last asked. */
class KnownSessions {
  #rows: number[] = [];
  #rowCount = 0;

  /** Ascending, of rows that are held. */
  update(connection: Connection): number[] {
    const { firstRow, rowCount } = connection;
    if (rowCount > this.#rowCount) {
      this.#rows.push(...sessionsWithin(connection, this.#rowCount, rowCount));
      this.#rowCount = rowCount;
    }
    if (this.#rows.length > 0 && this.#rows[0] < firstRow) {
      this.#rows = this.#rows.filter((row) => row >= firstRow);
    }
    return this.#rows;
  }
}

const known = () => new KnownSessions();

/** The first row of each session, as {@linkcode StreamStore.sessions} says. */
export function sessionRows(session: Session): readonly number[] {
  session.connection.checkOpen(action);
  const rows = session.kept(known).update(session.connection).slice();
  if (isInTail(session)) rows.push(session.connection.sessionRow);
  return rows;
}

/** The first row of the last session, or -1 where none is kept. */
export function lastSession(session: Session): number {
  const rows = session.kept(known).update(session.connection);
  return isInTail(session) ? session.connection.sessionRow : rows.at(-1) ?? -1;
}

/** Whether the writer's own first row is in the tail. */
function isInTail({ connection, rowCount }: Session): boolean {
  const { isWritable, sessionRow } = connection;
  return isWritable && sessionRow >= connection.rowCount && sessionRow < rowCount;
}
