/** What went wrong, for programs. Messages are for people and may change; codes stay. */
export type ErrorCode =
  | "abi-mismatch"
  | "already-exists"
  | "busy"
  | "closed"
  | "damaged"
  | "diverged"
  | "fields-differ"
  | "file-too-large"
  | "input-output"
  | "internal"
  | "library-not-loaded"
  | "locked"
  | "newer-version"
  | "not-a-directory"
  | "not-found"
  | "out-of-memory"
  | "permission-denied"
  | "read-only"
  | "read-only-file-system"
  | "storage-full"
  | "too-many-open-files"
  | "too-many-stores"
  | "unsupported"
  | "unsupported-platform"
  | "windows-not-permitted";

/**
 * An error of the store or of the system below it. Wrong arguments are a `TypeError` or a `RangeError` instead.
 *
 * @example
 * ```ts
 * import { StreamStore, StreamStoreError } from "@streamstore/streamstore";
 * import assert from "node:assert/strict";
 *
 * const store = new StreamStore({ reward: 0 });
 * store.close();
 * assert.throws(
 *   () => store.append(0, { reward: 1 }),
 *   (error) => error instanceof StreamStoreError && error.code === "closed",
 * );
 * ```
 */
export class StreamStoreError extends Error {
  /** The name of the class. */
  override readonly name = "StreamStoreError";

  /** Made by the library. */
  constructor(readonly code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
  }
}
