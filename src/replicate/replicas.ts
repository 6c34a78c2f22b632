/**
 * The replicas of all subjects. What is wrong with one subject, another schema or a message that is none, ends that one, is
 * said once, and holds up no other; what is wrong with this machine, such as a full disk, ends all.
 */
import { StreamStoreError } from "../error.ts";
import type { StreamStore } from "../store.ts";
import type { LoggedMessage } from "./log.ts";
import { decodeRows, type Message } from "./message.ts";
import type { Outcome } from "./replica.ts";
import { type FollowGap, Succession } from "./succession.ts";

/** What is told while stores are followed. */
export interface Listeners {
  readonly onProgress?: (
    progress: { readonly subject: string; readonly replica: StreamStore; readonly endRow: number },
  ) => void;
  readonly onGap?: (gap: FollowGap) => void;
  readonly onRefuse?: (refusal: { readonly subject: string; readonly error: Error }) => void;
}

/** A subject, and what has come of it since following began. */
export interface Followed {
  readonly subject: string;
  succession: Succession | null;
  /** Why nothing more of it is applied. */
  refused: Error | null;
  /** The row after the replica's last. */
  endRow: number;
  /** The same of the log, when it last said so. */
  logEndRow: number | null;
  rows: number;
  bytes: number;
  /** When rows last came, in milliseconds since 1970. */
  appliedAt: number | null;
  /** Whether there may be rows that were not made durable: also those that a killed follower has left. */
  isDirty: boolean;
  /** The row before which all is there and durable: the last one may still grow. */
  durableRow: number | null;
}

type Join = (subject: string, store: StreamStore) => void;

export class Replicas {
  readonly #bySubject = new Map<string, Followed>();
  readonly #joins = new Set<Join>();
  /** Stores that were told of, in that order. */
  readonly #joined = new Map<StreamStore, string>();
  /** What was refused. */
  readonly errors: Error[] = [];

  constructor(private readonly directory: string, private readonly listeners: Listeners) {}

