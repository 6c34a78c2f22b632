/**
 * A store that becomes the same as another by its messages. Its own commit is how far it has come: there is no ledger
 * beside it, so no kill can part the two. A message is applied only where it goes on from; what is there already is
 * passed over, and where something is missing nothing is done.
 */
import type { Table } from "apache-arrow";
import { appendTable } from "../dataset/table/from_arrow.ts";
import { StreamStoreError } from "../error.ts";
import { parseExtras } from "../extras.ts";
import { tokenOfRow } from "../read/row.ts";
import { StreamStore } from "../store.ts";
import { Session, sessionOf } from "../store/session.ts";
import { openDirectory } from "../store/open.ts";
import { fieldList, type Message, type MessageHead } from "./message.ts";
import { countColumns, countTokens } from "./count_table.ts";
import { growLastRow } from "./grow_row.ts";

/** `applied`: the rows are in the replica. `known`: they were. `gap`: rows before them are missing. */
export type Outcome = "applied" | "known" | "gap";

/**
 * Opens a replica, or makes one for the store that a message comes from: one that begins with the message's first row, where
 * the rows before are not to be had any more.
 */
export function openReplica(path: string, head: MessageHead): Replica {
  const { row, token } = head;
  const origin = row > 0 ? { row, token } : undefined;
  const extras = parseExtras(Object.fromEntries(head.extras.map(({ name, kind }) => [name, kind])));
  const made = { fields: fieldList(head.fields), extras, origin, salvage: false };
  return new Replica(new StreamStore(new Session(openDirectory(path, made), {}) as never));
}

export class Replica {
  readonly #session: Session;
  /**
   * Whether the last row came as one that may still grow: then a message that goes on has it again, or something is missing
   * between, which tokens do not show where the row got none. Of a follower that is begun again it is false, until a message
   * has the row, which is the first that is read.
   */
  #isOpen = false;
  /** In how many columns the last row had a value, by the messages that were read. */
  #columns = 0;

  constructor(readonly store: StreamStore) {
    this.#session = sessionOf(store)!;
    // Where a follower is begun again no writer was.
    if (this.#session.rowCount > 0) this.#session.beginSession(null);
  }

  /**
   * @throws {StreamStoreError} `fields-differ` where the message is of a store that was made otherwise, `damaged` where
   * it is of other rows than the replica's, as of a store that was made anew.
   */
  apply({ head, table }: Message): Outcome {
    const { rowCount, tokenCount, connection: { firstRow } } = this.#session;
    this.#checkMade(head);
    if (head.row > rowCount) return "gap";
    if (head.row === rowCount && (head.token > tokenCount || this.#isOpen)) return "gap";
    // Rows that a replica before this one had.
    if (head.endRow <= firstRow) return "known";
    this.#checkPlace(head, table);
    const held = rowCount - head.row;
    const hasLast = rowCount > Math.max(firstRow, head.row);
    const isGrown = hasLast && head.endRow >= rowCount && this.#grow(head, rowsOf(table, held - 1, held));
    if (head.endRow > rowCount) this.#append(head, rowsOf(table, held, table.numRows), rowCount);
    if (head.endRow >= rowCount) this.#noteLast(head, countColumns(table), head.endRow > rowCount);
    return head.endRow > rowCount || isGrown ? "applied" : "known";
  }

  #noteLast({ isOpen }: MessageHead, columns: number, isNew: boolean): void {
    this.#isOpen = isOpen;
    this.#columns = isNew ? columns : Math.max(this.#columns, columns);
  }

  /** Whether a message has more than the replica. */
  lacks({ head: { endRow, endToken }, table }: Message): boolean {
    const { rowCount, tokenCount } = this.#session;
    if (endRow !== rowCount) return endRow > rowCount;
    return endToken > tokenCount || endToken === tokenCount && countColumns(table) > this.#columns;
  }

  /** The first row that both have must begin with the same token. */
  #checkPlace(head: MessageHead, table: Table): void {
    const row = Math.max(head.row, this.#session.connection.firstRow);
    const expected = tokenOfRow(this.#session, row);
    const before = row - head.row;
    const token = head.token + (before === 0 ? 0 : countTokens(rowsOf(table, 0, before), head.fields));
    if (token !== expected) throw otherRows(head, row, expected, token);
  }

  #grow(head: MessageHead, row: Table): boolean {
    const { rowCount, tokenCount } = this.#session;
    const start = tokenOfRow(this.#session, rowCount - 1);
    const grown = start + countTokens(row, head.fields);
    // An older version of it.
    if (grown < tokenCount && head.endRow === rowCount) return false;
    if (grown < tokenCount) throw otherRows(head, rowCount, tokenCount, grown);
    return growLastRow(this.store, head, row);
  }

  /** All or none up to each row with which a writer began. */
  #append(head: MessageHead, table: Table, first: number): void {
    const begun = head.sessions.filter((row) => row >= first);
    let from = first;
    for (const to of [...begun.filter((row) => row > first), head.endRow]) {
      if (begun.includes(from)) this.#session.beginSession(from);
      const part = rowsOf(table, from - first, to - first);
      const append = () => void appendTable(this.#session, part, { step: head.step, extra: true });
      // As a batch of columns: a message tells no features, so that none have to be written to the disk for each.
      this.#session.write("follow a store", () => this.#session.appendAtOnce(append));
      from = to;
    }
  }

  #checkMade({ fields, extras, store }: MessageHead): void {
    const [theirs, ours] = [{ fields, extras }, { fields: this.store.fields, extras: this.store.extras }]
      .map((made) => JSON.stringify(made));
    if (theirs === ours) return;
    const message =
      `Cannot follow the store ${store}: it must have what the replica has, ${ours}, got ${theirs}`;
    throw new StreamStoreError("fields-differ", message);
  }
}

/** A part of a table costs as much as a part of a message. */
function rowsOf(table: Table, from: number, to: number): Table {
  return from === 0 && to === table.numRows ? table : table.slice(from, to);
}

function otherRows({ store }: MessageHead, row: number, expected: number, found: number): StreamStoreError {
  const message =
    `Cannot follow the store ${store}: row ${row} must begin with token ${expected}, got ${found}`;
  return new StreamStoreError("damaged", `${message}: these are other rows than the replica's`);
}
