/** What senders are told, and what they tell. */
import type { LogWait } from "./log.ts";

/** Options of {@linkcode send}. */
export interface SendOptions {
  /** Rows of a message at most; by default 4,096. */
  readonly rows?: number;
  /**
   * How long rows wait for others that go into the same message, in milliseconds; by default 20. So long the store's last
   * row, which may still grow, is held back too, since it grew last.
   */
  readonly milliseconds?: number;
  /**
   * Followers, by their names, that the store's `retain` waits for: rows are dropped once each of them has said that it has
   * them, durable. The store is the writer's own then, and sending begins before the first step is appended.
   */
  readonly followers?: readonly string[];
  /** How many rows are kept for followers at most; by default all. Those before are dropped as `retain` says. */
  readonly waitRows?: number;
  /** Ends the sending, once what is committed is sent. */
  readonly signal?: AbortSignal;
  /** Called after each message. */
  readonly onProgress?: (progress: SendProgress) => void;
  /** Called while the log does not answer, before each further try: rows stay in the store meanwhile. */
  readonly onWait?: (waiting: LogWait) => void;
  /** Called where the store has dropped rows that were not sent: by its `retain`, while the log did not answer. */
  readonly onGap?: (gap: SendGap) => void;
}

/** Rows that followers will not get. Told to {@linkcode SendOptions.onGap}. */
export interface SendGap {
  /** The first row of them, of which a part may have been sent. */
  readonly row: number;
  /** The row after the last of them, with which sending goes on. */
  readonly endRow: number;
}

/** How far sending has come. Told to {@linkcode SendOptions.onProgress}. */
export interface SendProgress {
  /** The row after the last that was sent. */
  readonly sentRow: number;
  /** Rows that wait. */
  readonly waitingRows: number;
  /** Bytes of the message. */
  readonly byteLength: number;
}
