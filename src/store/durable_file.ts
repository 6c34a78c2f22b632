/**
 * The one place where files and folders are written beside their place, made durable, and then moved there: whoever looks,
 * or loses power, finds what was there before or all that is new. Also errors of the file system.
 *
 * What is being written is named `.NAME.new-UUID`, with no more of the name than its first 40 characters, since one that is
 * as long as can be leaves no room for more. Who reads stores or datasets passes over names that begin with a dot, and who
 * writes removes what killed processes have left under such names.
 */
import { StreamStoreError } from "../error.ts";
import { builtin } from "../native/builtin.ts";
import { errorOf, status, statusOfSystem, storageFull } from "../native/status.ts";

/** The name under which what is to have a name is written. */
export function temporaryName(name: string): string {
  return `.${beginningOf(name)}.new-${crypto.randomUUID()}`;
}

/** The beginning of the name that an entry of a folder was to get once it is whole; null for all other entries. */
export function unfinished(entry: string): string | null {
  return /^\.(.+)\.new-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.exec(entry)?.[1] ?? null;
}

/** What a killed process has left is nobody's after a day; what is being written has been written to more recently. */
export const leftoverMilliseconds: number = 24 * 3_600_000;

/** What was begun beside a path for it and has not got its place, also by processes that are still at it. */
export function unfinishedBeside(path: string): string[] {
  const { dirname, basename, join } = builtin.path;
  const beginning = beginningOf(basename(path));
  return namesIn(dirname(path)).filter((entry) => unfinished(entry) === beginning)
    .map((entry) => join(dirname(path), entry));
}

/** Nothing for a directory that may not be read. */
export function namesIn(directory: string): string[] {
  try {
    return builtin.fs.readdirSync(directory);
  } catch {
    return [];
  }
}

/** Replaces a file by bytes. */
export function replaceFile(path: string, action: string, parts: readonly Uint8Array[]): void {
  const { fs } = builtin;
  let temporary: string | undefined;
  try {
    temporary = temporaryPath(path);
    const file = fs.openSync(temporary, "wx");
    try {
      for (const bytes of parts) writeAll(file, bytes);
      fs.fsyncSync(file);
    } finally {
      fs.closeSync(file);
    }
    moveIntoPlace(temporary, path);
  } catch (error) {
    if (temporary !== undefined) removeQuietly(temporary);
    throw systemError(error, action, path);
  }
}

/** Replaces a file by what `write` has written, and makes the folders above it. */
export async function writeFileBeside<Result>(
  path: string,
  write: (temporary: string) => Promise<Result>,
): Promise<Result> {
  return await inFolder(builtin.path.dirname(path), async () => {
    const temporary = temporaryPath(path);
    try {
      const result = await write(temporary);
      syncPath(temporary);
      moveIntoPlace(temporary, path);
      return result;
    } catch (error) {
      removeQuietly(temporary);
      throw error;
    }
  });
}

/**
 * Replaces a folder by the one that `write` has filled, and makes the folders above it. A folder cannot replace another in
 * one step: what was there stands beside as `.NAME.old` between two renames, from where `recoverFolder` fetches it back
 * after a crash.
 */
export async function writeFolderBeside<Result>(
  path: string,
  write: (temporary: string) => Promise<Result>,
): Promise<Result> {
  const { fs, path: { dirname, join } } = builtin;
  recoverFolder(path);
  return await inFolder(dirname(path), async () => {
    const temporary = temporaryPath(path);
    try {
      fs.mkdirSync(temporary);
      const result = await write(temporary);
      for (const entry of fs.readdirSync(temporary, { recursive: true })) {
        syncPath(join(temporary, entry as string));
      }
      syncPath(temporary);
      const old = oldPath(path);
      fs.rmSync(old, { recursive: true, force: true });
      if (fs.existsSync(path)) fs.renameSync(path, old);
      moveIntoPlace(temporary, path);
      fs.rmSync(old, { recursive: true, force: true });
      return result;
    } catch (error) {
      recoverFolder(path);
      removeQuietly(temporary);
      throw error;
    }
  });
}

