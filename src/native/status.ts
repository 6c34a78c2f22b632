import { type ErrorCode, StreamStoreError } from "../error.ts";

/** The statuses of zig/src/abi/status.zig that callers look at. */
export const status = {
  ok: 0,
  invalidArgument: 5,
  outOfRange: 6,
  outOfOrder: 7,
  inexact: 8,
  nullInList: 9,
  widthMismatch: 10,
  locked: 15,
  storageFull: 20,
} as const;

const meanings: Readonly<Record<number, readonly [ErrorCode, string]>> = {
  1: ["closed", "the store is closed"],
  2: ["closed", "the store is closed"],
  3: ["internal", "the store is in use by another thread"],
  4: ["too-many-stores", "4,096 stores are open in this process, the most there can be"],
  5: ["internal", "the native library refused an argument"],
  6: ["internal", "an index lies outside the store"],
  7: ["internal", "steps go back"],
  8: ["internal", "a value cannot be converted exactly"],
  9: ["internal", "a list holds a null"],
  10: ["internal", "a row has another width"],
  11: ["read-only", "the store is open for reading only"],
  12: ["damaged", "the store's files do not fit together"],
  13: ["busy", "rows are being loaded into the store"],
  14: ["newer-version", "it was written by a newer version of this library"],
  15: ["locked", "another process is writing it"],
  16: ["damaged", "its head belongs to another store than its store.json"],
  20: ["storage-full", "no space is left on the disk"],
  21: ["file-too-large", "a file has reached the size that the system allows"],
  22: ["input-output", "the disk reports an input or output error"],
  23: ["permission-denied", "permission is denied"],
  24: ["read-only-file-system", "the file system is mounted for reading only"],
  25: ["not-found", "the file or directory does not exist"],
  26: ["already-exists", "the file exists already"],
  27: ["not-a-directory", "the path is not a directory"],
  28: ["too-many-open-files", "too many files are open"],
  29: ["out-of-memory", "no memory or address space is left"],
  30: ["input-output", "the call was interrupted"],
  31: ["unsupported", "the file system does not support it"],
  32: ["input-output", "the system reports an error without a name"],
};

/** Throws what a status means. `action` says what could not be done: `Cannot flush the store`. */
export function check(code: number, action: string): void {
  if (code !== status.ok) throw errorOf(code, action);
}

export function errorOf(code: number, action: string, cause?: unknown): StreamStoreError {
  const [name, meaning] = meanings[code] ?? ["internal", `the native library answered ${code}`];
  return new StreamStoreError(name, `${action}: ${meaning}`, { cause });
}

/** As `errorOf` in zig/src/system/system.zig, by the names that the runtimes' own modules use. */
const systemNames: ReadonlyMap<unknown, number> = new Map([
  ["ENOSPC", status.storageFull],
  ["EDQUOT", status.storageFull],
  ["EFBIG", 21],
  ["EIO", 22],
  ["EACCES", 23],
  ["EPERM", 23],
  ["EROFS", 24],
  ["ENOENT", 25],
  ["EEXIST", 26],
  ["ENOTEMPTY", 26],
  ["ENOTDIR", 27],
  ["EISDIR", 27],
  ["EMFILE", 28],
  ["ENFILE", 28],
  ["ENOMEM", 29],
]);

/** The status that stands for an error of the system, or null for what is none. */
export function statusOfSystem(name: unknown): number | null {
  return systemNames.get(name) ?? null;
}
