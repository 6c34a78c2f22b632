/** What followers are told, and what they tell. */
import type { StreamStore } from "../store.ts";
import type { LogWait } from "./log.ts";
import type { FollowGap } from "./succession.ts";

/** Options of {@linkcode follow}. */
export interface FollowOptions {
  /** Where the replicas are, one directory a subject; made where it is not there. */
  readonly directory: string;
  /** The subjects, as the log has patterns: with NATS `steps.*`. */
  readonly subjects: string;
  /**
   * How often replicas are made durable, in milliseconds; by default 1,000. It takes at most a fifth of the time, so that
   * with hundreds of them, and a disk that is slow, it is not as often.
   */
  readonly syncEvery?: number;
  /**
   * By this name it tells senders how far its replicas are durable, so that their stores keep what it may still need: see
   * {@linkcode SendOptions.followers}. Letters, digits, `-` and `_`.
   */
  readonly name?: string;
  /** Ends it. */
  readonly signal?: AbortSignal;
  /** Called after each message that brought rows. */
  readonly onProgress?: (progress: FollowProgress) => void;
  /** Called where rows are missing for good, so that a replica has ended and a further one has begun. */
  readonly onGap?: (gap: FollowGap) => void;
  /** Called once for each subject that is refused; the others are followed on. */
  readonly onRefuse?: (refusal: FollowRefusal) => void;
  /** Called while the log does not answer, before each further try. */
  readonly onWait?: (waiting: LogWait) => void;
}

/** How far a replica has come. Told to {@linkcode FollowOptions.onProgress}. */
export interface FollowProgress {
  /** Of which subject it is. */
  readonly subject: string;
  /** It is open for writing by the follower: it may be read and sampled, also while it grows. */
  readonly replica: StreamStore;
  /** The row after the last. */
  readonly endRow: number;
}

/** A subject that is not followed any more, or whose replica others cannot be mixed with. Told to {@linkcode FollowOptions.onRefuse}. */
export interface FollowRefusal {
  /** The subject. The others are followed on. */
  readonly subject: string;
  /** Why: of another schema both are in its message. */
  readonly error: Error;
}