/** Moves a folder back that a crash has left beside its place. */
export function recoverFolder(path: string): void {
  const old = oldPath(path);
  if (!builtin.fs.existsSync(path) && builtin.fs.existsSync(old)) builtin.fs.renameSync(old, path);
}

/** Makes a folder and those above it for `use`. Those that were not there before go again if it fails. */
async function inFolder<Result>(folder: string, use: () => Promise<Result>): Promise<Result> {
  const { fs, path } = builtin;
  const made: string[] = [];
  for (let at = path.resolve(folder); !fs.existsSync(at); at = path.dirname(at)) made.push(at);
  try {
    fs.mkdirSync(folder, { recursive: true });
    return await use();
  } catch (error) {
    // The innermost first. One that somebody else has put something into meanwhile stays, and those above it.
    try {
      for (const missing of made) fs.rmdirSync(missing);
    } catch {
      // The error that writing has met is the one to be told.
    }
    throw error;
  }
}

/** Gives what was written its place, and makes the name durable. */
function moveIntoPlace(temporary: string, path: string): void {
  builtin.fs.renameSync(temporary, path);
  syncName(path);
}

/** Makes a file, or the names in a directory, durable. */
function syncPath(path: string): void {
  const file = builtin.fs.openSync(path, "r");
  try {
    builtin.fs.fsyncSync(file);
  } finally {
    builtin.fs.closeSync(file);
  }
}

/**
 * Makes the name that a path was just given durable. A parent that may be written but not read cannot be opened for that;
 * then what has the name is synced itself, which brings a journal up to the renaming too.
 */
export function syncName(path: string): void {
  try {
    syncPath(builtin.path.dirname(path));
  } catch (error) {
    if ((error as { code?: string }).code !== "EACCES") throw error;
    syncPath(path);
  }
}

/** A new one, once what is too old to be anybody's is gone. */
function temporaryPath(path: string): string {
  for (const left of unfinishedBeside(path)) {
    const written = builtin.fs.statSync(left, { throwIfNoEntry: false })?.mtimeMs ?? Infinity;
    if (Date.now() - written > leftoverMilliseconds) removeQuietly(left);
  }
  const { basename, dirname, join } = builtin.path;
  return join(dirname(path), temporaryName(basename(path)));
}

function oldPath(path: string): string {
  return builtin.path.join(builtin.path.dirname(path), `.${builtin.path.basename(path)}.old`);
}

function beginningOf(name: string): string {
  return Array.from(name).slice(0, 40).join("");
}

/** For what is left of what could not be written: on a full disk it takes room, and is nobody's. */
function removeQuietly(path: string): void {
  const { fs } = builtin;
  try {
    fs.rmSync(path, { recursive: fs.lstatSync(path).isDirectory() });
  } catch {
    // A directory that takes no files keeps none.
  }
}

/** Some systems write no more than 2 GiB at once. */
function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) {
    at += builtin.fs.writeSync(file, bytes, at, Math.min(bytes.length - at, 2 ** 26));
  }
}

/**
 * An error of the file system about a path, with a code of ours. Others pass as they are, also those about permissions of
 * the runtime.
 */
export function systemError(error: unknown, action: string, path: string): unknown {
  const code = statusOfSystem(systemName(error));
  if (code === null || error instanceof StreamStoreError) return error;
  return code === status.storageFull ? storageFull(action, path, 0, error) : errorOf(code, action, error);
}

/** The name of an error of the system, as `ENOSPC`. Deno gives some only the number, at the end of their message. */
function systemName(error: unknown): string | undefined {
  const { code, message } = (error ?? {}) as { code?: string; message?: unknown };
  if (code !== undefined) return code;
  const number = Number(/\(os error (\d+)\)$/.exec(String(message))?.[1]);
  return Object.entries(builtin.os.constants.errno).find(([, value]) => value === number)?.[0];
}
