/** `store.json`: what the columns' files do not say of a store. It is replaced whole, so that it is never half there. */
import { builtin } from "./builtin.ts";
import type { Feature } from "./dataset/features.ts";
import type { KnownFeatures } from "./dataset/known_features.ts";
import { type ErrorCode, StreamStoreError } from "./error.ts";
import { type Dtype, type Field, type FieldMap, parseFields } from "./fields.ts";

interface FieldEntry {
  readonly name: string;
  readonly type: number;
  readonly dtype: Dtype;
  readonly isList: boolean;
  readonly feature?: Feature | null;
}

interface Manifest {
  readonly format: "streamstore";
  readonly version: number;
  readonly fields: readonly FieldEntry[];
  /** Of the fields, since no other file could tell that one of them was changed. */
  readonly checksum: string;
}

const version = 1;
const fileName = "store.json";

/** Reads the fields and their features. */
export function readManifest(directory: string): { fields: Field[]; features: Map<string, Feature | null> } {
  const manifest = parseManifest(directory, readText(directory));
  const map: FieldMap = Object.fromEntries(
    manifest.fields.map(({ name, type, dtype }) => [name, { type, dtype }]),
  );
  const fields = parseFields(map);
  fields.forEach((field) => {
    field.isList = manifest.fields.find(({ name }) => name === field.name)!.isList === true;
  });
  const features = new Map<string, Feature | null>();
  for (const { name, feature } of manifest.fields) if (feature !== undefined) features.set(name, feature);
  return { fields, features };
}

/** Replaces the manifest of a store. */
export function writeManifest(directory: string, fields: readonly Field[], features: KnownFeatures): void {
  const entries = fields.map(({ name, type, dtype, isList }): FieldEntry => {
    const known = features.has(name) ? { feature: features.get(name) } : {};
    return { name, type, dtype, isList, ...known };
  });
  const manifest: Manifest = {
    format: "streamstore",
    version,
    fields: entries,
    checksum: checksumOf(entries),
  };
  const path = builtin.path.join(directory, fileName);
  try {
    builtin.fs.writeFileSync(`${path}.new`, JSON.stringify(manifest, null, 2) + "\n");
    syncPath(`${path}.new`);
    builtin.fs.renameSync(`${path}.new`, path);
    syncPath(directory);
  } catch (error) {
    throw systemError(error, `Cannot write ${path}`);
  }
}

/**
 * Makes a store's directory: it is built beside its place by `build` and then renamed, so that a crash meanwhile leaves
 * nothing at `path`.
 */
export function createDirectory<Built extends { close(): void }>(
  path: string,
  build: (directory: string) => Built,
): Built {
  const parent = builtin.path.dirname(path);
  // Only the name's beginning, since a name that is as long as can be leaves no room for more.
  const staging = builtin.path.join(
    parent,
    `.${builtin.path.basename(path).slice(0, 40)}.creating-${crypto.randomUUID()}`,
  );
  let built: Built | undefined;
  try {
    builtin.fs.mkdirSync(staging);
  } catch (error) {
    throw systemError(error, `Cannot create a store at ${path}`);
  }
  try {
    built = build(staging);
    // An empty directory at the path is replaced; everything else there is an error.
    builtin.fs.renameSync(staging, path);
    syncPath(parent);
    return built;
  } catch (error) {
    built?.close();
    builtin.fs.rmSync(staging, { recursive: true, force: true });
    throw error instanceof StreamStoreError ? error : systemError(error, `Cannot create a store at ${path}`);
  }
}

function readText(directory: string): string {
  try {
    return builtin.fs.readFileSync(builtin.path.join(directory, fileName), "utf8");
  } catch (error) {
    throw systemError(error, `Cannot open the store ${directory}`);
  }
}

function parseManifest(directory: string, text: string): Manifest {
  const refuse = (code: ErrorCode, what: string) =>
    new StreamStoreError(code, `Cannot open the store ${directory}: ${fileName} ${what}`);
  let manifest: Manifest;
  try {
    manifest = JSON.parse(text);
  } catch {
    throw refuse("damaged", "must be JSON");
  }
  if (manifest?.format !== "streamstore" || !Number.isInteger(manifest.version) || manifest.version < 1) {
    throw refuse("damaged", "must describe a store");
  }
  if (manifest.version > version) {
    throw refuse("newer-version", `must have version <= ${version}, got ${manifest.version}`);
  }
  if (!Array.isArray(manifest.fields) || !manifest.fields.every((field) => typeof field?.name === "string")) {
    throw refuse("damaged", "must list fields by name");
  }
  const checksum = checksumOf(manifest.fields);
  if (manifest.checksum !== checksum) {
    throw refuse("damaged", `must have the checksum ${checksum} for its fields, got ${manifest.checksum}`);
  }
  return manifest;
}

/** Spaces do not count. */
function checksumOf(fields: readonly FieldEntry[]): string {
  return builtin.crypto.createHash("sha256").update(JSON.stringify(fields)).digest("hex").slice(0, 16);
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

const codes: Readonly<Record<string, ErrorCode>> = {
  EACCES: "permission-denied",
  EDQUOT: "storage-full",
  EEXIST: "already-exists",
  EIO: "input-output",
  EISDIR: "not-a-directory",
  EMFILE: "too-many-open-files",
  ENOENT: "not-found",
  ENOSPC: "storage-full",
  ENOTDIR: "not-a-directory",
  ENOTEMPTY: "already-exists",
  EPERM: "permission-denied",
  EROFS: "read-only-file-system",
};

/** An error of the file system, with a code of ours. Errors about permissions of the runtime pass as they are. */
export function systemError(error: unknown, action: string): unknown {
  const name = (error as { code?: string }).code;
  const code = name === undefined ? undefined : codes[name];
  if (code === undefined) return error;
  return new StreamStoreError(code, `${action}: ${(error as Error).message}`, { cause: error });
}
