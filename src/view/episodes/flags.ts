/**
 * The flags of a store's episodes, by the row that each begins with: `view-flags.json` in the store's directory, which
 * is none of the store's own files; or where that may not be written, a file of the user's cache folder, which then is
 * the one that counts.
 *
 *   {"version": 1, "flags": [{"row": 120, "flag": "bad"}]}
 */
import { mkdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import type { StreamStore } from "../../store.ts";
import { replaceFile } from "../../store/durable_file.ts";
import { sessionOf } from "../../store/session.ts";
import { BadQuestion } from "../route.ts";

export const flagsMax = 100_000;
export const flagCharactersMax = 64;

const version = 1;

export type Flags = ReadonlyMap<number, string>;

/** What is kept: none where there is no file. */
export function readFlags(store: StreamStore, path: string): Flags {
  for (const file of filesOf(store, path)) {
    const text = readText(file);
    if (text !== null) return parseFlags(text, file);
  }
  return new Map();
}

/** Keeps a flag, or takes the one of a row away, and returns all. */
export function writeFlag(store: StreamStore, path: string, row: number, flag: string): Flags {
  const flags = new Map(readFlags(store, path));
  if (flag === "") flags.delete(row);
  else flags.set(row, flag);
  if (flags.size > flagsMax) {
    throw new BadQuestion(`Cannot keep the flag: there must be at most ${flagsMax}, got ${flags.size}`);
  }
  const rows = Array.from(flags, ([row, flag]) => ({ row, flag })).sort((one, other) => one.row - other.row);
  const bytes = new TextEncoder().encode(`${JSON.stringify({ version, flags: rows })}\n`);
  const [inCache, beside] = filesOf(store, path);
  // Once there is one in the cache folder, whoever looks takes that.
  if (readText(inCache) !== null || !replace(beside, bytes)) {
    mkdirSync(dirname(inCache), { recursive: true, mode: 0o700 });
    replaceFile(inCache, "Cannot keep the flag", [bytes]);
  }
  return flags;
}

/** Whether a file could be replaced: in a directory that is read only it cannot. */
function replace(file: string, bytes: Uint8Array): boolean {
  try {
    replaceFile(file, "Cannot keep the flag", [bytes]);
    return true;
  } catch (error) {
    const { code = "", name } = error as { code?: string; name?: string };
    if (["permission-denied", "read-only-file-system"].includes(code) || name === "NotCapable") return false;
    throw error;
  }
}

/** The one in the cache folder, and the one beside the store's own files. */
function filesOf(store: StreamStore, path: string): readonly [string, string] {
  const { id } = sessionOf(store)!.connection;
  return [join(cacheFolder(), "streamstore", `flags-${id}.json`), join(path, "view-flags.json")];
}

function cacheFolder(): string {
  const given = process.env.XDG_CACHE_HOME ?? "";
  if (given.startsWith("/")) return given;
  return join(homedir(), process.platform === "darwin" ? "Library/Caches" : ".cache");
}

function readText(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes((error as { code?: string }).code ?? "")) return null;
    throw new BadQuestion(`Cannot read flags: ${file} must be a file that can be read, got ${error}`, 409);
  }
}

/** What a user has said is not overwritten because it cannot be read. */
function parseFlags(text: string, file: string): Flags {
  const refuse = () => new BadQuestion(`Cannot read flags: ${file} must hold what was written there`, 409);
  let parsed: { readonly version?: unknown; readonly flags?: unknown } | null;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw refuse();
  }
  if (parsed?.version !== version || !Array.isArray(parsed.flags)) throw refuse();
  const flags = new Map<number, string>();
  for (const entry of parsed.flags as ({ readonly row?: unknown; readonly flag?: unknown } | null)[]) {
    const { row, flag } = entry ?? {};
    if (!Number.isSafeInteger(row) || typeof flag !== "string") throw refuse();
    flags.set(row as number, flag);
  }
  return flags;
}
