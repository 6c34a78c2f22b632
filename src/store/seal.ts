/**
 * The file `seal` of a store that does not grow any more: the size and the SHA-256 of each of its files, and a checksum of
 * all that. It is written under the writer's lock, after which no other file changes.
 */
import { StreamStoreError } from "../error.ts";
import { builtin } from "../native/builtin.ts";
import type { Connection } from "./connection.ts";
import { replaceFile, systemError } from "./durable_file.ts";

/** A file of a store as it was when the store was sealed. */
export interface SealedFile {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}

interface Seal {
  readonly format: "streamstore-seal";
  readonly version: 1;
  readonly id: string;
  readonly files: readonly SealedFile[];
  readonly checksum: string;
}

const fileName = "seal";
const readBytes = 1 << 20;

/** Caches, and what else is kept beside a store and replaced or removed at any time, are no part of it. */
const isPart = (name: string) =>
  /^(store\.json|head|sums|blocks|marks|(data|type|step|row|marks|extra)\..+)$/.test(name);

/** What is done with an open store to seal it. */
interface Open {
  readonly connection: Connection;
  readonly directory: string | null;
  sync(): void;
  close(): void;
}

/** Ends a store for good, as {@linkcode StreamStore.seal} says. */
export function sealStore(session: Open): void {
  const { connection, directory } = session;
  connection.checkWritable("seal the store");
  if (directory === null) {
    throw new StreamStoreError(
      "unsupported",
      "Cannot seal the store: it must be in a directory, got a temporary one",
    );
  }
  session.sync();
  try {
    connection.seal();
    writeSeal(directory, connection.id);
  } finally {
    session.close();
  }
}

function writeSeal(directory: string, id: string): void {
  const action = `Cannot seal the store ${directory}`;
  const entries = listed(directory, action);
  const files = entries.map((name): SealedFile => ({
    name,
    ...sumOf(builtin.path.join(directory, name), action),
  }));
  const seal: Seal = { format: "streamstore-seal", version: 1, id, files, checksum: checksumOf(id, files) };
  const text = new TextEncoder().encode(JSON.stringify(seal, null, 2) + "\n");
  replaceFile(builtin.path.join(directory, fileName), action, [text]);
}

/**
 * The files of a sealed store; null where it is not sealed. Throws where the seal is not that of the store, or where a file
 * has not the size that it had: what is in them only `isAsSealed` looks at.
 */
export function readSeal(directory: string, id: string | null): readonly SealedFile[] | null {
  const action = `Cannot open the store ${directory}`;
  const refuse = (what: string) => new StreamStoreError("damaged", `${action}: ${what}`);
  const text = readText(directory, action);
  if (text === null) return null;
  const seal = parse(text);
  if (seal === null) throw refuse("its seal must list files, and have their checksum");
  if (seal.id !== id) throw refuse(`its seal must be that of the store ${id}, got one of ${seal.id}`);
  for (const { name, bytes } of seal.files) {
    const held = sizeOf(builtin.path.join(directory, name));
    if (held !== bytes) {
      throw refuse(`${name} must have the ${bytes} bytes that were sealed, got ${held ?? "none"}`);
    }
  }
  return seal.files;
}

/** Whether a file holds what it held when the store was sealed. */
export function isAsSealed(directory: string, { name, bytes, sha256 }: SealedFile): boolean {
  const found = sumOf(builtin.path.join(directory, name), `Cannot verify ${name}`);
  return found.bytes === bytes && found.sha256 === sha256;
}

function listed(directory: string, action: string): string[] {
  try {
    return builtin.fs.readdirSync(directory).filter(isPart).sort();
  } catch (error) {
    throw systemError(error, action, directory);
  }
}

function sumOf(path: string, action: string): { readonly bytes: number; readonly sha256: string } {
  const { fs, crypto } = builtin;
  const hash = crypto.createHash("sha256");
  const buffer = new Uint8Array(readBytes);
  let bytes = 0;
  try {
    const file = fs.openSync(path, "r");
    try {
      for (let count = -1; count !== 0; bytes += count) {
        count = fs.readSync(file, buffer, 0, buffer.length, null);
        hash.update(buffer.subarray(0, count));
      }
    } finally {
      fs.closeSync(file);
    }
  } catch (error) {
    throw systemError(error, action, path);
  }
  return { bytes, sha256: hash.digest("hex") };
}

function sizeOf(path: string): number | null {
  try {
    return builtin.fs.statSync(path).size;
  } catch {
    return null;
  }
}

function readText(directory: string, action: string): string | null {
  const path = builtin.path.join(directory, fileName);
  try {
    return builtin.fs.readFileSync(path, "utf8");
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return null;
    throw systemError(error, action, path);
  }
}

/** Null for what is none. */
function parse(text: string): Seal | null {
  try {
    const seal: Seal = JSON.parse(text);
    const isSeal = seal.format === "streamstore-seal" && seal.version === 1;
    const isName = ({ name }: SealedFile) => typeof name === "string" && !/[/\\\0]/.test(name);
    if (!isSeal || !seal.files.every(isName) || seal.checksum !== checksumOf(seal.id, seal.files)) {
      return null;
    }
    return seal;
  } catch {
    return null;
  }
}

function checksumOf(id: string, files: readonly SealedFile[]): string {
  const listed = files.map(({ name, bytes, sha256 }) => [name, bytes, sha256]);
  return builtin.crypto.createHash("sha256").update(JSON.stringify([id, listed])).digest("hex");
}
