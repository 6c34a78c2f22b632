import { pause } from "../../../pause.ts";
import type { Settings } from "../settings.ts";

/** Thrown by an attempt that may succeed another time. */
export class RetryableError extends Error {
  /**
   * @param error What is thrown if no attempt is left.
   * @param waitSeconds How long the server wants to be left alone, where it said so.
   * @param isProgress Whether the attempt brought the work forward, so that the tries count anew.
   */
  constructor(
    readonly error: Error,
    readonly waitSeconds: number | null = null,
    readonly isProgress: boolean = false,
  ) {
    super(error.message);
  }
}

/** The Hub counts requests in windows of 5 minutes: no wait that it asks for is longer. */
const longestWaitSeconds = 300;
const longestPauseSeconds = 30;

/** Runs a task again, after longer and longer pauses, for as long as it fails for a reason that may pass. */
export async function retrying<Result>(settings: Settings, task: () => Promise<Result>): Promise<Result> {
  const { signal, retry } = settings;
  for (let attempt = 1;; attempt++) {
    signal?.throwIfAborted();
    try {
      return await task();
    } catch (failure) {
      // An abort breaks connections too: it is the abort that is told.
      signal?.throwIfAborted();
      if (!(failure instanceof RetryableError)) throw failure;
      if (failure.isProgress) attempt = 1;
      const { waitSeconds } = failure;
      if (attempt >= retry.attempts || (waitSeconds ?? 0) > longestWaitSeconds) throw failure.error;
      // Spread out, or clients that failed together would come back together.
      const backoff = Math.min(retry.pauseSeconds * 2 ** (attempt - 1), longestPauseSeconds) *
        (1 + Math.random() / 4);
      await pause(1000 * Math.max(waitSeconds ?? 0, backoff), signal);
    }
  }
}

/** Whether the same request may be answered differently a little later. */
export function isRetryable(status: number): boolean {
  return status === 408 || status === 429 || status >= 500 && status !== 501;
}

/** How long the server wants to be left alone: `Retry-After` in seconds or as a date, or the Hub's `RateLimit`. */
export function waitSecondsOf(headers: Headers): number | null {
  const after = headers.get("Retry-After");
  if (after !== null) {
    const seconds = /^\d+$/.test(after.trim()) ? Number(after) : (Date.parse(after) - Date.now()) / 1000;
    if (!Number.isNaN(seconds)) return Math.max(0, seconds);
  }
  const limit = /\bt=(\d+)/.exec(headers.get("RateLimit") ?? "");
  return limit === null ? null : Number(limit[1]);
}
