import { lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import process from "node:process";
import type { System } from "./system.ts";

/** Bun's, which restricts nothing. */
export const system: System = {
  platform: `${process.platform}-${process.arch}`,
  permits: () => true,
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
