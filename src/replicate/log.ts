/**
 * What replication needs of whatever carries messages: for each subject a log, whose messages have rising numbers.
 * {@linkcode natsLog} is one; {@linkcode follow} shows how little it takes.
 */
export interface MessageLog {
  /** How many bytes a message may have. */
  readonly messageBytesMax: number;
  /** The newest message of a subject that the log still has, or null. */
  readonly last: (subject: string) => Promise<LoggedMessage | null>;
  /** The first message of a subject that has this number or a higher one, or null. */
  readonly next: (subject: string, from: number) => Promise<LoggedMessage | null>;
  /** The subjects of a pattern that the log has messages of. */
  readonly subjects: (pattern: string) => Promise<readonly string[]>;
  /**
   * Adds a message, shape `[bytes]`, to a subject whose newest one has the number `after`, 0 where it has none. Gives
   * the message's own number, or null where another is the newest: somebody else has sent, the log has lost messages, or
   * this one was added by a call before whose answer was lost.
   */
  readonly publish: (subject: string, bytes: Uint8Array, after: number) => Promise<number | null>;
  /** Messages of all subjects of a pattern, from a number on, and those that come, until the signal. */
  readonly read: (pattern: string, from: number, signal: AbortSignal) => AsyncIterable<LoggedMessage>;
  /**
   * Notes that a follower has all rows of a store before one, durable, in the place of what it noted before. Without this
   * and `applied` no sender can wait for followers.
   */
  readonly noteApplied?: (follower: string, store: string, row: number) => Promise<void>;
  /** The row before which a follower has all of a store, as it noted last, or null. A log that was wiped has none. */
  readonly applied?: (follower: string, store: string) => Promise<number | null>;
  /** Lets go of it. */
  readonly close: () => Promise<void>;
}

/** A log that does not answer. Told to {@linkcode SendOptions.onWait} and {@linkcode FollowOptions.onWait}. */
export interface LogWait {
  /** Since when it does not, in milliseconds. */
  readonly milliseconds: number;
  /**
   * Rows that wait: of a sender those that were not sent, of a follower those that the log had more than the replicas when it
   * last said so, or null where it has said of none yet.
   */
  readonly waitingRows: number | null;
  /** What it said last. */
  readonly error: unknown;
}

/** A message in a log. Part of {@linkcode MessageLog}. */
export interface LoggedMessage {
  /** The subject that it was added to. */
  readonly subject: string;
  /** Its index in the log: those of one subject rise. */
  readonly number: number;
  /** As they were added, shape `[bytes]`: an Arrow IPC stream, in an array of its own. */
  readonly bytes: Uint8Array;
}
