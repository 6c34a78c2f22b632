/**
 * The replicas of one subject, one after another: where rows are missing for good one ends, and a further one begins behind
 * them, in a directory whose name tells its first row. Only the last one grows.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { StreamStore } from "../store.ts";
import type { Message, MessageHead } from "./message.ts";
import { openReplica, type Outcome, type Replica } from "./replica.ts";

/** Rows that a follower will not get any more. Told to {@linkcode FollowOptions.onGap}. */
export interface FollowGap {
  /** Of which subject they are. */
  readonly subject: string;
  /** The first of them. It may be the last of the replica that has ended, which lacks what was added to that row later. */
  readonly row: number;
  /** The row after the last of them, with which the further replica begins. */
  readonly endRow: number;
  /** The directory of the replica that has ended. */
  readonly ended: string;
  /** That of the further one. */
  readonly directory: string;
}

export class Succession {
  #path: string;
  #replica: Replica;
  /** The ID of the store that is followed. */
  readonly store: string;
  /** Those that have ended. */
  readonly #ended: StreamStore[] = [];

  /** Goes on with the last replica that there is, or begins the first one with a message. */
  constructor(private readonly directory: string, private readonly subject: string, head: MessageHead) {
    const names = namesIn(directory, subject);
    this.#path = join(directory, names.at(-1) ?? nameOf(subject));
    this.#replica = openReplica(this.#path, head);
    this.store = head.store;
    for (const name of names.slice(0, -1)) {
      this.#ended.push(StreamStore.open(join(directory, name), { mode: "read" }) as unknown as StreamStore);
    }
  }

  /** Whether there is a replica of a subject. */
  static isIn(directory: string, subject: string): boolean {
    return namesIn(directory, subject).length > 0;
  }

  /** How far the last replica has come, or null where there is none. */
  static rowCountIn(directory: string, subject: string): number | null {
    const name = namesIn(directory, subject).at(-1);
    if (name === undefined) return null;
    using store = StreamStore.open(join(directory, name), { mode: "read" });
    return store.rowCount;
  }

  /** All of them, the one that grows last. */
  get stores(): readonly StreamStore[] {
    return [...this.#ended, this.#replica.store];
  }

  /** The replica that grows. */
  get replica(): Replica {
    return this.#replica;
  }

  close(): void {
    for (const store of this.stores) store.close();
  }

  apply(message: Message): Outcome {
    return this.#replica.apply(message);
  }

  /** Ends the replica, and begins a further one with a message behind it. */
  begin({ head }: Message): FollowGap {
    const { subject, directory } = this;
    const { rowCount } = this.#replica.store;
    // It may still be read and sampled.
    this.#replica.store.sync();
    this.#ended.push(this.#replica.store);
    const ended = this.#path;
    this.#path = join(directory, nameOf(subject, head.row));
    this.#replica = openReplica(this.#path, head);
    return { subject, row: Math.min(rowCount, head.row - 1), endRow: head.row, ended, directory: this.#path };
  }
}

/** The directories that there are, by their first rows. */
function namesIn(directory: string, subject: string): string[] {
  const first = nameOf(subject);
  const [before, behind] = [first.slice(0, -ending.length) + "@", ending];
  const names = readdirSync(directory);
  const rows = names.filter((name) => name.startsWith(before) && name.endsWith(behind))
    .map((name) => name.slice(before.length, -behind.length)).filter((row) => /^[1-9]\d*$/.test(row))
    .map(Number).sort((a, b) => a - b);
  return [...names.filter((name) => name === first), ...rows.map((row) => nameOf(subject, row))];
}

const ending = ".stream";

/** Subjects may have what paths cannot: `@` is none of what is left of them. */
function nameOf(subject: string, row?: number): string {
  const text = encodeURIComponent(subject).replaceAll("*", "%2A").replace(/^\./, "%2E");
  return `${text}${row === undefined ? "" : `@${row}`}${ending}`;
}
