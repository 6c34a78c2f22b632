/**
 * A store that becomes the same as another by its messages. Its own commit is how far it has come: there is no ledger
 * beside it, so no kill can part the two. A message is applied only where it goes on from; what is there already is
 * passed over, and where something is missing nothing is done.
 */
import type { Table } from "apache-arrow";
import { appendTable } from "../dataset/table/from_arrow.ts";
import { StreamStoreError } from "../error.ts";
import { tokenOfRow } from "../read/row.ts";
import { StreamStore } from "../store.ts";
import { type Session, sessionOf } from "../store/session.ts";
import { fieldList, type Message, type MessageHead } from "./message.ts";
import { countTokens, growLastRow } from "./grow_row.ts";

/** `applied`: the rows are in the replica. `known`: they were. `gap`: rows before them are missing. */
export type Outcome = "applied" | "known" | "gap";

/** Opens a replica, or makes one for the store that a message comes from. */
export function openReplica(path: string, head: MessageHead): Replica {
  const extra = Object.fromEntries(head.extras.map(({ name, kind }) => [name, kind]));
  const store = StreamStore.open(path, { fields: fieldList(head.fields), extra });
  return new Replica(store as unknown as StreamStore);
}

export class Replica {
  readonly #session: Session;

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
    const session = this.#session;
    this.#checkMade(head);
    const { rowCount, tokenCount } = session;
    if (head.row > rowCount || head.row === rowCount && head.token > tokenCount) return "gap";
    const held = rowCount - head.row;
    if (head.token !== tokenOfRow(session, head.row)) throw otherRows(head, tokenOfRow(session, head.row));
    const isGrown = held > 0 && head.endRow >= rowCount && this.#grow(head, table.slice(held - 1, held));
    if (head.endRow <= rowCount) return isGrown ? "applied" : "known";
    this.#append(head, table.slice(held), rowCount);
    return "applied";
  }

  #grow(head: MessageHead, row: Table): boolean {
    const { rowCount, tokenCount } = this.#session;
    const tokens = tokenCount - tokenOfRow(this.#session, rowCount - 1);
    const grown = countTokens(row, head.fields);
    // An older version of it.
    if (grown < tokens && head.endRow === rowCount) return false;
    if (grown < tokens) throw otherRows(head, tokens);
    return growLastRow(this.store, head, row);
  }

  /** All or none up to each row with which a writer began. */
  #append(head: MessageHead, table: Table, first: number): void {
    const begun = head.sessions.filter((row) => row >= first);
    let from = first;
    for (const to of [...begun.filter((row) => row > first), head.endRow]) {
      if (begun.includes(from)) this.#session.beginSession(from);
      const part = table.slice(from - first, to - first);
      this.#session.loadAtOnce(
        "follow a store",
        () => void appendTable(this.#session, part, { step: head.step, extra: true }),
      );
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

function otherRows({ store, row, token }: MessageHead, found: number): StreamStoreError {
  const message = `Cannot follow the store ${store}: row ${row} must begin with token ${found}, got ${token}`;
  return new StreamStoreError("damaged", `${message}: these are other rows than the replica's`);
}
