/**
 * Where the packaged library is unpacked, so that it can be opened: `<cache>/streamstore/libstreamstore-<SHA-256>.so`,
 * with XDG_CACHE_HOME, ~/Library/Caches or ~/.cache as the cache.
 *
 * Whoever can change that file before it is opened runs code as this user. So the directory must be one that only this
 * user can enter, and the file must have the hash that the package names, each time anew. It is written beside its place
 * and then renamed: processes that start at once each write a file of their own, and a library that is loaded somewhere
 * is never written to.
 */
import { StreamStoreError } from "../error.ts";
import { leftoverMilliseconds, temporaryName, unfinished } from "../store/durable_file.ts";
import { builtin } from "./builtin.ts";
import { adapter } from "./library.ts";
import {
  type LibraryHash,
  packagedHash,
  packagedLibrary,
  type Platform,
  platformOf,
  sha256Of,
  suffixOf,
  unpack,
} from "./packaged.ts";
import type { System } from "./system.ts";

/** An unpacked library. */
export interface CachedLibrary {
  readonly folder: string;
  readonly path: string;
  /** False where this process may not read it. */
  readonly isVerified: boolean;
}

/** Unpacks the package's library and returns its folder. */
export async function unpackLibrary(): Promise<string> {
  const { system } = await adapter();
  const platform = platformOf(system.platform);
  const hash = await packagedHash(platform);
  if (hash !== null) return (await cachedLibrary(hash, platform, system)).folder;
  const message = "Cannot unpack the native library: the package holds none, and a checkout needs none";
  throw new StreamStoreError("library-not-loaded", message);
}

/** The unpacked library: written if need be, and verified if that is possible. */
export async function cachedLibrary(
  hash: LibraryHash,
  platform: Platform,
  system: System,
): Promise<CachedLibrary> {
  const name = `libstreamstore-${hash.sha256}.${suffixOf(platform)}`;
  const folder = libraryFolder(platform, name, system);
  const path = `${folder}/${name}`;
  if (system.vouches(path)) return { folder, path, isVerified: false };
  try {
    await ensure(hash, platform, folder, name, system);
  } catch (cause) {
    if (cause instanceof StreamStoreError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    const advice = isForbidden(cause) ? permissionRemedy(folder, system) : remedy;
    const message = `Cannot unpack the native library to ${path}: ${reason}. ${advice}`;
    throw new StreamStoreError("library-not-loaded", message, { cause });
  }
  return { folder, path, isVerified: true };
}

async function ensure(
  hash: LibraryHash,
  platform: Platform,
  folder: string,
  name: string,
  system: System,
): Promise<void> {
  const path = `${folder}/${name}`;
  if (isPrivate(folder, system) && await isWhole(hash, path, system)) return;
  const bytes = await unpack(await packagedLibrary(platform), system);
  system.makeDirectory(folder, 0o700);
  isPrivate(folder, system);
  removeLeftovers(folder, system);
  const place = `${folder}/${temporaryName(name)}`;
  try {
    system.create(place, bytes, 0o500);
    system.rename(place, path);
  } catch (error) {
    if (system.find(place) !== null) system.remove(place);
    throw error;
  }
  if (!await isWhole(hash, path, system)) throw new Error("the file does not hold what was written to it");
}

/** False where there is no directory yet; one that somebody else could change is an error. */
function isPrivate(folder: string, system: System): boolean {
  const found = system.find(folder);
  if (found === null) return false;
  const user = system.user();
  const { kind, mode } = found;
  if (kind === "directory" && found.user === user && (mode & 0o077) === 0) return true;
  const state = kind === "directory"
    ? `one of user ${found.user} with mode ${mode.toString(8)}`
    : `a ${kind}`;
  const message = `Cannot use ${folder} for the native library: it must be a directory of user ${user} ` +
    `with mode 700, got ${state}. Find out who made it, and remove it. Or: ${remedy}`;
  throw new StreamStoreError("library-not-loaded", message);
}

/** Whether a file is there that holds exactly the library. */
async function isWhole(hash: LibraryHash, path: string, system: System): Promise<boolean> {
  const found = system.find(path);
  // To read something else than a file could wait for ever, and another size could fill the memory.
  if (found?.kind !== "file" || found.byteLength !== hash.byteLength) return false;
  return await sha256Of(system.read(path)) === hash.sha256;
}

/** Removes what was left by processes that died while they wrote. */
function removeLeftovers(folder: string, system: System): void {
  for (const name of system.names(folder)) {
    if (unfinished(name) === null) continue;
    const found = system.find(`${folder}/${name}`);
    const isOld = found !== null && Date.now() - found.modified > leftoverMilliseconds;
    if (isOld && found.kind === "file") system.remove(`${folder}/${name}`);
  }
}

/** What to do where the folder cannot be had. */
export const remedy = "Set XDG_CACHE_HOME to a folder that this user may write and load programs from, " +
  "or STREAMSTORE_LIBRARY to the path of a library";

/** What to do where this process may not. */
export function permissionRemedy(folder: string, system: System): string {
  const flags = system.unpackFlags(folder);
  return `Unpack it beforehand with @streamstore/streamstore/install, or allow to do that here: ${flags}`;
}

/** Whether it is the runtime that does not allow it, by the name of Deno's error or the code of Node's. */
function isForbidden(error: unknown): boolean {
  const { name, code } = error as { name?: string; code?: string };
  return name === "NotCapable" || code === "ERR_ACCESS_DENIED";
}

/** The folder for the unpacked library of a name. It need not exist. */
function libraryFolder(platform: Platform, name: string, system: System): string {
  const given = system.permits("env", "XDG_CACHE_HOME") ? system.variable("XDG_CACHE_HOME") ?? "" : "";
  if (given.startsWith("/")) return `${given}/streamstore`;
  const cache = platform.startsWith("darwin") ? "Library/Caches" : ".cache";
  if (!system.permits("env", "HOME")) {
    const folder = foldersAbove().map((above) => `${above}/${cache}/streamstore`)
      .find((folder) => system.vouches(`${folder}/${name}`));
    if (folder !== undefined) return folder;
  }
  const home = homeFolder(system);
  if (home.startsWith("/")) return `${home}/${cache}/streamstore`;
  const state = home === "" ? "HOME is not set" : `HOME is no absolute path, got ${home}`;
  throw notFound(`no folder to unpack it into is known, since ${state}. ${remedy}`);
}

function homeFolder(system: System): string {
  try {
    return system.variable("HOME") ?? "";
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw notFound(
      `${reason}. ${permissionRemedy("FOLDER", system)}, with the FOLDER that the installation prints`,
      cause,
    );
  }
}

/**
 * The folders of the script and of the work, and those above. A process that may read no variable does not know its home,
 * but often lies in it; and where it does not, the library can be unpacked into a `.cache` beside the script.
 */
function foldersAbove(): string[] {
  const folders: string[] = [];
  const { process } = builtin;
  for (const start of [process.argv[1] ?? "", `${process.cwd()}/`]) {
    for (let end = start.lastIndexOf("/"); end >= 0; end = start.lastIndexOf("/", end - 1)) {
      folders.push(start.slice(0, end));
      if (end === 0) break;
    }
  }
  return folders;
}

function notFound(reason: string, cause?: unknown): StreamStoreError {
  return new StreamStoreError("library-not-loaded", `Cannot find the native library: ${reason}`, { cause });
}
