/** How a store's directory comes to be: whole or not at all, whenever its creator dies. */
import { extraFile } from "../extras.ts";
import { extraCountMax, storeFiles } from "../native/abi.ts";
import { builtin } from "../native/builtin.ts";
import type { Field } from "../fields.ts";
import { dataFiles } from "./cells.ts";
import { Connection } from "./connection.ts";
import { readManifest } from "./manifest.ts";
import { StreamStoreError } from "../error.ts";
import {
  namesIn,
  syncName,
  systemError,
  temporaryName,
  unfinished,
  unfinishedBeside,
} from "./durable_file.ts";

/**
 * Makes a store's directory: it is built beside its place by `build` and then renamed, so that a crash meanwhile leaves
 * nothing at `path`. What it leaves beside it, the next creation there removes.
 *
 * Not by `writeFolderBeside`, which replaces what is there: a store's directory is new, stays open while it gets its name, and
 * has a lock in it that tells at once, and not after a day, whether its creator is dead. Names are alike.
 */
export function createDirectory(path: string, build: (directory: string) => Connection): Connection {
  const action = `Cannot create a store at ${path}`;
  checkEmpty(path, action);
  const parent = builtin.path.dirname(path);
  removeLeftovers(path);
  let place = builtin.path.join(parent, temporaryName(builtin.path.basename(path)));
  let built: Connection | undefined;
  try {
    builtin.fs.mkdirSync(place);
  } catch (error) {
    if ((error as { code?: string }).code !== "ENOENT") throw systemError(error, action, path);
    const message = `${action}: its parent directory must exist, got none at ${parent}`;
    throw new StreamStoreError("not-found", message, { cause: error });
  }
  try {
    built = build(place);
    // An empty directory at the path is replaced; everything else there is an error.
    builtin.fs.renameSync(place, path);
    place = path;
    syncName(path);
    return built;
  } catch (error) {
    built?.close();
    removeFiles(place, filesOf(place));
    // Somebody may have put something there meanwhile.
    if (place !== path) checkEmpty(path, action);
    throw systemError(error, action, path);
  }
}

/** What is there already, if it is a directory, must hold nothing. */
function checkEmpty(path: string, action: string): void {
  const names = namesIn(path);
  if (names.length === 0) return;
  const shown = names.length === 1 ? JSON.stringify(names[0]) : `${names.length} names`;
  throw new StreamStoreError(
    "already-exists",
    `${action}: the directory must be empty, or not be there, got ${shown} in it`,
  );
}

/** Names that begin alike may be a user's: only those that a creation gives are looked at. */
function removeLeftovers(path: string): void {
  for (const left of unfinishedBeside(path)) {
    try {
      removeIfLeft(left);
    } catch {
      // What cannot be removed, as another user's, is in nobody's way.
    }
  }
}

/** How long a creator may take from making the directory to locking what is in it: some tenths of a millisecond. */
const unlockedMillisecondsMax = 60_000;

/**
 * Removes a directory if its creator is dead. A living one holds the lock of `head` from before the file gets its length
 * until the directory has its name; only before that its age must tell.
 */
function removeIfLeft(directory: string): void {
  const { fs, path } = builtin;
  const names = namesIn(directory);
  if (!names.every(isOfStore)) return;
  const head = fs.statSync(path.join(directory, "head"), { throwIfNoEntry: false });
  const isLocked = head !== undefined && head.size > 0;
  if (!isLocked && Date.now() - fs.statSync(directory).mtimeMs < unlockedMillisecondsMax) return;
  const lock = isLocked ? takeLock(directory) : null;
  if (lock === "held") return;
  // A creator appends nothing: a store with rows was given this name by somebody.
  if (lock === null || lock.isEmpty) removeFiles(directory, names);
  lock?.close();
}

/** Takes a leftover for this process, if nobody has it; null where too little of it is there to be opened. */
function takeLock(directory: string): Connection | "held" | null {
  try {
    return Connection.existing(directory, "write", { fields: fieldsOf(directory) });
  } catch (error) {
    const code = error instanceof StreamStoreError ? error.code : undefined;
    // The files are looked at only under the lock.
    return code === "damaged" || code === "not-found" ? null : "held";
  }
}

/** Those of a store that was given this name by somebody, which may have steps in its tail; else nothing is there to be read. */
function fieldsOf(directory: string): readonly Field[] {
  try {
    return readManifest(directory).fields;
  } catch {
    return [];
  }
}

/**
 * What there is of a new store that could not be made. Looking into it takes a descriptor, and there may be none: that may
 * be why the creation has failed. Then all that it can have.
 */
function filesOf(directory: string): readonly string[] {
  const names = namesIn(directory);
  return names.length === 0 ? fileNames : names.filter(isOfStore);
}

/** Whether a creation can have made what has the name, be it a segment, or a file that was not finished. */
function isOfStore(name: string): boolean {
  return fileNames.includes(unfinished(name) ?? name.replace(/\.\d{5,}$/, ""));
}

/** All that a creation can make in a directory. */
const fileNames = [
  "head",
  ...storeFiles.map(({ file }) => file),
  "type.u8",
  "type.i32",
  ...dataFiles,
  "blocks",
  "sums",
  "store.json",
  "extra.sums",
  ...Array.from({ length: extraCountMax }, (_, place) => extraFile(place, "bytes")),
  ...Array.from({ length: extraCountMax }, (_, place) => extraFile(place, "ends")),
];

/**
 * Removes the directory of a store that nobody has appended to. What cannot be removed, the next creation removes.
 */
function removeFiles(directory: string, names: readonly string[]): void {
  const { fs, path } = builtin;
  for (const name of names) {
    try {
      fs.unlinkSync(path.join(directory, name));
    } catch {
      // It was not made yet.
    }
  }
  try {
    fs.rmdirSync(directory);
  } catch {
    // The error that the creation has met is the one to be told.
  }
}
