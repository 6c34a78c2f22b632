import { builtin } from "./builtin.ts";
import type { System } from "./system.ts";

const { process } = builtin;

/** There in Bun alone, where it takes 1 ms and to load node:zlib many. */
const { Bun } = globalThis as {
  Bun?: { gunzipSync(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> };
};

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
  unpackFlags: (folder) => `--allow-ffi --allow-fs-read=${folder} --allow-fs-write=${folder}`,
  variable: (name) => process.env[name],
  user: () => process.getuid!(),
  find(path) {
    const found = builtin.fs.lstatSync(path, { throwIfNoEntry: false });
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
  read: (path) => builtin.fs.readFileSync(path),
  names: (directory) => builtin.fs.readdirSync(directory),
  makeDirectory: (path, mode) => void builtin.fs.mkdirSync(path, { recursive: true, mode }),
  create: (path, bytes, mode) => builtin.fs.writeFileSync(path, bytes, { flag: "wx", mode }),
  rename: (from, to) => builtin.fs.renameSync(from, to),
  remove: (path) => builtin.fs.rmSync(path, { force: true }),
  decompress: async (bytes) => (Bun ?? builtin.zlib).gunzipSync(bytes),
};
