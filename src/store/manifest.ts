/** `store.json`: what the columns' files do not say of a store. It is replaced whole, so that it is never half there. */
import { builtin } from "../native/builtin.ts";
import { type ErrorCode, StreamStoreError } from "../error.ts";
import { replaceFile, systemError } from "./durable_file.ts";
import type { Dtype } from "../dtypes.ts";
import { type ExtraInfo, isExtra } from "../extras.ts";
import { type Field, type FieldType, parseFields } from "../fields.ts";

/** What datasets said about fields and extras, by the name of the column: JSON that only `src/dataset` understands. */
export type Features = Map<string, unknown>;

interface FieldEntry {
  readonly name: string;
  readonly type: number;
  readonly dtype: Dtype;
  readonly isList: boolean;
  readonly feature?: unknown;
}

interface ExtraEntry extends ExtraInfo {
  readonly feature?: unknown;
}

interface Manifest {
  readonly format: "streamstore";
  readonly version: number;
  /** The store's, which its head has too. */
  readonly id: string;
  readonly fields: readonly FieldEntry[];
  /** In the order of their files; not there where there are none. */
  readonly extras?: readonly ExtraEntry[];
  /** Of the ID and the fields, since no other file could tell that one of the fields was changed. */
  readonly checksum: string;
}

/** What a manifest says; without one the ID is not known. */
export interface Known {
  readonly id: string | null;
  readonly fields: Field[];
  readonly features: Features;
  readonly extras: readonly ExtraInfo[];
}

const version = 2;
const fileName = "store.json";

/** Reads the store's ID, the fields and their features. */
export function readManifest(directory: string): Known {
  const manifest = parseManifest(directory, readText(directory));
  const fields = parseFields(
    manifest.fields.map(({ name, type, dtype }): readonly [string, FieldType] => [name, { type, dtype }]),
  );
  fields.forEach((field) => {
    field.isList = manifest.fields.find(({ name }) => name === field.name)!.isList === true;
  });
  const features: Features = new Map();
  const columns = [...manifest.extras ?? [], ...manifest.fields];
  for (const { name, feature } of columns) if (feature !== undefined) features.set(name, feature);
  const extras = (manifest.extras ?? []).map(({ name, kind }): ExtraInfo => ({ name, kind }));
  return { id: manifest.id, fields, features, extras };
}

/** Replaces the manifest of the store that has the ID. */
export function writeManifest(
  directory: string,
  id: string,
  fields: readonly Field[],
  features: Features,
  given: readonly ExtraInfo[],
): void {
  const known = (name: string) => features.has(name) ? { feature: features.get(name) } : {};
  const entries = fields.map(({ name, type, dtype, isList }): FieldEntry => {
    return { name, type, dtype, isList, ...known(name) };
  });
  const extras = given.map(({ name, kind }): ExtraEntry => ({ name, kind, ...known(name) }));
  const manifest: Manifest = {
    format: "streamstore",
    version,
    id,
    fields: entries,
    ...(extras.length > 0 ? { extras } : {}),
    checksum: checksumOf({ id, fields: entries, extras }),
  };
  const path = builtin.path.join(directory, fileName);
  const text = JSON.stringify(manifest, null, 2) + "\n";
  replaceFile(path, `Cannot write ${path}`, [new TextEncoder().encode(text)]);
}

function readText(directory: string): string {
  try {
    return builtin.fs.readFileSync(builtin.path.join(directory, fileName), "utf8");
  } catch (error) {
    const action = `Cannot open the store ${directory}`;
    if ((error as { code?: string }).code !== "ENOENT") throw systemError(error, action, directory);
    const isThere = builtin.fs.existsSync(directory);
    const state = isThere ? `the directory must hold a store, got one without ${fileName}` : "there is none";
    throw new StreamStoreError("not-found", `${action}: ${state}`, { cause: error });
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
  if (manifest.version < version) {
    throw refuse("older-version", `must have version ${version}, got ${manifest.version}`);
  }
  if (!Array.isArray(manifest.fields) || !manifest.fields.every((field) => typeof field?.name === "string")) {
    throw refuse("damaged", "must list fields by name");
  }
  if (typeof manifest.id !== "string" || !/^[0-9a-f]{32}$/.test(manifest.id)) {
    throw refuse("damaged", "must have an ID of 32 hexadecimal digits");
  }
  const { extras = [] } = manifest;
  if (!Array.isArray(extras) || !extras.every(isExtra)) throw refuse("damaged", "must list extras by name");
  const checksum = checksumOf(manifest);
  if (manifest.checksum !== checksum) {
    throw refuse(
      "damaged",
      `must have the checksum ${checksum} for its ID, fields and extras, got ${manifest.checksum}`,
    );
  }
  return manifest;
}

/** Spaces do not count. */
function checksumOf({ id, fields, extras = [] }: Pick<Manifest, "id" | "fields" | "extras">): string {
  const text = JSON.stringify(extras.length > 0 ? [id, fields, extras] : [id, fields]);
  return builtin.crypto.createHash("sha256").update(text).digest("hex").slice(0, 16);
}
