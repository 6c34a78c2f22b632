/** Statuses of the library and errors of the system, as users are told of them. */
import { type ErrorCode, StreamStoreError } from "../error.ts";
import { status } from "./abi.ts";
import { builtin } from "./builtin.ts";

export { status };

const meanings: Readonly<Record<Exclude<keyof typeof status, "ok">, readonly [ErrorCode, string]>> = {
  staleHandle: ["closed", "the store is closed"],
  closedHandle: ["closed", "the store is closed"],
  busyHandle: ["internal", "the store is in use by another thread"],
  tooManyStores: ["too-many-stores", "4,096 stores are open in this process, the most there can be"],
  invalidArgument: ["internal", "the native library refused an argument"],
  outOfRange: ["internal", "an index lies outside the store"],
  outOfOrder: ["internal", "steps go back"],
  inexact: ["internal", "a value cannot be converted exactly"],
  nullInList: ["internal", "a list holds a null"],
  widthMismatch: ["internal", "a row has another width"],
  readOnly: ["read-only", "the store is open for reading only"],
  damaged: ["damaged", "the store's files do not fit together"],
  batchOpen: ["busy", "rows are being loaded into the store"],
  newerVersion: ["newer-version", "it was written by a newer version of this library"],
  locked: ["locked", "another process is writing it"],
  foreignHead: ["damaged", "its head belongs to another store than its store.json"],
  olderVersion: [
    "older-version",
    "it was written by an older version of this library, in a format that this one does not read",
  ],
  storageFull: ["storage-full", "no space is left on the disk"],
  fileTooLarge: ["file-too-large", "a file has reached the size that the system allows"],
  inputOutput: ["input-output", "the disk reports an input or output error"],
  permissionDenied: ["permission-denied", "permission is denied"],
  readOnlyFileSystem: ["read-only-file-system", "the file system is mounted for reading only"],
  notFound: ["not-found", "the file or directory does not exist"],
  alreadyExists: ["already-exists", "the file exists already"],
  notADirectory: ["not-a-directory", "the path, or one above it, is not a directory"],
  notAFile: ["not-a-file", "there must be a file, got a directory"],
  sealed: ["sealed", "it is sealed, and nothing is appended any more; mode read opens it"],
  tooManyOpenFiles: ["too-many-open-files", "too many files are open"],
  outOfMemory: ["out-of-memory", "no memory or address space is left"],
  interrupted: ["input-output", "the call was interrupted"],
  unsupported: ["unsupported", "the file system does not support it"],
  unexpected: ["input-output", "the system reports an error without a name"],
};

/** Throws what a status means. `action` says what could not be done: `Cannot flush the store`. */
export function check(code: number, action: string): void {
  if (code !== status.ok) throw errorOf(code, action);
}

export function errorOf(code: number, action: string, cause?: unknown): StreamStoreError {
  const name = Object.entries(status).find(([, known]) => known === code)?.[0] as keyof typeof meanings;
  const [kind, meaning] = meanings[name] ?? ["internal", `the native library answered ${code}`];
  return new StreamStoreError(kind, `${action}: ${meaning}`, { cause });
}

/** As `errorOf` in zig/src/system/system.zig, by the names that the runtimes' own modules use. */
const systemNames: ReadonlyMap<unknown, number> = new Map([
  ["ENOSPC", status.storageFull],
  ["EDQUOT", status.storageFull],
  ["EFBIG", status.fileTooLarge],
  ["EIO", status.inputOutput],
  ["EACCES", status.permissionDenied],
  ["EPERM", status.permissionDenied],
  ["EROFS", status.readOnlyFileSystem],
  ["ENOENT", status.notFound],
  ["EEXIST", status.alreadyExists],
  ["ENOTEMPTY", status.alreadyExists],
  ["ENOTDIR", status.notADirectory],
  ["EISDIR", status.notAFile],
  ["EMFILE", status.tooManyOpenFiles],
  ["ENFILE", status.tooManyOpenFiles],
  ["ENOMEM", status.outOfMemory],
]);

/** The status that stands for an error of the system, or null for what is none. */
export function statusOfSystem(name: unknown): number | null {
  return systemNames.get(name) ?? null;
}

/** A disk that is full: on which path, how many bytes were wanted (0 where that is not known), and what is free. */
export function storageFull(
  action: string,
  path: string,
  wantedBytes: number,
  cause?: unknown,
): StreamStoreError {
  const wanted = wantedBytes > 0 ? `, ${wantedBytes} bytes wanted` : "";
  return new StreamStoreError(
    "storage-full",
    `${action}: no space is left on the disk of ${path}${wanted}${whatIsFree(path)}`,
    { cause },
  );
}

/** The path, or the folder above it that is there already. */
function existing(path: string): string {
  let there = builtin.path.resolve(path);
  while (!builtin.fs.existsSync(there)) there = builtin.path.dirname(there);
  return there;
}

/** Nothing where the process may not ask. A disk may also have no room for one more file, if it counts them. */
function whatIsFree(path: string): string {
  try {
    const { bavail, bsize, files, ffree } = builtin.fs.statfsSync(existing(path));
    const full = files > 0 && ffree === 0 ? `, none of ${files} files` : "";
    return `, ${bavail * bsize} free${full}`;
  } catch {
    return "";
  }
}
