/** Files that are written beside their place, made durable and renamed; and errors of the file system. */
import { StreamStoreError } from "../error.ts";
import { builtin } from "../native/builtin.ts";
import { errorOf, status, statusOfSystem } from "../native/status.ts";
import { storageFull } from "./storage_full.ts";

/**
 * Writes a file beside its place, makes it durable and renames it, and makes the name durable too: who loses power finds
 * the old file or the new one.
 */
export function replaceFile(path: string, action: string, parts: readonly Uint8Array[]): void {
  const { fs } = builtin;
  const beside = `${path}.new`;
  try {
    const file = fs.openSync(beside, "w");
    try {
      for (const bytes of parts) writeAll(file, bytes);
      fs.fsyncSync(file);
    } finally {
      fs.closeSync(file);
    }
    fs.renameSync(beside, path);
    syncPath(builtin.path.dirname(path));
  } catch (error) {
    removeQuietly(beside);
    throw systemError(error, action, path);
  }
}

/** For what is left of a file that could not be written: on a full disk it takes room, and is nobody's. */
export function removeQuietly(path: string): void {
  try {
    builtin.fs.rmSync(path, { force: true });
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

/** Makes a file, or the names in a directory, durable. */
export function syncPath(path: string): void {
  const file = builtin.fs.openSync(path, "r");
  try {
    builtin.fs.fsyncSync(file);
  } finally {
    builtin.fs.closeSync(file);
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
