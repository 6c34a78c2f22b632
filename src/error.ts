/**
 * What went wrong, for programs. Messages are for people and may change; codes stay.
 *
 * | code | what it means |
 * | --- | --- |
 * | `closed` | the store is closed |
 * | `read-only` | it is open for reading only |
 * | `busy` | rows are being loaded, a call has not ended, or a value's getter uses the store |
 * | `locked` | another process, or a thread of this one, writes the store |
 * | `not-found`, `already-exists` | there is no such store, dataset or file; there is one |
 * | `not-a-directory`, `not-a-file` | it is no folder; it is one |
 * | `sealed` | it does not grow any more |
 * | `fields-differ` | fields are other ones than those of the store, or columns than those of the dataset |
 * | `damaged` | a file is not what was written |
 * | `newer-version`, `older-version` | a later version wrote it; one wrote it whose format this one does not read |
 * | `unsupported` | the file system or this version cannot do that |
 * | `storage-full`, `file-too-large` | the disk has no more room; the system, or what reads a dataset, takes no file as large |
 * | `input-output` | the disk, the network or the Hub fails |
 * | `permission-denied`, `read-only-file-system` | the system or the Hub does not allow it |
 * | `out-of-memory`, `too-many-open-files`, `too-many-stores` | no memory, file or one of 4,096 stores is left |
 * | `diverged` | a dataset at the Hub is not as the store's last push left it |
 * | `windows-not-permitted` | windows without a copy need `--allow-ffi` without a path |
 * | `library-not-loaded`, `abi-mismatch`, `unsupported-platform` | there is no native library that fits |
 * | `internal` | this is a fault of the library |
 *
 * Part of {@linkcode StreamStoreError}.
 */
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
  | "not-a-file"
  | "not-found"
  | "older-version"
  | "out-of-memory"
  | "permission-denied"
  | "read-only"
  | "read-only-file-system"
  | "sealed"
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

  /**
   * Made by the library.
   *
   * @param code What went wrong, for programs: the property `code`.
   * @param message What could not be done, and why, for people.
   * @param options `cause`: the error that led to this one, where there is one.
   */
  constructor(readonly code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
  }
}
