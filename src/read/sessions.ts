/** The rows at which writers began. */
import type { Connection } from "../store/connection.ts";
import type { Session } from "../store/session.ts";
import { damagedMark, readMarks } from "./rows.ts";

const action = "tell where writers began";

/** What is known of the rows that were committed when somebody last asked. */
class KnownSessions {
  #rows: number[] = [];
  #rowCount = 0;

  /** Ascending, of rows that are held. */
  update(connection: Connection): number[] {
    const { firstRow, rowCount } = connection;
    if (rowCount > this.#rowCount) {
      for (const { row } of readMarks(connection, "sessions", this.#rowCount, rowCount)) {
        this.#add(row, rowCount);
      }
      this.#rowCount = rowCount;
    }
    if (this.#rows.length > 0 && this.#rows[0] < firstRow) {
      this.#rows = this.#rows.filter((row) => row >= firstRow);
    }
    return this.#rows;
  }

  /** Rows come from a file. */
  #add(row: number, rowCount: number): void {
    const least = Math.max(this.#rowCount, (this.#rows.at(-1) ?? -1) + 1);
    if (row < least || row >= rowCount) throw damagedMark(action, row);
    this.#rows.push(row);
  }
}

const known = () => new KnownSessions();

/** The first row of each session, as {@linkcode StreamStore.sessions} says. */
export function sessionRows(session: Session): readonly number[] {
  const { connection } = session;
  connection.checkOpen(action);
  const rows = session.kept(known).update(connection).slice();
  // The writer's own first row may be in the tail.
  const { isWritable, sessionRow } = connection;
  if (isWritable && sessionRow >= connection.rowCount && sessionRow < session.rowCount) rows.push(sessionRow);
  return rows;
}
