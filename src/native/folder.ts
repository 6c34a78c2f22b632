import { builtin } from "./builtin.ts";
import { StreamStoreError } from "../error.ts";
import type { Platform } from "./platform.ts";
import type { System } from "./system.ts";

/** What to do where the folder cannot be had. */
export const remedy = "Set XDG_CACHE_HOME to a folder that this user may write and load programs from, " +
  "or STREAMSTORE_LIBRARY to the path of a library";

/** What to do where this process may not. */
export function permissionRemedy(folder: string): string {
  const flags =
    `--allow-ffi=${folder} --allow-env=HOME --allow-sys=uid --allow-read=${folder} --allow-write=${folder}`;
  return `Unpack it beforehand with @streamstore/streamstore/install, or allow to do that here: ${flags}`;
}

/** The folder for the unpacked library of a name. It need not exist. */
export function libraryFolder(platform: Platform, name: string, system: System): string {
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
      `${reason}. ${permissionRemedy("FOLDER")}, with the FOLDER that the installation prints`,
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
