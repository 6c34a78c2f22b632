import { lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import process from "node:process";
import type { System } from "./system.ts";

/** What `--permission` and its flags allow: there in Node alone, and only where it was given. */
const allowed: { has(scope: string, subject?: string): boolean } | undefined = process.permission;

/** Node's, restricted by its flags `--permission` and `--allow-…`; and Bun's, which restricts nothing. */
export const system: System = {
  platform: `${process.platform}-${process.arch}`,
  permits(kind, subject) {
    if (allowed === undefined || kind === "env") return true;
    return kind === "ffi" ? allowed.has("ffi") : allowed.has("fs.read", subject);
  },
  // Node's --allow-ffi names no folder.
  vouches: () => false,
  variable: (name) => process.env[name],
  user: () => process.getuid!(),
  find(path) {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found === undefined) return null;
    const kind = found.isDirectory()
      ? "directory"
      : found.isFile()
      ? "file"
      : found.isSymbolicLink()
      ? "link"
      : "other";
    return {
      kind,
      user: found.uid,
      mode: found.mode & 0o777,
      byteLength: found.size,
      modified: found.mtimeMs,
    };
  },
  read: (path) => readFileSync(path),
  names: (directory) => readdirSync(directory),
  makeDirectory: (path, mode) => void mkdirSync(path, { recursive: true, mode }),
  create: (path, bytes, mode) => writeFileSync(path, bytes, { flag: "wx", mode }),
  rename: (from, to) => renameSync(from, to),
  remove: (path) => rmSync(path, { force: true }),
};