  get all(): Followed[] {
    return [...this.#bySubject.values()];
  }

  /** How far a replica has come; null where a first message would make one, or what is there cannot be read. */
  rowCountOf(subject: string): number | null {
    const succession = this.#bySubject.get(subject)?.succession;
    if (succession) return succession.replica.store.rowCount;
    try {
      return Succession.rowCountIn(this.directory, subject);
    } catch {
      // Whoever opens it to go on with it says why.
      return null;
    }
  }

  /** Of a subject that was refused everything is known. */
  take({ subject, bytes }: LoggedMessage): Outcome {
    const followed = this.#of(subject);
    return this.#try(followed, () => {
      const message = decodeRows(bytes);
      const isFirst = followed.succession === null && !Succession.isIn(this.directory, subject);
      // The log may have the rows before: it may have become another since it was found where it is read from.
      if (isFirst && message.head.row > 0) return () => "gap";
      return this.#apply(this.#open(followed, message), message, bytes);
    });
  }

  /** Goes on behind rows that are missing for good. */
  begin({ subject, bytes }: LoggedMessage): void {
    const followed = this.#of(subject);
    this.#try(followed, () => {
      const message = decodeRows(bytes);
      // A first replica begins with the first row that the log has.
      if (followed.succession === null) return this.#apply(this.#open(followed, message), message, bytes);
      const gap = followed.succession.begin(message);
      const told = this.#apply(followed, message, bytes);
      return () => {
        this.listeners.onGap?.(gap);
        return told();
      };
    });
  }

  /** Calls a function for each store that there is, those of ended replicas too, and for those that come. */
  eachStore(join: Join): () => void {
    this.#joins.add(join);
    for (const [store, subject] of this.#joined) this.#join(join, subject, store);
    return () => this.#joins.delete(join);
  }

  /** Rows that the log has and the replicas have not, as it said last; null where it has said of none. */
  get waitingRows(): number | null {
    const known = this.all.filter(({ logEndRow, refused }) => logEndRow !== null && refused === null);
    if (known.length === 0) return null;
    return known.reduce((sum, { logEndRow, endRow }) => sum + Math.max(0, logEndRow! - endRow), 0);
  }

  /** Whether the newest message of a subject has more than the replica. One that is none is refused where it is read. */
  lacks({ subject, bytes }: LoggedMessage): boolean {
    const followed = this.#of(subject);
    const { succession, refused } = followed;
    if (succession === null || refused !== null) return false;
    try {
      const message = decodeRows(bytes);
      followed.logEndRow = message.head.endRow;
      return succession.replica.lacks(message);
    } catch {
      return false;
    }
  }

  /** Those that may have rows that were not made durable. */
  dirty(): Followed[] {
    return this.all.filter(({ isDirty }) => isDirty);
  }

  sync(followed: Followed): void {
    const { store } = followed.succession!.replica;
    store.sync();
    followed.isDirty = false;
    followed.durableRow = Math.max(store.firstRow, store.rowCount - 1);
  }

  /** For each store the row before which all is there and durable. */
  durableRows(): [store: string, row: number][] {
    return this.all.flatMap(({ succession, durableRow }) =>
      succession === null || durableRow === null ? [] : [[succession.store, durableRow]]
    );
  }

  close(): void {
    for (const { succession } of this.all) succession?.close();
  }

  #of(subject: string): Followed {
    let followed = this.#bySubject.get(subject);
    if (followed === undefined) {
      const none = { succession: null, refused: null, logEndRow: null, appliedAt: null, durableRow: null };
      followed = { subject, ...none, endRow: 0, rows: 0, bytes: 0, isDirty: false };
      this.#bySubject.set(subject, followed);
    }
    return followed;
  }

  /** With a replica, which a message makes where there is none. */
  #open(followed: Followed, { head }: Message): Followed {
    if (followed.succession === null) {
      followed.succession = new Succession(this.directory, followed.subject, head);
      followed.isDirty = true;
    }
    return followed;
  }

  /** Who listens is told last: what listeners throw is no fault of the subject. */
  #apply(followed: Followed, message: Message, bytes: Uint8Array): () => Outcome {
    const { subject } = followed;
    const { store } = followed.succession!.replica;
    const before = store.rowCount;
    const outcome = followed.succession!.apply(message);
    followed.endRow = store.rowCount;
    if (outcome === "applied") {
      followed.rows += store.rowCount - before;
      followed.bytes += bytes.byteLength;
      followed.appliedAt = Date.now();
      followed.isDirty = true;
    }
    return () => {
      this.#tell(followed);
      if (outcome === "applied") {
        this.listeners.onProgress?.({ subject, replica: store, endRow: store.rowCount });
      }
      return outcome;
    };
  }

  #try(followed: Followed, task: () => () => Outcome): Outcome {
    if (followed.refused !== null) return "known";
    let tell: () => Outcome;
    try {
      tell = task();
    } catch (error) {
      if (!isOfSubject(error)) throw error;
      followed.refused = refusalOf(followed.subject, error as Error);
      this.#refuse(followed.subject, followed.refused);
      return "known";
    }
    return tell();
  }

  #refuse(subject: string, error: Error): void {
    this.errors.push(error);
    this.listeners.onRefuse?.({ subject, error });
  }

  #tell({ subject, succession }: Followed): void {
    for (const store of succession!.stores) {
      if (this.#joined.has(store)) continue;
      this.#joined.set(store, subject);
      for (const join of this.#joins) this.#join(join, subject, store);
    }
  }

  /** A store that others cannot be mixed with is followed all the same. */
  #join(join: Join, subject: string, store: StreamStore): void {
    try {
      join(subject, store);
    } catch (error) {
      this.#refuse(subject, refusalOf(subject, error as Error));
    }
  }
}

const codesOfSubject = ["damaged", "fields-differ", "newer-version", "older-version", "sealed"];

/** Else it is one of the machine, or of another program that writes the replica. */
function isOfSubject(error: unknown): boolean {
  return !(error instanceof StreamStoreError) || codesOfSubject.includes(error.code);
}

function refusalOf(subject: string, error: Error): Error {
  const code = error instanceof StreamStoreError ? error.code : "damaged";
  const reason = error.message.replace(/^Cannot [^:]*: /, "");
  return new StreamStoreError(code, `Cannot follow ${subject}: ${reason}`, { cause: error });
}
