import type { System } from "./system.ts";

function isGranted(permission: Deno.PermissionDescriptor): boolean {
  return Deno.permissions.querySync(permission).state === "granted";
}

const { os, arch } = Deno.build;

/** Deno's, restricted by its flags `--allow-…`. */
export const system: System = {
  platform: `${os}-${{ x86_64: "x64", aarch64: "arm64" }[arch]}`,
  permits: (kind, subject) =>
    isGranted(kind === "env" ? { name: kind, variable: subject } : { name: kind, path: subject }),
  vouches: (path) =>
    !isGranted({ name: "ffi" }) && isGranted({ name: "ffi", path }) && !isGranted({ name: "read", path }),
  unpackFlags: (folder) =>
    `--allow-ffi=${folder} --allow-env=HOME --allow-sys=uid --allow-read=${folder} --allow-write=${folder}`,
  variable: (name) => Deno.env.get(name),
  user: () => Deno.uid()!,
  find(path) {
    try {
      const { isDirectory, isFile, isSymlink, uid, mode, size, mtime } = Deno.lstatSync(path);
      const kind = isDirectory ? "directory" : isFile ? "file" : isSymlink ? "link" : "other";
      return { kind, user: uid!, mode: mode! & 0o777, byteLength: size, modified: mtime!.getTime() };
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return null;
      throw error;
    }
  },
  read: (path) => Deno.readFileSync(path),
  names: (directory) => Array.from(Deno.readDirSync(directory), ({ name }) => name),
  makeDirectory: (path, mode) => Deno.mkdirSync(path, { recursive: true, mode }),
  create: (path, bytes, mode) => Deno.writeFileSync(path, bytes, { createNew: true, mode }),
  rename: (from, to) => Deno.renameSync(from, to),
  remove: (path) => Deno.removeSync(path),
  decompress,
};

/** Without a Blob or a Response, which Deno loads for some 10 ms. */
async function decompress(compressed: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const { readable, writable } = new DecompressionStream("gzip");
  const writer = writable.getWriter();
  const [parts] = await Promise.all([partsOf(readable), writer.write(compressed), writer.close()]);
  const bytes = new Uint8Array(parts.reduce((total, { length }) => total + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

async function partsOf(stream: ReadableStream<Uint8Array>): Promise<Uint8Array[]> {
  const parts: Uint8Array[] = [];
  const reader = stream.getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) parts.push(part.value);
  return parts;
}
